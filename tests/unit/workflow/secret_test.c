// SPDX-License-Identifier: Apache-2.0
#include "workflow/secret.h"

#include "base/buf.h"
#include "tests/unit/workflow/fake_run.h"
#include "workflow/bundle.h"
#include "workflow/lease.h"
#include "workflow/server.h"
#include "workflow/snapshot.h"
#include "workflow/store.h"

#define VALUE "pl\"nted/secret+7531 x"

static const char *
planted(void *context, const char *name)
{
    (void)context;
    return strcmp(name, "PLANTED") == 0 || strcmp(name, "GITHUB_TOKEN") == 0 ? VALUE
           : strcmp(name, "SHORT") == 0                                      ? "short"
           : strcmp(name, "LINES") == 0                                      ? "first line\nsecond line\n"
                                                                             : NULL;
}

static const struct host host = {.env = planted};

static const char *
masked(struct arena *arena, const char *text)
{
    struct secrets secrets = {0};
    secrets_add(&secrets, &host, "PLANTED");
    secrets_add(&secrets, &host, "SHORT");
    secrets_add(&secrets, &host, "LINES");
    secrets_add(&secrets, &host, "NONE");
    const char *result = arena_dup(arena, secrets_mask_text(&secrets, arena, text));
    secrets_release(&secrets);
    return result;
}

START_TEST(every_form_of_a_value_is_masked)
{
    AUTO_ARENA arena = {0};
    ck_assert_str_eq(masked(&arena, "a " VALUE " b " VALUE), "a *** b ***");
    ck_assert_str_eq(masked(&arena, "a pl\\\"nted/secret+7531 x b"), "a *** b");
    ck_assert_str_eq(masked(&arena, "q=pl%22nted%2Fsecret%2B7531%20x&r"), "q=***&r");
    ck_assert_str_eq(masked(&arena, "q=pl%22nted%2fsecret%2b7531%20x&r"), "q=***&r");
    ck_assert_str_eq(masked(&arena, "pl\\\"nted\\/secret+7531 x"), "***");
    ck_assert_str_eq(masked(&arena, "> second line"), "> ***");
    ck_assert_str_eq(masked(&arena, "short stays, and pl\"nted too"), "short stays, and pl\"nted too");
    for (int shift = 0; shift < 6; shift++) {
        AUTO_BUF text = BUF(1000);
        const char *plain = arena_printf(&arena, "%.*s" VALUE "&more", shift, "user:x");
        buf_add_base64(&text, plain, strlen(plain));
        const char *shown = masked(&arena, buf_text(&text));
        ck_assert_msg(strstr(shown, SECRET_MASK) != NULL, "%s", shown);
        ck_assert_msg(strlen(shown) < strlen(buf_text(&text)) - 20, "%s", shown);
    }
}
END_TEST

START_TEST(json_is_masked_in_strings_and_keys)
{
    struct secrets secrets = {0};
    secrets_add_usual(&secrets, &host);
    json_t *plain = json_pack("{s:[s, i], s:n}", "list", "nothing here", 7, "none");
    ck_assert_ptr_eq(secrets_mask(&secrets, json_incref(plain)), plain);
    json_decref(plain);
    json_decref(plain);
    AUTO_JSON *hidden =
        secrets_mask(&secrets, json_pack("{s:[s, {s:i}], s:b}", "list", "x " VALUE, VALUE, 7, "flag", 1));
    AUTO_JSON *wanted = json_pack("{s:[s, {s:i}], s:b}", "list", "x ***", "***", 7, "flag", 1);
    ck_assert(json_equal(hidden, wanted));
    AUTO_JSON *zero = secrets_mask(&secrets, json_stringn("a\0" VALUE, 2 + strlen(VALUE)));
    ck_assert_uint_eq(json_string_length(zero), 5);
    ck_assert_int_eq(memcmp(json_string_value(zero), "a\0***", 5), 0);
    ck_assert_ptr_null(secrets_mask(&secrets, NULL));
    secrets_release(&secrets);
}
END_TEST

static void
say(struct fake_run *fake, json_t *call)
{
    struct err err = {0};
    AUTO_BUF tail = BUF(10000);
    struct server server = {fake->state, fake->run.number, fake->run.epoch, "s", 1};
    struct frame frame = {.json = call};
    json_t *reply = NULL;
    bool fenced = false;
    ck_assert_msg(server_apply(&server, &frame, &reply, &tail, &fenced, &err) == 0, "%s", err.message);
    json_decref(reply);
    json_decref(call);
}

// Nothing of the value may stand in the bytes, in none of the ways that a step below writes it.
static void
search_bytes(struct str bytes, const char *where)
{
    static const char *const shapes[] = {"secret+7531", "secret%2B7531", "cGwibnRlZC9zZWNyZXQ"};
    for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++)
        ck_assert_msg(str_find(bytes, str_of(shapes[i])) < 0, "%s: %s", where, shapes[i]);
}

static void
search(const char *path)
{
    struct err err = {0};
    AUTO_BUF bytes = BUF((size_t)64 << 20);
    ck_assert_int_eq(fs_read(path, (size_t)64 << 20, &bytes, &err), 0);
    search_bytes(buf_str(&bytes), path);
}

static void
search_folder(struct arena *arena, const char *folder)
{
    struct err err = {0};
    struct fs_list files;
    ck_assert_int_eq(fs_walk(arena, folder, &files, &err), 0);
    ck_assert_uint_gt(files.count, 0);
    for (size_t i = 0; i < files.count; i++) {
        search(fs_join(arena, folder, files.paths[i]));
        search_bytes(str_of(files.paths[i]), "a file's name");
    }
}

// Queued writes, which go past JSON.
static void
keep(struct fake_run *fake, const char *format, const char *text, int number)
{
    struct err err = {0};
    AUTO_BUF stores = BUF(10000);
    AUTO_JSON *params = json_pack(format, text, number), *plain = json_pack(format, "plain", number);
    ck_assert_int_eq(store_add(&stores, "square.insert", params, &err), 0);
    ck_assert_int_eq(store_add(&stores, "square.insert", plain, &err), 0);
    ck_assert_msg(store_run(fake->state, buf_str(&stores), &err) == 0, "%s", err.message);
}

static void
refuse_blob(struct fake_run *fake)
{
    struct err err = {0};
    AUTO_BUF stores = BUF(10000), text = BUF(1000);
    buf_add_base64(&text, "\0\1" VALUE, 2 + strlen(VALUE));
    AUTO_JSON *params = json_pack("[{s:s}, i]", "b64", buf_text(&text), 2);
    ck_assert_int_eq(store_add(&stores, "square.insert", params, &err), 0);
    ck_assert_int_eq(store_run(fake->state, buf_str(&stores), &err), -1);
    ck_assert_int_eq(err.kind, ERR_USAGE);
}

// Through every way that ends in a table or an event, past the mask of frames.
START_TEST(a_state_holds_no_secret)
{
    AUTO_ARENA arena = {0};
    struct err err = {0};
    struct fake_run fake;
    fake_open(&fake, &arena);
    state_close(fake.state);
    struct host outside = fake.host;
    outside.env = planted;
    fake.state = state_open(FAKE_STATE, &fake_registry, &outside, &err);
    ck_assert_msg(fake.state != NULL, "%s", err.message);
    fake_begin(&fake);
    say(&fake, json_pack("{s:s, s:s, s:s, s:s}", "call", "begin", "name", "n", "key", "k", "input", "i"));
    say(&fake, json_pack("{s:s, s:s, s:s, s:s}", "call", "heartbeat", "name", "n", "key", "k", "details",
                         "at " VALUE));
    keep(&fake, "[s, i]", "kept " VALUE, 1);
    refuse_blob(&fake);
    say(&fake, json_pack("{s:s, s:s, s:s, s:{s:s}}", "call", "commit", "name", "n", "key", "k", "result",
                         "token", VALUE));
    say(&fake, json_pack("{s:s, s:s, s:{s:s}}", "call", "effect", "key", "e", "intent", "url",
                         "http://u:pl%22nted%2Fsecret%2B7531%20x@h"));
    say(&fake, json_pack("{s:s, s:s, s:s}", "call", "confirm", "key", "e", "result", VALUE));
    say(&fake, json_pack("{s:s, s:s}", "call", "warn", "text", "got " VALUE));
    char hash[65];
    ck_assert_int_eq(state_blob_put(fake.state, STR("x=" VALUE), hash, &err), -1);
    ck_assert_int_eq(err.kind, ERR_USAGE);
    ck_assert_msg(strstr(err.message, "$GITHUB_TOKEN") != NULL, "%s", err.message);
    ck_assert_int_eq(state_run(fake.state,
                               "INSERT INTO step(run, key, id, role, position, uses, item, status, attempt,"
                               " failures) VALUES(1, 's', 's', 'step', 0, 'x', ?, 'running', 1, 0)",
                               json_pack("[s]", "\"" VALUE "\""), NULL, &err),
                     0);
    fake_commit(&fake);
    fake_signal(&fake, "S", "go", VALUE, 900, "{\"a\": \"pl\\\"nted/secret+7531 x\"}");
    search(FAKE_STATE);
    search(FAKE_STATE "-wal");
    ck_assert_str_eq(fake_text(&arena, "SELECT result AS t FROM activity"), "{\"token\":\"***\"}");
    ck_assert_str_eq(fake_text(&arena, "SELECT intent AS t FROM effect"), "{\"url\":\"http://u:***@h\"}");
    ck_assert_str_eq(fake_text(&arena, "SELECT sender AS t FROM signal"), "***");
    ck_assert_int_eq(fake_number("SELECT count(*) AS n FROM square WHERE step = 'kept ***'"), 1);
    ck_assert_int_eq(fake_number("SELECT count(*) AS n FROM square WHERE step = 'plain'"), 1);
    fake_close(&fake);
    search(FAKE_STATE);
}
END_TEST

// The control: the same value, which nobody named.
START_TEST(a_named_variable_stays_hidden_for_later_owners)
{
    AUTO_ARENA arena = {0};
    struct err err = {0};
    struct fake_run fake;
    fake_open(&fake, &arena);
    fake.host.env = planted;
    state_close(fake.state);
    fake.state = state_open(FAKE_STATE, &fake_registry, &fake.host, &err);
    fake_signal(&fake, "A", "go", "first line", 900, NULL);
    ck_assert_int_eq(fake_number("SELECT count(*) AS n FROM signal WHERE sender = 'first line'"), 1);
    AUTO_JSON *names = json_pack("[s, s]", "LINES", "LINES");
    fake_begin(&fake);
    ck_assert_msg(state_hide(fake.state, names, &err) == 0, "%s", err.message);
    fake_commit(&fake);
    state_close(fake.state);
    fake.state = state_open(FAKE_STATE, &fake_registry, &fake.host, &err);
    fake_signal(&fake, "B", "go", "first line", 900, NULL);
    ck_assert_str_eq(fake_text(&arena, "SELECT sender AS t FROM signal WHERE id = 'B'"), "***");
    ck_assert_str_eq(fake_text(&arena, "SELECT value AS t FROM meta WHERE key = 'secrets'"), "[\"LINES\"]");
    fake_close(&fake);
}
END_TEST

// ---- a run that says its secret wherever it can

static int
leak_look_up(void *context, json_t **result, struct err *err)
{
    (void)context;
    (void)result;
    (void)err;
    return 0;
}

static int
leak_act(void *context, json_t **result, struct err *err)
{
    (void)err;
    *result = json_pack("{s:s}", "url", (const char *)context);
    return 0;
}

// An activity with a heartbeat and a store, all of it with the value in it.
static int
leak_activity(struct step *step, const char *value, struct err *err)
{
    json_t *known;
    AUTO_JSON *input = json_string(value);
    int begun = journal_begin(step, "leak", value, input, &known, err);
    if (begun != 0) {
        json_decref(known);
        return begun < 0 ? -1 : 0;
    }
    journal_heartbeat(step, json_pack("{s:s}", value, value));
    AUTO_JSON *result = json_pack("[s, {s:s}]", value, "json", arena_printf(step->arena, "q=%s", value));
    if (journal_store(step, "square.insert", json_pack("[s, i]", value, 3), err) < 0)
        return -1;
    return journal_commit(step, "leak", value, result, err);
}

static int
leak(struct step *step, struct err *err)
{
    static const struct journal_effect effect = {leak_look_up, leak_act};
    const char *value = step_text(step, "value");
    json_t *data = NULL, *rows = NULL, *done = NULL;
    // It got the value itself.
    if (!value || strcmp(value, VALUE) != 0)
        return err_set(err, ERR_USAGE, "another value");
    AUTO_BUF encoded = BUF(1000);
    buf_add_base64(&encoded, value, strlen(value));
    printf("%s\n%s\n", value, buf_text(&encoded));
    fflush(stdout);
    step_progress(step, json_pack("{s:s}", "phase", value), "at %s", value);
    step_warn(step, "about %s", value);
    AUTO_JSON *intent = json_string(value);
    if (leak_activity(step, value, err) < 0 ||
        journal_rows(step, "square.count", json_pack("[s]", value), &rows, err) < 0 ||
        journal_effect(step, value, intent, &effect, (void *)(uintptr_t)value, &done, err) < 0)
        return -1;
    json_decref(done);
    int64_t count = json_get_int(json_array_get(rows, 0), "n", 0);
    json_decref(rows);
    int got = journal_wait_signal(step, value, "go", 0, &data, err);
    if (got < 0)
        return -1;
    step_output(step, "value", json_string(value));
    step_output(step, "data", data);
    if (count != 1)
        return err_set(err, ERR_INTERNAL, "the row that was stored is not found by what it was stored as");
    return err_set(err, ERR_TARGET, "no use of %s", value);
}

static const struct step_ops leak_step = {
    .name = "leak", .summary = "Tells.", .inputs = fake_inputs, .run = leak};
static const struct step_ops *const leak_steps[] = {&leak_step, NULL};
static const struct registry leak_registry = {leak_steps, fake_tables};

static void
note_event(void *context, const struct engine_event *event)
{
    struct buf *told = context;
    char *details = event->details ? json_compact(event->details) : NULL;
    buf_printf(told, "%s %s %s %s\n", event->type, event->step ? event->step : "", event->text,
               details ? details : "");
    free(details);
}

// Runs once; what it said, its error too, is searched.
static const char *
run_leak(const struct engine_options *options, struct engine_outcome *outcome)
{
    struct err err = {0};
    AUTO_BUF told = BUF((size_t)1 << 20);
    struct engine_options own = *options;
    own.observe = note_event;
    own.context = &told;
    int result = engine_run(&own, outcome, &err);
    search_bytes(buf_str(&told), "what was told");
    search_bytes(str_of(err.message), "the error");
    ck_assert(str_find(buf_str(&told), STR(SECRET_MASK)) >= 0);
    return result == 0 ? outcome->status : err_name(err.kind);
}

// Also in files that are made of the state.
static void
search_copies(struct arena *arena, const char *state)
{
    struct err err = {0};
    struct lease lease;
    int64_t schema;
    ck_assert_int_eq(snapshot_take(state, "snapshot.db", &schema, &err), 0);
    search("snapshot.db");
    ck_assert_msg(bundle_export(state, "bundle.tar.zst", &err) == 0, "%s", err.message);
    search("bundle.tar.zst");
    ck_assert_int_eq(lease_acquire(&lease, "copy.db", &err), 0);
    ck_assert_msg(bundle_import("bundle.tar.zst", "copy.db", false, &err) == 0, "%s", err.message);
    lease_release(&lease);
    search("copy.db");
    search_folder(arena, ".atoll");
}

START_TEST(a_run_tells_its_secret_to_nobody)
{
    AUTO_ARENA arena = {0};
    struct err err = {0};
    char *folder = fake_folder(&arena);
    ck_assert_int_eq(setenv("LEAK", VALUE, 1), 0);
    struct engine_options options = fake_options(
        folder, "version: 1\nsecrets: [LEAK]\nsteps:\n"
                "  - {id: tell, uses: leak, retry: {attempts: 1}, with: {value: \"${{ env.LEAK }}\"}}\n");
    options.registry = &leak_registry;
    struct engine_outcome outcome;
    ck_assert_str_eq(run_leak(&options, &outcome), "waiting");
    search_folder(&arena, ".atoll");
    AUTO_JSON *data = json_pack("{s:s}", "token", VALUE);
    struct message message = {
        .kind = "signal", .run = outcome.run, .name = "go", .sender = VALUE, .data = data};
    bool delivered;
    ck_assert_msg(engine_send(outcome.state, &leak_registry, host_real(), &message, &delivered, &err) == 0,
                  "%s", err.message);
    ck_assert_str_eq(run_leak(&options, &outcome), "target");
    search_copies(&arena, outcome.state);
    AUTO_JSON *status = engine_status(outcome.state, NULL, &err);
    const json_t *step = json_array_get(json_object_get(status, "steps"), 0);
    ck_assert_str_eq(json_get_text(json_object_get(step, "error"), "message", ""), "no use of ***");
    ck_assert_msg(state_verify(outcome.state, &err) == 0, "%s", err.message);
}
END_TEST

// A message is without secrets already on its way.
START_TEST(a_sealed_message_holds_no_secret)
{
    struct err err = {0};
    char id[27];
    struct secrets secrets = {0};
    struct fake_run fake = {.now_ns = 5};
    struct host clocked = {&fake, fake_wall, fake_wall, fake_env};
    AUTO_JSON *data = json_string("x " VALUE);
    struct message message = {.kind = "signal", .run = "R", .name = "go", .sender = "robin", .data = data};
    secrets_add(&secrets, &host, "PLANTED");
    char *text = message_seal(&message, &clocked, &secrets, id, &err);
    ck_assert_ptr_nonnull(text);
    search_bytes(str_of(text), "message");
    ck_assert_ptr_nonnull(strstr(text, "\"x ***\""));
    free(text);
    secrets_release(&secrets);
}
END_TEST

int
main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "step-process") == 0)
        return step_process_main(&leak_registry, 3);
    const TTest *const tests[] = {
        every_form_of_a_value_is_masked,  json_is_masked_in_strings_and_keys,
        a_state_holds_no_secret,          a_named_variable_stays_hidden_for_later_owners,
        a_run_tells_its_secret_to_nobody, a_sealed_message_holds_no_secret};
    return unit_run("workflow/secret", tests, sizeof(tests) / sizeof(tests[0]));
}
