// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/unit.h"
#include "workflow/connection.h"
#include "workflow/journal.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

// A supervisor in a process of its own: it takes a call, answers it when it is told to, unless something else
// comes before, then answers one more.
struct other_side {
    pid_t pid;
    int tell;
};

_Noreturn static void
supervise(int fd, int told, const char *first_reply)
{
    struct wire wire;
    struct err err;
    char word;
    wire_init(&wire, fd);
    for (int i = 0; i < 2; i++) {
        AUTO_FRAME call = {0};
        struct pollfd more = {fd, POLLIN, 0};
        if (wire_wait(&wire, &call, &err) < 0)
            _exit(i == 0 ? 2 : 0);
        if (i == 0 && (read(told, &word, 1) != 1 || poll(&more, 1, 200) != 0))
            _exit(3);
        AUTO_JSON *reply = i == 0
                               ? json_read(str_of(first_reply), "a reply", &err)
                               : json_pack("{s:b, s:O}", "ok", 1, "name", json_object_get(call.json, "name"));
        if (wire_put(&wire, reply, STR(""), &err) < 0 || wire_flush(&wire, &err) < 0)
            _exit(4);
    }
    _exit(1);
}

static struct other_side
start(struct journal *journal, const char *first_reply)
{
    int ends[2], told[2];
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    ck_assert_int_eq(pipe(told), 0);
    pid_t pid = fork();
    if (pid == 0) {
        close(ends[0]);
        supervise(ends[1], told[0], first_reply);
    }
    close(ends[1]);
    connection_init(journal, ends[0]);
    return (struct other_side){pid, told[1]};
}

static int
end(struct journal *journal, const struct other_side *other)
{
    int status;
    close(journal->wire.fd);
    connection_release(journal);
    ck_assert_int_eq(waitpid(other->pid, &status, 0), other->pid);
    return WEXITSTATUS(status);
}

static json_t *
call_of(const char *name)
{
    return json_pack("{s:s, s:s}", "call", "x", "name", name);
}

START_TEST(a_call_that_is_not_waited_for_is_answered_before_the_next)
{
    struct journal journal;
    struct err err = {0};
    AUTO_FRAME reply = {0};
    struct other_side other = start(&journal, "{\"ok\": true, \"name\": \"first\"}");
    ck_assert_int_eq(connection_send(&journal, call_of("first"), STR("tail"), &err), 0);
    // It has no answer yet.
    ck_assert_int_eq(write(other.tell, "w", 1), 1);
    ck_assert_msg(connection_call(&journal, call_of("second"), STR(""), &reply, &err) == 0, "%s",
                  err.message);
    ck_assert_str_eq(json_get_text(reply.json, "name", ""), "second");
    ck_assert_int_eq(connection_settle(&journal, &err), 0);
    ck_assert_int_eq(end(&journal, &other), 1);
}
END_TEST

START_TEST(its_failure_is_the_next_ones_which_is_not_sent)
{
    struct journal journal;
    struct err err = {0};
    AUTO_FRAME reply = {0};
    struct other_side other =
        start(&journal, "{\"error\": {\"kind\": \"conflict\", \"message\": \"taken over\"}}");
    ck_assert_int_eq(connection_send(&journal, call_of("first"), STR(""), &err), 0);
    ck_assert_int_eq(write(other.tell, "w", 1), 1);
    ck_assert_int_eq(connection_call(&journal, call_of("second"), STR(""), &reply, &err), -1);
    ck_assert_int_eq(err.kind, ERR_CONFLICT);
    ck_assert_str_eq(err.message, "taken over");
    ck_assert_int_eq(end(&journal, &other), 0);
}
END_TEST

START_TEST(the_end_of_a_step_fails_with_it)
{
    struct journal journal;
    struct step step = {.journal = &journal};
    struct err err = {0};
    struct other_side other =
        start(&journal, "{\"error\": {\"kind\": \"conflict\", \"message\": \"taken over\"}}");
    ck_assert_int_eq(connection_send(&journal, call_of("first"), STR(""), &err), 0);
    ck_assert_int_eq(write(other.tell, "w", 1), 1);
    // As a step does at its end, also with nothing to store.
    ck_assert_int_eq(journal_flush(&step, &err), -1);
    ck_assert_int_eq(err.kind, ERR_CONFLICT);
    ck_assert_int_eq(connection_settle(&journal, &err), 0);
    ck_assert_int_eq(end(&journal, &other), 0);
}
END_TEST

UNIT_MAIN("workflow/connection", a_call_that_is_not_waited_for_is_answered_before_the_next,
          its_failure_is_the_next_ones_which_is_not_sent, the_end_of_a_step_fails_with_it)
