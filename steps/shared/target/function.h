// SPDX-License-Identifier: Apache-2.0
// A C function found in a source file, and its signature: what each parameter means to a caller (its role), so that
// inputs can be made, passed, restored and compared.
#ifndef ATOLL_STEPS_SHARED_TARGET_FUNCTION_H
#define ATOLL_STEPS_SHARED_TARGET_FUNCTION_H

#include "base/arena.h"
#include "base/json.h"
#include "sandbox/cell_abi.h"
#include "steps/shared/target/syntax.h"

struct parameter {
    const char *name;
    const char *type;    // as declared, without the name: "const uint8_t *"
    const char *element; // type of the value or of what is pointed to, without const: "uint8_t"
    enum cell_kind kind;
    int of;              // CELL_COUNT: index of the buffer it counts, else -1
    unsigned size;       // bytes of one element
    bool is_signed, is_real;
    bool length_from_result; // CELL_OUT: the result says how many elements count
    unsigned fixed_count;    // CELL_INOUT / CELL_OUT / CELL_IN without a count parameter: elements (1 for a scalar pointer), else 0
    double min, max;         // scalars: range to draw from; both 0 = whole type
};

struct signature {
    const char *result_type; // "void" too
    unsigned result_size;    // 0 for void
    bool result_signed, result_real;
    struct parameter *parameters;
    size_t count;
};

struct function {
    const char *name;
    size_t start, end;           // bytes of the definition, from storage class or return type to the closing brace
    size_t body_start, body_end; // bytes of { ... }
    unsigned first_line, last_line;
    bool is_static;
    struct node node; // function_definition
};

// Finds the definition of `name`. ERR_NOT_FOUND names the nearest function of the file; ERR_TARGET when it is defined
// twice (preprocessor branches) or can't be parsed. Strings live in the arena.
int function_find(struct arena *arena, const struct syntax *syntax, const char *name, struct function *function,
                  struct err *err) MUST_USE;

// All function definitions of a file, in order.
struct function *function_list(struct arena *arena, const struct syntax *syntax, size_t *count);

// The signature with roles. Inferred: `const T *` (void counts as bytes) followed by an integer parameter = IN and its
// COUNT; `const char *` without one = TEXT; `T *` with a following integer = OUT with capacity when the function never
// reads it before writing (else INOUT); a lone `T *` of a scalar = INOUT of one; integers, floats, enums, bool = SCALAR.
// `overrides` (object of parameter name -> {role: scalar|in|text|inout|out|count, of: NAME, length: result|capacity,
// count: N, min, max}) wins over inference; may be NULL. typedefs and enums of the file are resolved; others known are
// those of stdint.h, stddef.h, stdbool.h. ERR_TARGET says which parameter can't be handled and what to write instead.
int signature_infer(struct arena *arena, const struct syntax *syntax, const struct function *function,
                    const json_t *overrides, struct signature *signature, struct err *err) MUST_USE;

// The signature in the form of the benchmark file, and back. Owned / arena.
json_t *signature_to_json(const struct signature *signature);
int signature_from_json(struct arena *arena, const json_t *json, struct signature *signature, struct err *err) MUST_USE;

// The shim of cell_abi.h as C text, to be compiled apart from the target; `function_name` must be visible in the object
// as the pointer `atoll_target`, which target_splice appends to the source file.
void shim_write(const struct signature *signature, const char *function_name, struct buf *text);

#endif
