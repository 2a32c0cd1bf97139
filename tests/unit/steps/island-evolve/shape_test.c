// SPDX-License-Identifier: Apache-2.0
#include "steps/island-evolve/shape.h"

#include "steps/island-evolve/stride.h"
#include "tests/unit/steps/island-evolve/rig.h"

static const char file[] =
    "#include <stdint.h>\n#define EIGHT 8\n#define MASK 0xFFu\ntypedef unsigned char octet;\n"
    "static const int weights[2] = {1, 2};\nstatic int seen;\n"
    "static int scale(int x)\n{\n    return x * weights[0] + EIGHT;\n}\n"
    "static int noisy(int x)\n{\n    seen += x;\n    return seen;\n}\n"
    "static int chain(int x)\n{\n    return x > 0 ? chain(x - 1) + scale(x) : 0;\n}\n"
    "int\nrun(const octet *p, uint64_t n, char c, int *out)\n{\n    uint16_t w = 0;\n    const char *end = "
    "0, q = 'x';\n"
    "    {\n        long w = 5;\n        out[0] = (int)w;\n    }\n    for (uint64_t i = 0; i < n; i++) {\n   "
    "     w += p[i];\n"
    "        *out = scale(w) & MASK;\n    }\n    return (octet)(w) + noisy(c) + chain(3) + (end != 0) + "
    "q;\n}\n";

struct seen {
    struct rig rig;
    struct rig_mutation m;
    struct shape shape;
};

static void
look(struct seen *seen)
{
    rig_open(&seen->rig, file, "run");
    seen->m = rig_mutation(&seen->rig, NULL);
    seen->shape = shape_of(&seen->m.mutation);
}

static void
close(struct seen *seen)
{
    syntax_free(seen->m.syntax);
    rig_close(&seen->rig);
}

// The first node of a kind with that text inside the function.
static struct node
node_of(const struct seen *seen, const char *kind, const char *text)
{
    struct nodes found = shape_find_all(&seen->shape, kind);

    for (size_t i = 0; i < found.count; i++) {
        if (str_is(shape_text(&seen->shape, found.items[i]), text))
            return found.items[i];
    }
    ck_abort_msg("no %s %s", kind, text);
    return (struct node){0};
}

static struct shape_type
type_of(const struct seen *seen, const char *kind, const char *text)
{
    return shape_type(&seen->shape, node_of(seen, kind, text));
}

START_TEST(types)
{
    struct seen seen;
    struct variable variable;

    look(&seen);
    struct shape_type type = type_of(&seen, "subscript_expression", "p[i]");
    ck_assert(type.known && type.pointers == 0 && type.base.size == 1 && shape_is_unsigned(&type));
    ck_assert_str_eq(shape_type_name(&seen.shape, &type), "octet");
    type = type_of(&seen, "call_expression", "(octet)(w)");
    ck_assert(type.known && type.base.size == 1);
    type = type_of(&seen, "call_expression", "scale(w)");
    ck_assert(type.known && type.base.size == 4 && type.base.is_signed && !shape_is_unsigned(&type));
    type = type_of(&seen, "binary_expression", "scale(w) & MASK");
    ck_assert(shape_is_unsigned(&type) && type.base.size == 4);
    type = type_of(&seen, "binary_expression", "i < n");
    ck_assert(type.base.is_signed && type.base.size == 4);
    ck_assert(shape_variable(&seen.shape, node_of(&seen, "cast_expression", "(int)w"), STR("w"), &variable));
    ck_assert_uint_eq(variable.type.base.size, 8);
    ck_assert(
        shape_variable(&seen.shape, node_of(&seen, "subscript_expression", "p[i]"), STR("w"), &variable));
    ck_assert_uint_eq(variable.type.base.size, 2);
    ck_assert(
        shape_variable(&seen.shape, node_of(&seen, "subscript_expression", "p[i]"), STR("end"), &variable));
    ck_assert(variable.type.pointers == 1 && variable.type.is_const);
    ck_assert(
        shape_variable(&seen.shape, node_of(&seen, "subscript_expression", "p[i]"), STR("q"), &variable));
    ck_assert_uint_eq(variable.type.pointers, 0);
    ck_assert(shape_variable(&seen.shape, node_of(&seen, "subscript_expression", "p[i]"), STR("weights"),
                             &variable));
    ck_assert(variable.is_global && variable.is_array && variable.type.is_const);
    ck_assert(
        !shape_variable(&seen.shape, node_of(&seen, "subscript_expression", "p[i]"), STR("MASK"), &variable));
    close(&seen);
}
END_TEST

START_TEST(pure_functions)
{
    struct seen seen;

    look(&seen);
    ck_assert(shape_pure(&seen.shape, STR("scale")));
    ck_assert(shape_pure(&seen.shape, STR("chain")));
    ck_assert(!shape_pure(&seen.shape, STR("noisy")));
    ck_assert(!shape_pure(&seen.shape, STR("run")));
    ck_assert(!shape_pure(&seen.shape, STR("nowhere")));
    ck_assert(shape_has_no_effect(&seen.shape, node_of(&seen, "binary_expression", "scale(w) & MASK")));
    ck_assert(!shape_has_no_effect(&seen.shape, node_of(&seen, "call_expression", "noisy(c)")));
    ck_assert(!shape_has_no_effect(&seen.shape, node_of(&seen, "update_expression", "i++")));
    const struct str w = STR("w");
    struct node sum = node_of(&seen, "assignment_expression", "w += p[i]");
    ck_assert(!shape_closed(&seen.shape, sum, &w, 1, false));
    const struct str all[] = {STR("w"), STR("p"), STR("i")};
    ck_assert(shape_closed(&seen.shape, sum, all, 3, false));
    close(&seen);
}
END_TEST

START_TEST(uses_and_names)
{
    struct seen seen;

    look(&seen);
    struct node loop = shape_find_all(&seen.shape, "for_statement").items[0];
    ck_assert(shape_changes(&seen.shape, loop, STR("w")));
    ck_assert(shape_changes(&seen.shape, loop, STR("i")));
    ck_assert(!shape_changes(&seen.shape, loop, STR("n")));
    ck_assert(!shape_changes(&seen.shape, loop, STR("out")));
    ck_assert_uint_eq(shape_count(&seen.shape, loop, STR("i")), 4);
    struct uses uses = shape_uses(&seen.shape, loop);
    size_t stored = 0, called = 0;
    for (size_t i = 0; i < uses.count; i++) {
        stored += uses.items[i].element_write;
        called += uses.items[i].called;
    }
    ck_assert(stored == 1 && called == 1);
    ck_assert_str_eq(shape_fresh(&seen.shape, "brand_new"), "brand_new");
    ck_assert_str_eq(shape_fresh(&seen.shape, "seen"), "seen_2");
    ck_assert_str_eq(shape_fresh_beside(&seen.shape, "brand_new", STR("int brand_new;")), "brand_new_2");
    ck_assert_str_eq(shape_indent(&seen.shape, node_start(loop)), "    ");
    ck_assert_str_eq(shape_indent_unit(&seen.shape), "    ");
    ck_assert(shape_starts_line(&seen.shape, node_start(loop)));
    ck_assert(!shape_starts_line(&seen.shape, node_start(loop) + 3));
    close(&seen);
}
END_TEST

START_TEST(strides)
{
    struct seen seen;
    struct stride stride;
    struct node extra;

    look(&seen);
    struct node loop = shape_find_all(&seen.shape, "for_statement").items[0];
    ck_assert(stride_frame(&seen.shape, loop, &stride, &extra));
    ck_assert(node_is_null(extra));
    ck_assert_str_eq(stride.left, "n - i");
    ck_assert(stride.left_is_size);
    ck_assert(stride_read(&seen.shape, loop, &stride));
    ck_assert_str_eq(stride_element(&seen.shape, &stride, 3), "p[i + 3]");
    ck_assert_str_eq(stride_element(&seen.shape, &stride, 0), "p[i]");
    ck_assert_ptr_nonnull(strstr(stride_body(&seen.shape, &stride, "byte"), "w += byte;"));
    ck_assert_str_eq(stride_advance(&seen.shape, &stride, 4, "\t"), "\ti += 4;\n");
    ck_assert(!stride_used_later(&seen.shape, loop, STR("i")));
    ck_assert(stride_used_later(&seen.shape, loop, STR("w")));
    close(&seen);
}
END_TEST

UNIT_MAIN("steps/island-evolve/shape", types, pure_functions, uses_and_names, strides)
