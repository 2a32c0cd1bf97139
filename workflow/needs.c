// SPDX-License-Identifier: Apache-2.0
#include "workflow/needs.h"

void
needs_init(struct needs *needs, struct arena *arena, size_t step_count)
{
    *needs = (struct needs){.items = ARENA_ARRAY(arena, struct pipeline_need, step_count)};
}

void
needs_add(struct needs *needs, size_t step, bool data, struct yaml_mark mark)
{
    for (size_t i = 0; i < needs->count; i++) {
        if (needs->items[i].step != step)
            continue;
        needs->items[i].data |= data;
        return;
    }
    needs->items[needs->count++] = (struct pipeline_need){.step = step, .data = data, .mark = mark};
}

void
needs_finish(struct needs *needs, struct pipeline_step *step)
{
    for (size_t i = 1; i < needs->count; i++) {
        struct pipeline_need moved = needs->items[i];
        size_t at = i;
        for (; at > 0 && needs->items[at - 1].step > moved.step; at--)
            needs->items[at] = needs->items[at - 1];
        needs->items[at] = moved;
    }
    step->needs = needs->items;
    step->need_count = needs->count;
}

// Index of the first need of a step that is not done, or the count.
static size_t
open_need(const struct pipeline_step *step, const bool *done)
{
    size_t index = 0;
    while (index < step->need_count && done[step->needs[index].step])
        index++;
    return index;
}

static bool
is_waiting(const struct pipeline_step *step, const bool *done)
{
    return open_need(step, done) < step->need_count;
}

// The step that a waiting step waits for.
static size_t
waits_for(const struct pipeline *pipeline, size_t index, const bool *done)
{
    const struct pipeline_step *step = &pipeline->steps[index];
    return step->needs[open_need(step, done)].step;
}

// Index of the first step that is not done and waits for nothing, or the count.
static size_t
next_ready(const struct pipeline *pipeline, const bool *done)
{
    size_t index = 0;
    while (index < pipeline->step_count && (done[index] || is_waiting(&pipeline->steps[index], done)))
        index++;
    return index;
}

// A step on a cycle: whoever walks along open needs from a step that waits comes to one.
static size_t
step_on_cycle(const struct pipeline *pipeline, const bool *done)
{
    size_t at = 0;
    while (done[at])
        at++;
    for (size_t i = 0; i < pipeline->step_count; i++)
        at = waits_for(pipeline, at, done);
    return at;
}

// Names the cycle through `start` from its first step on, and takes its steps as done.
static void
report_cycle(const struct pipeline *pipeline, size_t start, bool *done, struct arena *arena,
             struct problems *problems)
{
    size_t *members = ARENA_ARRAY(arena, size_t, pipeline->step_count);
    size_t count = 0, least = 0, at = start;
    do {
        members[count] = at;
        least = at < members[least] ? count : least;
        count++;
        at = waits_for(pipeline, at, done);
    } while (at != start);
    AUTO_BUF path = BUF(400);
    for (size_t i = 0; i <= count; i++)
        buf_printf(&path, "%s%s", i ? " -> " : "", pipeline->steps[members[(least + i) % count]].id);
    const struct pipeline_step *first = &pipeline->steps[members[least]];
    problems_add(problems, first->needs[open_need(first, done)].mark, STR("needs"), "cycle: %s",
                 buf_text(&path));
    for (size_t i = 0; i < count; i++)
        done[members[i]] = true;
}

void
needs_order(struct pipeline *pipeline, struct arena *arena, struct problems *problems)
{
    bool *done = ARENA_ARRAY(arena, bool, pipeline->step_count + 1);
    pipeline->order = ARENA_ARRAY(arena, size_t, pipeline->step_count + 1);
    size_t count = 0, finished = 0;
    while (finished < pipeline->step_count) {
        size_t index = next_ready(pipeline, done);
        if (index == pipeline->step_count) {
            report_cycle(pipeline, step_on_cycle(pipeline, done), done, arena, problems);
        } else {
            pipeline->order[count++] = index;
            done[index] = true;
        }
        finished = 0;
        for (size_t i = 0; i < pipeline->step_count; i++)
            finished += done[i];
    }
}
