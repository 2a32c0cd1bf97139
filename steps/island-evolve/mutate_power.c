// SPDX-License-Identifier: Apache-2.0
// tabulate-power: a pure function that applies one linear step n times to a number (over GF(2), as a CRC
// moves on over n zero bytes), and may add another number with an exclusive or, needs only the matrices of 1,
// 2, 4, 8 .. steps. They do not depend on its arguments, so they become a table. What it computes is
// recognised, not how.
#include "steps/island-evolve/mutate.h"
#include "steps/island-evolve/table.h"

#include <stdio.h>
#include <string.h>

enum { CHECKS = 1024, BITS_MAX = 64, NONE = 3 };

// Which parameter is what; `added` is NONE where there is none.
struct site {
    const struct function *function;
    const struct variable *parameters;
    size_t count, state, steps, added;
    unsigned bits, step_bits;
};

static struct str
prelude_of(const struct shape *shape, const struct function *function)
{
    struct str prelude = shape_prelude(shape, node_field(function->node, "body"));
    bool is_target = strcmp(function->name, shape->mutation->function.name) == 0;

    if (prelude.len > 0 || is_target)
        return prelude;
    return shape_between(shape, function->start, function->end);
}

// "f(A, B, N)" with these texts in the places of state, added number and steps.
static const char *
call_text(const struct shape *shape, const struct site *site, const char *state, const char *added,
          const char *steps)
{
    AUTO_BUF text = BUF(1024);

    buf_printf(&text, "%s(", site->function->name);
    for (size_t p = 0; p < site->count; p++)
        buf_printf(&text, "%s%s", p > 0 ? ", " : "",
                   p == site->state   ? state
                   : p == site->steps ? steps
                                      : added);
    buf_puts(&text, ")");
    return arena_str(shape->arena, buf_str(&text));
}

// The first CHECKS answers are 1 where the laws hold; then come the columns of the matrix of one step.
static const char *
question(const struct shape *shape, const struct site *site)
{
    const char *type = arena_printf(shape->arena, "uint%u_t", site->bits);
    AUTO_BUF text = BUF(8192);

    buf_printf(
        &text,
        "const uint64_t atoll_x = x;\n%sconst %s a = (%s)atoll_m, b = (%s)(atoll_m >> 20), zero = 0;\n",
        table_mix_text, type, type, type);
    buf_puts(&text, "const uint64_t m = (atoll_m >> 40) % 3000, n = (atoll_m >> 52) % 3000, none = 0;\n");
    buf_printf(&text, "if (x < %d) {\n    %s ab = (%s)(a ^ b), moved = %s;\n", CHECKS, type, type,
               call_text(shape, site, "a", "zero", "n"));
    buf_printf(&text, "    y = (%s)%s == (%s)(moved ^ b)", type, call_text(shape, site, "a", "b", "n"), type);
    if (site->added == NONE)
        buf_printf(&text, " || 1");
    buf_printf(&text, ";\n    y = y && (%s)%s == (%s)(moved ^ %s)", type,
               call_text(shape, site, "ab", "zero", "n"), type, call_text(shape, site, "b", "zero", "n"));
    buf_printf(&text, "\n        && %s == %s", call_text(shape, site, "moved", "zero", "m"),
               call_text(shape, site, "a", "zero", "n + m"));
    buf_printf(&text, "\n        && %s == a && %s == 0;\n} else {\n",
               call_text(shape, site, "a", "zero", "none"), call_text(shape, site, "zero", "zero", "m"));
    buf_printf(&text,
               "    const %s bit = (%s)((%s)1 << (x - %d));\n    const uint64_t one = 1;\n    y = (%s)%s;\n}",
               type, type, type, CHECKS, type, call_text(shape, site, "bit", "zero", "one"));
    return arena_str(shape->arena, buf_str(&text));
}

// The matrix of twice as many steps is the square of the one before.
static void
square(const uint64_t *from, uint64_t *to, unsigned bits)
{
    for (unsigned column = 0; column < bits; column++) {
        uint64_t sum = 0;
        for (unsigned bit = 0; bit < bits; bit++)
            sum ^= (from[column] >> bit & 1) != 0 ? from[bit] : 0;
        to[column] = sum;
    }
}

// 1 with the matrices in `columns`, 0 when it is none, -1 the machine failed.
static int
ask(const struct shape *shape, const struct site *site, uint64_t *columns, struct err *err)
{
    size_t count = CHECKS + (size_t)site->bits;
    uint64_t *values = ARENA_ARRAY(shape->arena, uint64_t, count);
    int known = oracle_evaluate(shape->mutation->oracle, prelude_of(shape, site->function),
                                str_of(question(shape, site)), count, values, err);
    bool moves = false;

    if (known <= 0)
        return known;
    for (size_t i = 0; i < CHECKS; i++) {
        if (values[i] != 1)
            return 0;
    }
    for (size_t bit = 0; bit < site->bits; bit++)
        moves = moves || values[CHECKS + bit] != UINT64_C(1) << bit;
    memcpy(columns, values + CHECKS, site->bits * sizeof *columns);
    for (size_t k = 1; k < site->step_bits; k++)
        square(columns + (k - 1) * site->bits, columns + k * site->bits, site->bits);
    return moves;
}

// The next choice of roles that types allow, from `number` on.
static bool
read_roles(const struct shape *shape, const struct function *function, size_t number, struct site *site)
{
    struct shape_type result = shape_result(shape, function->node);
    size_t count;
    const struct variable *parameters = shape_parameters(shape, function->node, &count);

    if (count < 2 || count > 3)
        return false;
    *site = (struct site){function, parameters, count, number / 3, number % 3, NONE, 0, 0};
    if (site->state >= count || site->steps >= count || site->state == site->steps)
        return false;
    if (count == 3)
        site->added = 3 - site->state - site->steps;
    const struct shape_type *state = &parameters[site->state].type, *steps = &parameters[site->steps].type;
    bool fits = shape_is_unsigned(&result) && shape_is_unsigned(state) && shape_is_unsigned(steps) &&
                state->base.size == result.base.size && state->base.size >= 4 && steps->base.size >= 4;
    if (site->added != NONE) {
        const struct shape_type *added = &parameters[site->added].type;
        fits = fits && shape_is_unsigned(added) && added->base.size == result.base.size;
    }
    site->bits = state->base.size * 8;
    site->step_bits = steps->base.size * 8;
    return fits;
}

// A body without a loop has nothing to gain; one that only looks matrices up is done.
static bool
is_worth_it(const struct shape *shape, const struct function *function)
{
    struct node body = node_field(function->node, "body");
    struct nodes look_ups = shape_find(shape, body, "subscript_expression");
    struct nodes calls = shape_find(shape, body, "call_expression");

    return shape_find(shape, body, "for_statement while_statement do_statement").count > 0 &&
           (calls.count > 0 || look_ups.count == 0) && shape_pure(shape, str_of(function->name));
}

static size_t
find_sites(const struct shape *shape, size_t limit, struct site *site, uint64_t *columns)
{
    size_t count = 0;
    struct err ignored;

    for (size_t i = 0; i < shape->function_count && count < limit; i++) {
        const struct function *function = &shape->functions[i];
        if (!shape_in_variant(shape, function->node) || !is_worth_it(shape, function))
            continue;
        for (size_t number = 0; number < 9 && count < limit; number++) {
            struct site candidate;
            if (!read_roles(shape, function, number, &candidate) ||
                ask(shape, &candidate, columns, &ignored) != 1)
                continue;
            *site = candidate;
            count++;
            break;
        }
    }
    return count;
}

static size_t
sites(const struct mutation *mutation)
{
    struct shape shape = shape_of(mutation);
    uint64_t *columns = ARENA_ARRAY(mutation->arena, uint64_t, BITS_MAX * BITS_MAX);
    struct site site;

    return find_sites(&shape, SIZE_MAX, &site, columns);
}

static const char *
body_text(const struct shape *shape, const struct site *site, const char *table)
{
    const char *in = shape_indent_unit(shape), *k = shape_fresh(shape, "k"),
               *bit = shape_fresh(shape, "column");
    const char *sum = shape_fresh(shape, "moved");
    const char *a = arena_str(shape->arena, site->parameters[site->state].name);
    const char *n = arena_str(shape->arena, site->parameters[site->steps].name);
    const char *type = shape_type_name(shape, &site->parameters[site->state].type);
    AUTO_BUF text = BUF(4096);

    buf_printf(&text, "{\n%sfor (unsigned %s = 0; %s != 0; %s++, %s >>= 1) {\n", in, k, n, k, n);
    buf_printf(&text, "%s%s%s %s = 0;\n\n%s%sif ((%s & 1) == 0)\n%s%s%scontinue;\n", in, in, type, sum, in,
               in, n, in, in, in);
    buf_printf(&text, "%s%sfor (unsigned %s = 0; %s < %u; %s++)\n", in, in, bit, bit, site->bits, bit);
    buf_printf(&text, "%s%s%s%s ^= %s[%s][%s] & -(%s >> %s & 1);\n%s%s%s = %s;\n%s}\n", in, in, in, sum,
               table, k, bit, a, bit, in, in, a, sum, in);
    if (site->added == NONE)
        buf_printf(&text, "%sreturn %s;\n}", in, a);
    else
        buf_printf(&text, "%sreturn %s ^ %.*s;\n}", in, a, STR_ARG(site->parameters[site->added].name));
    return arena_str(shape->arena, buf_str(&text));
}

static int
apply(const struct mutation *mutation, size_t index, struct buf *variant, char note[160], struct err *err)
{
    struct shape shape = shape_of(mutation);
    uint64_t *columns = ARENA_ARRAY(mutation->arena, uint64_t, BITS_MAX * BITS_MAX);
    struct site site = {0};
    AUTO_BUF prologue = BUF(1 << 20);

    (void)err;
    if (find_sites(&shape, index + 1, &site, columns) != index + 1)
        return 0;
    const char *name = site.function->name;
    const char *table = shape_fresh(&shape, arena_printf(shape.arena, "%s_powers", name));
    const char *comment =
        arena_printf(shape.arena, "Row k, column b: what bit b comes to in 2^k steps of %s().", name);
    table_write(&(struct table){.comment = comment,
                                .type = shape_type_name(&shape, &site.parameters[site.state].type),
                                .name = table,
                                .unit = shape_indent_unit(&shape),
                                .values = columns,
                                .rows = site.step_bits,
                                .hex_digits = site.bits / 4,
                                .columns = site.bits},
                &prologue);
    struct edit edit = {site.function->body_start, site.function->body_end, body_text(&shape, &site, table)};
    snprintf(note, 160, "matrices of 2^k steps of %s in a table", name);
    return mutation_write(mutation, &edit, 1, buf_text(&prologue), variant);
}

const struct mutator_ops mutate_tabulate_power = {
    .name = "tabulate-power",
    .summary = "a linear step that is applied n times becomes a table of its powers",
    .technique = TECHNIQUE_TABLE,
    .sites = sites,
    .apply = apply,
    .systematic = true,
};
