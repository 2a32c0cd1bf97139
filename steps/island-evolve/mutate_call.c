// SPDX-License-Identifier: Apache-2.0
// substitute-call: another function that the file knows takes the place of a call, with arguments of fitting
// types from what is at hand there. Nearly all of them are wrong; the one that computes the same in a cheaper
// way is among them.
#include "steps/island-evolve/mutate.h"

#include "base/vec.h"

#include <stdio.h>
#include <string.h>

enum { PER_PARAMETER_MAX = 6, PARAMETERS_MAX = 8, PER_PAIR_MAX = 60, SITES_MAX = 200 };

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
        if (callee->count > 0 && callee->count <= PARAMETERS_MAX)
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
        if (shape_variable(shape, call, name, &variable) && !variable.is_global &&
            node_end(variable.declaration) <= node_start(call))
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
find_fit(const struct shape *shape, struct node call, const struct callee *callee)
{
    struct offers offers = find_offers(shape, call);
    struct node arguments = node_field(call, "arguments");
    struct fit fit = {.combinations = 1};

    for (size_t p = 0; p < callee->count; p++) {
        const struct shape_type *wanted = &callee->parameters[p].type;
        for (size_t pass = 0; pass < 2; pass++) {
            for (size_t i = 0; i < offers.count && fit.counts[p] < PER_PARAMETER_MAX; i++) {
                bool in_place = i == p && p < node_count(arguments);
                if ((pass == 0) == in_place && fits(&offers.items[i].type, wanted) &&
                    !has_choice(&fit, p, offers.items[i].text))
                    fit.choices[p][fit.counts[p]++] = offers.items[i].text;
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

static const char *
write_call(const struct shape *shape, const struct callee *callee, const struct fit *fit, size_t combination)
{
    AUTO_BUF text = BUF(4096);
    size_t choice[PARAMETERS_MAX];

    // The last parameter varies fastest, so that what was kept in front stays longest.
    for (size_t p = callee->count; p-- > 0;) {
        choice[p] = combination % fit->counts[p];
        combination /= fit->counts[p];
    }
    buf_printf(&text, "%.*s(", STR_ARG(callee->name));
    for (size_t p = 0; p < callee->count; p++)
        buf_printf(&text, "%s%s", p > 0 ? ", " : "", fit->choices[p][choice[p]]);
    buf_puts(&text, ")");
    return arena_str(shape->arena, buf_str(&text));
}

// Counts sites; when `index` is one of them, gives its call and the text that takes its place.
static size_t
find_sites(const struct shape *shape, size_t index, struct node *call, const char **text)
{
    struct nodes calls = shape_find_all(shape, "call_expression");
    struct callees callees = find_callees(shape);
    size_t count = 0;

    for (size_t i = 0; i < calls.count; i++) {
        for (size_t j = 0; j < callees.count && count < SITES_MAX; j++) {
            if (!can_replace(shape, calls.items[i], &callees.items[j]))
                continue;
            struct fit fit = find_fit(shape, calls.items[i], &callees.items[j]);
            size_t more = fit.combinations < PER_PAIR_MAX ? fit.combinations : PER_PAIR_MAX;
            if (index >= count && index < count + more) {
                *call = calls.items[i];
                *text = write_call(shape, &callees.items[j], &fit, index - count);
            }
            count += more;
        }
    }
    return count < SITES_MAX ? count : SITES_MAX;
}

static size_t
sites(const struct mutation *mutation)
{
    struct shape shape = shape_of(mutation);
    struct node call;
    const char *text;

    return find_sites(&shape, SIZE_MAX, &call, &text);
}

static int
apply(const struct mutation *mutation, size_t index, struct buf *variant, char note[160], struct err *err)
{
    struct shape shape = shape_of(mutation);
    struct node call = {0};
    const char *text = NULL;

    (void)err;
    find_sites(&shape, index, &call, &text);
    if (text == NULL)
        return 0;
    snprintf(note, 160, "call %.100s instead of %.*s()", text,
             STR_ARG(str_head(shape_text(&shape, node_field(call, "function")), 40)));
    return mutation_write(mutation, &(struct edit){node_start(call), node_end(call), text}, 1, NULL, variant);
}

const struct mutator_ops mutate_substitute_call = {
    .name = "substitute-call",
    .summary = "another function of the file, with arguments from what is at hand, in place of a call",
    .technique = TECHNIQUE_ALGORITHM,
    .sites = sites,
    .apply = apply,
    .systematic = true,
};
