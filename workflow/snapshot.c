// SPDX-License-Identifier: Apache-2.0
#include "workflow/snapshot.h"

#include "base/db.h"
#include "base/fs.h"
#include "workflow/migration.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

// Whether a name ends with the id of a process that is gone.
static bool
is_left_over(const char *path)
{
    int64_t pid;
    const char *dash = strrchr(path, '-');
    return dash && str_to_i64(str_of(dash + 1), &pid) && pid > 0 && kill((pid_t)pid, 0) < 0 && errno == ESRCH;
}

// Files in the folder whose names begin like this and end with the id of a process that is gone.
static void
remove_left_overs(const char *folder, const char *prefix)
{
    AUTO_ARENA arena = {0};
    DIR *files = opendir(folder);
    const struct dirent *entry;
    while (files && (entry = readdir(files)))
        if (str_starts(str_of(entry->d_name), str_of(prefix)) && is_left_over(entry->d_name))
            unlink(fs_join(&arena, folder, entry->d_name));
    if (files)
        closedir(files);
}

char *
snapshot_temp(struct arena *arena, const char *state_path, const char *tag)
{
    const char *prefix = arena_printf(arena, "%s.%s-", fs_base_name(state_path), tag);
    char *path = arena_printf(arena, "%s.%s-%d", state_path, tag, (int)getpid());
    remove_left_overs(fs_dir_name(arena, state_path), prefix);
    unlink(path);
    return path;
}

// The version of the engine's tables, 0 for a file that is no state.
static int
schema_of_db(struct db *db, int64_t *schema, struct err *err)
{
    static const char has_table[] =
        "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'migration'";
    static const char version[] = "SELECT coalesce(max(version), 0) FROM migration WHERE noun = 'engine'";
    *schema = 0;
    struct db_stmt *stmt = db_prepare(db, has_table, err);
    if (!stmt || db_step(stmt, err) < 0)
        return -1;
    bool is_there = db_int(stmt, 0) > 0;
    db_reset(stmt);
    if (!is_there)
        return 0;
    stmt = db_prepare(db, version, err);
    if (!stmt || db_step(stmt, err) < 0)
        return -1;
    *schema = db_int(stmt, 0);
    db_reset(stmt);
    return 0;
}

int
snapshot_take(const char *state_path, const char *to, int64_t *schema, struct err *err)
{
    struct db *db = db_open(state_path, DB_READ, err);
    int status = db ? schema_of_db(db, schema, err) : -1;
    if (status == 0 && *schema < 1)
        status = err_set(err, ERR_PARSE, "%s is not a state of atoll", state_path);
    if (status == 0)
        status = db_backup(db, to, err);
    db_close(db);
    return status < 0 ? err_wrap(err, "copying the state %s", state_path) : 0;
}

static int
check_db(struct db *db, struct err *err)
{
    int64_t schema = 0;
    bool is_whole = db_check(db, err) == 0 && schema_of_db(db, &schema, err) == 0;
    if (!is_whole)
        return err_set(err, ERR_PARSE, "the snapshot is damaged");
    if (schema < 1)
        return err_set(err, ERR_PARSE, "the snapshot is not a state of atoll");
    return migration_check(db, NULL, err);
}

int
snapshot_check(const char *path, struct err *err)
{
    struct db *db = db_open(path, DB_FROZEN, err);
    if (!db)
        return err->kind == ERR_NOT_FOUND
                   ? -1
                   : err_set(err, ERR_PARSE, "the snapshot is damaged or no SQLite database");
    int status = check_db(db, err);
    db_close(db);
    return status;
}

int
snapshot_may_install(const char *state_path, bool replace, struct err *err)
{
    if (replace || !fs_exists(state_path))
        return 0;
    return err_set(err, ERR_CONFLICT, "there is a state already: %s", state_path);
}

// What the old state's last transactions left beside it would be read into the new one. So it goes into the
// old one first; what belongs to no state, or to one that can't be opened any more, goes away.
static int
clear_beside(const char *state_path, struct err *err)
{
    AUTO_ARENA arena = {0};
    struct db *db = fs_exists(state_path) ? db_open(state_path, DB_WRITE, err) : NULL;
    int status = db ? db_settle(db, err) : 0;
    db_close(db);
    if (status < 0 && err->kind == ERR_LOCKED)
        return -1;
    static const char *const endings[] = {"-wal", "-shm", "-journal"};
    for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
        const char *path = arena_printf(&arena, "%s%s", state_path, endings[i]);
        if (unlink(path) < 0 && errno != ENOENT)
            return err_sys(err, ERR_IO, "removing %s", path);
    }
    return 0;
}

static int
sync_path(const char *path, int flags, struct err *err)
{
    int fd = open(path, flags | O_CLOEXEC);
    int status = fd < 0 || fsync(fd) < 0 ? err_sys(err, ERR_IO, "syncing %s", path) : 0;
    if (fd >= 0)
        close(fd);
    return status;
}

int
snapshot_install(const char *file, const char *state_path, bool replace, struct err *err)
{
    AUTO_ARENA arena = {0};
    if (snapshot_may_install(state_path, replace, err) < 0 || sync_path(file, O_RDONLY, err) < 0 ||
        clear_beside(state_path, err) < 0)
        return -1;
    if (rename(file, state_path) < 0)
        return err_sys(err, ERR_IO, "moving %s to %s", file, state_path);
    return sync_path(fs_dir_name(&arena, state_path), O_RDONLY | O_DIRECTORY, err);
}
