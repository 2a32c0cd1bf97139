// SPDX-License-Identifier: Apache-2.0
// A small HTTP server for tests: one forked process on 127.0.0.1, one more for each connection, which it
// answers once and closes. It dies with the test.
#ifndef ATOLL_TESTS_SERVER_H
#define ATOLL_TESTS_SERVER_H

#include "base/buf.h"
#include "tests/unit/unit.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <strings.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <unistd.h>

#define SERVER_MAX_BYTES (16u << 20)

struct server_call {
    char method[16];
    char target[2000]; // as sent, with the query
    struct buf head;   // request line and headers
    struct buf body;
};

// Appends the whole answer, status line and headers included.
typedef void (*server_fn)(const struct server_call *call, struct buf *answer);

// The value of a request header, "" when absent; valid for seven more calls.
static const char *
server_header(const struct server_call *call, const char *name)
{
    static char values[8][1000];
    static unsigned next;
    char *value = values[next++ % 8];
    value[0] = 0;
    struct str rest = buf_str(&call->head);
    while (rest.ptr) {
        struct str line = str_cut(&rest, '\n');
        ptrdiff_t colon = str_find_byte(line, ':');
        if (colon < 0 || strlen(name) != (size_t)colon || strncasecmp(line.ptr, name, (size_t)colon) != 0)
            continue;
        struct str text = str_trim(str_from(line, (size_t)colon + 1));
        snprintf(value, sizeof(values[0]), "%" STR_FMT, STR_ARG(text));
    }
    return value;
}

// Appends a body in chunked transfer coding.
static void
server_read_chunks(FILE *in, struct buf *body)
{
    char line[100], block[65536];
    unsigned long size = 0;
    while (fgets(line, sizeof(line), in) && (size = strtoul(line, NULL, 16)) > 0) {
        for (size_t got; size > 0; size -= got) {
            got = fread(block, 1, size < sizeof(block) ? size : sizeof(block), in);
            if (got == 0)
                return;
            buf_add(body, block, got);
        }
        if (!fgets(line, sizeof(line), in))
            return;
    }
}

// Reads one request, answers it and ends the process.
static void
server_answer(int fd, server_fn fn)
{
    struct server_call call = {.head = BUF(65536), .body = BUF(SERVER_MAX_BYTES)};
    struct buf answer = BUF(SERVER_MAX_BYTES);
    char line[8192];
    FILE *in = fdopen(fd, "r+");
    while (fgets(line, sizeof(line), in) && strcmp(line, "\r\n") != 0)
        buf_puts(&call.head, line);
    if (sscanf(buf_text(&call.head), "%15s %1999s", call.method, call.target) != 2)
        _exit(1);
    size_t length = strtoul(server_header(&call, "Content-Length"), NULL, 10);
    if (strcasecmp(server_header(&call, "Transfer-Encoding"), "chunked") == 0)
        server_read_chunks(in, &call.body);
    void *room = length > 0 ? buf_extend(&call.body, length) : NULL;
    if (room && fread(room, 1, length, in) != length)
        _exit(1);
    fn(&call, &answer);
    for (struct str left = buf_str(&answer); left.len > 0;) {
        ssize_t put = send(fd, left.ptr, left.len, MSG_NOSIGNAL);
        left = str_from(left, put > 0 ? (size_t)put : left.len);
    }
    shutdown(fd, SHUT_WR);
    while (fgetc(in) != EOF) // a reset would swallow the answer
        ;
    _exit(0);
}

// Starts it and gives its port.
static int
server_start(server_fn fn)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(address);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(bind(listener, (struct sockaddr *)&address, size), 0);
    ck_assert_int_eq(listen(listener, 32), 0);
    ck_assert_int_eq(getsockname(listener, (struct sockaddr *)&address, &size), 0);
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        signal(SIGCHLD, SIG_IGN);
        for (;;) {
            int fd = accept(listener, NULL, NULL);
            if (fd < 0)
                _exit(1);
            if (fork() == 0) {
                signal(SIGCHLD, SIG_DFL);
                server_answer(fd, fn);
            }
            close(fd);
        }
    }
    close(listener);
    return ntohs(address.sin_port);
}

#endif
