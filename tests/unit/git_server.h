// SPDX-License-Identifier: Apache-2.0
// `git http-backend` behind the test server. A file ROOT/lose-answer makes the next push take place and its
// answer get lost; ROOT/lost-answers grows by a byte then.
#ifndef ATOLL_TESTS_GIT_SERVER_H
#define ATOLL_TESTS_GIT_SERVER_H

#include "base/fs.h"
#include "base/proc.h"
#include "tests/unit/server.h"

static char git_server_program[1000];
static char git_server_root[1000];
static const char *git_server_authorization; // what the server wants, NULL for anybody

// Runs the CGI program of git.
static void
git_server_answer(const struct server_call *call, struct buf *answer)
{
    AUTO_ARENA arena = {0};
    struct err err;
    if (git_server_authorization &&
        strcmp(server_header(call, "Authorization"), git_server_authorization) != 0) {
        buf_puts(answer,
                 "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"git\"\r\nContent-Length: 0\r\n"
                 "Connection: close\r\n\r\n");
        return;
    }
    const char *query = strchr(call->target, '?');
    int path_len = query ? (int)(query - call->target) : (int)strlen(call->target);
    const char *const env[] = {arena_printf(&arena, "REQUEST_METHOD=%s", call->method),
                               arena_printf(&arena, "PATH_INFO=%.*s", path_len, call->target),
                               arena_printf(&arena, "QUERY_STRING=%s", query ? query + 1 : ""),
                               arena_printf(&arena, "CONTENT_TYPE=%s", server_header(call, "Content-Type")),
                               arena_printf(&arena, "CONTENT_LENGTH=%zu", call->body.len),
                               arena_printf(&arena, "GIT_PROJECT_ROOT=%s", git_server_root),
                               arena_printf(&arena, "HOME=%s", git_server_root),
                               arena_printf(&arena, "PATH=%s", getenv("PATH")),
                               "GIT_HTTP_EXPORT_ALL=1",
                               "REMOTE_USER=somebody",
                               NULL};
    const char *const argv[] = {git_server_program, NULL};
    struct proc_spec spec = {.argv = argv,
                             .env = env,
                             .stdin_text = buf_str(&call->body),
                             .output_max_bytes = SERVER_MAX_BYTES / 2};
    AUTO_PROC_RESULT result = {0};
    if (proc_run(&spec, &result, &err) < 0)
        _exit(1);
    bool is_push = strcmp(call->method, "POST") == 0 && strstr(call->target, "git-receive-pack");
    if (is_push && unlink(fs_join(&arena, git_server_root, "lose-answer")) == 0) {
        FILE *count = fopen(fs_join(&arena, git_server_root, "lost-answers"), "a");
        if (count)
            fputc('.', count);
        if (count)
            fclose(count);
        _exit(0);
    }
    bool is_missing = strncmp(buf_text(&result.out), "Status: 404", 11) == 0;
    buf_printf(answer, "HTTP/1.1 %s\r\nConnection: close\r\n", is_missing ? "404 Not Found" : "200 OK");
    buf_add_str(answer, buf_str(&result.out));
}

// Finds the CGI program; false, with the reason, when the machine has none.
static bool
git_server_find(void)
{
    const char *const argv[] = {"git", "--exec-path", NULL};
    struct err err;
    unsetenv("http_proxy");
    AUTO_PROC_RESULT result = {0};
    if (proc_run(&(struct proc_spec){.argv = argv}, &result, &err) < 0) {
        printf("skipped: needs git\n");
        return false;
    }
    struct str folder = str_trim(buf_str(&result.out));
    snprintf(git_server_program, sizeof(git_server_program), "%" STR_FMT "/git-http-backend",
             STR_ARG(folder));
    if (!fs_exists(git_server_program))
        printf("skipped: needs git http-backend\n");
    return fs_exists(git_server_program);
}

// Serves the repositories below a folder and gives the port.
static int
git_server_start(const char *root, const char *authorization)
{
    snprintf(git_server_root, sizeof(git_server_root), "%s", root);
    git_server_authorization = authorization;
    return server_start(git_server_answer);
}

#endif
