// SPDX-License-Identifier: Apache-2.0
// The type of a scalar or of what a pointer points to, reduced to what calls need: size, sign, floating or
// not. Sizes are those of the LP64 systems that atoll runs on.
#ifndef ATOLL_STEPS_SHARED_TARGET_CTYPE_H
#define ATOLL_STEPS_SHARED_TARGET_CTYPE_H

#include "steps/shared/target/scope.h"

struct ctype {
    const char *element; // standard name, static: "uint32_t", "size_t", "char", "double", "void"
    unsigned size;       // bytes; void: 0
    bool is_signed, is_real;
};

// Resolves the text of a type without its declarator ("const unsigned long", "my_int", "enum colour"):
// qualifiers are ignored, typedefs, macros and enums looked up in `scope` (may be NULL). False when it is
// none of a fixed size that can be passed as a number (struct, union, long double, unknown name, typedef of a
// pointer).
bool ctype_resolve(const struct scope *scope, struct str text, struct ctype *type);

// The name of the type with a fixed width that is passed in the same way: "int32_t", "double", "_Bool".
const char *ctype_abi(const char *element, unsigned size, bool is_signed, bool is_real);

#endif
