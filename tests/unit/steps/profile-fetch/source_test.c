// SPDX-License-Identifier: Apache-2.0
#include "steps/profile-fetch/source.h"

#include "tests/unit/steps/profile-fetch/fixture.h"

#include <arpa/inet.h>
#include <sys/wait.h>
#include <unistd.h>

static struct arena arena;

static void
check_total(const struct source_list *list, size_t samples)
{
    AUTO_PROFILE profile;
    struct err err;
    profile_init(&profile);
    VEC_EACH (struct source, source, &list->items)
        ck_assert_msg(source_read(source, NULL, &profile, &err) == 0, "%s", err.message);
    ck_assert_uint_eq(profile.samples.count, samples);
}

START_TEST(loads_files_and_patterns)
{
    char *folder = fixture_folder(&arena);
    fixture_file(&arena, folder, "a.folded", "x;y 3\n");
    fixture_file(&arena, folder, "b.folded", "x;y 4\nz 1\n");
    fixture_file(&arena, folder, "[odd].txt", "q 1\n");
    AUTO_SOURCE_LIST list = {0};
    struct err err;
    ck_assert_int_eq(source_load(&list, "*.folded", folder, &err), 0);
    ck_assert_int_eq(source_load(&list, fs_join(&arena, folder, "a.folded"), NULL, &err), 0);
    ck_assert_int_eq(source_load(&list, "[odd].txt", folder, &err), 0);
    ck_assert_uint_eq(list.items.count, 4);
    check_total(&list, 5);
    ck_assert_int_eq(source_load(&list, "*.pb", folder, &err), -1);
    ck_assert_int_eq(err.kind, ERR_NOT_FOUND);
    ck_assert_int_eq(source_load(&list, "none", folder, &err), -1);
    ck_assert_int_eq(err.kind, ERR_NOT_FOUND);
    ck_assert_int_eq(source_load(&list, ".", folder, &err), -1);
    ck_assert_int_eq(err.kind, ERR_USAGE);
    ck_assert_int_eq(fs_remove_tree(folder, &err), 0);
}
END_TEST

// Runs a program that must succeed.
static void
run(const char *command)
{
    pid_t pid = fork();
    if (pid == 0) {
        execl("/bin/sh", "sh", "-c", command, (char *)NULL);
        _exit(127);
    }
    int status = -1;
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(status, 0);
}

START_TEST(reads_archives_and_compressed_files)
{
    char *folder = fixture_folder(&arena);
    fixture_file(&arena, folder, "a.folded", "x;y 3\n");
    fixture_file(&arena, folder, "README", "these are profiles\nof june\n");
    run(arena_printf(&arena,
                     "cd %s && gzip -k a.folded && tar czf all.tar.gz a.folded README a.folded.gz && tar cf "
                     "all.tar README",
                     folder));
    AUTO_SOURCE_LIST list = {0};
    struct err err;
    ck_assert_int_eq(source_load(&list, "all.tar.gz", folder, &err), 0);
    ck_assert_int_eq(source_load(&list, "a.folded.gz", folder, &err), 0);
    check_total(&list, 3);
    AUTO_SOURCE_LIST empty = {0};
    AUTO_PROFILE profile;
    profile_init(&profile);
    ck_assert_int_eq(source_load(&empty, "all.tar", folder, &err), 0);
    ck_assert_int_eq(source_read(&empty.items.items[0], "auto", &profile, &err), -1);
    ck_assert_ptr_nonnull(strstr(err.message, "the archive holds no profile"));
    ck_assert_int_eq(source_read(&empty.items.items[0], "folded", &profile, &err), -1);
    ck_assert_ptr_nonnull(strstr(err.message, "all.tar(README):1: expected"));
    ck_assert_int_eq(fs_remove_tree(folder, &err), 0);
}
END_TEST

START_TEST(names_a_cut_file)
{
    AUTO_SOURCE_LIST list = {0};
    AUTO_PROFILE profile;
    struct err err;
    struct str packed = fixture_read(&arena, SEEDS "pprof/go-cpu.pb.gz");
    profile_init(&profile);
    ck_assert_int_eq(source_add(&list, "cut.pb.gz", str_head(packed, packed.len / 2), &err), 0);
    ck_assert_int_eq(source_read(&list.items.items[0], NULL, &profile, &err), -1);
    ck_assert_msg(strncmp(err.message, "cut.pb.gz", 9) == 0, "%s", err.message);
}
END_TEST

START_TEST(refuses_too_many)
{
    AUTO_SOURCE_LIST list = {0};
    struct err err;
    for (int i = 0; i < SOURCE_MAX_COUNT; i++)
        ck_assert_int_eq(source_add(&list, "p", STR("a 1"), &err), 0);
    ck_assert_int_eq(source_add(&list, "p", STR("a 1"), &err), -1);
    ck_assert_int_eq(err.kind, ERR_LIMIT);
}
END_TEST

// A server that answers one request; gives its port.
static int
serve_once(const char *answer)
{
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);
    ck_assert_int_eq(bind(listener, (struct sockaddr *)&address, len), 0);
    ck_assert_int_eq(listen(listener, 1), 0);
    ck_assert_int_eq(getsockname(listener, (struct sockaddr *)&address, &len), 0);
    if (fork() == 0) {
        char request[4096];
        int connection = accept(listener, NULL, NULL);
        ssize_t got = read(connection, request, sizeof(request));
        ssize_t put = got > 0 ? write(connection, answer, strlen(answer)) : 0;
        _exit(put > 0 ? 0 : 1);
    }
    close(listener);
    return ntohs(address.sin_port);
}

START_TEST(fetches_urls)
{
    setenv("no_proxy", "*", 1);
    AUTO_SOURCE_LIST list = {0};
    struct err err;
    int port = serve_once("HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\nx;y 3\n");
    const char *url = arena_printf(&arena, "http://user:secret@127.0.0.1:%d/debug/pprof?token=secret", port);
    ck_assert_msg(source_load(&list, url, NULL, &err) == 0, "%s", err.message);
    ck_assert_str_eq(list.items.items[0].name, arena_printf(&arena, "http://127.0.0.1:%d/debug/pprof", port));
    check_total(&list, 1);
    port = serve_once("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    ck_assert_int_eq(
        source_load(&list, arena_printf(&arena, "http://127.0.0.1:%d/x?secret", port), NULL, &err), -1);
    ck_assert_int_eq(err.kind, ERR_NET);
    ck_assert_str_eq(err.message,
                     arena_printf(&arena, "http://127.0.0.1:%d/x: status 404 instead of 200", port));
}
END_TEST

UNIT_MAIN("steps/profile-fetch/source", loads_files_and_patterns, reads_archives_and_compressed_files,
          names_a_cut_file, refuses_too_many, fetches_urls)
