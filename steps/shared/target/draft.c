// SPDX-License-Identifier: Apache-2.0
#include "steps/shared/target/draft_level.h"

#include <math.h>
#include <string.h>

#define DRAFT_MAX_BYTES (32u << 20)
#define ELEMENTS_WITHOUT_CALLS 16 // of buffers whose elements have members

static void finish_list(const struct draft_level *level, struct value *values);

void
draft_init(struct draft *draft, const struct signature *signature, const json_t *distribution,
           struct rng *rng)
{
    *draft = (struct draft){
        .signature = signature, .distribution = distribution, .rng = rng, .scratch = BUF(DRAFT_MAX_BYTES)};
}

void
draft_release(struct draft *draft)
{
    buf_release(&draft->scratch);
    arena_release(&draft->arena);
}

struct draft_level
draft_level_top(struct draft *draft)
{
    return (struct draft_level){draft, draft->signature->parameters, draft->signature->count,
                                draft->distribution, false};
}

struct draft_level
draft_level_below(const struct draft_level *level, size_t index)
{
    const struct parameter *parameter = &level->list[index];
    const json_t *learned = json_object_get(level->learned, parameter->name);
    return (struct draft_level){level->draft, parameter->members, parameter->member_count,
                                json_object_get(learned, "members"), level->uniform};
}

const json_t *
draft_level_learned_of(const struct draft_level *level, size_t index)
{
    return json_object_get(level->learned, level->list[index].name);
}

// ---- contents
// ---------------------------------------------------------------------------------------------------

// A text that may change: its content is the text alone until the call is written, its number the room.
bool
draft_level_has_room(const struct parameter *parameter)
{
    return parameter->until_nul && parameter->kind == CELL_INOUT;
}

void
draft_set(struct draft *draft, struct value *value, const struct parameter *parameter)
{
    struct str content = buf_str(&draft->scratch);
    value->content = str_n(arena_str(&draft->arena, content), content.len);
    if (!draft_level_has_room(parameter))
        value->number = content.len / value_element_bytes(parameter);
}

void
draft_level_load(struct draft *draft, const struct value *value)
{
    buf_clear(&draft->scratch);
    buf_add_str(&draft->scratch, value->content);
}

// Makes a buffer exactly `count` elements long, repeating or cutting what is there.
void
draft_content_resize(struct buf *content, const struct parameter *parameter, uint64_t count)
{
    size_t bytes = (size_t)count * value_element_bytes(parameter);
    if (content->len > bytes)
        content->len = bytes;
    size_t period = content->len;
    while (content->len < bytes && !content->full)
        buf_putc(content, period > 0 ? content->ptr[content->len - period] : '\0');
}

static bool
is_bool(const struct parameter *parameter)
{
    return strcmp(parameter->element, "bool") == 0 || strcmp(parameter->element, "_Bool") == 0;
}

static void
make_finite(struct buf *content, size_t size)
{
    for (size_t at = 0; at + size <= content->len; at += size) {
        double wide = 0;
        float narrow = 0;
        memcpy(size == sizeof(narrow) ? (void *)&narrow : (void *)&wide, content->ptr + at, size);
        if (!isfinite(wide) || !isfinite(narrow))
            memset(content->ptr + at, 0, size);
    }
}

// Makes every element one that the type can hold.
static void
make_valid(struct buf *content, const struct parameter *parameter)
{
    if (parameter->is_real)
        make_finite(content, parameter->size);
    for (size_t k = 0; k < content->len; k++) {
        if ((parameter->kind == CELL_TEXT || draft_level_has_room(parameter)) && content->ptr[k] == '\0')
            content->ptr[k] = 'x';
        else if (is_bool(parameter))
            content->ptr[k] &= 1;
    }
}

// ---- elements
// ---------------------------------------------------------------------------------------------------

uint64_t
draft_level_length_of(const struct draft_level *level, size_t index)
{
    const struct parameter *parameter = &level->list[index];
    const json_t *learned = draft_level_learned_of(level, index);
    if (parameter->fixed_count > 0)
        return parameter->fixed_count;
    if (value_is_composite(parameter) && json_array_size(json_object_get(learned, "lengths")) == 0)
        return rng_below(level->draft->rng, ELEMENTS_WITHOUT_CALLS + 1);
    return distribution_length(learned, level->draft->rng);
}

uint64_t
draft_longest(const struct parameter *parameter, const json_t *learned)
{
    bool known = json_array_size(json_object_get(learned, "lengths")) > 0;
    return value_is_composite(parameter) && !known ? ELEMENTS_WITHOUT_CALLS : distribution_longest(learned);
}

// An own copy of as many elements as fit in `count`; those that lack are drawn.
void
draft_level_set_elements(const struct draft_level *inner, struct value *value, uint64_t from, uint64_t count)
{
    size_t members = inner->count;
    struct value *parts = ARENA_ARRAY(&inner->draft->arena, struct value, (size_t)count * members + 1);
    uint64_t kept = from < count ? from : count;
    if (kept > 0)
        memcpy(parts, value->parts, (size_t)kept * members * sizeof(*parts));
    for (uint64_t i = kept; i < count; i++)
        draft_level_draw_list(inner, parts + i * members);
    value->parts = parts;
    value->number = count;
}

// ---- drawing
// ----------------------------------------------------------------------------------------------------

static void
draw_plain(const struct draft_level *level, size_t index, struct value *value)
{
    const struct parameter *parameter = &level->list[index];
    struct draft *draft = level->draft;
    const json_t *learned = draft_level_learned_of(level, index);
    uint64_t count = draft_level_length_of(level, index);
    if (parameter->until_nul) {
        value->number = count;
        count = count > 0 ? rng_below(draft->rng, count) : 0;
    }
    buf_clear(&draft->scratch);
    for (uint64_t k = 0; k < count; k++)
        distribution_element(level->uniform ? NULL : learned, parameter, draft->rng, &draft->scratch);
    draft_set(draft, value, parameter);
}

static void
draw_one(const struct draft_level *level, size_t index, struct value *value)
{
    const struct parameter *parameter = &level->list[index];
    *value = (struct value){0};
    if (parameter->kind == CELL_OUT) {
        value->number = draft_level_length_of(level, index);
    } else if (value_is_composite(parameter)) {
        struct draft_level inner = draft_level_below(level, index);
        bool one = parameter->kind == CELL_SCALAR || parameter->kind == CELL_CONTEXT;
        draft_level_set_elements(&inner, value, 0, one ? 1 : draft_level_length_of(level, index));
    } else if (parameter->kind == CELL_SCALAR) {
        value->number =
            distribution_scalar(draft_level_learned_of(level, index), parameter, level->draft->rng);
    } else if (parameter->kind != CELL_COUNT && parameter->kind != CELL_CONTEXT) {
        draw_plain(level, index, value);
    }
}

void
draft_level_draw_list(const struct draft_level *level, struct value *values)
{
    for (size_t i = 0; i < level->count; i++)
        draw_one(level, i, &values[i]);
}

void
draft_draw(struct draft *draft)
{
    struct draft_level level = draft_level_top(draft);
    arena_release(&draft->arena);
    level.uniform = rng_below(draft->rng, 8) == 0;
    draft_level_draw_list(&level, draft->values);
}

void
draft_resize(struct draft *draft, const struct draft_site *site, uint64_t length)
{
    struct draft_level level = {draft, site->list, site->count, site->learned, false};
    struct draft_level inner = draft_level_below(&level, site->index);
    struct value *value = &site->values[site->index];
    draft_level_set_elements(&inner, value, value_elements(&site->list[site->index], value), length);
}

// Steps down a path; without elements on the way there is no site, unless they are to be drawn.
static struct draft_site
site_at(struct draft *draft, const size_t *path, size_t depth, bool draw)
{
    struct draft_level level = draft_level_top(draft);
    struct draft_site site = {level.list, level.count, draft->values, path[0], level.learned};
    for (size_t i = 1; i < depth; i++) {
        struct value *value = &site.values[site.index];
        if (draw && value_elements(&site.list[site.index], value) == 0)
            draft_resize(draft, &site, 1);
        size_t count = value_elements(&site.list[site.index], value);
        if (count == 0)
            return (struct draft_site){0};
        level = (struct draft_level){draft, site.list, site.count, site.learned, false};
        struct draft_level inner = draft_level_below(&level, site.index);
        struct value *element = value->parts + (size_t)rng_below(draft->rng, count) * inner.count;
        site = (struct draft_site){inner.list, inner.count, element, path[i], inner.learned};
    }
    return site;
}

struct draft_site
draft_site_at(struct draft *draft, const size_t *path, size_t depth)
{
    return site_at(draft, path, depth, false);
}

struct draft_site
draft_draw_with(struct draft *draft, const size_t *path, size_t depth)
{
    draft_draw(draft);
    return site_at(draft, path, depth, true);
}

// ---- writing
// ----------------------------------------------------------------------------------------------------

// The most elements that the parameters counting buffer `index` can say.
static uint64_t
count_limit(const struct draft_site *site, size_t index)
{
    uint64_t limit = UINT64_MAX;
    for (size_t i = 0; i < site->count; i++) {
        const struct parameter *p = &site->list[i];
        if (p->kind != CELL_COUNT || p->of != (int)index || p->size >= 8)
            continue;
        uint64_t most = (UINT64_C(1) << (8 * p->size - p->is_signed)) - 1;
        limit = most < limit ? most : limit;
    }
    return limit;
}

static bool
is_counted(const struct draft_site *site, size_t index)
{
    for (size_t i = 0; i < site->count; i++)
        if (site->list[i].kind == CELL_COUNT && site->list[i].of == (int)index)
            return true;
    return false;
}

uint64_t
draft_element_count(const struct draft_site *site, size_t index)
{
    const struct parameter *parameter = &site->list[index];
    size_t owner = parameter->of >= 0 ? (size_t)parameter->of : index;
    const struct parameter *first = &site->list[owner];
    if (parameter->fixed_count > 0 || first->fixed_count > 0)
        return parameter->fixed_count > 0 ? parameter->fixed_count : first->fixed_count;
    uint64_t count = site->values[owner].number, limit = count_limit(site, owner);
    if (draft_level_has_room(first)) {
        uint64_t least = site->values[owner].content.len + 1;
        count = !is_counted(site, owner) || count < 1 ? least : count;
    }
    return count < limit ? count : limit;
}

// Gives a plain value its count of elements, all valid; texts end.
static void
finish_plain(struct draft *draft, const struct parameter *parameter, uint64_t count, struct value *value)
{
    struct buf *content = &draft->scratch;
    draft_level_load(draft, value);
    if (draft_level_has_room(parameter) && content->len >= count)
        content->len = count > 0 ? (size_t)count - 1 : 0;
    make_valid(content, parameter);
    if (parameter->until_nul)
        while (content->len < count && !content->full)
            buf_putc(content, '\0');
    draft_content_resize(content, parameter, count);
    draft_set(draft, value, parameter);
    value->number = count;
}

static void
finish_elements(const struct draft_level *level, size_t index, uint64_t count, struct value *value)
{
    struct draft_level inner = draft_level_below(level, index);
    size_t has = value_elements(&level->list[index], value);
    if (has != count && level->list[index].kind != CELL_SCALAR && level->list[index].kind != CELL_CONTEXT)
        draft_level_set_elements(&inner, value, has, count);
    for (size_t k = 0; k < value_elements(&level->list[index], value); k++)
        finish_list(&inner, value->parts + k * inner.count);
}

static void
finish_list(const struct draft_level *level, struct value *values)
{
    const struct draft_site site = {level->list, level->count, values, 0, level->learned};
    uint64_t counts[SIGNATURE_PARAMETERS_MAX] = {0};
    for (size_t i = 0; i < level->count; i++)
        counts[i] = parameter_is_buffer(&level->list[i]) || level->list[i].kind == CELL_ARRAY
                        ? draft_element_count(&site, i)
                        : 0;
    for (size_t i = 0; i < level->count; i++) {
        const struct parameter *parameter = &level->list[i];
        if (parameter->kind == CELL_OUT)
            values[i].number = counts[i];
        else if (value_is_composite(parameter))
            finish_elements(level, i, counts[i], &values[i]);
        else if (parameter->kind == CELL_SCALAR && is_bool(parameter))
            values[i].number = values[i].number != 0;
        else if (parameter_is_buffer(parameter) || parameter->kind == CELL_ARRAY)
            finish_plain(level->draft, parameter, counts[i], &values[i]);
    }
}

int
draft_write(struct draft *draft, struct corpus *corpus, struct err *err)
{
    struct draft_level level = draft_level_top(draft);
    finish_list(&level, draft->values);
    if (buf_check(&draft->scratch, "a call", err) != 0)
        return -1;
    return corpus_add_values(corpus, draft->signature, draft->values, err);
}
