// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/workflow/carriers/places.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>

static const struct carrier_version nothing = {""};

static char *
chunk_path(const struct carrier_hash *hash)
{
    return arena_printf(&arena, "%s/state/chunks/%.2s/%s", root, hash->text, hash->text);
}

// Makes a file an hour older.
static void
age(const char *path)
{
    struct stat st;
    ck_assert_int_eq(stat(path, &st), 0);
    const struct timespec times[2] = {{st.st_mtim.tv_sec - 3600, 0}, {st.st_mtim.tv_sec - 3600, 0}};
    ck_assert_int_eq(utimensat(AT_FDCWD, path, times, 0), 0);
}

START_TEST(sweeps_old_chunks_that_no_head_names)
{
    struct carrier *carrier = machine(place_begin(&places[0]), "here");
    struct carrier_hash named, old, fresh, used_again;
    struct carrier_version first, second;
    bool is_there;
    ok(carrier_put(carrier, STR("named"), &named, &err));
    ok(carrier_swap(carrier, &nothing, STR("head 1"), &named, 1, &first, &err)); // the first sweep
    ok(carrier_put(carrier, STR("old"), &old, &err));
    ok(carrier_put(carrier, STR("fresh"), &fresh, &err));
    ok(carrier_put(carrier, STR("used again"), &used_again, &err));
    age(chunk_path(&named));
    age(chunk_path(&old));
    age(chunk_path(&used_again));
    age(fs_join(&arena, root, "state/swept"));
    ok(carrier_has(carrier, used_again.text, &is_there, &err)); // somebody counts on it now
    ok(carrier_swap(carrier, &first, STR("head 2"), &named, 1, &second, &err));
    ck_assert(fs_exists(chunk_path(&named)));
    ck_assert(fs_exists(chunk_path(&fresh)));
    ck_assert(fs_exists(chunk_path(&used_again)));
    ck_assert(!fs_exists(chunk_path(&old)));
    carrier_close(carrier);
    place_end();
}
END_TEST

START_TEST(notices_damage)
{
    struct carrier *carrier = machine(place_begin(&places[0]), "here");
    struct carrier_hash hash;
    AUTO_BUF content = BUF(CARRIER_CHUNK_BYTES);
    ok(carrier_put(carrier, STR("content"), &hash, &err));
    ok(fs_write(chunk_path(&hash), STR("c0ntent"), &err));
    refused(carrier_get(carrier, hash.text, &content, &err), ERR_PARSE);
    ok(fs_write(chunk_path(&hash), STR("conten"), &err));
    refused(carrier_get(carrier, hash.text, &content, &err), ERR_PARSE);
    AUTO_BUF large = BUF(CARRIER_HEAD_MAX_BYTES + 1);
    void *room = buf_extend(&large, CARRIER_HEAD_MAX_BYTES + 1);
    ck_assert_ptr_nonnull(room);
    ok(fs_write(chunk_path(&hash), buf_str(&large), &err));
    refused(carrier_get(carrier, hash.text, &content, &err), ERR_LIMIT);
    ok(fs_write(fs_join(&arena, root, "state/head"), buf_str(&large), &err));
    struct carrier_version version;
    AUTO_BUF head = BUF(CARRIER_HEAD_MAX_BYTES);
    refused(carrier_load(carrier, &version, &head, &err), ERR_LIMIT);
    carrier_close(carrier);
    place_end();
}
END_TEST

// A writer that is killed while it holds the lock, or with a message half written, holds nobody up.
START_TEST(outlives_a_killed_writer)
{
    struct carrier *carrier = machine(place_begin(&places[0]), "here");
    struct carrier_version first;
    int held[2];
    char byte;
    ck_assert_int_eq(pipe(held), 0);
    ok(fs_write(fs_join(&arena, root, "state/inbox/.m-123"), STR("ha"), &err));
    pid_t pid = fork();
    if (pid == 0) {
        int fd = open(fs_join(&arena, root, "state/lock"), O_RDWR | O_CREAT, 0666);
        struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
        if (fcntl(fd, F_SETLK, &lock) < 0 || write(held[1], "y", 1) != 1)
            _exit(1);
        for (;;)
            pause();
    }
    ck_assert_int_eq((int)read(held[0], &byte, 1), 1);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    ok(carrier_swap(carrier, &nothing, STR("head 1"), NULL, 0, &first, &err));
    const char **ids;
    size_t count;
    ok(carrier_message_list(carrier, &arena, &ids, &count, &err));
    ck_assert_uint_eq(count, 0);
    ok(carrier_message_put(carrier, "m", STR("whole"), &err));
    carrier_close(carrier);
    place_end();
}
END_TEST

START_TEST(begins_relative_paths_at_the_folder)
{
    place_begin(&places[0]);
    struct carrier *carrier = machine("dir:elsewhere/state", "here");
    struct carrier_hash hash;
    ok(carrier_put(carrier, STR("x"), &hash, &err));
    ck_assert(fs_is_dir(fs_join(&arena, root, "elsewhere/state/chunks")));
    carrier_close(carrier);
    place_end();
}
END_TEST

UNIT_MAIN("workflow/carriers/dir", sweeps_old_chunks_that_no_head_names, notices_damage,
          outlives_a_killed_writer, begins_relative_paths_at_the_folder)
