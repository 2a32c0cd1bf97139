// SPDX-License-Identifier: Apache-2.0
#include "steps/shared/candidate/candidate.h"
#include "workflow/engine.h"

#include <string.h>

#define SOURCE_MAX_BYTES (1u << 20)
#define CHAIN_MAX 64

static json_t *
rows_of(const char *state_path, const char *sql, json_t *params, struct err *err)
{
    AUTO_JSON *held = params;
    return state_query(state_path, sql, held, err);
}

static json_t *
one_row(const char *state_path, const char *sql, json_t *params, struct err *err)
{
    AUTO_JSON *rows = rows_of(state_path, sql, params, err);
    if (rows == NULL)
        return NULL;
    json_t *row = json_array_get(rows, 0);
    if (row == NULL)
        err_set(err, ERR_NOT_FOUND, "nothing is known of it");
    return json_incref(row);
}

static json_t *
find(const char *state_path, const char *id, struct err *err)
{
    if (strlen(id) < 4 || strspn(id, "0123456789abcdef") != strlen(id)) {
        err_set(err, ERR_USAGE, "\"%s\" is not the id of a candidate (4 to 16 hexadecimal digits)", id);
        return NULL;
    }
    AUTO_JSON *rows = rows_of(state_path,
                              "SELECT * FROM candidate WHERE substr(id, 1, length(?1)) = ?1"
                              " ORDER BY run DESC",
                              json_pack("[s]", id), err);
    if (rows == NULL)
        return NULL;
    json_t *first = json_array_get(rows, 0), *row;
    size_t i;
    if (first == NULL) {
        err_set(err, ERR_NOT_FOUND, "no candidate %s in %s", id, state_path);
        return NULL;
    }
    json_array_foreach(rows, i,
                       row) if (strcmp(json_get_text(row, "id", ""), json_get_text(first, "id", "")) != 0)
    {
        err_set(err, ERR_USAGE, "\"%s\" stands for several candidates, among them %s and %s", id,
                json_get_text(first, "id", ""), json_get_text(row, "id", ""));
        return NULL;
    }
    return json_incref(first);
}

static json_t *
chain_of(const char *state_path, const json_t *row, struct err *err)
{
    json_t *chain = json_array();
    AUTO_JSON *held = json_incref((json_t *)(uintptr_t)row);
    for (int i = 0; i < CHAIN_MAX && json_get_text(held, "parent", NULL) != NULL; i++) {
        json_t *parent = one_row(state_path,
                                 "SELECT id, mutator, note, stage, speedup, parent, run, step FROM candidate"
                                 " WHERE run = ? AND step = ? AND id = ?",
                                 json_pack("[sss]", json_get_text(row, "run", ""),
                                           json_get_text(row, "step", ""), json_get_text(held, "parent", "")),
                                 err);
        if (parent == NULL)
            break;
        json_decref(held);
        held = parent;
        json_t *link = json_copy(parent);
        json_object_del(link, "run");
        json_object_del(link, "step");
        json_object_del(link, "parent");
        json_array_append_new(chain, link);
    }
    return chain;
}

static json_t *
source_of(const char *state_path, const json_t *row, struct err *err)
{
    AUTO_JSON *blob = one_row(state_path, "SELECT content FROM blob WHERE hash = ?",
                              json_pack("[s]", json_get_text(row, "source", "")), err);
    AUTO_BUF text = BUF(SOURCE_MAX_BYTES);
    if (blob == NULL || !json_bytes_into(json_object_get(blob, "content"), &text))
        return json_null();
    return json_text(buf_str(&text));
}

static json_t *
measured_of(const char *state_path, const json_t *row, struct err *err)
{
    json_t *rows =
        rows_of(state_path,
                "SELECT kind, verdict, speedup, low, high, launches, cpu_seconds, seconds, log_ratios"
                " FROM evaluation WHERE run = ? AND step = ? AND candidate = ? ORDER BY rowid",
                json_pack("[sss]", json_get_text(row, "run", ""), json_get_text(row, "step", ""),
                          json_get_text(row, "id", "")),
                err);
    json_t *item;
    size_t i;
    json_array_foreach(rows, i, item)
    {
        struct err ignored;
        json_t *ratios = json_read(str_of(json_get_text(item, "log_ratios", "[]")), "log_ratios", &ignored);
        if (ratios != NULL)
            json_object_set_new(item, "log_ratios", ratios);
    }
    return rows != NULL ? rows : json_array();
}

json_t *
candidate_explain(const char *state_path, const char *id, struct err *err)
{
    struct err ignored;
    json_t *row = find(state_path, id, err);
    if (row == NULL)
        return NULL;
    json_object_set_new(row, "measured", measured_of(state_path, row, &ignored));
    json_object_set_new(row, "parents", chain_of(state_path, row, &ignored));
    json_object_set_new(row, "source", source_of(state_path, row, &ignored));
    return row;
}
