// SPDX-License-Identifier: Apache-2.0
// Random sequences of what can happen to a state - calls of steps, messages, owners that come and go, time,
// transactions that are rolled back, the file closed and opened - against the model of model.h. Each answer
// agrees, at the end each table does, and so does what the events tell. A sequence that fails is made as
// short as it can be and printed; MODEL_SEQUENCE=n runs that one alone.
#include "tests/unit/workflow/model_calls.h"

// ---- runs and their steps

static void
write_step(struct trial *t, const struct operation *op, const struct model_step *now)
{
    struct said said = {0};
    struct run run = run_of(t, op);
    struct task *task = schedule_find(&t->schedule, model_steps[op->step]);
    task->status = (enum task_status)now->status;
    task->attempt = now->attempt;
    task->failures = now->failures;
    task->next_ns = now->next_ns;
    task->started_ns = now->started_ns;
    task->ended_ns = now->ended_ns;
    task->ready_ns = now->ready_ns;
    task_replace(&task->outputs, now->output ? json_pack("{s:i}", "v", now->output) : NULL);
    enter(t);
    said.failed = run_write_task(t->state, &run, &t->schedule, task, &said.err) < 0;
    leave(t, said.failed);
    struct model before = t->model;
    t->model.runs[op->run].steps[op->step] = *now;
    t->model.writes++;
    agree_owner(t, op, &before, &said);
}

// A task as the supervisor may write it: ended ones have an end, only what succeeded has outputs.
static void
do_step(struct trial *t, const struct operation *op)
{
    struct model_step now = t->model.runs[op->run].steps[op->step];
    if (!model_is_open(&t->model.runs[op->run]))
        return;
    now.status = (enum model_step_status)(op->a % 4 ? STEP_SUCCEEDED - op->a % 2 * 2 : op->b % 7);
    now.attempt = 1 + (int)(op->b % 4);
    now.failures = (int)(op->c % 3);
    now.next_ns = now.status == STEP_PENDING && op->c % 2 ? t->model.now_ns + 7 : 0;
    now.started_ns = t->model.now_ns;
    now.ended_ns = now.status > STEP_WAITING ? t->model.now_ns : 0;
    now.ready_ns = op->c % 5 ? t->model.now_ns : 0;
    now.output = now.status == STEP_SUCCEEDED ? (int)(1 + op->c % 9) : 0;
    write_step(t, op, &now);
}

// Every step of a run has a row before it is started.
static void
write_fresh_steps(struct trial *t, int run, int first)
{
    for (int s = first; s < MODEL_STEPS; s++)
        write_step(t, &(struct operation){.run = run, .step = s}, &(struct model_step){0});
}

static void
do_new_run(struct trial *t, const struct operation *op)
{
    struct err err = {0};
    int number = t->model.run_count;
    struct run run = {.pin = "P", .plan = "L", .mode = "normal", .vars = json_object()};
    (void)op;
    if (number < MODEL_RUNS) {
        run_id(number, run.id);
        enter(t);
        must(t, run_insert(t->state, &run, "x", "x", str_of(pipeline_text), &err), &err);
        leave(t, false);
        model_new_run(&t->model);
        if (run.number != number + 1)
            differ(t, "run %d has number %d", number, (int)run.number);
        write_fresh_steps(t, number, 0);
    }
    run_release(&run);
}

static void
do_find_open(struct trial *t)
{
    struct err err = {0};
    struct run run = {0};
    int last = MODEL_RUNS - 1;
    while (last >= 0 && (last >= t->model.run_count || !model_is_open(&t->model.runs[last])))
        last--;
    int found = run_find_open(t->state, "P", &run, &err);
    if (found != (last >= 0) ||
        (found == 1 && (run.number != last + 1 || run.epoch != t->model.runs[last].epoch)))
        differ(t, "found run %d, epoch %d as the open one, not run %d", (int)run.number, (int)run.epoch,
               last + 1);
    run_release(&run);
}

static bool
all_done(const struct model_run *run)
{
    for (int s = 0; s < MODEL_STEPS; s++)
        if (run->steps[s].status != STEP_SUCCEEDED && run->steps[s].status != STEP_SKIPPED)
            return false;
    return true;
}

// What the owner of a run does with it.
static void
do_run(struct trial *t, const struct operation *op)
{
    struct said said = {0};
    struct run run = run_of(t, op);
    struct model before = t->model;
    struct model_run *model = &t->model.runs[op->run];
    enum model_run_status status = all_done(model) ? RUN_SUCCEEDED : op->a % 3 ? RUN_FAILED : RUN_CANCELLED;
    if (op->kind != OP_TAKE_OVER && !model_is_open(model))
        return;
    enter(t);
    if (op->kind == OP_TAKE_OVER) {
        said.failed = run_take_over(t->state, &run, &said.err) < 0;
        model_reopen_run(&t->model, op->run);
    } else if (op->kind == OP_RUN_WAITS) {
        said.failed = run_wait(t->state, &run, op->a % 2 ? t->model.now_ns + 9 : 0, &said.err) < 0;
        model->status = RUN_WAITING;
    } else {
        said.failed = run_finish(t->state, &run, model_run_status_names[status], NULL, &said.err) < 0;
        model_end_run(&t->model, op->run, status);
    }
    leave(t, said.failed);
    t->model.writes++;
    agree_owner(t, op, &before, &said);
}

// What is done to runs that nobody works on.
static void
do_others(struct trial *t, const struct operation *op)
{
    struct err err = {0};
    struct run run = run_of(t, &(struct operation){.run = op->run});
    AUTO_ARENA arena = {0};
    const char *who;
    enter(t);
    if (op->kind == OP_SUPERSEDE) {
        AUTO_JSON *ids = run_supersede_others(t->state, &run, &err);
        must(t, ids ? 0 : -1, &err);
        model_supersede_others(&t->model, op->run);
    } else if (op->kind == OP_CANCEL_OTHERS) {
        must(t, run_cancel_others(t->state, op->a % 3 ? &run : NULL, &err), &err);
        model_cancel_others(&t->model, op->a % 3 ? op->run : -1);
    } else {
        if (signal_wants_cancel(t->state, run.id, &arena, &who, &err) !=
            model_wants_cancel(&t->model, op->run))
            differ(t, "a request to cancel run %d is seen or not", op->run);
        must(t, signal_settle_cancel(t->state, run.id, &err), &err);
        model_settle_cancel(&t->model, op->run);
    }
    leave(t, false);
}

// ---- waits and messages

static void
do_settle(struct trial *t, const struct operation *op)
{
    struct said said = {0};
    struct run run = run_of(t, op);
    AUTO_JSON *ended = json_array();
    enter(t);
    AUTO_JSON *open = wait_settle(t->state, &run, ended, &said.err);
    said.failed = open == NULL;
    leave(t, said.failed);
    struct model before = t->model;
    int left = model_settle(&t->model, op->run);
    if (open && (int)json_array_size(open) != left)
        differ(t, "%d waits stay open, not %d", (int)json_array_size(open), left);
    agree_owner(t, op, &before, &said);
}

static void
do_reopen_waits(struct trial *t, const struct operation *op)
{
    struct err err = {0};
    enter(t);
    must(t, wait_reopen(t->state, op->run + 1, model_steps[op->step], &err), &err);
    leave(t, false);
    model_reopen_waits(&t->model, op->run, op->step);
}

// Few ids, so that many come twice; sent before now or, by another clock, after.
static struct model_message
message_of(const struct trial *t, const struct operation *op)
{
    struct model_message message = {
        .kind = op->a % 8 < 5 ? MESSAGE_SIGNAL : (enum model_message_kind)(op->a % 8 - 4),
        .run = op->run,
        .approval = op->c % 2,
        .by_ann = op->c / 2 % 3 != 0,
        .data = (enum model_data)(op->c / 8 % 4),
        .sent_ns = t->model.now_ns - 100 + op->b / 16 % 150,
    };
    snprintf(message.id, sizeof(message.id), "S%02u", op->b % 16);
    if (message.kind != MESSAGE_SIGNAL)
        message.data = DATA_NONE;
    return message;
}

static struct message
real_message(const struct model_message *message, char run[27], json_t **data)
{
    struct err err;
    const char *text = model_data_texts[message->data];
    bool of_run = message->kind == MESSAGE_SIGNAL || message->kind == MESSAGE_CANCEL;
    run_id(message->run, run);
    *data = text ? json_read(str_of(text), "data", &err) : NULL;
    return (struct message){.id = message->id,
                            .kind = model_message_kind_names[message->kind],
                            .run = of_run ? run : NULL,
                            .name = message->kind != MESSAGE_SIGNAL ? ""
                                    : message->approval             ? "ok"
                                                                    : "go",
                            .sender = message->by_ann ? "ann" : "bob",
                            .sent_ns = message->sent_ns,
                            .data = *data};
}

static void
do_receive(struct trial *t, const struct operation *op)
{
    struct err err = {0};
    char run[27];
    json_t *data;
    struct model_message message = message_of(t, op);
    struct message real = real_message(&message, run, &data);
    AUTO_JSON *held = data;
    enter(t);
    must(t, signal_receive(t->state, &real, &err), &err);
    leave(t, false);
    model_receive(&t->model, &message);
}

// Somebody leaves a message in the inbox, now and then one that is none.
static void
do_leave(struct trial *t, const struct operation *op)
{
    struct said said = {0};
    char run[27];
    json_t *data;
    struct left left = {message_of(t, op), op->c % 11 == 0};
    struct message real = real_message(&left.message, run, &data);
    AUTO_JSON *held = data;
    AUTO_ARENA arena = {0};
    bool there = false;
    for (int i = 0; i < t->inbox_count; i++)
        there = there || strcmp(t->inbox[i].message.id, left.message.id) == 0;
    char *text = left.torn ? strdup("{\"version\":1,") : message_write(&real);
    said.failed = inbox_put(inbox_folder(&arena, FAKE_STATE), real.id, str_of(text), &said.err) < 0;
    free(text);
    agree(t, &said, there, ERR_CONFLICT, NULL);
    if (!there)
        t->inbox[t->inbox_count++] = left;
}

static int
by_id(const void *a, const void *b)
{
    return strcmp(((const struct left *)a)->message.id, ((const struct left *)b)->message.id);
}

static void
model_take_inbox(struct trial *t)
{
    if (t->inbox_count > 0)
        qsort(t->inbox, (size_t)t->inbox_count, sizeof(t->inbox[0]), by_id);
    for (int i = 0; i < t->inbox_count; i++)
        if (!t->inbox[i].torn)
            model_receive(&t->model, &t->inbox[i].message);
}

// Who is killed between the commit and the removal of the files takes them again.
static void
do_take_inbox(struct trial *t, const struct operation *op)
{
    struct err err = {0};
    AUTO_ARENA arena = {0};
    const char **ids;
    size_t count;
    enter(t);
    must(t, signal_take_inbox(t->state, FAKE_STATE, &arena, &ids, &count, &err), &err);
    leave(t, false);
    model_take_inbox(t);
    if ((int)count != t->inbox_count)
        differ(t, "%d messages were taken, not %d", (int)count, t->inbox_count);
    if (t->in_transaction || op->a % 3 == 0)
        return;
    signal_drop_taken(FAKE_STATE, ids, count);
    t->inbox_count = 0;
}

// ---- what needs the file for itself

static void
open_state(struct trial *t)
{
    struct err err = {0};
    t->state = state_open(FAKE_STATE, &fake_registry, &t->host, &err);
    must(t, t->state ? 0 : -1, &err);
}

// Nothing of the open transaction happened, but time does not run back.
static void
forget_transaction(struct trial *t)
{
    int64_t now_ns = t->model.now_ns;
    if (t->in_transaction)
        t->model = t->before;
    t->model.now_ns = now_ns;
    t->in_transaction = false;
}

static void
close_state(struct trial *t)
{
    state_close(t->state);
    t->state = NULL;
    forget_transaction(t);
}

// The id that the sent message got.
static void
learn_id(struct trial *t, char id[27])
{
    struct err err = {0};
    AUTO_JSON *rows = state_rows(t->state, "SELECT id FROM signal WHERE id < 'S' ORDER BY rowid DESC LIMIT 1",
                                 json_array(), &err);
    snprintf(id, 27, "%s", json_get_text(json_array_get(rows, 0), "id", ""));
}

static void
do_send(struct trial *t, const struct operation *op)
{
    struct said said = {0};
    char run[27];
    json_t *data;
    bool delivered;
    struct model_message message = message_of(t, op);
    struct message real = real_message(&message, run, &data);
    AUTO_JSON *held = data;
    close_state(t);
    bool known = !real.run || op->run < t->model.run_count;
    bool refused = real.run && (!known || !model_is_open(&t->model.runs[op->run]));
    said.failed = engine_send(FAKE_STATE, &fake_registry, &t->host, &real, &delivered, &said.err) < 0;
    open_state(t);
    agree(t, &said, refused, known ? ERR_CONFLICT : ERR_NOT_FOUND, NULL);
    if (refused || t->failure[0])
        return;
    learn_id(t, message.id);
    message.sent_ns = t->model.now_ns;
    model_receive(&t->model, &message);
    model_take_inbox(t);
    t->inbox_count = 0;
    model_cancel_others(&t->model, -1);
    t->model.now_ns++; // two that are sent at once have no order
}

static void
do_reset(struct trial *t, const struct operation *op)
{
    struct said said = {0};
    char run[27];
    json_t *steps;
    run_id(op->run, run);
    close_state(t);
    if (op->run >= t->model.run_count) { // it was rolled back
        open_state(t);
        return;
    }
    said.failed =
        engine_reset(FAKE_STATE, &fake_registry, &t->host, run, model_steps[op->step], &steps, &said.err) < 0;
    open_state(t);
    AUTO_JSON *held = steps, *wanted = op->step == 0 ? json_pack("[s, s]", "a", "b") : json_pack("[s]", "b");
    said.reply = held;
    agree(t, &said, false, ERR_INTERNAL, wanted);
    if (t->failure[0])
        return;
    model_reset(&t->model, op->run, op->step);
    write_fresh_steps(t, op->run, op->step);
}

static void
do_transaction(struct trial *t, const struct operation *op)
{
    struct err err = {0};
    if (op->kind == OP_TRANSACTION && !t->in_transaction) {
        must(t, state_begin(t->state, &err), &err);
        t->before = t->model;
        t->in_transaction = true;
    } else if (op->kind == OP_KEEP && t->in_transaction) {
        must(t, state_commit(t->state, &err), &err);
        t->in_transaction = false;
    } else if (op->kind == OP_ROLL_BACK && t->in_transaction) {
        state_rollback(t->state);
        forget_transaction(t);
    }
}

// A waiting run is taken over before anybody works on it, and a run waits only while its waiting steps do.
static bool
is_out_of_turn(const struct trial *t, const struct operation *op)
{
    const struct model_run *run = &t->model.runs[op->run];
    bool works =
        op->kind <= OP_WARN || op->kind == OP_STEP || op->kind == OP_SETTLE || op->kind == OP_REOPEN_WAITS;
    if (run->status == RUN_WAITING)
        return works;
    bool idle = false;
    for (int s = 0; s < MODEL_STEPS; s++) {
        bool open = false;
        for (int w = 0; w < MODEL_WAITS; w++)
            open = open || run->steps[s].waits[w].status == WAIT_OPEN;
        idle = idle || (run->steps[s].status == STEP_WAITING && !open);
    }
    return op->kind == OP_RUN_WAITS && idle;
}

static void
apply(struct trial *t, const struct operation *op)
{
    bool of_run = op->kind <= OP_WARN || (op->kind >= OP_TAKE_OVER && op->kind <= OP_REOPEN_WAITS) ||
                  op->kind == OP_RESET;
    if (of_run && (op->run >= t->model.run_count || is_out_of_turn(t, op)))
        return;
    if (op->kind <= OP_WARN)
        do_call(t, op);
    else if (op->kind == OP_NEW_RUN)
        do_new_run(t, op);
    else if (op->kind == OP_FIND_OPEN)
        do_find_open(t);
    else if (op->kind <= OP_FINISH)
        do_run(t, op);
    else if (op->kind <= OP_OWN_CANCEL)
        do_others(t, op);
    else if (op->kind == OP_STEP)
        do_step(t, op);
    else if (op->kind == OP_SETTLE)
        do_settle(t, op);
    else if (op->kind == OP_REOPEN_WAITS)
        do_reopen_waits(t, op);
    else if (op->kind == OP_RECEIVE)
        do_receive(t, op);
    else if (op->kind == OP_LEAVE)
        do_leave(t, op);
    else if (op->kind == OP_TAKE_INBOX)
        do_take_inbox(t, op);
    else if (op->kind == OP_SEND)
        do_send(t, op);
    else if (op->kind == OP_RESET)
        do_reset(t, op);
    else if (op->kind == OP_TIME)
        t->model.now_ns += op->a % 8 ? op->b % 120 : -(int64_t)(op->b % 20);
    else if (op->kind == OP_OPEN_AGAIN) {
        close_state(t);
        open_state(t);
    } else
        do_transaction(t, op);
}

// ---- sequences

static struct operation
draw(struct rng *rng)
{
    struct operation op = {.kind = OP_BEGIN};
    uint32_t sum = 0;
    for (int i = 0; i < KIND_COUNT; i++)
        sum += kinds[i].weight;
    uint32_t at = (uint32_t)rng_below(rng, sum);
    for (; at >= kinds[op.kind].weight; op.kind++)
        at -= kinds[op.kind].weight;
    op.run = (int)rng_below(rng, rng_below(rng, 3) ? 1 : MODEL_RUNS);
    op.step = (int)rng_below(rng, MODEL_STEPS);
    op.key = (int)rng_below(rng, 60);
    // One in eight is behind, or comes from a take-over that was rolled back.
    static const int64_t lags[] = {1, 1, 2, -1};
    op.lag = rng_below(rng, 8) ? 0 : lags[rng_below(rng, 4)];
    op.a = rng_u32(rng) >> 8;
    op.b = rng_u32(rng) >> 8;
    op.c = rng_u32(rng) >> 8;
    return op;
}

static size_t
draw_all(uint64_t sequence, struct operation *operations)
{
    struct rng rng;
    rng_init(&rng, SEED, sequence);
    size_t count = 20 + (size_t)rng_below(&rng, MAX_OPERATIONS - 20 + 1);
    for (size_t i = 0; i < count; i++)
        operations[i] = draw(&rng);
    return count;
}

static void
start(struct trial *t)
{
    struct err err = {0};
    memset(t, 0, sizeof(*t));
    t->host = (struct host){t, trial_wall, trial_wall, fake_env};
    t->model.now_ns = 1000000;
    must(t, fs_remove_tree("s", &err), &err);
    must(t, fs_write(FAKE_STATE, template_file, &err), &err);
    open_state(t);
    schedule_init(&t->schedule, pipeline, NULL, "R0", &t->host, &lasting_tasks);
    if (!t->failure[0])
        do_new_run(t, NULL);
}

static void
end(struct trial *t)
{
    struct err err = {0};
    if (!t->failure[0])
        do_transaction(t, &(struct operation){.kind = OP_KEEP});
    if (!t->failure[0]) {
        compare_tables(t);
        compare_events(t);
    }
    close_state(t);
    if (!t->failure[0])
        must(t, state_verify(FAKE_STATE, &err), &err);
    schedule_release(&t->schedule);
    arena_release(&lasting_tasks);
}

// Runs operations on a fresh state; false with t->failure when the two sides differ.
static bool
run_sequence(struct trial *t, const struct operation *operations, size_t count)
{
    start(t);
    for (size_t i = 0; i < count && !t->failure[0]; i++)
        apply(t, &operations[i]);
    end(t);
    return !t->failure[0];
}

// Leaves out what the failure does not need: halves, quarters .. single operations.
static size_t
shrink(struct trial *t, struct operation *operations, size_t count)
{
    for (size_t size = count / 2; size > 0; size /= 2) {
        for (size_t at = 0; at + size <= count;) {
            struct operation fewer[MAX_OPERATIONS];
            memcpy(fewer, operations, at * sizeof(fewer[0]));
            memcpy(fewer + at, operations + at + size, (count - at - size) * sizeof(fewer[0]));
            if (run_sequence(t, fewer, count - size)) {
                at += size;
                continue;
            }
            count -= size;
            memcpy(operations, fewer, count * sizeof(fewer[0]));
        }
    }
    return count;
}

static void
report(uint64_t sequence, const struct operation *operations, size_t count, const char *failure)
{
    printf("seed %d, sequence %llu:\n", SEED, (unsigned long long)sequence);
    for (size_t i = 0; i < count; i++) {
        const struct operation *op = &operations[i];
        printf("  %-13s run %d step %d key %d lag %d a %u b %u c %u\n", kinds[op->kind].name, op->run,
               op->step, op->key, (int)op->lag, op->a, op->b, op->c);
    }
    printf("%s\n", failure);
    fflush(stdout);
}

static void
prepare(struct arena *arena)
{
    struct err err = {0};
    AUTO_PROBLEMS problems = {0};
    // Memory, where there is some: what a disk does is looked at elsewhere.
    if (fs_is_dir("/dev/shm") && access("/dev/shm", W_OK) == 0)
        setenv("TMPDIR", "/dev/shm", 1);
    fake_folder(arena);
    struct trial t = {.model.now_ns = 1};
    t.host = (struct host){&t, trial_wall, trial_wall, fake_env};
    open_state(&t);
    ck_assert_msg(!t.failure[0], "%s", t.failure);
    close_state(&t);
    AUTO_BUF file = BUF(1 << 20);
    ck_assert_int_eq(fs_read(FAKE_STATE, 1 << 20, &file, &err), 0);
    template_file = str_of(arena_str(arena, buf_str(&file)));
    template_file.len = file.len;
    pipeline = pipeline_read(arena, str_of(pipeline_text), "x", &fake_registry, &problems);
    ck_assert_ptr_nonnull(pipeline);
    for (int i = 0; i < MODEL_BLOBS; i++) {
        struct hash hash = hash_of(blob_texts[i], strlen(blob_texts[i]));
        hash_hex(&hash, blob_hashes[i]);
    }
}

// The sequences of one of the ten parts.
static void
run_part(uint64_t part)
{
    AUTO_ARENA arena = {0};
    static struct trial t;
    struct operation operations[MAX_OPERATIONS];
    const char *only = getenv("MODEL_SEQUENCE");
    uint64_t first = only ? strtoull(only, NULL, 10) : part * (SEQUENCES / 10);
    uint64_t last = only ? first + (part == 0) : first + SEQUENCES / 10;
    prepare(&arena);
    for (uint64_t i = first; i < last; i++) {
        size_t count = draw_all(i, operations);
        if (run_sequence(&t, operations, count))
            continue;
        char failure[sizeof(t.failure)];
        memcpy(failure, t.failure, sizeof(failure));
        count = shrink(&t, operations, count);
        bool again = !run_sequence(&t, operations, count);
        report(i, operations, count, again ? t.failure : failure);
        ck_abort_msg("sequence %llu", (unsigned long long)i);
    }
    pipeline_release(pipeline);
}

#define PART(n)                                                   \
    START_TEST(random_sequences_leave_the_state_of_the_model_##n) \
    {                                                             \
        run_part(n);                                              \
    }                                                             \
    END_TEST
PART(0);
PART(1);
PART(2);
PART(3);
PART(4);
PART(5);
PART(6);
PART(7);
PART(8);
PART(9);

UNIT_MAIN("workflow/model", random_sequences_leave_the_state_of_the_model_0,
          random_sequences_leave_the_state_of_the_model_1, random_sequences_leave_the_state_of_the_model_2,
          random_sequences_leave_the_state_of_the_model_3, random_sequences_leave_the_state_of_the_model_4,
          random_sequences_leave_the_state_of_the_model_5, random_sequences_leave_the_state_of_the_model_6,
          random_sequences_leave_the_state_of_the_model_7, random_sequences_leave_the_state_of_the_model_8,
          random_sequences_leave_the_state_of_the_model_9)
