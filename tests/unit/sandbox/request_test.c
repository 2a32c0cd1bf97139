// SPDX-License-Identifier: Apache-2.0
#include "sandbox/cell/wire.h"
#include "sandbox/request.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

// The next packet on a socket; the descriptors that came with it are closed. Returns how many those were.
static size_t
receive(int fd, struct wire_request *packet, char *text, size_t capacity)
{
    union {
        char bytes[CMSG_SPACE(sizeof(int) * WIRE_FDS_MAX)];
        struct cmsghdr header;
    } control;
    int fds[WIRE_FDS_MAX];
    memset(text, 0, capacity);
    struct iovec data[] = {{packet, sizeof(*packet)}, {text, capacity}};
    struct msghdr message = {.msg_iov = data,
                             .msg_iovlen = 2,
                             .msg_control = control.bytes,
                             .msg_controllen = sizeof(control.bytes)};
    ck_assert_int_ge(recvmsg(fd, &message, 0), sizeof(*packet));
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    if (!header)
        return 0;
    size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    memcpy(fds, CMSG_DATA(header), header->cmsg_len - CMSG_LEN(0));
    if (!text[0])
        ck_assert_int_ge(pread(fds[count - 1], text, capacity, 0), 0);
    for (size_t i = 0; i < count; i++)
        close(fds[i]);
    return count;
}

START_TEST(packet_holds_what_the_program_gets)
{
    int sockets[2];
    char text[4096];
    struct err err;
    struct request_ends ends;
    struct wire_request packet;
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, sockets), 0);
    const char *const argv[] = {"/bin/x", "y z", NULL}, *const env[] = {"A=1", NULL},
                      *const paths[] = {"/w", NULL};
    struct launch_spec spec = {.profile = LAUNCH_RUN,
                               .argv = argv,
                               .env = env,
                               .write_paths = paths,
                               .pass_fds = sockets,
                               .pass_fd_count = 1,
                               .limits = {.wall_ms = 7, .processes = 9}};
    struct request request = {sockets[0], true};
    ck_assert_int_eq(request_send(&request, &spec, &ends, &err), 0);
    ck_assert_uint_eq(receive(sockets[1], &packet, text, sizeof(text)), WIRE_PASS + 1);
    ck_assert_mem_eq(text, "/bin/x\0y z\0A=1\0/w\0/\0", 20);
    ck_assert_uint_eq(packet.text_bytes, 20);
    ck_assert_uint_eq(packet.profile, LAUNCH_RUN);
    ck_assert_uint_eq(packet.stays, 1);
    ck_assert_int_eq(packet.wall_ms, 7);
    ck_assert_uint_eq(packet.processes, 9);
    // The far ends are gone with the packet.
    ck_assert_int_eq(read(ends.output, text, 1), 0);
    ck_assert_int_eq(recv(ends.channel, text, 1, 0), 0);
}
END_TEST

START_TEST(what_is_rare_comes_last)
{
    int sockets[2];
    static char text[3 * WIRE_PACKET_TEXT_BYTES], argument[2 * WIRE_PACKET_TEXT_BYTES];
    struct err err;
    struct request_ends ends;
    struct wire_request packet;
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, sockets), 0);
    memset(argument, 'a', sizeof(argument) - 1);
    const char *const argv[] = {"/bin/x", argument, NULL};
    struct launch_spec spec = {
        .argv = argv, .stdin_text = STR("typed"), .pass_fds = sockets, .pass_fd_count = 1};
    struct request request = {sockets[0], false};
    ck_assert_int_eq(request_send(&request, &spec, &ends, &err), 0);
    // Input and the text, which is too long for the packet.
    ck_assert_uint_eq(receive(sockets[1], &packet, text, sizeof(text)), WIRE_PASS + 1 + 2);
    ck_assert_uint_eq(packet.has_stdin, 1);
    ck_assert_str_eq(text + strlen("/bin/x") + 1, argument);
    close(ends.channel);
    close(ends.output);
}
END_TEST

START_TEST(too_much_is_refused)
{
    int sockets[2], many[64];
    struct err err;
    struct request_ends ends;
    static const char *arguments[40000];
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, sockets), 0);
    const char *const argv[] = {"/bin/x", NULL};
    struct request request = {sockets[0], false};
    struct launch_spec spec = {.argv = argv, .pass_fds = many, .pass_fd_count = 64};
    ck_assert_int_eq(request_send(&request, &spec, &ends, &err), -1);
    ck_assert_int_eq(err.kind, ERR_LIMIT);
    for (size_t i = 0; i + 1 < sizeof(arguments) / sizeof(arguments[0]); i++)
        arguments[i] = "x";
    spec = (struct launch_spec){.argv = arguments};
    ck_assert_int_eq(request_send(&request, &spec, &ends, &err), -1);
    ck_assert_int_eq(err.kind, ERR_LIMIT);
    ck_assert(ends.channel == -1 && ends.output == -1);
}
END_TEST

START_TEST(dead_zygote_is_an_error)
{
    int sockets[2];
    struct err err;
    struct request_ends ends;
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, sockets), 0);
    close(sockets[1]);
    const char *const argv[] = {"/bin/x", NULL};
    struct request request = {sockets[0], false};
    struct launch_spec spec = {.argv = argv, .stdin_text = STR("typed")};
    ck_assert_int_eq(request_send(&request, &spec, &ends, &err), -1);
    ck_assert_int_eq(err.sys, EPIPE);
    ck_assert_int_eq(err.kind, ERR_LOST);
    ck_assert(ends.channel == -1 && ends.output == -1);
}
END_TEST

UNIT_MAIN("sandbox/request", packet_holds_what_the_program_gets, what_is_rare_comes_last, too_much_is_refused,
          dead_zygote_is_an_error)
