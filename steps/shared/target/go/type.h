// SPDX-License-Identifier: Apache-2.0
// The types of a Go function's arguments and results, as its own compiler sees them: the baseline's cell
// prints them as a table (harness_value.go), so aliases, imported types and fields that are not exported are
// exact.
#ifndef ATOLL_STEPS_SHARED_TARGET_GO_TYPE_H
#define ATOLL_STEPS_SHARED_TARGET_GO_TYPE_H

#include "base/arena.h"
#include "base/err.h"
#include "steps/shared/target/go/function.h"

enum go_kind {
    GO_BOOL,
    GO_INT,
    GO_UINT,
    GO_FLOAT,
    GO_COMPLEX,
    GO_STRING,
    GO_ERROR, // the interface; passed as a text
    GO_POINTER,
    GO_SLICE,
    GO_ARRAY,
    GO_MAP,
    GO_STRUCT,
    GO_OTHER // nothing that can be passed: chan, func, interface, unsafe.Pointer
};

// A field of a structure, or an argument or result.
struct go_field {
    const char *name;
    size_t type;
};

struct go_type {
    const char *name; // "[]byte", "net/netip.Addr" as reflection prints it
    enum go_kind kind;
    unsigned bits;           // of a number; of both parts of a complex one
    size_t length;           // of an array
    size_t element, key;     // indices of types
    struct go_field *fields; // of a structure, but those named _
    size_t field_count;
};

struct go_signature {
    struct go_type *types;
    size_t type_count;
    struct go_field *arguments, *results; // a receiver is the first argument
    size_t argument_count, result_count;
    bool has_receiver;
};

// Reads the table. `place` is "tag.go:12". ERR_TARGET when an argument or result can't be passed, or when
// there is nothing to compare. Everything lives in the arena.
int go_signature_read(struct arena *arena, struct str table, const struct go_function *go, const char *place,
                      struct go_signature *signature, struct err *err) MUST_USE;

// The signature as a person reads it in a benchmark file: {"result": "string, error", "params": {"s":
// {"type": "string"}, ..}}. Owned.
json_t *go_signature_json(const struct go_signature *signature);

// Whether both take and return the same, whatever their parameters are called: each type has the same name
// and is made of the same.
bool go_signature_same(const struct go_signature *a, const struct go_signature *b);

// Whether a call can change what stands behind a value of type `index`: a pointer, slice or map is in it.
bool go_type_is_mutable(const struct go_signature *signature, size_t index);

// Whether a value of this type is made of bytes: []byte, [N]byte and types like them.
bool go_type_is_bytes(const struct go_signature *signature, const struct go_type *type);

#endif
