// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/workflow/fake_run.h"
#include "workflow/lease.h"

// Sends to FAKE_STATE: "delivered", "left" or the name of the error's kind.
static const char *
send_it(const struct message *message)
{
    struct err err = {0};
    bool delivered;
    if (engine_send(FAKE_STATE, &fake_registry, host_real(), message, &delivered, &err) < 0)
        return err_name(err.kind);
    return delivered ? "delivered" : "left";
}

static size_t
lying(struct arena *arena)
{
    struct err err = {0};
    const char **ids;
    size_t count;
    ck_assert_int_eq(inbox_list(inbox_folder(arena, FAKE_STATE), arena, &ids, &count, &err), 0);
    return count;
}

// A state with the run "R", which nobody owns.
static void
make_state(struct arena *arena)
{
    struct fake_run fake;
    fake_open(&fake, arena);
    fake_close(&fake);
}

static const struct message go = {.kind = "signal", .run = "R", .name = "go", .sender = "me"};
static const struct message cancel = {.kind = "cancel", .run = "R", .name = "", .sender = "me"};
static const struct message pause_all = {.kind = "pause", .name = "", .sender = "me"};

START_TEST(a_message_goes_into_a_state_that_nobody_owns)
{
    AUTO_ARENA arena = {0};
    make_state(&arena);
    int64_t before_ns = clock_wall_ns();
    ck_assert_str_eq(send_it(&go), "delivered");
    ck_assert_str_eq(send_it(&go), "delivered");
    ck_assert_uint_eq(lying(&arena), 0);
    ck_assert_int_eq(fake_number("SELECT count(*) AS n FROM signal WHERE name = 'go' AND run = 'R'"), 2);
    ck_assert_int_ge(fake_number("SELECT min(sent_ns) AS n FROM signal"), before_ns);
    ck_assert_int_le(fake_number("SELECT max(sent_ns) AS n FROM signal"), clock_wall_ns());
    ck_assert_int_eq(fake_number("SELECT min(length(id)) AS n FROM signal"), 26);
    ck_assert_int_eq(lease_holder(FAKE_STATE), 0);
}
END_TEST

START_TEST(cancelling_a_run_that_nobody_works_on_ends_it)
{
    AUTO_ARENA arena = {0};
    make_state(&arena);
    ck_assert_str_eq(send_it(&cancel), "delivered");
    ck_assert_str_eq(fake_text(&arena, "SELECT status AS t FROM run"), "cancelled");
    ck_assert_str_eq(send_it(&cancel), "conflict");
    ck_assert_str_eq(send_it(&go), "conflict");
    ck_assert_uint_eq(lying(&arena), 0);
}
END_TEST

START_TEST(what_can_not_be_sent_leaves_nothing)
{
    AUTO_ARENA arena = {0};
    struct message unknown = go, binary = go, large = go;
    unknown.run = "S";
    binary.name = "\xff";
    AUTO_BUF text = BUF(INBOX_MESSAGE_MAX_BYTES);
    while (text.len < INBOX_MESSAGE_MAX_BYTES - 10)
        buf_puts(&text, "x");
    AUTO_JSON *data = json_string(buf_text(&text));
    large.data = data;
    make_state(&arena);
    ck_assert_str_eq(send_it(&unknown), "not-found");
    ck_assert_str_eq(send_it(&binary), "usage");
    ck_assert_str_eq(send_it(&large), "limit");
    ck_assert_uint_eq(lying(&arena), 0);
    ck_assert_int_eq(fake_number("SELECT count(*) AS n FROM signal"), 0);
}
END_TEST

START_TEST(a_signal_needs_a_state_and_a_pause_makes_one)
{
    AUTO_ARENA arena = {0};
    fake_folder(&arena);
    ck_assert_str_eq(send_it(&go), "not-found");
    ck_assert(!fs_exists("s"));
    ck_assert_str_eq(send_it(&pause_all), "delivered");
    ck_assert_int_eq(fake_number("SELECT count(*) AS n FROM meta WHERE key = 'paused' AND value ->> 'on'"),
                     1);
    // As the state's own folder: git must not show it.
    ck_assert(fs_exists("s/.gitignore"));
}
END_TEST

// Runs in a child that holds the lease from before `ready` is made until after `stop` is there, and takes
// the inbox meanwhile when asked to. Gives its process.
static pid_t
fork_owner(bool takes)
{
    pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid > 0) {
        while (!fs_exists("ready"))
            fake_sleep_ms(5);
        return pid;
    }
    AUTO_ARENA arena = {0};
    struct err err = {0};
    struct lease lease;
    if (lease_acquire(&lease, FAKE_STATE, &err) < 0 || fs_write("ready", STR(""), &err) < 0)
        _exit(1);
    while (!fs_exists("stop")) {
        const char **ids;
        size_t count = 0;
        if (takes && inbox_list(inbox_folder(&arena, FAKE_STATE), &arena, &ids, &count, &err) < 0)
            _exit(2);
        if (count > 0)
            signal_drop_taken(FAKE_STATE, ids, count);
        fake_sleep_ms(5);
    }
    _exit(0);
}

static void
end_owner(pid_t pid)
{
    struct err err = {0};
    int status;
    ck_assert_int_eq(fs_write("stop", STR(""), &err), 0);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(status, 0);
}

START_TEST(an_owner_finds_the_message_itself)
{
    AUTO_ARENA arena = {0};
    make_state(&arena);
    pid_t owner = fork_owner(true);
    ck_assert_str_eq(send_it(&go), "left");
    ck_assert_uint_eq(lying(&arena), 0);
    end_owner(owner);
    ck_assert_int_eq(fake_number("SELECT count(*) AS n FROM signal"), 0);
}
END_TEST

START_TEST(what_a_busy_owner_does_not_take_is_kept_for_the_next)
{
    AUTO_ARENA arena = {0};
    make_state(&arena);
    pid_t owner = fork_owner(false);
    ck_assert_str_eq(send_it(&go), "left");
    ck_assert_uint_eq(lying(&arena), 1);
    end_owner(owner);
    ck_assert_str_eq(send_it(&pause_all), "delivered");
    ck_assert_uint_eq(lying(&arena), 0);
    ck_assert_int_eq(fake_number("SELECT count(*) AS n FROM signal WHERE name = 'go'"), 1);
}
END_TEST

#define SENDERS 4
#define SENT 10

START_TEST(racing_senders_lose_nothing)
{
    AUTO_ARENA arena = {0};
    make_state(&arena);
    pid_t senders[SENDERS];
    for (int i = 0; i < SENDERS; i++) {
        senders[i] = fork();
        ck_assert_int_ge(senders[i], 0);
        if (senders[i] > 0)
            continue;
        int bad = 0;
        for (int k = 0; k < SENT; k++) {
            const char *end = send_it(&go);
            bad += strcmp(end, "delivered") != 0 && strcmp(end, "left") != 0;
        }
        _exit(bad);
    }
    for (int i = 0; i < SENDERS; i++) {
        int status;
        ck_assert_int_eq(waitpid(senders[i], &status, 0), senders[i]);
        ck_assert_int_eq(status, 0);
    }
    // The last one takes what is left, if some of them lost patience.
    ck_assert_str_eq(send_it(&go), "delivered");
    ck_assert_uint_eq(lying(&arena), 0);
    ck_assert_int_eq(fake_number("SELECT count(*) AS n FROM signal"), SENDERS * SENT + 1);
    struct err err = {0};
    ck_assert_msg(state_verify(FAKE_STATE, &err) == 0, "%s", err.message);
}
END_TEST

UNIT_MAIN("workflow/send", a_message_goes_into_a_state_that_nobody_owns,
          cancelling_a_run_that_nobody_works_on_ends_it, what_can_not_be_sent_leaves_nothing,
          a_signal_needs_a_state_and_a_pause_makes_one, an_owner_finds_the_message_itself,
          what_a_busy_owner_does_not_take_is_kept_for_the_next, racing_senders_lose_nothing)
