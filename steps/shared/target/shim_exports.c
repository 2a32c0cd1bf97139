// SPDX-License-Identifier: Apache-2.0
// What the target's file must have at its end for the shim.
#include "steps/shared/target/shim.h"

#include <string.h>

static void
write_pointer(const char *what, size_t index, const char *function, struct buf *text)
{
    if (function != NULL)
        buf_printf(text,
                   "extern void *const atoll_%s_%zu __attribute__((visibility(\"default\")));\n"
                   "void *const atoll_%s_%zu = (void *)%s;\n",
                   what, index, what, index, function);
}

// Asserts the layout of the members of `type`, a type's name or expression; `path` leads to the list, whose
// first byte is at `start`.
static void
write_checks(const struct parameter *list, size_t count, const char *type, const char *path, unsigned start,
             struct arena *arena, struct buf *text)
{
    for (size_t i = 0; i < count; i++) {
        const struct parameter *p = &list[i];
        const char *name = arena_printf(arena, "%s%s", path, p->name);
        bool is_strings = strcmp(p->element, "char *") == 0;
        unsigned size = parameter_is_buffer(p)  ? 8
                        : p->kind == CELL_ARRAY ? p->fixed_count * p->size
                                                : p->size;
        buf_printf(text,
                   "_Static_assert(__builtin_offsetof(%s, %s) == %u && sizeof(((%s *)0)->%s) == %u, "
                   "\"atoll reads member %s another way than the compiler; is its struct packed?\");\n",
                   type, name, start + p->offset, type, name, size, name);
        if (p->members == NULL || is_strings)
            continue;
        if (parameter_is_buffer(p))
            write_checks(p->members, p->member_count,
                         arena_printf(arena, "__typeof__(*((%s *)0)->%s)", type, name), "", 0, arena, text);
        else
            write_checks(p->members, p->member_count, type,
                         arena_printf(arena, p->kind == CELL_ARRAY ? "%s[0]." : "%s.", name),
                         start + p->offset, arena, text);
    }
}

static void
write_type_checks(const struct parameter *members, size_t count, const char *type, unsigned size,
                  struct arena *arena, struct buf *text)
{
    if (members == NULL || strcmp(type, "char *") == 0)
        return;
    buf_printf(text,
               "_Static_assert(sizeof(%s) == %u, \"atoll reads %s another way than the compiler; is it "
               "packed?\");\n",
               type, size, type);
    write_checks(members, count, type, "", 0, arena, text);
}

void
shim_write_exports(const struct signature *signature, const char *function_name, struct buf *text)
{
    AUTO_ARENA arena = {0};

    buf_printf(text,
               "\n\nextern void *const " SHIM_TARGET " __attribute__((visibility(\"default\")));\n"
               "void *const " SHIM_TARGET " = (void *)%s;\n",
               function_name);
    for (size_t i = 0; i < signature->count; i++) {
        const struct parameter *p = &signature->parameters[i];
        if (p->kind != CELL_CONTEXT) {
            write_type_checks(p->members, p->member_count, p->element, p->size, &arena, text);
            continue;
        }
        write_pointer("setup", i, p->setup, text);
        write_pointer("teardown", i, p->teardown, text);
        write_pointer("digest", i, p->digest, text);
    }
    write_type_checks(signature->result_members, signature->result_member_count, signature->result_element,
                      signature->result_size, &arena, text);
}
