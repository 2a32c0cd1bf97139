// SPDX-License-Identifier: Apache-2.0
#include "steps/profile-fetch/report.h"

#include "steps/profile-fetch/hotspot.h"
#include "steps/profile-fetch/revision.h"
#include "steps/profile-fetch/tally.h"

#include <math.h>
#include <string.h>

#define TOP_FILES 10

struct profile_request
profile_request_of(const char *repository)
{
    return (struct profile_request){
        .repository = repository, .top = 10, .min_share = 0.01, .assume_speedup = 1.25};
}

static int
S_read(const struct source_list *sources, const char *format, struct profile *profile, struct err *err)
{
    for (size_t i = 0; i < sources->items.count; i++)
        if (source_read(&sources->items.items[i], format, profile, err) < 0)
            return -1;
    if (profile->samples.count > 0)
        return 0;
    return err_set(err, ERR_PARSE, "%s: no samples",
                   sources->items.count > 0 ? sources->items.items[0].name : "no profile given");
}

static int
S_compare_files(const void *a, const void *b, void *context)
{
    const struct tally *tally = context;
    uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
    int64_t x = tally->files[left].flat, y = tally->files[right].flat;
    if (x != y)
        return x < y ? 1 : -1;
    return left < right ? -1 : 1;
}

// The repository's files with the largest flat share.
static json_t *
S_files(struct arena *arena, const struct tally *tally, const struct tree *tree, bool stacks)
{
    uint32_t *order = ARENA_ARRAY(arena, uint32_t, tree->files.count + 1);
    size_t count = 0;
    for (size_t i = 0; i < tree->files.count; i++)
        if (tally->files[i].flat > 0 || tally->files[i].cumulative > 0)
            order[count++] = (uint32_t)i;
    qsort_r(order, count, sizeof(*order), S_compare_files, (void *)(uintptr_t)tally);
    json_t *files = json_array();
    for (size_t i = 0; i < count && i < TOP_FILES; i++) {
        json_t *file = json_object();
        json_set_text(file, "file", tree->files.items[order[i]].path);
        json_object_set_new(file, "flat_share", hotspot_share(tally, tally->files[order[i]].flat));
        json_object_set_new(file, "cumulative_share",
                            stacks ? hotspot_share(tally, tally->files[order[i]].cumulative) : json_null());
        json_array_append_new(files, file);
    }
    return files;
}

static void
S_warn_names(struct hotspot_context *context, json_t *warnings)
{
    const struct tally *tally = context->tally;
    double floor = context->request->min_share * (double)tally->total;
    size_t told = 0;
    AUTO_BUF text = BUF(1024);
    VEC_EACH (struct tally_node, node, &tally->nodes) {
        buf_clear(&text);
        if (node->place->missing && (double)node->own >= floor)
            buf_printf(&text, "%.*s is in the profile, but %.*s does not define it any more",
                       (int)str_head(node->name, 200).len, node->name.ptr, (int)str_head(node->file, 300).len,
                       node->file.ptr);
        else if (node->place->ambiguous && (double)node->cumulative >= floor)
            buf_printf(&text,
                       "%.*s is defined in several files and the profile does not say which; use `include:`",
                       (int)str_head(node->name, 200).len, node->name.ptr);
        if (text.len > 0 && told++ < 10)
            json_array_append_new(warnings, json_text(buf_str(&text)));
    }
    if (context->profile->skipped_samples > 0)
        json_array_append_new(warnings,
                              json_sprintf("%zu samples of other events than %.60s are left out",
                                           context->profile->skipped_samples, context->profile->type));
    if (tally->located <= 0)
        json_array_append_new(warnings,
                              json_string("no function of the profile is defined in the repository"));
}

static json_t *
S_summary(const struct hotspot_context *context, const json_t *hotspots)
{
    const struct profile *profile = context->profile;
    AUTO_BUF text = BUF(1 << 16);
    if (profile->kind == PROFILE_INSTRUCTIONS)
        buf_printf(&text, "%lld instructions (%s)", (long long)context->tally->total, profile->format);
    else
        buf_printf(&text, "%.0f samples of %.60s (%s)", context->tally->count, profile->type,
                   profile->format);
    buf_printf(&text, ", %.1f %% of them in the repository", 100 * context->tally->located);
    size_t index;
    const json_t *hotspot;
    json_array_foreach(hotspots, index, hotspot)
    {
        buf_printf(&text, "\n%5.1f %%", 100 * json_get_real(hotspot, "share", 0));
        if (profile->kind == PROFILE_SAMPLES)
            buf_printf(&text, " (%.1f to %.1f)", 100 * json_get_real(hotspot, "share_low", 0),
                       100 * json_get_real(hotspot, "share_high", 0));
        buf_printf(&text, "  %s  %s:%lld", json_get_text(hotspot, "function", ""),
                   json_get_text(hotspot, "file", ""), (long long)json_get_int(hotspot, "line", 0));
        if (json_is_number(json_object_get(hotspot, "usd_per_year")))
            buf_printf(&text, "  $%.0f a year, $%.0f saved at %.2fx",
                       json_get_real(hotspot, "usd_per_year", 0),
                       json_get_real(hotspot, "saving_usd_per_year", 0), context->request->assume_speedup);
    }
    if (json_array_size(hotspots) == 0)
        buf_puts(&text, "\nno function of the repository is hot enough");
    return json_text(buf_str(&text));
}

static json_t *
S_report(struct hotspot_context *context)
{
    const struct profile *profile = context->profile;
    const struct tally *tally = context->tally;
    bool counted = profile->kind == PROFILE_INSTRUCTIONS;
    json_t *report = json_object(), *warnings = json_array();
    json_t *hotspots = hotspot_list(context, warnings);
    S_warn_names(context, warnings);
    revision_warn(context, hotspots, warnings);
    json_object_set_new(report, "summary", S_summary(context, hotspots));
    json_object_set_new(report, "items", json_deep_copy(hotspots));
    json_object_set_new(report, "hotspots", hotspots);
    json_object_set_new(report, "files", S_files(context->arena, tally, context->tree, !counted));
    json_object_set_new(report, "samples",
                        counted ? json_null() : json_integer(llround(fmin(tally->count, 1e15))));
    json_set_text(report, "kind", counted ? "instructions" : "samples");
    json_set_text(report, "format", profile->format);
    json_object_set_new(report, "measure", json_text(str_of(profile->type)));
    json_object_set_new(report, "unit", json_text(str_of(profile->unit)));
    json_object_set_new(report, "total", json_integer(tally->total));
    json_object_set_new(report, "located_share", json_real(round(1e6 * tally->located) / 1e6));
    json_set_text(report, "commit", context->commit);
    json_set_text(report, "profile_commit", context->profile_commit);
    json_object_set_new(report, "warnings", warnings);
    return report;
}

static bool
S_prefers(void *context, const char *path)
{
    return hotspot_listed(context, path);
}

json_t *
profile_report_of(const struct profile_request *request, const struct source_list *sources, struct err *err)
{
    AUTO_ARENA arena = {0};
    AUTO_PROFILE profile;
    profile_init(&profile);
    if (S_read(sources, request->format, &profile, err) < 0)
        return NULL;
    struct tree tree;
    if (tree_open(&tree, request->repository, request->skip, err) < 0)
        return NULL;
    struct profile_request copy = *request;
    struct place *places = locate_all(&arena, &profile, &tree, S_prefers, &copy);
    struct tally tally;
    json_t *report = NULL;
    if (tally_count(&tally, &arena, &profile, &tree, places, err) == 0) {
        struct hotspot_context context = {
            .request = request, .arena = &arena, .profile = &profile, .tree = &tree, .tally = &tally};
        revision_find(&context);
        report = S_report(&context);
    }
    tally_release(&tally);
    tree_release(&tree);
    return report;
}

json_t *
profile_report(const struct profile_request *request, const char *const *sources, const char *folder,
               struct err *err)
{
    AUTO_SOURCE_LIST list = {0};
    for (size_t i = 0; sources[i]; i++)
        if (source_load(&list, sources[i], folder, err) < 0)
            return NULL;
    return profile_report_of(request, &list, err);
}
