// SPDX-License-Identifier: Apache-2.0
#include "workflow/migration.h"

#define ENGINE_NOUN "engine"

static const char first[] =
    "CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;"
    // A pipeline as it was read; runs are pinned to it.
    "CREATE TABLE plan(hash TEXT PRIMARY KEY, name TEXT NOT NULL, file TEXT NOT NULL, text TEXT NOT NULL,"
    " at_ns INTEGER NOT NULL) STRICT;"
    // `pin` covers plan, overrides and mode. `epoch` fences: whoever takes a run over raises it.
    "CREATE TABLE run(number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, pin TEXT NOT NULL,"
    " plan TEXT NOT NULL REFERENCES plan(hash), vars TEXT NOT NULL, source_commit TEXT NOT NULL,"
    " status TEXT NOT NULL CHECK(status IN "
    "('running','waiting','succeeded','failed','cancelled','superseded')),"
    " epoch INTEGER NOT NULL, mode TEXT NOT NULL, seed INTEGER NOT NULL, started_ns INTEGER NOT NULL,"
    " ended_ns INTEGER, error TEXT) STRICT;"
    "CREATE INDEX run_open ON run(status) WHERE status IN ('running','waiting');"
    // One row a step, one more for each item of a for-each (key ID[LABEL]) and each on-failure action.
    "CREATE TABLE step(run INTEGER NOT NULL REFERENCES run(number), key TEXT NOT NULL, id TEXT NOT NULL,"
    " role TEXT NOT NULL CHECK(role IN ('step','group','item','on-failure')), position INTEGER NOT NULL,"
    " uses TEXT NOT NULL, item TEXT,"
    " status TEXT NOT NULL CHECK(status IN ('pending','running','succeeded','failed','skipped','cancelled')),"
    " attempt INTEGER NOT NULL, failures INTEGER NOT NULL, next_ns INTEGER, started_ns INTEGER, ended_ns "
    "INTEGER,"
    " outputs TEXT, error TEXT, PRIMARY KEY(run, key)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE activity(run INTEGER NOT NULL REFERENCES run(number), step TEXT NOT NULL, name TEXT NOT "
    "NULL,"
    " key TEXT NOT NULL, input_hash TEXT NOT NULL, attempts INTEGER NOT NULL, begun_ns INTEGER NOT NULL,"
    " committed_ns INTEGER, result TEXT, PRIMARY KEY(run, step, name, key)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE effect(key TEXT PRIMARY KEY, run INTEGER NOT NULL REFERENCES run(number), step TEXT NOT "
    "NULL,"
    " intent TEXT NOT NULL, status TEXT NOT NULL CHECK(status IN ('intended','confirmed')),"
    " attempts INTEGER NOT NULL, result TEXT, intended_ns INTEGER NOT NULL, confirmed_ns INTEGER) STRICT;"
    "CREATE INDEX effect_run ON effect(run);"
    "CREATE TABLE recorded(run INTEGER NOT NULL REFERENCES run(number), step TEXT NOT NULL, name TEXT NOT "
    "NULL,"
    " value INTEGER NOT NULL, PRIMARY KEY(run, step, name)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE blob(hash TEXT PRIMARY KEY, content BLOB NOT NULL) STRICT;"
    "CREATE TABLE lease(name TEXT PRIMARY KEY, owner TEXT NOT NULL, pid INTEGER NOT NULL, since_ns INTEGER "
    "NOT NULL,"
    " until_ns INTEGER) STRICT, WITHOUT ROWID;"
    "CREATE TABLE event(seq INTEGER PRIMARY KEY, run INTEGER NOT NULL, type TEXT NOT NULL, step TEXT,"
    " attempt INTEGER NOT NULL, epoch INTEGER NOT NULL, at_ns INTEGER NOT NULL, details TEXT, hash BLOB) "
    "STRICT;"
    "CREATE INDEX event_run ON event(run, seq);"
    "CREATE TRIGGER event_no_update BEFORE UPDATE ON event"
    " BEGIN SELECT RAISE(ABORT, 'events are never changed'); END;"
    "CREATE TRIGGER event_no_delete BEFORE DELETE ON event"
    " BEGIN SELECT RAISE(ABORT, 'events are never removed'); END;";

// Steps may wait, for a timer, a signal, an approval or the end of a pause; activities may be tried again.
static const char second[] =
    "CREATE TABLE step_2(run INTEGER NOT NULL REFERENCES run(number), key TEXT NOT NULL, id TEXT NOT NULL,"
    " role TEXT NOT NULL CHECK(role IN ('step','group','item','on-failure')), position INTEGER NOT NULL,"
    " uses TEXT NOT NULL, item TEXT, status TEXT NOT NULL CHECK(status IN"
    " ('pending','running','waiting','succeeded','failed','skipped','cancelled')),"
    " attempt INTEGER NOT NULL, failures INTEGER NOT NULL, next_ns INTEGER, started_ns INTEGER,"
    " ended_ns INTEGER, outputs TEXT, error TEXT, ready_ns INTEGER, PRIMARY KEY(run, key)) STRICT,"
    " WITHOUT ROWID;"
    "INSERT INTO step_2 SELECT *, NULL FROM step;"
    "DROP TABLE step;"
    "ALTER TABLE step_2 RENAME TO step;"
    // `due_ns`: when a timer fires, or how long the others are waited for.
    "CREATE TABLE wait(run INTEGER NOT NULL REFERENCES run(number), step TEXT NOT NULL, name TEXT NOT NULL,"
    " kind TEXT NOT NULL CHECK(kind IN ('timer','signal','approval','pause')), signal TEXT, who TEXT,"
    " due_ns INTEGER, since_ns INTEGER NOT NULL,"
    " status TEXT NOT NULL CHECK(status IN ('open','fired','received','timed-out')), ended_ns INTEGER,"
    " result TEXT, PRIMARY KEY(run, step, name)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX wait_open ON wait(run) WHERE status = 'open';"
    // What came from outside, once each; `run` is the id of one that may live on another runner.
    "CREATE TABLE signal(id TEXT PRIMARY KEY, kind TEXT NOT NULL, run TEXT, name TEXT NOT NULL, data TEXT,"
    " sender TEXT NOT NULL, sent_ns INTEGER NOT NULL, received_ns INTEGER NOT NULL, consumed_ns INTEGER,"
    " step TEXT) STRICT;"
    "CREATE INDEX signal_open ON signal(run, name) WHERE consumed_ns IS NULL;"
    // Attempts of an activity: when the first was begun, how many failed, when the next may begin, why the
    // last one failed, and what it last said of how far it is.
    "ALTER TABLE activity ADD COLUMN scheduled_ns INTEGER;"
    "ALTER TABLE activity ADD COLUMN failures INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE activity ADD COLUMN next_ns INTEGER;"
    "ALTER TABLE activity ADD COLUMN error TEXT;"
    "ALTER TABLE activity ADD COLUMN details TEXT;";

// Events say words by number and leave out what their activity's row says too: a third of the bytes. Readers
// see what they saw before.
static const char third[] =
    "CREATE TABLE word(id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE) STRICT;"
    "CREATE TABLE event_row(seq INTEGER PRIMARY KEY, run INTEGER NOT NULL, type INTEGER NOT NULL, step "
    "INTEGER,"
    " attempt INTEGER NOT NULL, epoch INTEGER NOT NULL, at_ns INTEGER NOT NULL, name INTEGER, key TEXT,"
    " digest BLOB, details TEXT, hash BLOB) STRICT;"
    "INSERT INTO word(text) SELECT type FROM event UNION SELECT step FROM event WHERE step IS NOT NULL;"
    "INSERT INTO event_row(seq, run, type, step, attempt, epoch, at_ns, details, hash)"
    " SELECT seq, run, t.id, s.id, attempt, epoch, at_ns, details, hash FROM event"
    " JOIN word t ON t.text = type LEFT JOIN word s ON s.text = step ORDER BY seq;"
    "DROP TABLE event;"
    "CREATE VIEW event(seq, run, type, step, attempt, epoch, at_ns, details, hash) AS"
    " SELECT e.seq, e.run, t.text, s.text, e.attempt, e.epoch, e.at_ns,"
    " CASE WHEN e.key IS NULL THEN e.details ELSE json_patch('{}', json_object('name', n.text, 'key', e.key,"
    " 'result', nullif(lower(hex(e.digest)), ''))) END, e.hash"
    " FROM event_row e LEFT JOIN word t ON t.id = e.type LEFT JOIN word s ON s.id = e.step"
    " LEFT JOIN word n ON n.id = e.name;"
    "CREATE TRIGGER event_no_update INSTEAD OF UPDATE ON event"
    " BEGIN SELECT RAISE(ABORT, 'events are never changed'); END;"
    "CREATE TRIGGER event_no_delete INSTEAD OF DELETE ON event"
    " BEGIN SELECT RAISE(ABORT, 'events are never removed'); END;"
    "CREATE TRIGGER event_row_no_update BEFORE UPDATE ON event_row"
    " BEGIN SELECT RAISE(ABORT, 'events are never changed'); END;"
    "CREATE TRIGGER event_row_no_delete BEFORE DELETE ON event_row"
    " BEGIN SELECT RAISE(ABORT, 'events are never removed'); END;"
    "CREATE TRIGGER word_no_update BEFORE UPDATE ON word"
    " BEGIN SELECT RAISE(ABORT, 'words of events are never changed'); END;"
    "CREATE TRIGGER word_no_delete BEFORE DELETE ON word"
    " BEGIN SELECT RAISE(ABORT, 'words of events are never removed'); END;";

static const char *const engine_migrations[] = {first, second, third, NULL};

static int
count_of(const char *const *migrations)
{
    int count = 0;
    while (migrations && migrations[count])
        count++;
    return count;
}

int
migration_version(void)
{
    return count_of(engine_migrations);
}

// How many migrations of a noun the file has; 0 for a fresh file.
static int
done_of(struct db *db, const char *noun, int *done, struct err *err)
{
    *done = 0;
    struct db_stmt *exists =
        db_prepare(db, "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'migration'", err);
    if (!exists)
        return -1;
    int row = db_step(exists, err);
    if (row <= 0)
        return row;
    db_reset(exists);
    struct db_stmt *stmt =
        db_prepare(db, "SELECT coalesce(max(version), 0) FROM migration WHERE noun = ?", err);
    if (!stmt)
        return -1;
    db_bind_text(stmt, 1, str_of(noun));
    if (db_step(stmt, err) < 0)
        return -1;
    *done = (int)db_int(stmt, 0);
    db_reset(stmt);
    return 0;
}

static int
check_noun(struct db *db, const char *noun, const char *const *migrations, struct err *err)
{
    int done, known = count_of(migrations);
    if (done_of(db, noun, &done, err) < 0)
        return -1;
    if (done <= known)
        return 0;
    return err_set(
        err, ERR_ENVIRONMENT,
        "the state was written by a newer atoll: its %s tables have version %d, this atoll knows version %d",
        noun, done, known);
}

int
migration_check(struct db *db, const struct registry *registry, struct err *err)
{
    if (check_noun(db, ENGINE_NOUN, engine_migrations, err) < 0)
        return -1;
    for (size_t i = 0; registry && registry->tables && registry->tables[i]; i++)
        if (check_noun(db, registry->tables[i]->noun, registry->tables[i]->migrations, err) < 0)
            return -1;
    return 0;
}

int
migration_check_current(struct db *db, struct err *err)
{
    int done;
    if (done_of(db, ENGINE_NOUN, &done, err) < 0)
        return -1;
    if (done >= migration_version())
        return 0;
    return err_set(
        err, ERR_ENVIRONMENT,
        "the state was written by an older atoll (version %d, this one reads %d); the next `atoll run` or"
        " `atoll gc` brings it up to date",
        done, migration_version());
}

static int
record(struct db *db, const char *noun, int version, int64_t at_ns, struct err *err)
{
    struct db_stmt *stmt = db_prepare(db, "INSERT INTO migration(noun, version, at_ns) VALUES(?, ?, ?)", err);
    if (!stmt)
        return -1;
    db_bind_text(stmt, 1, str_of(noun));
    db_bind_int(stmt, 2, version);
    db_bind_int(stmt, 3, at_ns);
    return db_step(stmt, err) < 0 ? -1 : 0;
}

static int
apply_noun(struct db *db, const char *noun, const char *const *migrations, int64_t at_ns, struct err *err)
{
    int done;
    if (done_of(db, noun, &done, err) < 0)
        return -1;
    for (int i = done; i < count_of(migrations); i++)
        if (db_exec(db, migrations[i], err) < 0 || record(db, noun, i + 1, at_ns, err) < 0)
            return err_wrap(err, "migration %d of the %s tables", i + 1, noun);
    return 0;
}

static int
apply_all(struct db *db, const struct registry *registry, int64_t at_ns, struct err *err)
{
    static const char table[] =
        "CREATE TABLE IF NOT EXISTS migration(noun TEXT NOT NULL, version INTEGER NOT NULL,"
        " at_ns INTEGER NOT NULL, PRIMARY KEY(noun, version)) STRICT, WITHOUT ROWID";
    if (db_exec(db, table, err) < 0 || apply_noun(db, ENGINE_NOUN, engine_migrations, at_ns, err) < 0)
        return -1;
    for (size_t i = 0; registry && registry->tables && registry->tables[i]; i++) {
        const struct table_set *set = registry->tables[i];
        if (apply_noun(db, set->noun, set->migrations, at_ns, err) < 0)
            return -1;
    }
    return 0;
}

int
migration_apply(struct db *db, const struct registry *registry, int64_t at_ns, struct err *err)
{
    if (db_begin(db, err) < 0)
        return -1;
    if (migration_check(db, registry, err) < 0 || apply_all(db, registry, at_ns, err) < 0) {
        db_rollback(db);
        return -1;
    }
    return db_commit(db, err);
}
