// SPDX-License-Identifier: Apache-2.0
#include "steps/shared/ledger/ledger.h"

#include "workflow/journal.h"

#include <stdlib.h>
#include <string.h>

#define NS_PER_S INT64_C(1000000000)

static const char *const event_names[] = {
    [LEDGER_TRIED] = "tried",   [LEDGER_FOUND] = "found",     [LEDGER_SHIPPED] = "shipped",
    [LEDGER_CLOSED] = "closed", [LEDGER_RETIRED] = "retired",
};

static const char *const migrations[] = {
    "CREATE TABLE target_ledger ("
    " number INTEGER PRIMARY KEY, file TEXT NOT NULL, function TEXT NOT NULL, variant TEXT NOT NULL,"
    " event TEXT NOT NULL CHECK (event IN ('tried', 'found', 'shipped', 'closed', 'retired')),"
    " run TEXT NOT NULL, step TEXT NOT NULL, at INTEGER NOT NULL, details TEXT NOT NULL,"
    " UNIQUE (file, function, variant, event, run, step)) STRICT",
    NULL,
};

static const struct table_statement statements[] = {
    {"ledger.insert",
     "INSERT OR IGNORE INTO target_ledger (file, function, variant, event, run, step, at, details)"
     " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"},
    {"ledger.list", "SELECT file, function, variant, event, run, step, at, details FROM target_ledger"
                    " WHERE file = ?1 AND function = ?2 ORDER BY at, number"},
    {NULL, NULL},
};

const struct table_set table_ledger = {"ledger", migrations, statements, NULL};

const char *
ledger_event_name(enum ledger_event event)
{
    return event_names[event];
}

int
ledger_note(struct step *step, const struct ledger_entry *entry, struct err *err)
{
    const char *event = ledger_event_name(entry->event);
    const char *variant = entry->variant != NULL ? entry->variant : "";
    const char *name =
        arena_printf(step->arena, "ledger:%s:%s:%s:%s", event, entry->file, entry->function, variant);
    int64_t now_ns;
    if (journal_now(step, name, &now_ns, err) != 0)
        return -1;
    char *details = entry->details != NULL ? json_compact(entry->details) : NULL;
    json_t *row =
        json_pack("[s, s, s, s, s, s, I, s]", entry->file, entry->function, variant, event, step->run_id,
                  step->id, (json_int_t)(now_ns / NS_PER_S), details != NULL ? details : "{}");
    free(details);
    if (row == NULL)
        return err_set(err, ERR_INTERNAL, "the ledger entry of %s could not be put together",
                       entry->function);
    if (journal_store(step, "ledger.insert", row, err) != 0)
        return -1;
    return journal_flush(step, err);
}

int
ledger_rows(struct step *step, const char *file, const char *function, json_t **rows, struct err *err)
{
    if (journal_rows(step, "ledger.list", json_pack("[s, s]", file, function), rows, err) != 0)
        return -1;
    size_t index;
    json_t *row;
    json_array_foreach(*rows, index, row)
    {
        json_t *details = json_read(str_of(json_get_text(row, "details", "{}")), "ledger details", err);
        if (details == NULL) {
            json_drop(rows);
            return -1;
        }
        json_object_set_new(row, "details", details);
    }
    return 0;
}

bool
ledger_knows_commit(const json_t *rows, const char *commit)
{
    size_t index;
    json_t *row;
    json_array_foreach(rows, index, row)
    {
        if (strcmp(json_get_text(json_object_get(row, "details"), "commit", ""), commit) == 0)
            return true;
    }
    return false;
}

const json_t *
ledger_standing(const json_t *rows, enum ledger_event event, const char *variant)
{
    const json_t *standing = NULL;
    size_t index;
    json_t *row;
    json_array_foreach(rows, index, row)
    {
        if (variant != NULL && strcmp(json_get_text(row, "variant", ""), variant) != 0)
            continue;
        const char *word = json_get_text(row, "event", "");
        if (strcmp(word, ledger_event_name(event)) == 0)
            standing = row;
        else if (strcmp(word, ledger_event_name(LEDGER_SHIPPED)) == 0)
            standing = NULL;
    }
    return standing;
}
