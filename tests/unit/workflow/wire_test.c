// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/unit.h"
#include "workflow/wire.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

struct pair {
    int fds[2];
    struct wire here, there;
};

static void
open_pair(struct pair *pair)
{
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair->fds), 0);
    for (int i = 0; i < 2; i++)
        ck_assert_int_eq(fcntl(pair->fds[i], F_SETFL, O_NONBLOCK), 0);
    wire_init(&pair->here, pair->fds[0]);
    wire_init(&pair->there, pair->fds[1]);
}

static void
close_pair(struct pair *pair)
{
    wire_release(&pair->here);
    wire_release(&pair->there);
    close(pair->fds[0]);
    if (pair->fds[1] >= 0)
        close(pair->fds[1]);
}

START_TEST(frames_arrive_whole_and_in_order)
{
    struct pair pair;
    struct err err = {0};
    open_pair(&pair);
    for (int i = 0; i < 3; i++) {
        AUTO_JSON *json = json_pack("{s:i}", "n", i);
        ck_assert_int_eq(wire_put(&pair.here, json, i == 1 ? STR("a\0b") : STR(""), &err), 0);
    }
    ck_assert_int_eq(wire_flush(&pair.here, &err), 1);
    ck_assert_int_eq(wire_fill(&pair.there, &err), 1);
    for (int i = 0; i < 3; i++) {
        AUTO_FRAME frame = {0};
        ck_assert_int_eq(wire_take(&pair.there, &frame, &err), 1);
        ck_assert_int_eq(json_get_int(frame.json, "n", -1), i);
        ck_assert(str_eq(buf_str(&frame.tail), i == 1 ? STR("a\0b") : STR("")));
    }
    AUTO_FRAME none = {0};
    ck_assert_int_eq(wire_take(&pair.there, &none, &err), 0);
    ck_assert_int_eq(wire_fill(&pair.there, &err), 0);
    ck_assert(!pair.there.ended);
    close_pair(&pair);
}
END_TEST

START_TEST(a_frame_in_pieces_is_taken_once_it_is_whole)
{
    struct pair pair;
    struct err err = {0};
    open_pair(&pair);
    AUTO_JSON *json = json_pack("{s:s}", "key", "value");
    ck_assert_int_eq(wire_put(&pair.here, json, STR("tail"), &err), 0);
    for (size_t i = 0; i < pair.here.out.len; i++) {
        AUTO_FRAME frame = {0};
        ck_assert_int_eq(wire_take(&pair.there, &frame, &err), 0);
        ck_assert_int_eq((int)write(pair.fds[0], pair.here.out.ptr + i, 1), 1);
        ck_assert_int_eq(wire_fill(&pair.there, &err), 1);
    }
    AUTO_FRAME frame = {0};
    ck_assert_int_eq(wire_take(&pair.there, &frame, &err), 1);
    ck_assert_str_eq(buf_text(&frame.tail), "tail");
    close_pair(&pair);
}
END_TEST

START_TEST(a_large_tail_passes_a_small_socket_buffer)
{
    struct pair pair;
    struct err err = {0};
    open_pair(&pair);
    const size_t size = (size_t)20 << 20;
    AUTO_BUF big = BUF(32 << 20);
    memset(buf_extend(&big, size), 'x', size);
    AUTO_JSON *json = json_object();
    ck_assert_int_eq(wire_put(&pair.here, json, buf_str(&big), &err), 0);
    AUTO_FRAME frame = {0};
    int taken = 0, partial = 0;
    while (taken == 0) {
        int flushed = wire_flush(&pair.here, &err);
        ck_assert_int_ge(flushed, 0);
        partial += flushed == 0;
        ck_assert_int_ge(wire_fill(&pair.there, &err), 0);
        taken = wire_take(&pair.there, &frame, &err);
    }
    ck_assert_int_eq(taken, 1);
    ck_assert_int_gt(partial, 0);
    ck_assert(str_eq(buf_str(&frame.tail), buf_str(&big)));
    close_pair(&pair);
}
END_TEST

START_TEST(what_is_no_frame_is_refused)
{
    static const struct {
        const char *bytes;
        size_t len;
        enum err_kind kind;
    } cases[] = {
        {"\x01\0\0\x04\0\0\0\0", 8, ERR_LIMIT},     {"\0\0\0\0\x01\0\0\x04", 8, ERR_LIMIT},
        {"\xff\xff\xff\xff\0\0\0\0", 8, ERR_LIMIT}, {"\x02\0\0\0\0\0\0\0[]", 10, ERR_PARSE},
        {"\x02\0\0\0\0\0\0\0{x", 10, ERR_PARSE},    {"\0\0\0\0\0\0\0\0", 8, ERR_PARSE},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct pair pair;
        struct err err = {0};
        open_pair(&pair);
        ck_assert_int_eq((int)write(pair.fds[0], cases[i].bytes, cases[i].len), (int)cases[i].len);
        ck_assert_int_eq(wire_fill(&pair.there, &err), 1);
        AUTO_FRAME frame = {0};
        ck_assert_int_eq(wire_take(&pair.there, &frame, &err), -1);
        ck_assert_int_eq(err.kind, cases[i].kind);
        ck_assert_ptr_null(frame.json);
        close_pair(&pair);
    }
}
END_TEST

START_TEST(the_end_of_the_other_side_is_seen)
{
    struct pair pair;
    struct err err = {0};
    open_pair(&pair);
    close(pair.fds[1]);
    pair.fds[1] = -1;
    AUTO_FRAME frame = {0};
    ck_assert_int_eq(wire_wait(&pair.here, &frame, &err), -1);
    ck_assert(pair.here.ended);
    AUTO_JSON *json = json_object();
    ck_assert_int_eq(wire_put(&pair.here, json, STR(""), &err), 0);
    ck_assert_int_eq(wire_flush(&pair.here, &err), -1);
    close_pair(&pair);
}
END_TEST

START_TEST(what_is_too_large_is_not_sent)
{
    struct pair pair;
    struct err err = {0};
    open_pair(&pair);
    AUTO_JSON *json = json_object();
    AUTO_BUF big = BUF(WIRE_MAX_BYTES + 1);
    ck_assert_ptr_nonnull(buf_extend(&big, WIRE_MAX_BYTES + 1));
    ck_assert_int_eq(wire_put(&pair.here, json, buf_str(&big), &err), -1);
    ck_assert_int_eq(err.kind, ERR_LIMIT);
    ck_assert_uint_eq(pair.here.out.len, 0);
    close_pair(&pair);
}
END_TEST

UNIT_MAIN("workflow/wire", frames_arrive_whole_and_in_order, a_frame_in_pieces_is_taken_once_it_is_whole,
          a_large_tail_passes_a_small_socket_buffer, what_is_no_frame_is_refused,
          the_end_of_the_other_side_is_seen, what_is_too_large_is_not_sent)
