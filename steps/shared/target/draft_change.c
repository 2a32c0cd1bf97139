// SPDX-License-Identifier: Apache-2.0
// Calls that are changed a little.
#include "steps/shared/target/draft_level.h"

#include <string.h>

static void mutate_list(const struct draft_level *level, struct value *values, const struct value *other);

static void
splice(struct buf *content, size_t size, struct str other, struct rng *rng)
{
    size_t keep = (size_t)rng_below(rng, content->len / size + 1) * size;
    size_t from = (size_t)rng_below(rng, other.len / size + 1) * size;
    content->len = keep;
    buf_add_str(content, str_from(other, from));
}

static void
change_element(struct buf *content, const struct parameter *parameter, const json_t *learned, struct rng *rng)
{
    size_t size = value_element_bytes(parameter), len = content->len;
    size_t at = (size_t)rng_below(rng, len / size) * size;
    distribution_element(learned, parameter, rng, content);
    if (content->len == len + size)
        memcpy(content->ptr + at, content->ptr + len, size);
    content->len = len;
}

static void
edit(struct buf *content, const struct parameter *parameter, const json_t *learned, struct rng *rng)
{
    size_t size = value_element_bytes(parameter), count = content->len / size;
    switch (rng_below(rng, 5)) {
    case 0: // change a few
        for (uint64_t n = 1 + rng_below(rng, 4); n > 0 && count > 0; n--)
            change_element(content, parameter, learned, rng);
        break;
    case 1: // any byte at all
        if (count > 0)
            content->ptr[rng_below(rng, content->len)] = (char)rng_below(rng, 256);
        break;
    case 2: // cut
        content->len = (size_t)rng_below(rng, count + 1) * size;
        break;
    case 3: // grow by a few elements
        for (uint64_t n = 1 + rng_below(rng, 9); n > 0; n--)
            distribution_element(learned, parameter, rng, content);
        break;
    default: // repeat what is there
        draft_content_resize(content, parameter, count + (count > 0 ? rng_below(rng, count) : 0));
        break;
    }
}

// Changes a few elements, cuts, grows or repeats them.
static void
edit_elements(const struct draft_level *level, size_t index, struct value *value, const struct value *other)
{
    struct rng *rng = level->draft->rng;
    struct draft_level inner = draft_level_below(level, index);
    size_t members = inner.count, count = value_elements(&level->list[index], value);
    size_t others = value_elements(&level->list[index], other);
    uint64_t choice = rng_below(rng, 4);
    if (choice == 0 && parameter_is_buffer(&level->list[index])) { // cut or grow
        uint64_t wanted = rng_below(rng, 2) == 0 ? rng_below(rng, count + 1) : count + 1 + rng_below(rng, 4);
        draft_level_set_elements(&inner, value, count, wanted);
        return;
    }
    for (uint64_t n = 1 + rng_below(rng, 3); n > 0 && count > 0; n--) {
        struct value *one = value->parts + (size_t)rng_below(rng, count) * members;
        const struct value *from = others > 0 ? other->parts + (size_t)rng_below(rng, others) * members : one;
        if (choice == 1)
            draft_level_draw_list(&inner, one);
        else if (choice == 2 && others > 0)
            memmove(one, from, members * sizeof(*one));
        else
            mutate_list(&inner, one, from);
    }
}

static void
mutate_plain(const struct draft_level *level, size_t index, struct value *value, const struct value *other,
             bool by_splice)
{
    const struct parameter *parameter = &level->list[index];
    struct draft *draft = level->draft;
    draft_level_load(draft, value);
    if (by_splice)
        splice(&draft->scratch, value_element_bytes(parameter), other->content, draft->rng);
    else
        edit(&draft->scratch, parameter, draft_level_learned_of(level, index), draft->rng);
    draft_set(draft, value, parameter);
}

static void
mutate_list(const struct draft_level *level, struct value *values, const struct value *other)
{
    struct rng *rng = level->draft->rng;
    for (size_t i = 0; i < level->count; i++) {
        const struct parameter *parameter = &level->list[i];
        uint64_t choice = rng_below(rng, 4);
        bool plain = parameter_is_buffer(parameter) || parameter->kind == CELL_ARRAY;
        if (parameter->kind == CELL_OUT && choice == 0)
            values[i].number = draft_level_length_of(level, i);
        else if (parameter->kind == CELL_OUT || parameter->kind == CELL_COUNT)
            continue;
        else if (value_is_composite(parameter) && choice >= 1)
            edit_elements(level, i, &values[i], &other[i]);
        else if (value_is_composite(parameter))
            continue;
        else if (parameter->kind == CELL_SCALAR && choice == 0)
            values[i].number = distribution_scalar(draft_level_learned_of(level, i), parameter, rng);
        else if (plain && choice == 0 && draft_level_has_room(parameter))
            values[i].number = draft_level_length_of(level, i);
        else if (plain && choice >= 1)
            mutate_plain(level, i, &values[i], &other[i], choice == 1);
    }
}

// The texts that may change, without what stands behind their NUL.
static void
open_texts(const struct draft_level *level, struct value *values)
{
    for (size_t i = 0; i < level->count; i++) {
        struct draft_level inner = draft_level_below(level, i);
        if (draft_level_has_room(&level->list[i]))
            values[i].content = str_head(
                values[i].content,
                strnlen(values[i].content.ptr != NULL ? values[i].content.ptr : "", values[i].content.len));
        for (size_t k = 0; k < value_elements(&level->list[i], &values[i]) && inner.count > 0; k++)
            open_texts(&inner, values[i].parts + k * inner.count);
    }
}

void
draft_take(struct draft *draft, const struct corpus *from, size_t index)
{
    struct draft_level level = draft_level_top(draft);
    arena_release(&draft->arena);
    (void)corpus_call_values(&draft->arena, from, index, draft->signature, draft->values);
    open_texts(&level, draft->values);
}

void
draft_mutate(struct draft *draft, const struct corpus *like)
{
    struct draft_level level = draft_level_top(draft);
    struct value other[SIGNATURE_PARAMETERS_MAX];
    draft_take(draft, like, (size_t)rng_below(draft->rng, like->count));
    (void)corpus_call_values(&draft->arena, like, (size_t)rng_below(draft->rng, like->count),
                             draft->signature, other);
    open_texts(&level, other);
    mutate_list(&level, draft->values, other);
}
