// SPDX-License-Identifier: Apache-2.0
#include "steps/shared/target/shim.h"

#include "steps/shared/target/ctype.h"

static const char head[] = "#include <stdint.h>\n"
                           "struct cell_parameter {\n"
                           "    int32_t kind, of;\n"
                           "    uint32_t size;\n"
                           "    uint8_t is_signed, is_real, length_from_result, reserved;\n"
                           "};\n"
                           "union cell_slot {\n"
                           "    uint64_t u;\n"
                           "    int64_t i;\n"
                           "    double d;\n"
                           "    void *p;\n"
                           "};\n"
                           "#define EXPORT __attribute__((visibility(\"default\")))\n";

static const char *
abi_of(const struct parameter *p)
{
    return parameter_is_buffer(p) ? "void *" : ctype_abi(p->element, p->size, p->is_signed, p->is_real);
}

static const char *
result_abi(const struct signature *s)
{
    return s->result_size == 0
               ? "void"
               : ctype_abi(s->result_element, s->result_size, s->result_signed, s->result_real);
}

static void
write_tables(const struct signature *s, struct buf *text)
{
    buf_puts(text, "extern EXPORT const struct cell_parameter atoll_parameters[];\n"
                   "const struct cell_parameter atoll_parameters[] = {\n");
    for (size_t i = 0; i < s->count; i++) {
        const struct parameter *p = &s->parameters[i];
        buf_printf(text, "    {%d, %d, %u, %d, %d, %d, 0},\n", (int)p->kind,
                   p->kind == CELL_COUNT ? p->of : -1, p->size, p->is_signed, p->is_real,
                   p->length_from_result);
    }
    buf_printf(text, "    {%d, -1, 0, 0, 0, 0, 0},\n};\n", (int)CELL_END);
    buf_printf(text,
               "extern EXPORT const int32_t atoll_result_kind;\nconst int32_t atoll_result_kind = %d;\n",
               (int)(s->result_size == 0 ? CELL_END : CELL_SCALAR));
}

static void
write_type(const struct signature *s, struct buf *text)
{
    buf_printf(text, "typedef %s (*target_function)(", result_abi(s));
    for (size_t i = 0; i < s->count; i++)
        buf_printf(text, "%s%s", i == 0 ? "" : ", ", abi_of(&s->parameters[i]));
    buf_puts(text, s->count == 0 ? "void);\n" : ");\n");
    buf_puts(text, "extern void *const volatile " SHIM_TARGET ";\n");
}

static void
write_conversions(const struct signature *s, struct buf *text)
{
    for (size_t i = 0; i < s->count; i++) {
        const struct parameter *p = &s->parameters[i];
        const char *member = parameter_is_buffer(p) ? "p" : p->is_real ? "d" : p->is_signed ? "i" : "u";
        const char *type = abi_of(p);
        buf_printf(text, "        %s a%zu = (%s)slots[%zu].%s;\n", type, i, type, i, member);
    }
}

static void
write_result(const struct signature *s, const char *value, struct buf *text)
{
    if (s->result_size == 0)
        buf_printf(text, "        %s;\n        results[i].u = 0;\n", value);
    else if (s->result_real)
        buf_printf(text, "        results[i].d = (double)%s;\n", value);
    else if (s->result_signed)
        buf_printf(text, "        results[i].i = (int64_t)%s;\n", value);
    else
        buf_printf(text, "        results[i].u = (uint64_t)%s;\n", value);
}

static void
write_loop(const struct signature *s, const char *name, bool call, struct buf *text)
{
    static const char parameters[] =
        "(const union cell_slot *slots, uint64_t stride, uint64_t count, union cell_slot "
        "*results)";

    buf_printf(text, "EXPORT void %s%s;\nvoid\n%s%s\n{\n", name, parameters, name, parameters);
    buf_puts(text, call ? "    target_function target = (target_function)" SHIM_TARGET ";\n" : "");
    buf_puts(text, "    for (uint64_t i = 0; i < count; i++, slots += stride) {\n");
    write_conversions(s, text);
    AUTO_BUF value = BUF(1 << 16);
    if (call)
        buf_puts(&value, "target(");
    for (size_t i = 0; i < s->count; i++) {
        if (call)
            buf_printf(&value, "%sa%zu", i == 0 ? "" : ", ", i);
        else
            buf_printf(text, "        __asm__ volatile(\"\" : : \"%s\"(a%zu) : \"memory\");\n",
                       s->parameters[i].is_real && !parameter_is_buffer(&s->parameters[i]) ? "xm" : "rm", i);
    }
    buf_puts(&value, call ? ")" : s->result_size == 0 ? "(void)0" : "0");
    write_result(s, buf_text(&value), text);
    buf_puts(text, "    }\n}\n");
}

void
shim_write(const struct signature *signature, const char *function_name, struct buf *text)
{
    buf_printf(text, "/* Shim of %s. */\n%s", function_name, head);
    write_tables(signature, text);
    write_type(signature, text);
    write_loop(signature, "atoll_batch", true, text);
    write_loop(signature, "atoll_empty", false, text);
}
