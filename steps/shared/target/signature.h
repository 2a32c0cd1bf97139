// SPDX-License-Identifier: Apache-2.0
// The signature of a function: what each parameter means to a caller (its role), so that inputs can be made,
// passed, restored and compared.
#ifndef ATOLL_STEPS_SHARED_TARGET_SIGNATURE_H
#define ATOLL_STEPS_SHARED_TARGET_SIGNATURE_H

#include "base/arena.h"
#include "base/json.h"
#include "sandbox/cell_abi.h"
#include "steps/shared/target/syntax.h"

struct function;

#define SIGNATURE_PARAMETERS_MAX 32 // more is ERR_TARGET

struct parameter {
    const char *name;
    const char *type;    // as declared, without the name: "const uint8_t *"
    const char *element; // type of the value or of what is pointed to, without const: "uint8_t"; names that
                         // only the file knows are resolved, so that this is always a standard type
    enum cell_kind kind;
    int of; // CELL_COUNT: index of the buffer it counts. Buffers: index of another buffer whose count it
            // shares
            // (`a, b, n`): every call has as many elements in both. Else -1
    unsigned size; // bytes of one element
    bool is_signed, is_real;
    bool length_from_result; // CELL_OUT: the result says how many elements count
    unsigned fixed_count; // buffers without a count parameter: elements (1 for a pointer to a scalar), else 0
    double min, max;      // scalars: range to draw from; both 0 = whole type
};

struct signature {
    const char *result_type;    // "void" too
    const char *result_element; // its standard type, as parameter.element
    unsigned result_size;       // 0 for void
    bool result_signed, result_real;
    struct parameter *parameters;
    size_t count;
};

// The signature with roles. Inferred: `const T *` (void counts as bytes) with an integer parameter that
// bounds it = IN and its COUNT; `const char *` without one = TEXT; `T *` with such an integer = OUT with that
// capacity when the function never reads it before writing, else INOUT; a `T *` that is only dereferenced =
// INOUT of one; `T x[16]` and pointers used with constant indices only = that many elements; integers,
// floats, enums, bool = SCALAR. Several buffers may share one count. The result is the length of the only OUT
// when it is an integer that is computed. `overrides` (object of parameter name -> {role:
// scalar|in|text|inout|out|count, of: NAME, length: result|capacity, count: N, min, max}) wins over
// inference; may be NULL. typedefs, enums and macros of the file are resolved; others known are those of
// stdint.h, stddef.h, stdbool.h and sys/types.h. ERR_TARGET says which parameter can't be handled and what to
// write instead. Everything lives in the arena.
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

// "in" for CELL_IN and so on, static; and back (false when there is none).
const char *role_name(enum cell_kind kind);
bool role_parse(const char *name, enum cell_kind *kind);

#endif
