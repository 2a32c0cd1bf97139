// SPDX-License-Identifier: Apache-2.0
#include "steps/profile-fetch/tally.h"

#include <string.h>

struct counter {
    struct tally *tally;
    const struct profile *profile;
    const struct tree *tree;
    const struct place *places;
    double squares; // sum over single samples of their squared value
};

int64_t
tally_sum(int64_t a, int64_t b)
{
    int64_t sum;
    if (__builtin_add_overflow(a, b, &sum))
        return b > 0 ? INT64_MAX : INT64_MIN + 1;
    return sum;
}

void
tally_release(struct tally *tally)
{
    vec_release(&tally->nodes);
    vec_release(&tally->callers);
    vec_release(&tally->lines);
    map_release(&tally->node_ids);
    map_release(&tally->caller_ids);
    map_release(&tally->line_ids);
}

static void *
S_value_of(size_t index)
{
    return (void *)((uintptr_t)index + 1);
}

static uint32_t
S_index_of(void *value)
{
    return (uint32_t)((uintptr_t)value - 1);
}

// Functions of the repository are one node by file and name, others by file and symbol.
static void
S_make_nodes(struct tally *tally, struct arena *arena, const struct profile *profile, const struct tree *tree,
             const struct place *places)
{
    AUTO_BUF key = BUF(2 * PROFILE_MAX_NAME_BYTES + 64);
    tally->node_of = ARENA_ARRAY(arena, uint32_t, profile->functions.count);
    for (size_t i = 0; i < profile->functions.count; i++) {
        const struct profile_function *function = &profile->functions.items[i];
        const struct place *place = &places[i];
        bool inside = place->file != TREE_NONE;
        buf_clear(&key);
        buf_putc(&key, inside ? 'r' : 'x');
        buf_add_u32(&key, inside ? place->file : function->file);
        buf_add_str(&key, inside ? place->name : function->name);
        void **slot = map_slot(&tally->node_ids, buf_str(&key));
        if (!*slot) {
            *slot = S_value_of(tally->nodes.count);
            *vec_push(&tally->nodes) =
                (struct tally_node){.symbol = function->name,
                                    .name = place->name.len > 0 ? place->name : function->name,
                                    .place = place,
                                    .file = inside ? str_of(tree->files.items[place->file].path)
                                                   : profile->names.items[function->file]};
        }
        tally->node_of[i] = S_index_of(*slot);
    }
}

void
tally_add_caller(struct tally *tally, uint32_t caller, uint32_t callee, int64_t value)
{
    uint32_t key[2] = {caller, callee};
    void **slot = map_slot(&tally->caller_ids, str_n((const char *)key, sizeof(key)));
    if (!*slot) {
        *slot = S_value_of(tally->callers.count);
        *vec_push(&tally->callers) = (struct tally_caller){.caller = caller, .callee = callee};
    }
    struct tally_caller *known = &tally->callers.items[S_index_of(*slot)];
    known->value = tally_sum(known->value, value);
}

static void
S_add_line(struct tally *tally, uint32_t node, uint32_t line, int64_t value)
{
    uint32_t key[2] = {node, line};
    void **slot = map_slot(&tally->line_ids, str_n((const char *)key, sizeof(key)));
    if (!*slot) {
        *slot = S_value_of(tally->lines.count);
        *vec_push(&tally->lines) = (struct tally_line){.node = node, .line = line};
    }
    struct tally_line *known = &tally->lines.items[S_index_of(*slot)];
    known->value = tally_sum(known->value, value);
}

// The frame a sample belongs to, or `depth` when none is the repository's.
static size_t
S_owner(const struct counter *counter, const uint32_t *stack, size_t depth)
{
    const struct profile_frame *frames = counter->profile->frames.items;
    size_t at = 0;
    while (at < depth && counter->places[frames[stack[at]].function].file == TREE_NONE)
        at++;
    while (at + 1 < depth) {
        const struct place *inner = &counter->places[frames[stack[at]].function];
        const struct place *outer = &counter->places[frames[stack[at + 1]].function];
        bool part = inner->helper || (inner->local && frames[stack[at]].inlined);
        if (!part || inner->file != outer->file)
            break;
        at++;
    }
    return at;
}

// Whether a frame's line is one of its function's own file.
static bool
S_line_is_own(const struct counter *counter, const struct profile_frame *frame)
{
    const struct profile_function *function = &counter->profile->functions.items[frame->function];
    if (frame->line == 0)
        return false;
    if (frame->file == function->file)
        return true;
    struct str line_file = counter->profile->names.items[frame->file];
    ptrdiff_t slash = str_rfind_byte(line_file, '/');
    const char *path = counter->tree->files.items[counter->places[frame->function].file].path;
    const char *base = strrchr(path, '/');
    return function->file == 0 && str_is(str_from(line_file, (size_t)(slash + 1)), base ? base + 1 : path);
}

static void
S_count_owner(struct counter *counter, const struct profile_sample *sample, const uint32_t *stack)
{
    struct tally *tally = counter->tally;
    size_t owner = S_owner(counter, stack, sample->depth);
    if (owner == sample->depth)
        return;
    const struct profile_frame *frame = &counter->profile->frames.items[stack[owner]];
    uint32_t id = tally->node_of[frame->function];
    struct tally_node *node = &tally->nodes.items[id];
    node->own = tally_sum(node->own, sample->value);
    node->own_count += sample->count;
    if (S_line_is_own(counter, frame))
        S_add_line(tally, id, frame->line, sample->value);
}

static void
S_count_file(struct counter *counter, const struct place *place, size_t seen, int64_t value, bool leaf)
{
    if (place->file == TREE_NONE)
        return;
    struct tally_file *file = &counter->tally->files[place->file];
    if (leaf)
        file->flat = tally_sum(file->flat, value);
    if (file->seen == seen)
        return;
    file->seen = seen;
    file->cumulative = tally_sum(file->cumulative, value);
}

static void
S_count_sample(struct counter *counter, size_t index)
{
    const struct profile_sample *sample = &counter->profile->samples.items[index];
    const uint32_t *stack = counter->profile->stack.items + sample->first;
    struct tally *tally = counter->tally;
    uint32_t callee = TREE_NONE;
    for (size_t i = 0; i < sample->depth; i++) {
        uint32_t function = counter->profile->frames.items[stack[i]].function, id = tally->node_of[function];
        struct tally_node *node = &tally->nodes.items[id];
        bool fresh = node->seen != index + 1;
        S_count_file(counter, &counter->places[function], index + 1, sample->value, i == 0);
        if (i == 0)
            node->flat = tally_sum(node->flat, sample->value);
        if (fresh) {
            node->seen = index + 1;
            node->cumulative = tally_sum(node->cumulative, sample->value);
        }
        // A function's caller in a sample is the first other function above its innermost frame.
        if (callee == id)
            continue;
        if (callee != TREE_NONE)
            tally_add_caller(tally, id, callee, sample->value);
        callee = fresh && node->place->file != TREE_NONE ? id : TREE_NONE;
    }
    if (counter->profile->kind == PROFILE_SAMPLES)
        S_count_owner(counter, sample, stack);
}

// Callgrind: one frame a sample, whose line may stand in a header.
static void
S_count_cost(struct counter *counter, size_t index)
{
    const struct profile_sample *sample = &counter->profile->samples.items[index];
    const struct profile_frame *frame =
        &counter->profile->frames.items[counter->profile->stack.items[sample->first]];
    struct tally_node *node = &counter->tally->nodes.items[counter->tally->node_of[frame->function]];
    node->flat = tally_sum(node->flat, sample->value);
    if (node->place->file == TREE_NONE)
        return;
    node->own = tally_sum(node->own, sample->value);
    counter->tally->files[node->place->file].flat =
        tally_sum(counter->tally->files[node->place->file].flat, sample->value);
    if (S_line_is_own(counter, frame))
        S_add_line(counter->tally, counter->tally->node_of[frame->function], frame->line, sample->value);
}

static int
S_count_all(struct counter *counter, struct err *err)
{
    struct tally *tally = counter->tally;
    for (size_t i = 0; i < counter->profile->samples.count; i++) {
        const struct profile_sample *sample = &counter->profile->samples.items[i];
        int64_t size = sample->value < 0 ? -sample->value : sample->value;
        if (__builtin_add_overflow(tally->total, size, &tally->total))
            return err_set(err, ERR_PARSE, "sample values add up to more than 64 bits");
        tally->count += sample->count;
        if (sample->count > 0)
            counter->squares += (double)size * (double)size / sample->count;
        if (counter->profile->kind == PROFILE_SAMPLES)
            S_count_sample(counter, i);
        else if (sample->depth > 0)
            S_count_cost(counter, i);
    }
    tally->effective =
        counter->squares > 0 ? (double)tally->total * (double)tally->total / counter->squares : 0;
    return 0;
}

int
tally_count(struct tally *tally, struct arena *arena, const struct profile *profile, const struct tree *tree,
            const struct place *places, struct err *err)
{
    *tally = (struct tally){0};
    tally->files = ARENA_ARRAY(arena, struct tally_file, tree->files.count);
    S_make_nodes(tally, arena, profile, tree, places);
    struct counter counter = {.tally = tally, .profile = profile, .tree = tree, .places = places};
    if (S_count_all(&counter, err) < 0)
        return -1;
    if (profile->kind == PROFILE_INSTRUCTIONS)
        tally_arcs(tally, profile);
    double own = 0;
    VEC_EACH (struct tally_node, node, &tally->nodes)
        own += (double)node->own;
    tally->located = tally->total > 0 ? own / (double)tally->total : 0;
    return 0;
}
