// SPDX-License-Identifier: Apache-2.0
#include "steps/profile-fetch/hotspot.h"

#include <fnmatch.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define TOP_CALLERS 3
#define TOP_LINES 5

static bool
S_path_matches(const char *pattern, const char *path)
{
    // "**/x" also means an x at the top.
    if (strncmp(pattern, "**/", 3) == 0 && fnmatch(pattern + 3, path, 0) == 0)
        return true;
    return fnmatch(pattern, path, 0) == 0;
}

static bool
S_any_matches(const char *const *patterns, const char *path)
{
    for (; *patterns; patterns++)
        if (S_path_matches(*patterns, path))
            return true;
    return false;
}

bool
hotspot_listed(const struct profile_request *request, const char *path)
{
    if (request->include && request->include[0] && !S_any_matches(request->include, path))
        return false;
    return !request->exclude || !S_any_matches(request->exclude, path);
}

// Whether `functions:` lets a node be listed.
static bool
S_named(const struct hotspot_context *context, const struct tally_node *node)
{
    const char *const *functions = context->request->functions;
    if (!functions || !functions[0])
        return true;
    for (; *functions; functions++) {
        struct str wanted = str_of(*functions);
        ptrdiff_t colon = str_rfind_byte(wanted, ':');
        if (colon > 0 && !str_eq(str_head(wanted, (size_t)colon), node->file))
            continue;
        if (str_eq(str_from(wanted, (size_t)(colon + 1)), node->name))
            return true;
    }
    return false;
}

static double
S_ratio(const struct tally *tally, int64_t value)
{
    return tally->total > 0 ? (double)value / (double)tally->total : 0;
}

static json_t *
S_rounded(double value, double unit)
{
    return json_real(round(value * unit) / unit);
}

json_t *
hotspot_share(const struct tally *tally, int64_t value)
{
    return S_rounded(S_ratio(tally, value), 1e6);
}

static int
S_compare_nodes(const void *a, const void *b, void *context)
{
    const struct tally *tally = context;
    const struct tally_node *left = &tally->nodes.items[*(const uint32_t *)a];
    const struct tally_node *right = &tally->nodes.items[*(const uint32_t *)b];
    if (left->own != right->own)
        return left->own < right->own ? 1 : -1;
    int by_file = str_compare(left->file, right->file);
    return by_file != 0 ? by_file : str_compare(left->name, right->name);
}

static int
S_compare_callers(const void *a, const void *b)
{
    const struct tally_caller *left = a, *right = b;
    if (left->callee != right->callee)
        return left->callee < right->callee ? -1 : 1;
    if (left->value != right->value)
        return left->value < right->value ? 1 : -1;
    return left->caller < right->caller ? -1 : 1;
}

static int
S_compare_lines(const void *a, const void *b)
{
    const struct tally_line *left = a, *right = b;
    if (left->node != right->node)
        return left->node < right->node ? -1 : 1;
    if (left->value != right->value)
        return left->value < right->value ? 1 : -1;
    return left->line < right->line ? -1 : 1;
}

// Index of the first of `count` records whose first `uint32_t` key (at `offset`) is not below `node`.
static size_t
S_first_of(const void *records, size_t count, size_t size, size_t offset, uint32_t node)
{
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        uint32_t key;
        memcpy(&key, (const char *)records + middle * size + offset, sizeof(key));
        if (key < node)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static json_t *
S_callers(const struct hotspot_context *context, uint32_t id)
{
    const struct tally *tally = context->tally;
    json_t *callers = json_array();
    size_t at = S_first_of(tally->callers.items, tally->callers.count, sizeof(struct tally_caller),
                           offsetof(struct tally_caller, callee), id);
    for (; at < tally->callers.count && tally->callers.items[at].callee == id; at++) {
        const struct tally_node *caller = &tally->nodes.items[tally->callers.items[at].caller];
        json_t *entry = json_object();
        json_object_set_new(entry, "function", json_text(caller->name));
        json_object_set_new(entry, "file", caller->file.len > 0 ? json_text(caller->file) : json_null());
        json_object_set_new(entry, "share", hotspot_share(tally, tally->callers.items[at].value));
        json_array_append_new(callers, entry);
        if (json_array_size(callers) == TOP_CALLERS)
            break;
    }
    return callers;
}

static json_t *
S_lines(const struct hotspot_context *context, uint32_t id, uint32_t *beyond)
{
    const struct tally *tally = context->tally;
    uint32_t last = context->tree->files.items[tally->nodes.items[id].place->file].lines;
    json_t *lines = json_array();
    size_t at = S_first_of(tally->lines.items, tally->lines.count, sizeof(struct tally_line),
                           offsetof(struct tally_line, node), id);
    for (; at < tally->lines.count && tally->lines.items[at].node == id; at++) {
        const struct tally_line *line = &tally->lines.items[at];
        if (line->line > last && line->line > *beyond)
            *beyond = line->line;
        if (json_array_size(lines) == TOP_LINES)
            continue;
        json_t *entry = json_object();
        json_object_set_new(entry, "line", json_integer(line->line));
        json_object_set_new(entry, "share", hotspot_share(tally, line->value));
        json_array_append_new(lines, entry);
    }
    return lines;
}

static void
S_set_interval(json_t *hotspot, const struct hotspot_context *context, const struct tally_node *node)
{
    const struct cost_rates *rates = &context->request->rates;
    double share = S_ratio(context->tally, node->own), speedup = context->request->assume_speedup;
    struct cost_interval interval = {.low = share, .high = share};
    if (context->profile->kind == PROFILE_SAMPLES)
        interval = cost_wilson(share, context->tally->effective);
    json_object_set_new(hotspot, "share", S_rounded(share, 1e6));
    json_object_set_new(hotspot, "share_low", S_rounded(interval.low, 1e6));
    json_object_set_new(hotspot, "share_high", S_rounded(interval.high, 1e6));
    const char *refusal = cost_refusal(rates, context->profile, share, node->own_count, interval);
    double saved = speedup > 0 ? 1 - 1 / speedup : 0;
    const struct {
        const char *key;
        double usd;
    } figures[] = {{"usd_per_year", cost_usd_per_year(rates, share)},
                   {"usd_per_year_low", cost_usd_per_year(rates, interval.low)},
                   {"usd_per_year_high", cost_usd_per_year(rates, interval.high)},
                   {"saving_usd_per_year", cost_usd_per_year(rates, share) * saved}};
    for (size_t i = 0; i < sizeof(figures) / sizeof(figures[0]); i++)
        json_object_set_new(hotspot, figures[i].key, refusal ? json_null() : S_rounded(figures[i].usd, 100));
    json_set_text(hotspot, "usd_reason", refusal);
}

static json_t *
S_number_or_null(uint32_t number)
{
    return number > 0 ? json_integer(number) : json_null();
}

static json_t *
S_hotspot(const struct hotspot_context *context, uint32_t id, json_t *warnings)
{
    const struct tally *tally = context->tally;
    const struct tally_node *node = &tally->nodes.items[id];
    bool counted = context->profile->kind == PROFILE_INSTRUCTIONS;
    json_t *hotspot = json_object();
    json_object_set_new(hotspot, "name", json_text(node->name));
    json_object_set_new(hotspot, "function", json_text(node->name));
    json_object_set_new(hotspot, "symbol", json_text(node->symbol));
    json_object_set_new(hotspot, "file", json_text(node->file));
    json_object_set_new(hotspot, "line", S_number_or_null(node->place->line));
    json_object_set_new(hotspot, "line_end", S_number_or_null(node->place->line_end));
    json_set_text(hotspot, "language",
                  definition_language_name(context->tree->files.items[node->place->file].language));
    json_set_text(hotspot, "kind", counted ? "instructions" : "samples");
    S_set_interval(hotspot, context, node);
    json_object_set_new(hotspot, "flat_share", hotspot_share(tally, node->flat));
    json_object_set_new(hotspot, "cumulative_share", hotspot_share(tally, node->cumulative));
    json_object_set_new(hotspot, "samples",
                        counted ? json_null() : json_integer(llround(fmin(node->own_count, 1e15))));
    uint32_t beyond = 0;
    json_object_set_new(hotspot, "lines", S_lines(context, id, &beyond));
    json_object_set_new(hotspot, "callers", S_callers(context, id));
    json_set_text(hotspot, "commit", context->commit);
    if (beyond > 0)
        json_array_append_new(
            warnings,
            json_sprintf("the profile has line %u of %.*s, which ends at line %u: the source changed "
                         "since",
                         beyond, (int)node->file.len, node->file.ptr,
                         context->tree->files.items[node->place->file].lines));
    return hotspot;
}

// Names tell the items of a for-each apart: the file is added where two functions have the same.
static void
S_make_names_unique(json_t *hotspots)
{
    AUTO_MAP seen = {0};
    size_t index;
    json_t *hotspot;
    json_array_foreach(hotspots, index, hotspot)
    {
        const char *function = json_get_text(hotspot, "function", "");
        if (map_has(&seen, str_of(function)))
            json_object_set_new(hotspot, "name",
                                json_sprintf("%s@%s", function, json_get_text(hotspot, "file", "")));
        map_set(&seen, str_of(function), hotspot);
    }
}

json_t *
hotspot_list(const struct hotspot_context *context, json_t *warnings)
{
    const struct tally *tally = context->tally;
    if (tally->callers.count > 0)
        qsort(tally->callers.items, tally->callers.count, sizeof(struct tally_caller), S_compare_callers);
    if (tally->lines.count > 0)
        qsort(tally->lines.items, tally->lines.count, sizeof(struct tally_line), S_compare_lines);
    uint32_t *order = ARENA_ARRAY(context->arena, uint32_t, tally->nodes.count + 1);
    size_t count = 0;
    for (size_t i = 0; i < tally->nodes.count; i++) {
        const struct tally_node *node = &tally->nodes.items[i];
        if (node->place->file == TREE_NONE || node->place->missing || node->own <= 0 ||
            S_ratio(tally, node->own) < context->request->min_share)
            continue;
        const char *path = context->tree->files.items[node->place->file].path;
        if (hotspot_listed(context->request, path) && S_named(context, node))
            order[count++] = (uint32_t)i;
    }
    qsort_r(order, count, sizeof(*order), S_compare_nodes, (void *)(uintptr_t)tally);
    json_t *hotspots = json_array();
    for (size_t i = 0; i < count && i < context->request->top; i++)
        json_array_append_new(hotspots, S_hotspot(context, order[i], warnings));
    S_make_names_unique(hotspots);
    return hotspots;
}
