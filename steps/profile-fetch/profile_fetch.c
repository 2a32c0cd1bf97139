// SPDX-License-Identifier: Apache-2.0
#include "steps/profile-fetch/profile_fetch.h"

#include "base/hash.h"
#include "steps/profile-fetch/format.h"
#include "workflow/journal.h"

#include <stdlib.h>
#include <string.h>

static const struct field cost_members[] = {
    {.name = "fleet_cores",
     .type = FIELD_REAL,
     .required = true,
     .max = 1e9,
     .summary = "Cores that run the profiled service."},
    {.name = "core_year_usd",
     .type = FIELD_REAL,
     .required = true,
     .max = 1e6,
     .summary = "Price of one core for a year."},
    {.name = "elasticity",
     .type = FIELD_REAL,
     .otherwise = "1.0",
     .max = 1,
     .summary = "How much of the saved time the fleet gives back, 0 to 1."},
    {0},
};

static const struct field inputs[] = {
    {.name = "source",
     .type = FIELD_LIST,
     .required = true,
     .summary = "Profiles: files, patterns, archives or http(s) URLs; several are merged."},
    {.name = "format",
     .type = FIELD_TEXT,
     .otherwise = "\"auto\"",
     .choices = format_names,
     .summary = "Format of the profiles; auto looks at their content."},
    {.name = "top",
     .type = FIELD_INT,
     .otherwise = "10",
     .min = 1,
     .max = 1000,
     .summary = "At most so many hotspots."},
    {.name = "min-share",
     .type = FIELD_REAL,
     .otherwise = "0.01",
     .max = 1,
     .summary = "Functions with a smaller share of the profile are left out."},
    {.name = "include",
     .type = FIELD_LIST,
     .summary = "Only functions of files that match one of these patterns."},
    {.name = "exclude",
     .type = FIELD_LIST,
     .summary = "No functions of files that match one of these patterns."},
    {.name = "functions", .type = FIELD_LIST, .summary = "Only these functions, as NAME or FILE:NAME."},
    {.name = "cost", .type = FIELD_OBJECT, .members = cost_members, .summary = "What the fleet costs."},
    {.name = "commit",
     .type = FIELD_TEXT,
     .summary = "Commit of the profiled program, to tell whether the source changed."},
    {.name = "assume-speedup",
     .type = FIELD_REAL,
     .otherwise = "1.25",
     .min = 1,
     .max = 1000,
     .summary = "Speed-up that savings are computed for."},
    {0},
};

static const struct field outputs[] = {
    {.name = "hotspots", .type = FIELD_LIST, .summary = "The hot functions, hottest first, as records."},
    {.name = "items", .type = FIELD_LIST, .summary = "The same, for for-each."},
    {.name = "files", .type = FIELD_LIST, .summary = "The hot files with flat and cumulative share."},
    {.name = "samples", .type = FIELD_INT, .summary = "Samples read; null for counted instructions."},
    {.name = "format", .type = FIELD_TEXT, .summary = "Format that was read."},
    {.name = "kind", .type = FIELD_TEXT, .summary = "samples or instructions."},
    {.name = "measure", .type = FIELD_TEXT, .summary = "What was measured, e.g. cpu."},
    {.name = "unit", .type = FIELD_TEXT, .summary = "Unit of total."},
    {.name = "total", .type = FIELD_INT, .summary = "Sum of all values."},
    {.name = "located_share", .type = FIELD_REAL, .summary = "Share that belongs to the repository."},
    {.name = "commit", .type = FIELD_TEXT, .summary = "HEAD, which lines refer to."},
    {.name = "profile_commit", .type = FIELD_TEXT, .summary = "Commit of the profiled program, where known."},
    {.name = "warnings", .type = FIELD_LIST, .summary = "What to know before trusting the figures."},
    {.name = "summary", .type = FIELD_TEXT, .summary = "The hotspots as text."},
    {0},
};

// The texts of a list (or of a single one), NULL-terminated; NULL when absent.
static const char *const *
S_texts(struct arena *arena, const json_t *list)
{
    if (json_is_string(list)) {
        const char **one = ARENA_ARRAY(arena, const char *, 2);
        one[0] = json_string_value(list);
        return one;
    }
    if (!json_is_array(list))
        return NULL;
    const char **texts = ARENA_ARRAY(arena, const char *, json_array_size(list) + 1);
    size_t count = 0, index;
    const json_t *item;
    json_array_foreach(list, index, item) if (json_is_string(item)) texts[count++] = json_string_value(item);
    return texts;
}

static int
S_rates(const json_t *cost, struct cost_rates *rates, struct err *err)
{
    *rates = (struct cost_rates){0};
    if (!json_is_object(cost))
        return 0;
    *rates = (struct cost_rates){.given = true,
                                 .fleet_cores = json_get_real(cost, "fleet_cores", -1),
                                 .core_year_usd = json_get_real(cost, "core_year_usd", -1),
                                 .elasticity = json_get_real(cost, "elasticity", 1)};
    if (rates->fleet_cores < 0 || rates->core_year_usd < 0)
        return err_set(err, ERR_CONFIG, "cost: give fleet_cores and core_year_usd, e.g. 1200 and 350");
    if (rates->elasticity < 0 || rates->elasticity > 1)
        return err_set(err, ERR_CONFIG, "cost: elasticity is between 0 and 1, not %g", rates->elasticity);
    return 0;
}

int
profile_fetch_request(struct arena *arena, const json_t *with, const char *repository,
                      struct profile_request *request, struct err *err)
{
    *request = profile_request_of(repository);
    request->format = json_get_text(with, "format", "auto");
    request->top = (size_t)json_get_int(with, "top", 10);
    request->min_share = json_get_real(with, "min-share", 0.01);
    request->include = S_texts(arena, json_object_get(with, "include"));
    request->exclude = S_texts(arena, json_object_get(with, "exclude"));
    request->functions = S_texts(arena, json_object_get(with, "functions"));
    request->commit = json_get_text(with, "commit", NULL);
    request->assume_speedup = json_get_real(with, "assume-speedup", 1.25);
    if (request->commit && !request->commit[0])
        request->commit = NULL;
    if (request->assume_speedup < 1)
        return err_set(err, ERR_CONFIG, "assume-speedup is at least 1, not %g", request->assume_speedup);
    return S_rates(json_object_get(with, "cost"), &request->rates, err);
}

// Fetches all sources and keeps them as blobs: [{"name", "blob", "bytes"}].
static int
S_fetch(struct step *step, const char *const *wanted, struct source_list *sources, json_t **result,
        struct err *err)
{
    for (size_t i = 0; wanted[i]; i++) {
        step_progress(step, NULL, "fetching profile %zu", i + 1);
        if (source_load(sources, wanted[i], step->repository, err) < 0)
            return -1;
    }
    json_t *list = json_array();
    VEC_EACH (struct source, source, &sources->items) {
        char blob[65];
        if (journal_blob_put(step, buf_str(&source->data), blob, err) < 0) {
            json_decref(list);
            return -1;
        }
        json_t *entry = json_object();
        json_set_text(entry, "name", source->name);
        json_set_text(entry, "blob", blob);
        json_object_set_new(entry, "bytes", json_integer((json_int_t)source->data.len));
        json_array_append_new(list, entry);
    }
    *result = list;
    return 0;
}

// What an earlier attempt has fetched.
static int
S_fetch_again(struct step *step, const json_t *fetched, struct source_list *sources, struct err *err)
{
    size_t index;
    const json_t *entry;
    json_array_foreach(fetched, index, entry)
    {
        const char *name = json_get_text(entry, "name", "");
        AUTO_BUF data = BUF(SOURCE_MAX_BYTES);
        if (journal_blob_get(step, json_get_text(entry, "blob", ""), &data, err) < 0 ||
            source_add(sources, name, buf_str(&data), err) < 0)
            return err_wrap(err, "profile %s of an earlier attempt", name);
    }
    return 0;
}

// The fetched profiles, by activity `fetch`. *fetched is owned by the caller.
static int
S_fetch_activity(struct step *step, struct source_list *sources, json_t **fetched, struct err *err)
{
    const json_t *wanted = json_object_get(step->with, "source");
    const char *const *texts = S_texts(step->arena, wanted);
    if (!texts || !texts[0])
        return err_set(err, ERR_CONFIG, "source: name a file, a pattern, an archive or an http(s) URL");
    int done = journal_begin(step, "fetch", "sources", wanted, fetched, err);
    if (done < 0)
        return -1;
    if (done == 1)
        return S_fetch_again(step, *fetched, sources, err);
    if (S_fetch(step, texts, sources, fetched, err) < 0)
        return -1;
    return journal_commit(step, "fetch", "sources", *fetched, err);
}

static json_t *
S_copy_of(const json_t *object, const char *key)
{
    json_t *value = json_object_get(object, key);
    return value ? json_incref(value) : json_null();
}

static int
S_store(struct step *step, const json_t *report, struct err *err)
{
    size_t index;
    const json_t *hotspot;
    json_array_foreach(json_object_get(report, "hotspots"), index, hotspot)
    {
        static const char *const columns[] = {"function",  "file",       "line",    "share",
                                              "share_low", "share_high", "samples", "usd_per_year"};
        json_t *row = json_array();
        json_array_append_new(row, json_string(step->run_id));
        json_array_append_new(row, json_string(step->id));
        json_array_append_new(row, json_integer((json_int_t)index + 1));
        for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++)
            json_array_append_new(row, S_copy_of(hotspot, columns[i]));
        char *record = json_compact(hotspot);
        json_array_append_new(row, json_text(str_of(record)));
        free(record);
        if (journal_store(step, "hotspot.insert", row, err) < 0)
            return -1;
    }
    return 0;
}

// The activity's key: the hash of what was fetched and of how it is read.
static void
S_key(const json_t *input, char key[65])
{
    char *text = json_canonical(input);
    struct hash hash = hash_of(text, strlen(text));
    hash_hex(&hash, key);
    free(text);
}

// The report, by activity `hotspots`. *report is owned by the caller.
static int
S_report_activity(struct step *step, const struct profile_request *request, const struct source_list *sources,
                  const json_t *fetched, json_t **report, struct err *err)
{
    AUTO_JSON *input = json_object();
    json_object_set_new(input, "fetched", json_deep_copy(fetched));
    json_object_set_new(input, "with", json_deep_copy(step->with));
    char key[65];
    S_key(input, key);
    int done = journal_begin(step, "hotspots", key, input, report, err);
    if (done != 0)
        return done < 0 ? -1 : 0;
    step_progress(step, NULL, "reading %zu profile%s", sources->items.count,
                  sources->items.count == 1 ? "" : "s");
    *report = profile_report_of(request, sources, err);
    if (!*report || S_store(step, *report, err) < 0)
        return -1;
    size_t index;
    const json_t *warning;
    json_array_foreach(json_object_get(*report, "warnings"), index, warning)
        step_warn(step, "%s", json_string_value(warning));
    return journal_commit(step, "hotspots", key, *report, err);
}

static int
S_run(struct step *step, struct err *err)
{
    struct profile_request request;
    if (profile_fetch_request(step->arena, step->with, step->repository, &request, err) < 0)
        return -1;
    request.skip = step->scratch;
    AUTO_SOURCE_LIST sources = {0};
    AUTO_JSON *fetched = NULL, *report = NULL;
    if (S_fetch_activity(step, &sources, &fetched, err) < 0 ||
        S_report_activity(step, &request, &sources, fetched, &report, err) < 0)
        return -1;
    const char *key;
    json_t *value;
    json_object_foreach(report, key, value) step_output(step, key, json_incref(value));
    return 0;
}

static const char *
S_plan(struct arena *arena, const json_t *with)
{
    const char *const *texts = S_texts(arena, json_object_get(with, "source"));
    AUTO_BUF text = BUF(4000);
    buf_puts(&text, "read ");
    size_t urls = 0;
    for (size_t i = 0; texts && texts[i]; i++) {
        buf_printf(&text, "%s%s", i > 0 ? ", " : "", texts[i]);
        urls += strncmp(texts[i], "http", 4) == 0 && strstr(texts[i], "://") ? 1 : 0;
    }
    buf_printf(&text, "; %s leaves the machine", urls > 0 ? "only the request for the profile" : "nothing");
    return arena_str(arena, buf_str(&text));
}

const struct step_ops step_profile_fetch = {
    .name = "profile-fetch",
    .summary = "Reads production profiles and finds the repository's functions that cost the most.",
    .inputs = inputs,
    .outputs = outputs,
    .run = S_run,
    .plan = S_plan,
};
