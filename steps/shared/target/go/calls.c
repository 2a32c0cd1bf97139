// SPDX-License-Identifier: Apache-2.0
#include "steps/shared/target/go/calls.h"

#include "steps/shared/target/corpus.h"
#include "steps/shared/target/go/draw.h"
#include "steps/shared/target/go/value.h"

enum { LEARNED_CALLS_MAX = 2000, LONGEST_UNKNOWN = 64, HIGH_UNKNOWN = 20, BASES = 2 };

static int
add_call(struct corpus *corpus, const struct signature *signature, const json_t *arguments, const char *name,
         struct err *err)
{
    size_t before = corpus->bytes.len;

    if (go_value_encode(signature->go, arguments, name, &corpus->bytes, err) != 0) {
        corpus->bytes.len = before;
        return -1;
    }
    while (corpus->bytes.len % 8 != 0 && !corpus->bytes.full)
        buf_putc(&corpus->bytes, '\0');
    return corpus_end_call(corpus, err) != 0 ? err_wrap(err, "%s", name) : 0;
}

static json_t *
call_json(const struct corpus *corpus, size_t index, const struct signature *signature)
{
    return go_value_decode(signature->go, corpus_call(corpus, index));
}

static json_t *
signature_json(const struct signature *signature)
{
    return go_signature_json(signature->go);
}

static json_t *
output_json(const struct signature *signature, struct str output)
{
    return go_value_output(signature->go, output);
}

static bool
same_signature(const struct signature *a, const struct signature *b)
{
    return go_signature_same(a->go, b->go);
}

// ---- what the captured calls are like
// ----------------------------------------------------------------------------------------

static void
learn(json_t *value, struct go_habit *habit, bool *numbers)
{
    AUTO_BUF bytes = BUF(1 << 24);
    size_t length = 0, i;
    const char *key;
    json_t *item;

    if (json_is_integer(value)) {
        int64_t number = json_integer_value(value);
        habit->low = !*numbers || number < habit->low ? number : habit->low;
        habit->high = !*numbers || number > habit->high ? number : habit->high;
        *numbers = true;
    } else if (json_bytes_into(value, &bytes)) {
        length = bytes.len;
    } else if (json_is_array(value)) {
        length = json_array_size(value);
        json_array_foreach(value, i, item) learn(item, habit, numbers);
    } else {
        json_object_foreach(value, key, item) learn(item, habit, numbers);
    }
    habit->longest = length > habit->longest ? length : habit->longest;
}

static json_t *
distribution(const struct corpus *corpus, const struct signature *signature)
{
    const struct go_signature *go = signature->go;
    json_t *learned = json_object();

    for (size_t i = 0; i < go->argument_count; i++) {
        struct go_habit habit = {0};
        bool numbers = false;
        for (size_t k = 0; k < corpus->count && k < LEARNED_CALLS_MAX; k++) {
            AUTO_JSON *call = call_json(corpus, k, signature);
            learn(json_array_get(call, i), &habit, &numbers);
        }
        json_t *one = json_object();
        if (habit.longest > 0)
            json_object_set_new(one, "longest", json_integer((json_int_t)habit.longest));
        if (numbers) {
            json_object_set_new(one, "min", json_integer(habit.low));
            json_object_set_new(one, "max", json_integer(habit.high));
        }
        json_object_set_new(learned, go->arguments[i].name, one);
    }
    return learned;
}

static struct go_draw
draw_of(const struct signature *signature, const json_t *learned, struct rng *rng, size_t argument)
{
    const json_t *one = json_object_get(learned, signature->go->arguments[argument].name);
    int64_t longest = json_get_int(one, "longest", LONGEST_UNKNOWN);
    struct go_habit habit = {.longest = longest > 0 ? (size_t)longest : 0,
                             .low = json_get_int(one, "min", 0),
                             .high = json_get_int(one, "max", HIGH_UNKNOWN)};

    if (habit.high < habit.low)
        habit.high = habit.low;
    return (struct go_draw){.signature = signature->go, .rng = rng, .habit = habit};
}

// ---- drawing
// -----------------------------------------------------------------------------------------------------------------

static json_t *
any_call(const struct corpus *like, const struct signature *signature, struct rng *rng)
{
    return like->count > 0 ? call_json(like, (size_t)rng_below(rng, like->count), signature) : NULL;
}

// A call whose arguments are those of a captured one, of another, or changed; made up where there is none.
static json_t *
draw_call(const struct signature *signature, const json_t *learned, const struct corpus *like,
          struct rng *rng)
{
    const struct go_signature *go = signature->go;
    AUTO_JSON *base = any_call(like, signature, rng), *other = any_call(like, signature, rng);
    json_t *call = json_array();

    for (size_t i = 0; i < go->argument_count; i++) {
        struct go_draw draw = draw_of(signature, learned, rng, i);
        const json_t *value = json_array_get(rng_below(rng, 4) == 0 ? other : base, i);
        uint64_t how = rng_below(rng, 8);
        if (value == NULL || (how == 0 && !(go->has_receiver && i == 0)))
            json_array_append_new(call, go_draw_fresh(&draw, go->arguments[i].type));
        else if (how < 5 && !(go->has_receiver && i == 0))
            json_array_append_new(call, go_draw_change(&draw, go->arguments[i].type, value));
        else
            json_array_append_new(call, json_deep_copy(value));
    }
    return call;
}

// A drawn call that its types do not take is left out: a field of a map's key drawn twice, say.
static int
add_drawn(struct corpus *corpus, const struct signature *signature, const json_t *call, struct err *err)
{
    if (add_call(corpus, signature, call, "a drawn call", err) == 0)
        return 0;
    return err->kind == ERR_PARSE ? 0 : -1;
}

static int
generate(struct corpus *corpus, const struct signature *signature, const json_t *learned,
         const struct corpus *like, struct rng *rng, size_t count, struct err *err)
{
    size_t wanted = corpus->count + count;

    for (size_t i = 0; i < 2 * count && corpus->count < wanted; i++) {
        AUTO_JSON *call = draw_call(signature, learned, like, rng);
        if (add_drawn(corpus, signature, call, err) != 0)
            return -1;
    }
    return 0;
}

typedef json_t *edge(const struct go_draw *draw, size_t index, const json_t *value, size_t number);

// Calls with one argument at each of its edges.
static int
add_edges(struct corpus *corpus, const struct signature *signature, const json_t *learned, const json_t *base,
          struct rng *rng, edge *edge_of, struct err *err)
{
    const struct go_signature *go = signature->go;

    for (size_t i = go->has_receiver; i < go->argument_count; i++) {
        struct go_draw draw = draw_of(signature, learned, rng, i);
        json_t *value;
        for (size_t n = 0;
             (value = edge_of(&draw, go->arguments[i].type, json_array_get(base, i), n)) != NULL; n++) {
            AUTO_JSON *call = json_copy((json_t *)(uintptr_t)base);
            json_array_set_new(call, i, value);
            if (add_drawn(corpus, signature, call, err) != 0)
                return -1;
        }
    }
    return 0;
}

static int
boundary(struct corpus *corpus, const struct signature *signature, const json_t *learned, struct rng *rng,
         struct err *err)
{
    static const struct corpus none = {0};

    for (size_t i = 0; i < BASES; i++) {
        AUTO_JSON *base = draw_call(signature, learned, &none, rng);
        if (add_edges(corpus, signature, learned, base, rng, go_draw_boundary, err) != 0)
            return -1;
    }
    return 0;
}

static int
beyond(struct corpus *corpus, const struct signature *signature, const json_t *learned,
       const struct corpus *like, struct rng *rng, struct err *err)
{
    AUTO_JSON *base = any_call(like, signature, rng);

    return base == NULL ? 0 : add_edges(corpus, signature, learned, base, rng, go_draw_beyond, err);
}

const struct call_ops go_call_ops = {
    .add = add_call,
    .json = call_json,
    .distribution = distribution,
    .generate = generate,
    .boundary = boundary,
    .beyond = beyond,
    .signature = signature_json,
    .output = output_json,
    .returned = go_value_returned,
    .same = same_signature,
};
