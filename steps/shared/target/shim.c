// SPDX-License-Identifier: Apache-2.0
#include "steps/shared/target/shim.h"

#include "steps/shared/target/ctype.h"

#include <string.h>

static const char head[] = "#include <stdint.h>\n"
                           "struct cell_parameter {\n"
                           "    int32_t kind, of;\n"
                           "    uint32_t size;\n"
                           "    uint8_t is_signed, is_real, length_from_result, until_nul;\n"
                           "    uint32_t offset, count;\n"
                           "    const struct cell_parameter *members;\n"
                           "};\n"
                           "union cell_slot {\n"
                           "    uint64_t u;\n"
                           "    int64_t i;\n"
                           "    double d;\n"
                           "    void *p;\n"
                           "};\n"
                           "#define EXPORT __attribute__((visibility(\"default\")))\n";

// A shim under construction; lists and structs are numbered.
struct writing {
    const struct signature *signature;
    struct buf *text;
    unsigned lists, structs;
    unsigned struct_of[SIGNATURE_PARAMETERS_MAX]; // of parameters by value
    unsigned result_struct;
};

static bool
is_value_struct(const struct parameter *p)
{
    return p->kind == CELL_SCALAR && p->members != NULL;
}

static const char *
number_abi(const struct parameter *p)
{
    return ctype_abi(p->element, p->size, p->is_signed, p->is_real);
}

// ---- descriptions
// -----------------------------------------------------------------------------------------------

static void
write_entry(const struct parameter *p, bool has_members, unsigned members, struct buf *text)
{
    bool has_count = p->kind == CELL_ARRAY || p->kind == CELL_CONTEXT;

    buf_printf(text, "    {%d, %d, %u, %d, %d, %d, %d, %u, %u, ", (int)p->kind,
               p->kind == CELL_COUNT ? p->of : -1, p->size, p->is_signed, p->is_real, p->length_from_result,
               p->until_nul, p->offset, has_count ? p->fixed_count : 0);
    if (has_members)
        buf_printf(text, "list%u},\n", members);
    else
        buf_puts(text, "0},\n");
}

// Writes the lists below a list, then the list itself. Returns its number.
static unsigned
write_list(struct writing *w, const struct parameter *list, size_t count, const char *name)
{
    unsigned members[SIGNATURE_PARAMETERS_MAX] = {0};

    for (size_t i = 0; i < count; i++)
        if (list[i].member_count > 0)
            members[i] = write_list(w, list[i].members, list[i].member_count, NULL);
    unsigned number = w->lists++;
    if (name != NULL)
        buf_printf(w->text,
                   "extern EXPORT const struct cell_parameter %s[];\nconst struct cell_parameter %s[] = {\n",
                   name, name);
    else
        buf_printf(w->text, "static const struct cell_parameter list%u[] = {\n", number);
    for (size_t i = 0; i < count; i++)
        write_entry(&list[i], list[i].member_count > 0, members[i], w->text);
    buf_printf(w->text, "    {%d, -1, 0, 0, 0, 0, 0, 0, 0, 0},\n};\n", (int)CELL_END);
    return number;
}

static void
write_tables(struct writing *w)
{
    const struct signature *s = w->signature;

    (void)write_list(w, s->parameters, s->count, "atoll_parameters");
    buf_printf(w->text,
               "extern EXPORT const int32_t atoll_result_kind;\nconst int32_t atoll_result_kind = %d;\n",
               (int)(s->result_size == 0 ? CELL_END : CELL_SCALAR));
    if (s->result_members == NULL)
        return;
    unsigned members = write_list(w, s->result_members, s->result_member_count, NULL);
    buf_printf(w->text,
               "extern EXPORT const struct cell_parameter atoll_result;\n"
               "const struct cell_parameter atoll_result = {%d, -1, %u, 0, 0, 0, 0, 0, 0, list%u};\n",
               (int)CELL_SCALAR, s->result_size, members);
}

// ---- structs by value
// -------------------------------------------------------------------------------------------

static unsigned
write_struct(struct writing *w, const struct parameter *list, size_t count)
{
    unsigned inner[SIGNATURE_PARAMETERS_MAX] = {0};

    for (size_t i = 0; i < count; i++) {
        bool in_place = list[i].kind == CELL_SCALAR || list[i].kind == CELL_ARRAY;
        if (in_place && list[i].members != NULL && strcmp(list[i].element, "char *") != 0)
            inner[i] = 1 + write_struct(w, list[i].members, list[i].member_count);
    }
    unsigned number = w->structs++;
    buf_printf(w->text, "struct value%u {\n", number);
    for (size_t i = 0; i < count; i++) {
        const struct parameter *p = &list[i];
        if (inner[i] > 0)
            buf_printf(w->text, "    struct value%u m%zu", inner[i] - 1, i);
        else if (parameter_is_buffer(p) || p->members != NULL)
            buf_printf(w->text, "    void *m%zu", i);
        else
            buf_printf(w->text, "    %s m%zu", number_abi(p), i);
        if (p->kind == CELL_ARRAY)
            buf_printf(w->text, "[%u]", p->fixed_count);
        buf_puts(w->text, ";\n");
    }
    buf_puts(w->text, "};\n");
    return number;
}

static void
write_structs(struct writing *w)
{
    const struct signature *s = w->signature;

    for (size_t i = 0; i < s->count; i++)
        if (is_value_struct(&s->parameters[i]))
            w->struct_of[i] = write_struct(w, s->parameters[i].members, s->parameters[i].member_count);
    if (s->result_members != NULL)
        w->result_struct = write_struct(w, s->result_members, s->result_member_count);
}

// ---- the calls
// --------------------------------------------------------------------------------------------------

static void
write_abi(const struct writing *w, size_t index, struct buf *text)
{
    const struct parameter *p = &w->signature->parameters[index];

    if (is_value_struct(p))
        buf_printf(text, "struct value%u", w->struct_of[index]);
    else
        buf_puts(text, parameter_is_buffer(p) || p->kind == CELL_CONTEXT ? "void *" : number_abi(p));
}

static void
write_type(const struct writing *w)
{
    const struct signature *s = w->signature;
    struct buf *text = w->text;

    buf_puts(text, "typedef ");
    if (s->result_members != NULL)
        buf_printf(text, "struct value%u", w->result_struct);
    else
        buf_puts(text, s->result_size == 0
                           ? "void"
                           : ctype_abi(s->result_element, s->result_size, s->result_signed, s->result_real));
    buf_puts(text, " (*target_function)(");
    for (size_t i = 0; i < s->count; i++) {
        buf_puts(text, i == 0 ? "" : ", ");
        write_abi(w, i, text);
    }
    buf_puts(text, s->count == 0 ? "void);\n" : ");\n");
    buf_puts(text, "extern void *const volatile " SHIM_TARGET ";\n");
}

static const char *
slot_member(const struct parameter *p)
{
    return parameter_is_buffer(p) || p->kind == CELL_CONTEXT ? "p"
           : p->is_real                                      ? "d"
           : p->is_signed                                    ? "i"
                                                             : "u";
}

static void
write_conversions(const struct writing *w)
{
    for (size_t i = 0; i < w->signature->count; i++) {
        const struct parameter *p = &w->signature->parameters[i];
        buf_puts(w->text, "        ");
        write_abi(w, i, w->text);
        if (is_value_struct(p)) {
            buf_printf(w->text, " a%zu = *(const struct value%u *)slots[%zu].p;\n", i, w->struct_of[i], i);
            continue;
        }
        buf_printf(w->text, " a%zu = (", i);
        write_abi(w, i, w->text);
        buf_printf(w->text, ")slots[%zu].%s;\n", i, slot_member(p));
    }
}

static void
write_result(const struct writing *w, const char *value, bool call)
{
    const struct signature *s = w->signature;

    if (s->result_members != NULL && call)
        buf_printf(w->text, "        *(struct value%u *)results[i].p = %s;\n", w->result_struct, value);
    else if (s->result_members != NULL)
        buf_puts(w->text, "        __asm__ volatile(\"\" : : \"r\"(results[i].p) : \"memory\");\n");
    else if (s->result_size == 0)
        buf_printf(w->text, "        %s;\n        results[i].u = 0;\n", value);
    else if (s->result_real)
        buf_printf(w->text, "        results[i].d = (double)%s;\n", value);
    else if (s->result_signed)
        buf_printf(w->text, "        results[i].i = (int64_t)%s;\n", value);
    else
        buf_printf(w->text, "        results[i].u = (uint64_t)%s;\n", value);
}

static void
write_loop(const struct writing *w, const char *name, bool call)
{
    static const char parameters[] =
        "(const union cell_slot *slots, uint64_t stride, uint64_t count, union cell_slot "
        "*results)";
    const struct signature *s = w->signature;
    struct buf *text = w->text;

    buf_printf(text, "EXPORT void %s%s;\nvoid\n%s%s\n{\n", name, parameters, name, parameters);
    buf_puts(text, call ? "    target_function target = (target_function)" SHIM_TARGET ";\n" : "");
    buf_puts(text, "    for (uint64_t i = 0; i < count; i++, slots += stride) {\n");
    write_conversions(w);
    AUTO_BUF value = BUF(1 << 16);
    if (call)
        buf_puts(&value, "target(");
    for (size_t i = 0; i < s->count; i++) {
        const struct parameter *p = &s->parameters[i];
        bool in_memory = is_value_struct(p), is_pointer = parameter_is_buffer(p) || p->kind == CELL_CONTEXT;
        if (call)
            buf_printf(&value, "%sa%zu", i == 0 ? "" : ", ", i);
        else
            buf_printf(text, "        __asm__ volatile(\"\" : : \"%s\"(a%zu) : \"memory\");\n",
                       in_memory                   ? "m"
                       : p->is_real && !is_pointer ? "xm"
                                                   : "rm",
                       i);
    }
    buf_puts(&value, call ? ")" : s->result_size == 0 ? "(void)0" : "0");
    write_result(w, buf_text(&value), call);
    buf_puts(text, "    }\n}\n");
}

// ---- contexts
// ---------------------------------------------------------------------------------------------------

static void
write_setup(const struct signature *s, size_t index, struct buf *text)
{
    const struct parameter *p = &s->parameters[index];

    buf_printf(text, "    case %zu:\n        return ((void *(*)(", index);
    for (size_t i = 0; i < p->member_count; i++)
        buf_printf(text, "%s%s", i == 0 ? "" : ", ", number_abi(&p->members[i]));
    buf_printf(text, "%s))atoll_setup_%zu)(", p->member_count == 0 ? "void" : "", index);
    for (size_t i = 0; i < p->member_count; i++)
        buf_printf(text, "%s(%s)arguments[%zu].%s", i == 0 ? "" : ", ", number_abi(&p->members[i]), i,
                   slot_member(&p->members[i]));
    buf_puts(text, ");\n");
}

static const char *
context_function(const struct parameter *p, const char *what)
{
    if (p->kind != CELL_CONTEXT)
        return NULL;
    return strcmp(what, "setup") == 0 ? p->setup : strcmp(what, "teardown") == 0 ? p->teardown : p->digest;
}

// Writes one of the functions that contexts need: a switch over the parameters.
static void
write_switch(const struct signature *s, const char *what, const char *declaration, struct buf *text)
{
    for (size_t i = 0; i < s->count; i++)
        if (context_function(&s->parameters[i], what) != NULL)
            buf_printf(text, "extern void *const volatile atoll_%s_%zu;\n", what, i);
    buf_printf(text, "EXPORT %s;\n%s\n{\n    switch (parameter) {\n", declaration, declaration);
    for (size_t i = 0; i < s->count; i++) {
        const struct parameter *p = &s->parameters[i];
        if (context_function(p, what) == NULL)
            continue;
        if (strcmp(what, "setup") == 0)
            write_setup(s, i, text);
        else if (strcmp(what, "teardown") == 0)
            buf_printf(
                text,
                "    case %zu:\n        ((void (*)(void *))atoll_teardown_%zu)(context);\n        break;\n",
                i, i);
        else
            buf_printf(
                text,
                "    case %zu:\n        return ((uint64_t (*)(const void *))atoll_digest_%zu)(context);\n", i,
                i);
    }
    buf_printf(text, "    default:\n        return%s;\n    }\n}\n",
               strcmp(what, "teardown") == 0 ? "" : " 0");
}

static bool
has_context(const struct signature *s)
{
    for (size_t i = 0; i < s->count; i++)
        if (s->parameters[i].kind == CELL_CONTEXT)
            return true;
    return false;
}

void
shim_write(const struct signature *signature, const char *function_name, struct buf *text)
{
    struct writing w = {.signature = signature, .text = text};

    buf_printf(text, "/* Shim of %s. */\n%s", function_name, head);
    write_tables(&w);
    write_structs(&w);
    write_type(&w);
    write_loop(&w, "atoll_batch", true);
    write_loop(&w, "atoll_empty", false);
    if (!has_context(signature))
        return;
    write_switch(signature, "setup",
                 "void *atoll_setup(uint32_t parameter, const union cell_slot *arguments)", text);
    write_switch(signature, "teardown", "void atoll_teardown(uint32_t parameter, void *context)", text);
    write_switch(signature, "digest", "uint64_t atoll_digest(uint32_t parameter, const void *context)", text);
}
