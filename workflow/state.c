// SPDX-License-Identifier: Apache-2.0
#include "workflow/state.h"

#include "base/arena.h"
#include "base/fs.h"
#include "base/map.h"
#include "workflow/migration.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

struct state {
    struct db *db;
    const struct host *host;
    struct chain chain;
    struct map statements; // name -> SQL, borrowed from the registry
    struct secrets secrets;
    uint64_t commits;   // that carried events
    size_t part_events; // events queued before the open part
};

int
state_make_folder(const char *path, struct err *err)
{
    AUTO_ARENA arena = {0};
    const char *folder = fs_dir_name(&arena, path);
    if (fs_is_dir(folder))
        return 0;
    // Under another name until it is whole: whoever is killed in between leaves no folder that git would
    // show.
    const char *fresh = arena_printf(&arena, "%s.new-%d", folder, (int)getpid());
    if (fs_mkdirs(fresh, err) < 0 || fs_write(fs_join(&arena, fresh, ".gitignore"), STR("*\n"), err) < 0)
        return -1;
    if (rename(fresh, folder) == 0)
        return 0;
    int result = fs_is_dir(folder) ? 0 : err_sys(err, ERR_IO, "making %s", folder);
    struct err ignored;
    (void)!fs_remove_tree(fresh, &ignored);
    return result;
}

static void
learn_statements(struct state *state, const struct registry *registry)
{
    for (size_t i = 0; registry && registry->tables && registry->tables[i]; i++)
        for (const struct table_statement *s = registry->tables[i]->statements; s && s->name; s++)
            map_set(&state->statements, str_of(s->name), (void *)s->sql);
}

#define SECRETS_KEY "secrets"

// The variables that earlier runs named.
static int
learn_secrets(struct db *db, const struct host *host, struct secrets *secrets, struct err *err)
{
    AUTO_JSON *rows = db_rows(db,
                              "SELECT j.value AS name FROM meta m, json_each(m.value) j"
                              " WHERE m.key = '" SECRETS_KEY "'",
                              NULL, err);
    size_t i;
    json_t *row;
    json_array_foreach(rows, i, row) secrets_add(secrets, host, json_get_text(row, "name", ""));
    return rows ? 0 : -1;
}

void
state_secrets_of(const char *path, const struct host *host, struct secrets *secrets)
{
    struct db *db;
    struct err ignored;
    secrets_add_usual(secrets, host);
    if (state_open_reader(path, &db, &ignored) < 0)
        return;
    (void)!learn_secrets(db, host, secrets, &ignored);
    db_close(db);
}

int
state_hide(struct state *state, const json_t *names, struct err *err)
{
    size_t i;
    json_t *name;
    json_array_foreach((json_t *)(uintptr_t)names, i, name)
    {
        secrets_add(&state->secrets, state->host, json_string_value(name));
        if (state_run(state,
                      "INSERT INTO meta(key, value) VALUES('" SECRETS_KEY "', json_array(?1))"
                      " ON CONFLICT(key) DO UPDATE SET value = json_insert(meta.value, '$[#]', ?1)"
                      " WHERE NOT EXISTS (SELECT 1 FROM json_each(meta.value) j WHERE j.value = ?1)",
                      json_pack("[O]", name), NULL, err) < 0)
            return -1;
    }
    return 0;
}

const struct secrets *
state_secrets(const struct state *state)
{
    return &state->secrets;
}

struct state *
state_open(const char *path, const struct registry *registry, const struct host *host, struct err *err)
{
    struct state *state = calloc(1, sizeof(*state));
    if (!state)
        abort();
    state->host = host;
    secrets_add_usual(&state->secrets, host);
    learn_statements(state, registry);
    bool fine = state_make_folder(path, err) == 0 && (state->db = db_open(path, DB_WRITE, err)) &&
                migration_apply(state->db, registry, state_now(state), err) == 0 &&
                learn_secrets(state->db, host, &state->secrets, err) == 0 &&
                chain_load(&state->chain, state->db, err) == 0;
    if (fine)
        return state;
    err_wrap(err, "state %s", path);
    state_close(state);
    return NULL;
}

void
state_close(struct state *state)
{
    if (!state)
        return;
    chain_release(&state->chain);
    secrets_release(&state->secrets);
    db_close(state->db);
    map_release(&state->statements);
    free(state);
}

int
state_begin(struct state *state, struct err *err)
{
    return db_begin(state->db, err);
}

int
state_commit(struct state *state, struct err *err)
{
    if (chain_seal(&state->chain, state->db, err) < 0) {
        state_rollback(state);
        return -1;
    }
    size_t events = state->chain.fresh.count;
    int result = db_commit(state->db, err);
    state->commits += result == 0 && events > 0;
    chain_settle(&state->chain, result == 0);
    return result;
}

void
state_rollback(struct state *state)
{
    db_rollback(state->db);
    chain_settle(&state->chain, false);
}

// One statement that gives no rows, from the statement cache.
static int
plain(struct state *state, const char *sql, struct err *err)
{
    struct db_stmt *stmt = db_prepare(state->db, sql, err);
    return !stmt || db_step(stmt, err) < 0 ? -1 : 0;
}

int
state_part(struct state *state, struct err *err)
{
    state->part_events = state->chain.fresh.count;
    return plain(state, "SAVEPOINT part", err);
}

int
state_part_keep(struct state *state, struct err *err)
{
    return plain(state, "RELEASE part", err);
}

int
state_part_undo(struct state *state, struct err *err)
{
    chain_cut(&state->chain, state->part_events);
    if (plain(state, "ROLLBACK TO part", err) < 0)
        return -1;
    return plain(state, "RELEASE part", err);
}

size_t
state_event_count(const struct state *state)
{
    return state->chain.fresh.count;
}

void
state_event_cut(struct state *state, size_t count)
{
    chain_cut(&state->chain, count);
}

void
state_event(struct state *state, struct event event, json_t *details)
{
    AUTO_ARENA arena = {0};
    details = secrets_mask(&state->secrets, details);
    char *text = details ? json_compact(details) : NULL;
    event.details = text;
    event.step = secrets_mask_text(&state->secrets, &arena, event.step);
    event.name = secrets_mask_text(&state->secrets, &arena, event.name);
    event.key = secrets_mask_text(&state->secrets, &arena, event.key);
    if (event.at_ns == 0)
        event.at_ns = state_now(state);
    chain_add(&state->chain, &event);
    free(text);
    json_decref(details);
}

int
state_lineage(struct state *state, char lineage[33], struct err *err)
{
    static const char select[] = "SELECT value FROM meta WHERE key = 'lineage'";
    AUTO_JSON *rows = state_rows(state, select, json_array(), err);
    if (!rows)
        return -1;
    const char *known = json_get_text(json_array_get(rows, 0), "value", NULL);
    if (known) {
        snprintf(lineage, 33, "%s", known);
        return 0;
    }
    unsigned char random[16];
    if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
        return err_sys(err, ERR_IO, "getrandom");
    for (size_t i = 0; i < sizeof(random); i++)
        snprintf(lineage + 2 * i, 3, "%02x", random[i]);
    return state_run(state, "INSERT INTO meta(key, value) VALUES('lineage', ?)", json_pack("[s]", lineage),
                     NULL, err);
}

uint64_t
state_commits(const struct state *state)
{
    return state->commits;
}

int64_t
state_now(const struct state *state)
{
    return state->host->wall_ns(state->host->context);
}

int
state_run(struct state *state, const char *sql, json_t *params, int64_t *changed, struct err *err)
{
    AUTO_JSON *held = secrets_mask(&state->secrets, params);
    if (!held)
        return err_set(err, ERR_INTERNAL, "a text for the state is not UTF-8");
    if (db_run(state->db, sql, held, err) < 0)
        return -1;
    if (changed)
        *changed = db_changes(state->db);
    return 0;
}

json_t *
state_rows(struct state *state, const char *sql, json_t *params, struct err *err)
{
    AUTO_JSON *held = secrets_mask(&state->secrets, params);
    if (!held) {
        err_set(err, ERR_INTERNAL, "a text for the state is not UTF-8");
        return NULL;
    }
    return db_rows(state->db, sql, held, err);
}

const char *
state_statement(const struct state *state, const char *name, struct err *err)
{
    const char *sql = map_get(&state->statements, str_of(name));
    if (!sql)
        err_set(err, ERR_USAGE, "no statement is called \"%s\"", name);
    return sql;
}

struct db_stmt *
state_prepare(struct state *state, struct str name, struct err *err)
{
    const char *sql = map_get(&state->statements, name);
    if (sql)
        return db_prepare(state->db, sql, err);
    err_set(err, ERR_USAGE, "no statement is called \"%" STR_FMT "\"", STR_ARG(name));
    return NULL;
}

struct db *
state_db(struct state *state)
{
    return state->db;
}

int64_t
state_last_id(const struct state *state)
{
    return db_last_id(state->db);
}

int
state_blob_put(struct state *state, struct str content, char hash[65], struct err *err)
{
    const char *name = secrets_find(&state->secrets, content);
    if (name)
        return err_set(err, ERR_USAGE, "the value of $%s stands in a file that would be kept in the state",
                       name);
    struct hash sum = hash_of(content.ptr ? content.ptr : "", content.len);
    hash_hex(&sum, hash);
    struct db_stmt *stmt =
        db_prepare(state->db, "INSERT INTO blob(hash, content) VALUES(?, ?) ON CONFLICT DO NOTHING", err);
    if (!stmt)
        return -1;
    db_bind_text(stmt, 1, str_n(hash, 64));
    db_bind_blob(stmt, 2, content.ptr ? content : STR(""));
    return db_step(stmt, err) < 0 ? -1 : 0;
}

int
state_blob_get(struct state *state, const char *hash, struct buf *content, struct err *err)
{
    struct db_stmt *stmt = db_prepare(state->db, "SELECT content FROM blob WHERE hash = ?", err);
    if (!stmt)
        return -1;
    db_bind_text(stmt, 1, str_of(hash));
    int row = db_step(stmt, err);
    if (row < 0)
        return -1;
    if (row == 0)
        return err_set(err, ERR_NOT_FOUND, "no blob %s in the state", hash);
    buf_clear(content);
    buf_add_str(content, db_blob(stmt, 0));
    db_reset(stmt);
    return buf_check(content, "a blob", err);
}

int
state_open_reader(const char *path, struct db **db, struct err *err)
{
    *db = db_open(path, DB_READ, err);
    if (!*db)
        return err_wrap(err, "state %s", path);
    if (migration_check(*db, NULL, err) == 0 && migration_check_current(*db, err) == 0)
        return 0;
    db_close(*db);
    *db = NULL;
    return err_wrap(err, "state %s", path);
}
