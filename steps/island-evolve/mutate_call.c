// SPDX-License-Identifier: Apache-2.0
// substitute-call: another function that the file knows takes the place of a call, with arguments of fitting
// types from what is at hand there. Nearly all of them are wrong; the one that computes the same in a cheaper
// way is among them.
#include "steps/island-evolve/mutate.h"
#include "steps/island-evolve/table.h"

#include "base/vec.h"

#include <stdio.h>
#include <string.h>

enum { PER_PARAMETER_MAX = 6, PARAMETERS_MAX = 8, PER_PAIR_MAX = 60, SITES_MAX = 200, TRIALS = 256 };

// An expression that can be handed over.
struct offer {
    const char *text;
    struct shape_type type;
};

struct offers {
    struct offer items[64];
    size_t count;
};

struct callee {
    struct str name;
    struct shape_type result;
    struct variable *parameters;
    size_t count;
    bool is_pure;
};

struct callees {
    struct callee *items;
    size_t count;
};

struct fit {
    const char *choices[PARAMETERS_MAX][PER_PARAMETER_MAX];
    size_t counts[PARAMETERS_MAX];
    size_t combinations;
};

// A function defined before the variant, or declared in a quoted header and defined somewhere else.
static struct callees
find_callees(const struct shape *shape)
{
    size_t capacity = shape->function_count + 64;
    struct callees callees = {ARENA_ARRAY(shape->arena, struct callee, capacity), 0};

    for (size_t i = 0; i < shape->function_count; i++) {
        const struct function *function = &shape->functions[i];
        struct callee *callee = &callees.items[callees.count];
        if (function->end > shape->mutation->function.start)
            continue;
        callee->name = str_of(function->name);
        callee->result = shape_result(shape, function->node);
        callee->parameters = shape_parameters(shape, function->node, &callee->count);
        if (callee->count == 0 || callee->count > PARAMETERS_MAX)
            continue;
        callee->is_pure = shape_pure(shape, callee->name);
        callees.count++;
    }
    return callees;
}

static bool
same_number(const struct shape_type *a, const struct shape_type *b)
{
    return a->known && b->known && a->base.size == b->base.size && a->base.is_real == b->base.is_real;
}

static bool
fits(const struct shape_type *offered, const struct shape_type *wanted)
{
    if (!same_number(offered, wanted) || offered->pointers != wanted->pointers)
        return false;
    return wanted->pointers == 0 || wanted->is_const || !offered->is_const;
}

static void
offer(struct offers *offers, const char *text, struct shape_type type)
{
    for (size_t i = 0; i < offers->count; i++) {
        if (strcmp(offers->items[i].text, text) == 0)
            return;
    }
    if (type.known && offers->count < sizeof offers->items / sizeof *offers->items)
        offers->items[offers->count++] = (struct offer){text, type};
}

static void
offer_variable(const struct shape *shape, struct offers *offers, const struct variable *variable)
{
    const char *name = arena_str(shape->arena, variable->name);

    offer(offers, name, variable->type);
    if (variable->type.pointers == 1 && !variable->is_array) {
        struct shape_type pointee = variable->type;
        pointee.pointers = 0;
        offer(offers, arena_printf(shape->arena, "*%s", name), pointee);
    }
}

static bool
stands_before(const struct shape *shape, struct nodes nodes, size_t index)
{
    struct str text = shape_text(shape, nodes.items[index]);

    for (size_t i = 0; i < index; i++) {
        if (str_eq(shape_text(shape, nodes.items[i]), text))
            return true;
    }
    return false;
}

// The call's own arguments first, then parameters and locals that are seen there.
static struct offers
find_offers(const struct shape *shape, struct node call)
{
    struct offers offers = {0};
    struct node arguments = node_field(call, "arguments");
    const struct function *function = shape_enclosing(shape, call);
    struct nodes declared = shape_find(shape, function->node, "identifier");
    struct variable variable;

    for (size_t i = 0; i < node_count(arguments); i++) {
        struct node argument = node_child(arguments, i);
        offer(&offers, arena_str(shape->arena, shape_text(shape, argument)), shape_type(shape, argument));
    }
    for (size_t i = 0; i < declared.count && node_start(declared.items[i]) < node_start(call); i++) {
        struct str name = shape_text(shape, declared.items[i]);
        if (!stands_before(shape, declared, i) && shape_variable(shape, call, name, &variable) &&
            !variable.is_global && node_end(variable.declaration) <= node_start(call))
            offer_variable(shape, &offers, &variable);
    }
    return offers;
}

static bool
has_choice(const struct fit *fit, size_t parameter, const char *text)
{
    for (size_t i = 0; i < fit->counts[parameter]; i++) {
        if (strcmp(fit->choices[parameter][i], text) == 0)
            return true;
    }
    return false;
}

static struct fit
find_fit(struct node call, const struct offers *offers, const struct callee *callee)
{
    struct node arguments = node_field(call, "arguments");
    struct fit fit = {.combinations = 1};

    for (size_t p = 0; p < callee->count; p++) {
        const struct shape_type *wanted = &callee->parameters[p].type;
        for (size_t pass = 0; pass < 2; pass++) {
            for (size_t i = 0; i < offers->count && fit.counts[p] < PER_PARAMETER_MAX; i++) {
                bool in_place = i == p && p < node_count(arguments);
                if ((pass == 0) == in_place && fits(&offers->items[i].type, wanted) &&
                    !has_choice(&fit, p, offers->items[i].text))
                    fit.choices[p][fit.counts[p]++] = offers->items[i].text;
            }
        }
        fit.combinations *= fit.counts[p];
    }
    return fit;
}

static bool
can_replace(const struct shape *shape, struct node call, const struct callee *callee)
{
    struct str name = shape_text(shape, node_field(call, "function"));
    struct shape_type result = shape_type(shape, call);

    return !str_eq(name, callee->name) && result.pointers == 0 && callee->result.pointers == 0 &&
           same_number(&result, &callee->result) && result.base.size > 0 &&
           result.base.is_signed == callee->result.base.is_signed;
}

// One substitution: the call and what takes its place.
struct site {
    struct node call;
    const struct callee *callee;
    const char *arguments[PARAMETERS_MAX];
    const char *text;
    bool is_comparable; // both are functions of numbers
};
struct site_list {
    struct site items[SITES_MAX];
    size_t count;
};

static struct site *
add_site(const struct shape *shape, struct site_list *list, struct node call, const struct callee *callee,
         const struct fit *fit, size_t combination)
{
    struct site *site = &list->items[list->count++];
    AUTO_BUF text = BUF(4096);

    *site = (struct site){.call = call, .callee = callee};
    // The last parameter varies fastest, so that what was kept in front stays longest.
    for (size_t p = callee->count; p-- > 0;) {
        site->arguments[p] = fit->choices[p][combination % fit->counts[p]];
        combination /= fit->counts[p];
    }
    buf_printf(&text, "%.*s(", STR_ARG(callee->name));
    for (size_t p = 0; p < callee->count; p++)
        buf_printf(&text, "%s%s", p > 0 ? ", " : "", site->arguments[p]);
    buf_puts(&text, ")");
    site->text = arena_str(shape->arena, buf_str(&text));
    return site;
}

static bool
is_comparable(const struct shape *shape, struct node call)
{
    struct node function = node_field(call, "function");

    return node_count(node_field(call, "arguments")) <= PARAMETERS_MAX &&
           shape_pure(shape, shape_text(shape, function)) && shape_prelude(shape, function).len == 0;
}

static void
add_sites_of_call(const struct shape *shape, struct site_list *list, struct node call,
                  const struct callees *callees)
{
    struct offers offers = find_offers(shape, call);
    bool comparable = is_comparable(shape, call);

    for (size_t i = 0; i < callees->count; i++) {
        const struct callee *callee = &callees->items[i];
        if (!can_replace(shape, call, callee))
            continue;
        struct fit fit = find_fit(call, &offers, callee);
        for (size_t c = 0; c < fit.combinations && c < PER_PAIR_MAX && list->count < SITES_MAX; c++)
            add_site(shape, list, call, callee, &fit, c)->is_comparable = comparable && callee->is_pure;
    }
}

static struct site_list *
all_sites(const struct shape *shape)
{
    struct nodes calls = shape_find_all(shape, "call_expression");
    struct callees *callees = ARENA_NEW(shape->arena, struct callees);
    struct site_list *list = ARENA_NEW(shape->arena, struct site_list);

    *callees = find_callees(shape);
    for (size_t i = 0; i < calls.count; i++)
        add_sites_of_call(shape, list, calls.items[i], callees);
    return list;
}

static bool
add_distinct(const char **texts, size_t *count, const char *text)
{
    for (size_t i = 0; i < *count; i++) {
        if (strcmp(texts[i], text) == 0)
            return false;
    }
    texts[(*count)++] = text;
    return true;
}

static size_t
place_of(const char *const *texts, size_t count, const char *text)
{
    size_t i = 0;

    while (i < count && strcmp(texts[i], text) != 0)
        i++;
    return i;
}

// `y = g(a, b) == h(a);` with the arguments as free numbers: two functions of numbers that differ somewhere
// are no substitutes. False when one of them is more than that.
static bool
write_comparison(const struct shape *shape, const struct site *site, size_t number, struct buf *body)
{
    struct node given = node_field(site->call, "arguments");
    struct str name = shape_text(shape, node_field(site->call, "function"));
    const char *texts[2 * PARAMETERS_MAX];
    size_t count = 0, argument_count = node_count(given);

    if (!site->is_comparable)
        return false;
    for (size_t i = 0; i < argument_count; i++)
        (void)add_distinct(texts, &count, arena_str(shape->arena, shape_text(shape, node_child(given, i))));
    for (size_t p = 0; p < site->callee->count; p++)
        (void)add_distinct(texts, &count, site->arguments[p]);
    buf_printf(body, "case %zu: y = (uint64_t)%.*s(", number, STR_ARG(name));
    for (size_t i = 0; i < argument_count; i++) {
        const char *text = arena_str(shape->arena, shape_text(shape, node_child(given, i)));
        buf_printf(body, "%satoll_a[%zu]", i > 0 ? ", " : "", place_of(texts, count, text));
    }
    buf_printf(body, ") == (uint64_t)%.*s(", STR_ARG(site->callee->name));
    for (size_t p = 0; p < site->callee->count; p++)
        buf_printf(body, "%satoll_a[%zu]", p > 0 ? ", " : "", place_of(texts, count, site->arguments[p]));
    buf_puts(body, "); break;\n");
    return true;
}

// The first number takes all 256 low bytes. Small numbers, which loops count and shifts take, are as likely
// as any.
static void
drop_refuted(const struct shape *shape, struct site_list *list)
{
    AUTO_BUF body = BUF(1 << 20);
    bool compared[SITES_MAX] = {false};
    uint64_t *values = ARENA_ARRAY(shape->arena, uint64_t, SITES_MAX * TRIALS);
    size_t kept = 0, asked = 0;
    struct err ignored;

    buf_printf(&body, "const uint64_t atoll_x = x;\nuint64_t atoll_a[%d];\n%s", 2 * PARAMETERS_MAX,
               table_mix_text);
    buf_printf(&body,
               "for (int i = 0; i < %d; i++) {\n    atoll_m = atoll_m * 0xd6e8feb86659fd93ull + 1;\n"
               "    atoll_a[i] = atoll_m >> 32 & 1 ? (atoll_m >> 33) %% 32 : atoll_m >> 40;\n}\n"
               "atoll_a[0] = (atoll_m >> 60 & 1 ? atoll_a[0] << 8 : 0) | (x & 255);\n"
               "y = 1;\nswitch (x / %d) {\n",
               2 * PARAMETERS_MAX, TRIALS);
    for (size_t i = 0; i < list->count; i++) {
        compared[i] = write_comparison(shape, &list->items[i], i, &body);
        asked += compared[i];
    }
    buf_puts(&body, "}");
    if (asked == 0 || body.full ||
        oracle_evaluate(shape->mutation->oracle, (struct str){0}, buf_str(&body), list->count * TRIALS,
                        values, &ignored) != 1)
        return;
    for (size_t i = 0; i < list->count; i++) {
        bool same = true;
        for (size_t trial = 0; trial < TRIALS; trial++)
            same = same && values[i * TRIALS + trial] == 1;
        if (!compared[i] || same)
            list->items[kept++] = list->items[i];
    }
    list->count = kept;
}

// How many of the call's own arguments a substitution keeps, less what it hands over twice.
static int
kept_arguments(const struct shape *shape, const struct site *site)
{
    struct node given = node_field(site->call, "arguments");
    int score = 0;

    for (size_t p = 0; p < site->callee->count; p++) {
        for (size_t i = 0; i < node_count(given); i++)
            score += str_is(shape_text(shape, node_child(given, i)), site->arguments[p]) ? 2 : 0;
        score -= place_of(site->arguments, p, site->arguments[p]) < p ? 3 : 0;
    }
    return score;
}

// The likely ones first; otherwise the order stays.
static struct site_list *
find_sites(const struct shape *shape)
{
    struct site_list *list = all_sites(shape);
    struct site_list *sorted = ARENA_NEW(shape->arena, struct site_list);

    drop_refuted(shape, list);
    for (size_t i = 0; i < list->count; i++) {
        int score = kept_arguments(shape, &list->items[i]);
        size_t at = sorted->count++;
        while (at > 0 && kept_arguments(shape, &sorted->items[at - 1]) < score) {
            sorted->items[at] = sorted->items[at - 1];
            at--;
        }
        sorted->items[at] = list->items[i];
    }
    return sorted;
}

static size_t
sites(const struct mutation *mutation)
{
    struct shape shape = shape_of(mutation);

    return find_sites(&shape)->count;
}

static int
apply(const struct mutation *mutation, size_t index, struct buf *variant, char note[160], struct err *err)
{
    struct shape shape = shape_of(mutation);
    struct site_list *list = find_sites(&shape);

    (void)err;
    if (index >= list->count)
        return 0;
    const struct site *site = &list->items[index];
    struct node function = node_field(site->call, "function");
    snprintf(note, 160, "call %.90s instead of %.*s()", site->text,
             STR_ARG(str_head(shape_text(&shape, function), 40)));
    struct edit edit = {node_start(site->call), node_end(site->call), site->text};
    return mutation_write(mutation, &edit, 1, NULL, variant);
}

const struct mutator_ops mutate_substitute_call = {
    .name = "substitute-call",
    .summary = "another function of the file, with arguments from what is at hand, in place of a call",
    .technique = TECHNIQUE_ALGORITHM,
    .sites = sites,
    .apply = apply,
};
