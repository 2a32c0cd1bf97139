// SPDX-License-Identifier: Apache-2.0
// The signature of a function: what each parameter means to a caller (its role), so that inputs can be made,
// passed, restored and compared.
#ifndef ATOLL_STEPS_SHARED_TARGET_SIGNATURE_H
#define ATOLL_STEPS_SHARED_TARGET_SIGNATURE_H

#include "base/arena.h"
#include "base/json.h"
#include "sandbox/cell_abi.h"
#include "steps/shared/target/syntax.h"

struct call_ops;
struct function;
struct go_signature;

#define SIGNATURE_PARAMETERS_MAX 32 // of one list: parameters, or members of a struct; more is ERR_TARGET

// A parameter, or a member of a struct that one is or points to. The description is recursive: what consists
// of structs has their members, an array of strings has elements of one member without a name.
struct parameter {
    const char *name;
    const char *type;    // as declared, without the name: "const uint8_t *", "char [16]"
    const char *element; // type of the value or of what is pointed to, without const: "uint8_t"; names that
                         // only the file knows are resolved, so that this is always a standard type, or the
                         // name of a struct that has members, or "char *"
    enum cell_kind kind;
    int of; // CELL_COUNT: index of the buffer it counts. Buffers: index of another buffer whose count it
            // shares
            // (`a, b, n`): every call has as many elements in both. Else -1
    unsigned size; // bytes of one element
    bool is_signed, is_real;
    bool length_from_result; // CELL_OUT: the result says how many elements count
    unsigned fixed_count; // buffers without a count parameter: elements (1 for a pointer to a scalar), else
                          // 0. CELL_ARRAY: elements. CELL_CONTEXT: 1 when the call changes it
    double min, max;      // scalars: range to draw from; both 0 = whole type
    bool until_nul;  // CELL_INOUT, CELL_OUT, CELL_ARRAY of characters: a terminated text; what stands behind
                     // its NUL is no output
    unsigned offset; // of a member
    struct parameter *members; // of one element; of CELL_CONTEXT the parameters of its setup; may be NULL
    size_t member_count;
    const char *setup, *teardown, *digest; // CELL_CONTEXT: names of functions; the last two may be NULL
};

struct signature {
    const char *result_type;    // "void" too
    const char *result_element; // its standard type, as parameter.element
    unsigned result_size;       // 0 for void
    bool result_signed, result_real;
    struct parameter *parameters;
    size_t count;
    struct parameter *result_members; // of a struct, else NULL
    size_t result_member_count;
    // Of another language than C: what makes its calls, and its types; there are no parameters above then.
    const struct call_ops *calls;
    const struct go_signature *go;
};

// The signature with roles. Inferred: `const T *` (void counts as bytes) with an integer parameter that
// bounds it = IN and its COUNT; `const char *` without one = TEXT; `T *` with such an integer = OUT with that
// capacity when the function never reads it before writing, else INOUT; a `T *` that is only dereferenced =
// INOUT of one; `T x[16]` and pointers used with constant indices only = that many elements; integers,
// floats, enums, bool, structs = SCALAR. `char *` that is read up to a NUL = INOUT until NUL, its room being
// what an integer behind it says. Pointers to structs = IN when const, else INOUT; arrays of strings have a
// count or end with NULL (TEXT). Several buffers may share one count. The result is the length of the only
// OUT when it is an integer that is computed. Members have roles by their types alone (record.h). `overrides`
// (object of parameter name -> {role: scalar|in|text|inout|out|count|context, of: NAME, length:
// result|capacity|nul, count: N, min, max, members: {NAME: the same}, setup, teardown, digest: FUNCTION})
// wins over inference; may be NULL. typedefs, enums, structs and macros of the file are resolved; others
// known are those of stdint.h, stddef.h, stdbool.h and sys/types.h. ERR_TARGET says which parameter or member
// can't be handled and what to write instead. Everything lives in the arena.
int signature_infer(struct arena *arena, const struct syntax *syntax, const struct function *function,
                    const json_t *overrides, struct signature *signature, struct err *err) MUST_USE;

// As signature_infer, looking up types and called functions in `header_count` further files too.
int signature_infer_with(struct arena *arena, const struct syntax *syntax, struct syntax *const *headers,
                         size_t header_count, const struct function *function, const json_t *overrides,
                         struct signature *signature, struct err *err) MUST_USE;

// The signature in the form of the benchmark file, and back: {"result": "size_t", "params": {"in": {"type":
// "const char *", "role": "in"}, "len": {"type": "size_t", "role": "count", "of": "in"}, ..}}. Owned / arena.
json_t *signature_to_json(const struct signature *signature);
int signature_from_json(struct arena *arena, const json_t *json, struct signature *signature,
                        struct err *err) MUST_USE;

// Whether a parameter is a pointer to elements (IN, TEXT, INOUT, OUT).
bool parameter_is_buffer(const struct parameter *parameter);

// Whether calls put anything out through it: it, or something below it, is written to.
bool parameter_is_output(const struct parameter *parameter);

// "in" for CELL_IN and so on, static; and back (false when there is none).
const char *role_name(enum cell_kind kind);
bool role_parse(const char *name, enum cell_kind *kind);

#endif
