// SPDX-License-Identifier: Apache-2.0
#include "steps/shared/candidate/candidate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const stage_names[] = {
    [STAGE_PARSE] = "parse", [STAGE_SOURCE] = "source", [STAGE_COMPILE] = "compile",
    [STAGE_CODE] = "code",   [STAGE_SMOKE] = "smoke",   [STAGE_DIFFERENTIAL] = "differential",
    [STAGE_QUICK] = "quick", [STAGE_FULL] = "full",
};

static const char *const migrations[] = {
    "CREATE TABLE candidate(run TEXT NOT NULL, step TEXT NOT NULL, id TEXT NOT NULL, sequence INTEGER NOT "
    "NULL,"
    " file TEXT NOT NULL, function TEXT NOT NULL, source TEXT NOT NULL, parent TEXT, mate TEXT,"
    " island INTEGER NOT NULL, generation INTEGER NOT NULL, slot INTEGER NOT NULL, mutator TEXT NOT NULL,"
    " technique TEXT NOT NULL, lineage TEXT NOT NULL, note TEXT NOT NULL, code_hash TEXT, code_bytes INTEGER,"
    " stage TEXT NOT NULL, reason TEXT, detail TEXT, speedup REAL, low REAL, high REAL, seconds REAL NOT "
    "NULL,"
    " PRIMARY KEY(run, step, id)) STRICT;"
    "CREATE INDEX candidate_id ON candidate(id);"
    "CREATE TABLE evaluation(run TEXT NOT NULL, step TEXT NOT NULL, candidate TEXT NOT NULL, kind TEXT NOT "
    "NULL,"
    " verdict TEXT NOT NULL, speedup REAL, low REAL, high REAL, launches INTEGER NOT NULL,"
    " cpu_seconds REAL NOT NULL, seconds REAL NOT NULL, log_ratios TEXT NOT NULL,"
    " PRIMARY KEY(run, step, candidate, kind)) STRICT;",
    "ALTER TABLE evaluation ADD COLUMN reason TEXT;"
    "ALTER TABLE evaluation ADD COLUMN raw TEXT;"
    "ALTER TABLE evaluation ADD COLUMN quads INTEGER;"
    "ALTER TABLE evaluation ADD COLUMN host TEXT;"
    "ALTER TABLE evaluation ADD COLUMN load REAL;"
    "ALTER TABLE evaluation ADD COLUMN steal_pct REAL;"
    "ALTER TABLE evaluation ADD COLUMN aa_different INTEGER;"
    "ALTER TABLE evaluation ADD COLUMN aa_of INTEGER;"
    "CREATE INDEX evaluation_raw ON evaluation(raw);"
    "CREATE TABLE comparison(host TEXT NOT NULL, run TEXT NOT NULL, step TEXT NOT NULL,"
    " candidate TEXT NOT NULL, kind TEXT NOT NULL, is_aa INTEGER NOT NULL, different INTEGER NOT NULL,"
    " PRIMARY KEY(host, run, step, candidate, kind)) STRICT;",
    NULL,
};

static const struct table_statement statements[] = {
    {"candidate.put",
     "INSERT OR REPLACE INTO candidate(run, step, id, sequence, file, function, source, parent, mate,"
     " island, generation, slot, mutator, technique, lineage, note, code_hash, code_bytes, stage,"
     " reason, detail, speedup, low, high, seconds) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10,"
     " ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25)"},
    {"candidate.of_step", "SELECT * FROM candidate WHERE run = ?1 AND step = ?2 ORDER BY sequence"},
    {"evaluation.put",
     "INSERT OR REPLACE INTO evaluation(run, step, candidate, kind, verdict, speedup, low, high,"
     " launches, cpu_seconds, seconds, log_ratios, reason, raw, quads, host, load, steal_pct, aa_different,"
     " aa_of) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, "
     "?20)"},
    {"comparison.put", "INSERT OR REPLACE INTO comparison(host, run, step, candidate, kind, is_aa, different)"
                       " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)"},
    {"comparison.pool",
     "SELECT coalesce(sum(is_aa AND different), 0) AS different, coalesce(sum(is_aa), 0) AS \"of\","
     " count(*) AS comparisons FROM comparison WHERE host = ?1"},
    {NULL, NULL},
};

static const char *const step_tables[] = {"candidate", "evaluation", NULL};

const struct table_set candidate_tables = {"candidate", migrations, statements, step_tables};

const char *
stage_name(enum stage stage)
{
    return stage_names[stage];
}

enum stage
stage_parse(const char *name)
{
    for (size_t i = 0; i < sizeof(stage_names) / sizeof(*stage_names); i++)
        if (strcmp(stage_names[i], name) == 0)
            return (enum stage)i;
    return STAGE_PARSE;
}

bool
candidate_is_right(const struct candidate *candidate)
{
    return candidate->reason == NULL && candidate->stage >= STAGE_QUICK;
}

static json_t *
text_or_null(const char *text)
{
    return text != NULL && text[0] != '\0' ? json_text(str_of(text)) : json_null();
}

static json_t *
real_or_null(double value)
{
    return value > 0 && value < 1e300 ? json_real(value) : json_null();
}

static json_t *
parent_id(const struct candidate *parent)
{
    return text_or_null(parent != NULL ? parent->id : NULL);
}

int
candidate_store(struct step *step, const struct candidate *candidate, const char *file, const char *function,
                const char *source, struct err *err)
{
    json_t *row =
        json_pack("[s, s, s, i, s, s, s, o, o, i, i, i, s, s, s, o]", step->run_id, step->id, candidate->id,
                  (int)candidate->sequence, file, function, source, parent_id(candidate->parents[0]),
                  parent_id(candidate->parents[1]), (int)candidate->island, (int)candidate->generation,
                  (int)candidate->slot, candidate->mutator, candidate->technique, candidate->lineage,
                  json_text(str_of(candidate->note)));
    json_array_append_new(row, text_or_null(candidate->code_hash));
    json_array_append_new(row, json_integer((json_int_t)candidate->code_bytes));
    json_array_append_new(row, json_string(stage_name(candidate->stage)));
    json_array_append_new(row, text_or_null(candidate->reason));
    json_array_append_new(row, text_or_null(candidate->detail));
    json_array_append_new(row, real_or_null(candidate->speedup));
    json_array_append_new(row, real_or_null(candidate->low));
    json_array_append_new(row, real_or_null(candidate->high));
    json_array_append_new(row, json_real(candidate->seconds));
    return journal_store(step, "candidate.put", row, err);
}

int
candidate_store_measurement(struct step *step, const char *id, const struct measurement *measurement,
                            struct err *err)
{
    json_t *ratios = json_array();
    for (size_t i = 0; i < measurement->log_ratio_count; i++)
        json_array_append_new(ratios, json_real(measurement->log_ratios[i]));
    char *text = json_compact(ratios);
    json_decref(ratios);
    json_t *row = json_pack("[s, s, s, s, s, o, o, o, i, f, f, s]", step->run_id, step->id, id,
                            measurement->kind, measurement->verdict, real_or_null(measurement->speedup),
                            real_or_null(measurement->low), real_or_null(measurement->high),
                            (int)measurement->launches, measurement->cpu_seconds, measurement->seconds, text);
    free(text);
    json_array_append_new(row, text_or_null(measurement->reason));
    json_array_append_new(row, text_or_null(measurement->raw));
    json_array_append_new(row, json_integer((json_int_t)measurement->quads));
    json_array_append_new(row, text_or_null(measurement->host));
    json_array_append_new(row, json_real(measurement->load));
    json_array_append_new(row, json_real(measurement->steal_pct));
    json_array_append_new(row, json_integer((json_int_t)measurement->aa.different));
    json_array_append_new(row, json_integer((json_int_t)measurement->aa.of));
    return journal_store(step, "evaluation.put", row, err);
}

json_t *
candidate_result(const struct candidate *candidate)
{
    json_t *result = json_object();
    json_set_text(result, "stage", stage_name(candidate->stage));
    json_object_set_new(result, "reason", text_or_null(candidate->reason));
    json_object_set_new(result, "detail", text_or_null(candidate->detail));
    json_object_set_new(result, "code_hash", text_or_null(candidate->code_hash));
    json_object_set_new(result, "code_bytes", json_integer((json_int_t)candidate->code_bytes));
    json_object_set_new(result, "speedup", real_or_null(candidate->speedup));
    json_object_set_new(result, "low", real_or_null(candidate->low));
    json_object_set_new(result, "high", real_or_null(candidate->high));
    json_object_set_new(result, "seconds", json_real(candidate->seconds));
    return result;
}

void
candidate_apply_result(struct candidate *candidate, const json_t *result, struct arena *arena)
{
    const char *reason = json_get_text(result, "reason", NULL);
    candidate->stage = stage_parse(json_get_text(result, "stage", "parse"));
    candidate->reason = reason != NULL ? arena_dup(arena, reason) : NULL;
    snprintf(candidate->detail, sizeof candidate->detail, "%s", json_get_text(result, "detail", ""));
    snprintf(candidate->code_hash, sizeof candidate->code_hash, "%s", json_get_text(result, "code_hash", ""));
    candidate->code_bytes = (size_t)json_get_int(result, "code_bytes", 0);
    candidate->speedup = json_get_real(result, "speedup", 0);
    candidate->low = json_get_real(result, "low", 0);
    candidate->high = json_get_real(result, "high", 0);
    candidate->seconds = json_get_real(result, "seconds", 0);
}
