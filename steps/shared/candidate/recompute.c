// SPDX-License-Identifier: Apache-2.0
#include "steps/shared/candidate/recompute.h"

#include "base/hash.h"
#include "base/vec.h"
#include "sandbox/duet_record.h"
#include "steps/shared/candidate/aa.h"
#include "workflow/engine.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define DISCOVERY_ALPHA 0.01

static const char select_rows[] =
    "SELECT e.*, c.file, c.function FROM evaluation e"
    " LEFT JOIN candidate c ON c.run = e.run AND c.step = e.step AND c.id = e.candidate"
    " WHERE e.raw IS NOT NULL";

// ---- finding

static bool
is_id(const char *id)
{
    size_t length = strlen(id);
    return length >= 4 && length <= 64 && strspn(id, "0123456789abcdef") == length;
}

// Whether a row is the one candidate or the one measurement that an id stands for.
static bool
is_same_thing(const json_t *a, const json_t *b, const char *id)
{
    bool by_candidate = str_starts(str_of(json_get_text(a, "candidate", "")), str_of(id));
    const char *key = by_candidate ? "candidate" : "raw";
    return strcmp(json_get_text(a, key, ""), json_get_text(b, key, "")) == 0;
}

static json_t *
rows_of_id(const char *state_path, const char *id, struct err *err)
{
    char sql[600];
    if (!is_id(id)) {
        err_set(err, ERR_USAGE,
                "\"%s\" is not the id of a candidate or of a measurement (4 or more hexadecimal digits)", id);
        return NULL;
    }
    snprintf(sql, sizeof sql,
             "%s AND (substr(e.candidate, 1, length(?1)) = ?1 OR substr(e.raw, 1, length(?1)) = ?1)"
             " ORDER BY e.run DESC, e.rowid",
             select_rows);
    AUTO_JSON *params = json_pack("[s]", id);
    AUTO_JSON *rows = state_query(state_path, sql, params, err);
    if (rows == NULL)
        return NULL;
    const json_t *first = json_array_get(rows, 0);
    AUTO_JSON *chosen = json_array();
    size_t i;
    json_t *row;
    json_array_foreach(rows, i, row)
    {
        if (!is_same_thing(first, row, id)) {
            err_set(err, ERR_USAGE,
                    "\"%s\" stands for several candidates or measurements, among them %s and %s", id,
                    json_get_text(first, "candidate", ""), json_get_text(row, "candidate", ""));
            return NULL;
        }
        if (strcmp(json_get_text(first, "run", ""), json_get_text(row, "run", "")) == 0)
            json_array_append(chosen, row);
    }
    return json_incref(chosen);
}

static json_t *
rows_of_last_run(const char *state_path, struct err *err)
{
    char sql[600];
    snprintf(sql, sizeof sql,
             "%s AND e.run = (SELECT max(run) FROM evaluation WHERE raw IS NOT NULL) ORDER BY e.rowid",
             select_rows);
    AUTO_JSON *none = json_array();
    return state_query(state_path, sql, none, err);
}

// The raw batches of a row; NULL or what is wrong with them.
static const char *
read_raw(const char *state_path, const char *hash, struct buf *raw, struct err *err)
{
    char hex[65];
    AUTO_JSON *params = json_pack("[s]", hash);
    AUTO_JSON *rows = state_query(state_path, "SELECT content FROM blob WHERE hash = ?", params, err);
    if (json_array_size(rows) == 0)
        return "the raw batches are not in the state";
    if (!json_bytes_into(json_object_get(json_array_get(rows, 0), "content"), raw))
        return "the raw batches can't be read";
    struct hash found = hash_of(raw->ptr, raw->len);
    hash_hex(&found, hex);
    return strcmp(hex, hash) == 0 ? NULL : "the raw batches were changed: they have another hash";
}

// ---- comparing

// A bound as rows hold it: null for what is no bound.
static json_t *
bound_json(double value)
{
    return value > 0 && value < 1e300 ? json_real(value) : json_null();
}

static bool
has_number(const json_t *row, const char *key, double value)
{
    const json_t *stored = json_object_get(row, key);
    if (!(value > 0 && value < 1e300))
        return json_is_null(stored);
    return json_is_number(stored) && json_number_value(stored) == value;
}

// The first member of the row that is not what the batches give, or NULL.
static const char *
difference(const json_t *row, const struct duet_replay *replay, const char *verdict)
{
    if (strcmp(json_get_text(row, "verdict", ""), verdict) != 0)
        return "verdict";
    if (!has_number(row, "speedup", replay->estimate.speedup))
        return "speedup";
    if (!has_number(row, "low", replay->estimate.low))
        return "low";
    if (!has_number(row, "high", replay->estimate.high))
        return "high";
    if (json_get_int(row, "launches", -1) != (int64_t)replay->launches)
        return "launches";
    return json_get_int(row, "quads", -1) != (int64_t)replay->quads ? "quads" : NULL;
}

// The verdict with what the A/A pool said then.
static enum duet_verdict
final_verdict(const struct duet_replay *replay, const char *kind, const struct aa *aa)
{
    char reason[200];
    bool decided = replay->verdict == DUET_FASTER || replay->verdict == DUET_SLOWER ||
                   replay->verdict == DUET_EQUIVALENT;
    return decided && !aa_is_kind(kind) && aa_refuses(aa, reason) ? DUET_INCONCLUSIVE : replay->verdict;
}

static void
copy(json_t *to, const char *key, const json_t *from)
{
    json_t *value = json_object_get(from, key);
    json_object_set(to, key, value != NULL ? value : json_null());
}

static void
add_figures(json_t *entry, const json_t *row, const struct duet_replay *replay)
{
    const struct aa aa = {.different = (uint64_t)json_get_int(row, "aa_different", 0),
                          .of = (uint64_t)json_get_int(row, "aa_of", 0)};
    const char *verdict = duet_verdict_name(final_verdict(replay, json_get_text(row, "kind", ""), &aa));
    const char *differs = difference(row, replay, verdict);
    char problem[200];
    json_set_text(entry, "verdict", verdict);
    json_object_set_new(entry, "speedup", json_real(replay->estimate.speedup));
    json_object_set_new(entry, "low", bound_json(replay->estimate.low));
    json_object_set_new(entry, "high", bound_json(replay->estimate.high));
    json_object_set_new(entry, "launches", json_integer((json_int_t)replay->launches));
    json_object_set_new(entry, "quads", json_integer((json_int_t)replay->quads));
    json_object_set_new(entry, "alpha", json_real(replay->rule.alpha));
    json_object_set_new(entry, "margin", json_real(replay->rule.margin));
    json_object_set_new(entry, "log_e", json_real(replay->log_e));
    json_object_set_new(entry, "same", json_boolean(differs == NULL));
    if (differs == NULL)
        return;
    AUTO_JSON *stored = json_incref(json_object_get(row, differs));
    char *text = json_compact(stored);
    snprintf(problem, sizeof problem, "the state says %s %.120s", differs, text);
    free(text);
    json_set_text(entry, "problem", problem);
}

static json_t *
recompute(const char *state_path, const json_t *row)
{
    static const char *const copied[] = {"candidate", "run",    "step", "kind", "file",
                                         "function",  "reason", "host", "load", "steal_pct"};
    struct err err;
    struct duet_replay replay;
    AUTO_BUF raw = BUF(DUET_RECORD_MAX_BYTES);
    const char *hash = json_get_text(row, "raw", "");
    json_t *entry = json_object();
    json_object_set_new(entry, "id", json_text(str_head(str_of(hash), 16)));
    for (size_t i = 0; i < sizeof(copied) / sizeof(*copied); i++)
        copy(entry, copied[i], row);
    json_object_set_new(entry, "aa",
                        json_pack("{s:I, s:I}", "different", (json_int_t)json_get_int(row, "aa_different", 0),
                                  "of", (json_int_t)json_get_int(row, "aa_of", 0)));
    json_object_set_new(entry, "problem", json_null());
    json_object_set_new(entry, "same", json_false());
    const char *wrong = read_raw(state_path, hash, &raw, &err);
    json_object_set_new(entry, "raw_bytes", json_integer((json_int_t)raw.len));
    if (wrong == NULL && duet_record_replay(buf_str(&raw), &replay, NULL, NULL, &err) != 0)
        wrong = err.message;
    if (wrong != NULL)
        json_set_text(entry, "problem", wrong);
    else
        add_figures(entry, row, &replay);
    return entry;
}

// How many of those called different hold when they are looked at together.
static json_t *
discoveries(const json_t *entries)
{
    VEC(double) log_e = {0};
    VEC(bool) different = {0}, rejected = {0};
    size_t i, called = 0, hold = 0;
    json_t *entry;
    json_array_foreach(entries, i, entry)
    {
        const char *verdict = json_get_text(entry, "verdict", NULL);
        if (verdict == NULL || aa_is_kind(json_get_text(entry, "kind", "")))
            continue;
        *vec_push(&log_e) = json_get_real(entry, "log_e", 0);
        *vec_push(&different) = strcmp(verdict, "faster") == 0 || strcmp(verdict, "slower") == 0;
        *vec_push(&rejected) = false;
    }
    (void)!eprocess_reject(log_e.items, log_e.count, DISCOVERY_ALPHA, rejected.items);
    for (i = 0; i < log_e.count; i++) {
        called += different.items[i];
        hold += different.items[i] && rejected.items[i];
    }
    json_t *json =
        json_pack("{s:f, s:I, s:I, s:I}", "alpha", DISCOVERY_ALPHA, "compared", (json_int_t)log_e.count,
                  "different", (json_int_t)called, "hold", (json_int_t)hold);
    vec_release(&log_e);
    vec_release(&different);
    vec_release(&rejected);
    return json;
}

// States of earlier versions have no raw batches: then there are no rows.
static json_t *
find_rows(const char *state_path, const char *id, struct err *err)
{
    AUTO_JSON *none = json_array();
    AUTO_JSON *columns = state_query(
        state_path, "SELECT 1 FROM pragma_table_info('evaluation') WHERE name = 'raw'", none, err);
    if (columns == NULL)
        return NULL;
    if (json_array_size(columns) == 0)
        return json_array();
    return id != NULL ? rows_of_id(state_path, id, err) : rows_of_last_run(state_path, err);
}

json_t *
verdicts_recompute(const char *state_path, const char *id, struct err *err)
{
    AUTO_JSON *rows = find_rows(state_path, id, err);
    if (rows == NULL)
        return NULL;
    if (json_array_size(rows) == 0) {
        err_set(err, ERR_NOT_FOUND, "no measurement%s%s with raw batches in %s", id != NULL ? " of " : "",
                id != NULL ? id : "", state_path);
        return NULL;
    }
    json_t *entries = json_array(), *row;
    bool same = true;
    size_t i;
    json_array_foreach(rows, i, row)
    {
        json_t *entry = recompute(state_path, row);
        same = same && json_get_bool(entry, "same", false);
        json_array_append_new(entries, entry);
    }
    return json_pack("{s:o, s:b, s:o}", "verdicts", entries, "same", same, "discoveries",
                     discoveries(entries));
}
