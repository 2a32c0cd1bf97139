// SPDX-License-Identifier: Apache-2.0
#include "steps/profile-fetch/profile.h"

#include <ctype.h>
#include <string.h>

void
profile_init(struct profile *profile)
{
    *profile = (struct profile){.type = "", .unit = ""};
    buf_init(&profile->key, PROFILE_MAX_NAME_BYTES + 64);
    *vec_push(&profile->names) = STR("");
}

void
profile_release(struct profile *profile)
{
    vec_release(&profile->names);
    vec_release(&profile->functions);
    vec_release(&profile->frames);
    vec_release(&profile->stack);
    vec_release(&profile->samples);
    vec_release(&profile->arcs);
    vec_release(&profile->commits);
    map_release(&profile->name_ids);
    map_release(&profile->function_ids);
    map_release(&profile->frame_ids);
    map_release(&profile->arc_ids);
    buf_release(&profile->key);
    arena_release(&profile->arena);
}

int
profile_measure(struct profile *profile, enum profile_kind kind, struct str type, struct str unit,
                const char *name, struct err *err)
{
    if (profile->samples.count == 0) {
        profile->kind = kind;
        profile->type = arena_str(&profile->arena, str_head(type, PROFILE_MAX_NAME_BYTES));
        profile->unit = arena_str(&profile->arena, str_head(unit, PROFILE_MAX_NAME_BYTES));
        return 0;
    }
    if (profile->kind == kind && str_is(type, profile->type) && str_is(unit, profile->unit))
        return 0;
    return err_set(
        err, ERR_PARSE,
        "%s measures %.*s in %.*s, the profiles before it %s in %s; only equal measures can be merged", name,
        (int)str_head(type, 64).len, type.ptr ? type.ptr : "", (int)str_head(unit, 64).len,
        unit.ptr ? unit.ptr : "", profile->type, profile->unit);
}

static struct str
S_copy(struct profile *profile, struct str text)
{
    return str_n(arena_str(&profile->arena, text), text.len);
}

// Ids stand in maps as pointers: id + 1, so that NULL means absent.
static uint32_t
S_id_of(void *value)
{
    return (uint32_t)((uintptr_t)value - 1);
}

static void *
S_value_of(size_t id)
{
    return (void *)((uintptr_t)id + 1);
}

uint32_t
profile_name(struct profile *profile, struct str name)
{
    if (name.len == 0)
        return 0;
    name = str_head(name, PROFILE_MAX_NAME_BYTES);
    void **slot = map_slot(&profile->name_ids, name);
    if (*slot)
        return S_id_of(*slot);
    if (profile->names.count >= PROFILE_MAX_NAMES) {
        profile->full = true;
        return 0;
    }
    *slot = S_value_of(profile->names.count);
    *vec_push(&profile->names) = S_copy(profile, name);
    return (uint32_t)(profile->names.count - 1);
}

uint32_t
profile_function(struct profile *profile, struct str name, uint32_t file, uint32_t object, uint32_t line)
{
    name = str_head(name, PROFILE_MAX_NAME_BYTES);
    buf_clear(&profile->key);
    buf_add_u32(&profile->key, file);
    buf_add_u32(&profile->key, object);
    buf_add_str(&profile->key, name);
    void **slot = map_slot(&profile->function_ids, buf_str(&profile->key));
    if (*slot) {
        struct profile_function *known = &profile->functions.items[S_id_of(*slot)];
        if (known->line == 0)
            known->line = line;
        return S_id_of(*slot);
    }
    if (profile->functions.count >= PROFILE_MAX_FUNCTIONS) {
        profile->full = true;
        return 0;
    }
    *slot = S_value_of(profile->functions.count);
    *vec_push(&profile->functions) = (struct profile_function){
        .name = S_copy(profile, name), .file = file, .object = object, .line = line};
    return (uint32_t)(profile->functions.count - 1);
}

uint32_t
profile_frame(struct profile *profile, const struct profile_frame *frame)
{
    buf_clear(&profile->key);
    buf_add_u32(&profile->key, frame->function);
    buf_add_u32(&profile->key, frame->file);
    buf_add_u32(&profile->key, frame->line);
    buf_putc(&profile->key, frame->inlined ? 1 : 0);
    void **slot = map_slot(&profile->frame_ids, buf_str(&profile->key));
    if (*slot)
        return S_id_of(*slot);
    if (profile->frames.count >= PROFILE_MAX_FRAMES) {
        profile->full = true;
        return 0;
    }
    *slot = S_value_of(profile->frames.count);
    *vec_push(&profile->frames) = *frame;
    return (uint32_t)(profile->frames.count - 1);
}

// Cost never wraps: it stays at the largest number instead.
static int64_t
S_add(int64_t a, int64_t b)
{
    int64_t sum;
    return __builtin_add_overflow(a, b, &sum) ? INT64_MAX : sum;
}

void
profile_arc(struct profile *profile, uint32_t caller, uint32_t callee, int64_t value)
{
    buf_clear(&profile->key);
    buf_add_u32(&profile->key, caller);
    buf_add_u32(&profile->key, callee);
    void **slot = map_slot(&profile->arc_ids, buf_str(&profile->key));
    if (*slot) {
        struct profile_arc *known = &profile->arcs.items[S_id_of(*slot)];
        known->value = S_add(known->value, value);
        return;
    }
    if (profile->arcs.count >= PROFILE_MAX_ARCS) {
        profile->full = true;
        return;
    }
    *slot = S_value_of(profile->arcs.count);
    *vec_push(&profile->arcs) = (struct profile_arc){.caller = caller, .callee = callee, .value = value};
}

int
profile_sample(struct profile *profile, const uint32_t *frames, size_t depth, int64_t value, double count,
               struct err *err)
{
    if (depth > PROFILE_MAX_DEPTH)
        return err_set(err, ERR_LIMIT, "stack of %zu frames, at most %u are read", depth, PROFILE_MAX_DEPTH);
    if (profile->full || profile->samples.count >= PROFILE_MAX_SAMPLES ||
        profile->stack.count + depth > PROFILE_MAX_STACK)
        return err_set(err, ERR_LIMIT,
                       "too large: at most %u samples, %u functions and %u frames are read; merge it first",
                       PROFILE_MAX_SAMPLES, PROFILE_MAX_FUNCTIONS, PROFILE_MAX_STACK);
    if (value == INT64_MIN)
        return err_set(err, ERR_PARSE, "sample value out of range");
    *vec_push(&profile->samples) = (struct profile_sample){
        .first = profile->stack.count, .depth = (uint32_t)depth, .value = value, .count = count};
    for (size_t i = 0; i < depth; i++)
        *vec_push(&profile->stack) = frames[i];
    return 0;
}

void
profile_note_commits(struct profile *profile, struct str text)
{
    size_t run = 0;
    for (size_t i = 0; i <= text.len; i++) {
        if (i < text.len && isxdigit((unsigned char)text.ptr[i])) {
            run++;
            continue;
        }
        if (run == 40 && profile->commits.count < PROFILE_MAX_COMMITS)
            *vec_push(&profile->commits) = arena_str(&profile->arena, str_n(text.ptr + i - 40, 40));
        run = 0;
    }
}

bool
profile_type_is_cpu(struct str type)
{
    static const char *const other[] = {"alloc",     "inuse",        "contentions", "delay",
                                        "goroutine", "threadcreate", "block",       "mutex",
                                        "faults",    "misses",       "switch",      "dummy"};
    for (size_t i = 0; i < sizeof(other) / sizeof(other[0]); i++)
        if (str_find(type, str_of(other[i])) >= 0)
            return false;
    return true;
}

bool
profile_is_cpu(const struct profile *profile)
{
    return strcmp(profile->unit, "bytes") != 0 && profile_type_is_cpu(str_of(profile->type));
}
