// SPDX-License-Identifier: Apache-2.0
#include "steps/shared/target/generate.h"

#include <math.h>
#include <string.h>

#define DRAFT_MAX_BYTES (32u << 20)
#define LENGTH_MAX DISTRIBUTION_LENGTH_MAX

// ---- a call under construction
// ------------------------------------------------------------------------------

// One growable content a parameter; what shares a count or has a fixed one gets its length at the end.
struct draft {
    const struct signature *signature;
    const json_t *distribution;
    struct rng *rng;
    struct buf content[SIGNATURE_PARAMETERS_MAX]; // of buffers; for OUT unused
    uint64_t value[SIGNATURE_PARAMETERS_MAX];     // of scalars: bits; of OUT: capacity
};

static void
draft_init(struct draft *draft, const struct signature *signature, const json_t *distribution,
           struct rng *rng)
{
    *draft = (struct draft){.signature = signature, .distribution = distribution, .rng = rng};
    for (size_t i = 0; i < SIGNATURE_PARAMETERS_MAX; i++)
        draft->content[i] = BUF(DRAFT_MAX_BYTES);
}

static void
draft_release(struct draft *draft)
{
    for (size_t i = 0; i < SIGNATURE_PARAMETERS_MAX; i++)
        buf_release(&draft->content[i]);
}

static const json_t *
learned_of(const struct draft *draft, size_t index)
{
    return json_object_get(draft->distribution, draft->signature->parameters[index].name);
}

// Makes a buffer exactly `count` elements long, repeating or cutting what is there.
static void
resize(struct buf *content, const struct parameter *parameter, uint64_t count)
{
    size_t bytes = (size_t)count * corpus_element_bytes(parameter);
    if (content->len > bytes)
        content->len = bytes;
    size_t period = content->len;
    while (content->len < bytes && !content->full)
        buf_putc(content, period > 0 ? content->ptr[content->len - period] : '\0');
}

// The most elements that the parameters counting buffer `index` can say.
static uint64_t
count_limit(const struct signature *signature, size_t index)
{
    uint64_t limit = UINT64_MAX;
    for (size_t i = 0; i < signature->count; i++) {
        const struct parameter *p = &signature->parameters[i];
        if (p->kind != CELL_COUNT || p->of != (int)index || p->size >= 8)
            continue;
        uint64_t most = (UINT64_C(1) << (8 * p->size - p->is_signed)) - 1;
        limit = most < limit ? most : limit;
    }
    return limit;
}

// How many elements buffer `index` gets.
static uint64_t
element_count(const struct draft *draft, size_t index)
{
    const struct parameter *parameter = &draft->signature->parameters[index];
    size_t owner = parameter->of >= 0 ? (size_t)parameter->of : index;
    const struct parameter *first = &draft->signature->parameters[owner];
    if (parameter->fixed_count > 0 || first->fixed_count > 0)
        return parameter->fixed_count > 0 ? parameter->fixed_count : first->fixed_count;
    uint64_t count = first->kind == CELL_OUT ? draft->value[owner]
                                             : draft->content[owner].len / corpus_element_bytes(first);
    uint64_t limit = count_limit(draft->signature, owner);
    return count < limit ? count : limit;
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
    bool is_bool = strcmp(parameter->element, "bool") == 0 || strcmp(parameter->element, "_Bool") == 0;
    if (parameter->is_real)
        make_finite(content, parameter->size);
    for (size_t k = 0; k < content->len; k++) {
        if (parameter->kind == CELL_TEXT && content->ptr[k] == '\0')
            content->ptr[k] = 'x';
        else if (is_bool)
            content->ptr[k] &= 1;
    }
}

static int
draft_write(struct draft *draft, struct corpus *corpus, struct err *err)
{
    const struct signature *signature = draft->signature;
    uint64_t counts[SIGNATURE_PARAMETERS_MAX] = {0};
    for (size_t i = 0; i < signature->count; i++)
        if (parameter_is_buffer(&signature->parameters[i]))
            counts[i] = element_count(draft, i);
    for (size_t i = 0; i < signature->count; i++) {
        const struct parameter *parameter = &signature->parameters[i];
        struct buf *content = &draft->content[i];
        if (parameter->kind == CELL_SCALAR) {
            corpus_add_scalar(corpus, draft->value[i]);
        } else if (parameter_is_buffer(parameter)) {
            if (parameter->kind != CELL_OUT) {
                resize(content, parameter, counts[i]);
                make_valid(content, parameter);
            }
            if (buf_check(content, parameter->name, err) != 0)
                return -1;
            corpus_add_buffer(corpus, parameter, buf_text(content), (size_t)counts[i]);
        }
    }
    return corpus_end_call(corpus, err);
}

static void
draft_from_call(struct draft *draft, const struct corpus *from, size_t index)
{
    struct corpus_part parts[SIGNATURE_PARAMETERS_MAX];
    corpus_call_parts(from, index, draft->signature, parts);
    for (size_t i = 0; i < draft->signature->count; i++) {
        draft->value[i] = parts[i].value;
        buf_clear(&draft->content[i]);
        buf_add_str(&draft->content[i], parts[i].content);
    }
}

static void
draft_from_distribution(struct draft *draft)
{
    bool uniform = rng_below(draft->rng, 8) == 0;
    for (size_t i = 0; i < draft->signature->count; i++) {
        const struct parameter *parameter = &draft->signature->parameters[i];
        const json_t *learned = learned_of(draft, i);
        struct buf *content = &draft->content[i];
        buf_clear(content);
        if (parameter->kind == CELL_SCALAR) {
            draft->value[i] = distribution_scalar(learned, parameter, draft->rng);
        } else if (parameter->kind == CELL_OUT) {
            draft->value[i] = distribution_length(learned, draft->rng);
        } else if (parameter_is_buffer(parameter)) {
            uint64_t count = parameter->fixed_count > 0 ? parameter->fixed_count
                                                        : distribution_length(learned, draft->rng);
            for (uint64_t k = 0; k < count; k++)
                distribution_element(uniform ? NULL : learned, parameter, draft->rng, content);
        }
    }
}

// ---- random calls
// -------------------------------------------------------------------------------------------

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
    size_t size = corpus_element_bytes(parameter), len = content->len;
    size_t at = (size_t)rng_below(rng, len / size) * size;
    distribution_element(learned, parameter, rng, content);
    if (content->len == len + size)
        memcpy(content->ptr + at, content->ptr + len, size);
    content->len = len;
}

static void
edit(struct buf *content, const struct parameter *parameter, const json_t *learned, struct rng *rng)
{
    size_t size = corpus_element_bytes(parameter), count = content->len / size;
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
        resize(content, parameter, count + (count > 0 ? rng_below(rng, count) : 0));
        break;
    }
}

static void
draft_mutate(struct draft *draft, const struct corpus *like)
{
    struct rng *rng = draft->rng;
    draft_from_call(draft, like, (size_t)rng_below(rng, like->count));
    struct corpus_part parts[SIGNATURE_PARAMETERS_MAX];
    corpus_call_parts(like, (size_t)rng_below(rng, like->count), draft->signature, parts);
    for (size_t i = 0; i < draft->signature->count; i++) {
        const struct parameter *parameter = &draft->signature->parameters[i];
        const json_t *learned = learned_of(draft, i);
        uint64_t choice = rng_below(rng, 4);
        if (parameter->kind == CELL_SCALAR && choice == 0)
            draft->value[i] = distribution_scalar(learned, parameter, rng);
        else if (parameter->kind == CELL_OUT && choice == 0)
            draft->value[i] = distribution_length(learned, rng);
        else if (parameter->kind != CELL_OUT && parameter_is_buffer(parameter) && choice == 1)
            splice(&draft->content[i], corpus_element_bytes(parameter), parts[i].content, rng);
        else if (parameter->kind != CELL_OUT && parameter_is_buffer(parameter) && choice >= 2)
            edit(&draft->content[i], parameter, learned, rng);
    }
}

int
generate_calls(struct corpus *corpus, const struct signature *signature, const json_t *distribution,
               const struct corpus *like, struct rng *rng, size_t count, struct err *err)
{
    struct draft draft;
    draft_init(&draft, signature, distribution, rng);
    int result = 0;
    for (size_t n = 0; n < count && result == 0; n++) {
        if (like->count > 0 && rng_below(rng, 3) != 0)
            draft_mutate(&draft, like);
        else
            draft_from_distribution(&draft);
        result = draft_write(&draft, corpus, err);
    }
    draft_release(&draft);
    return result;
}

// ---- boundary calls
// -----------------------------------------------------------------------------------------

enum { PATTERNS = 10 };

// A buffer of `count` elements filled in one of the ways that break things.
static void
fill(struct buf *content, const struct parameter *parameter, uint64_t count, unsigned pattern)
{
    static const unsigned char equal[PATTERNS - 2] = {0x00, 0xff, 'a', ' ', '_', '0', 0x80, 'Z'};
    size_t bytes = (size_t)count * corpus_element_bytes(parameter);
    buf_clear(content);
    for (size_t k = 0; k < bytes; k++)
        buf_putc(content, (char)(pattern == 0   ? (unsigned char)k
                                 : pattern == 1 ? (unsigned char)(255 - k % 256)
                                                : equal[pattern - 2]));
}

// A call from the distribution but for buffer `index`, which has a length and a pattern.
static int
write_with(struct draft *draft, size_t index, uint64_t length, unsigned pattern, struct corpus *corpus,
           struct err *err)
{
    const struct parameter *parameter = &draft->signature->parameters[index];
    draft_from_distribution(draft);
    if (parameter->kind == CELL_OUT)
        draft->value[index] = length;
    else
        fill(&draft->content[index], parameter, length, pattern);
    return draft_write(draft, corpus, err);
}

static int
boundary_lengths(struct draft *draft, size_t index, uint64_t longest, struct corpus *corpus, struct err *err)
{
    for (uint64_t power = 1; power <= 2 * longest + 2 && power <= 2 * LENGTH_MAX; power *= 2)
        for (uint64_t length = power - 1; length <= power + 1; length++)
            if (write_with(draft, index, length, (unsigned)rng_below(draft->rng, PATTERNS), corpus, err) != 0)
                return -1;
    return 0;
}

// A call with a capacity that is `more` than what the first input buffer holds.
static int
write_capacity(struct draft *draft, size_t index, int more, struct corpus *corpus, struct err *err)
{
    const struct signature *signature = draft->signature;
    draft_from_distribution(draft);
    for (size_t i = 0; i < signature->count; i++) {
        if (signature->parameters[i].kind == CELL_OUT || !parameter_is_buffer(&signature->parameters[i]))
            continue;
        uint64_t length = element_count(draft, i);
        draft->value[index] = length > 0 || more >= 0 ? length + (uint64_t)more : 0;
        break;
    }
    return draft_write(draft, corpus, err);
}

static int
boundary_buffer(struct draft *draft, size_t index, struct corpus *corpus, struct err *err)
{
    const struct parameter *parameter = &draft->signature->parameters[index];
    uint64_t longest = distribution_longest(learned_of(draft, index));
    if (parameter->fixed_count == 0 && boundary_lengths(draft, index, longest, corpus, err) != 0)
        return -1;
    uint64_t length = longest < 256 ? 256 : longest > 1024 ? 1024 : longest;
    for (unsigned pattern = 0; pattern < PATTERNS; pattern++) {
        bool out = parameter->kind == CELL_OUT;
        if (out ? write_capacity(draft, index, (int)pattern % 3 - 1, corpus, err) != 0
                : write_with(draft, index, length, pattern, corpus, err) != 0)
            return -1;
    }
    return 0;
}

// Writes a call from the distribution but for scalar `index`.
static int
write_scalar(struct draft *draft, size_t index, uint64_t bits, struct corpus *corpus, struct err *err)
{
    draft_from_distribution(draft);
    draft->value[index] = bits;
    return draft_write(draft, corpus, err);
}

static int
boundary_integer(struct draft *draft, size_t index, struct corpus *corpus, struct err *err)
{
    int64_t low, high;
    distribution_range(learned_of(draft, index), &draft->signature->parameters[index], &low, &high);
    const int64_t ends[] = {low, high, low < high ? low + 1 : low, low < high ? high - 1 : high};
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
        if (write_scalar(draft, index, (uint64_t)ends[i], corpus, err) != 0)
            return -1;
    for (unsigned k = 0; k < 2 * 3 * 63; k++) {
        int64_t value = (INT64_C(1) << k / 6) - 1 + k / 2 % 3;
        value = k % 2 == 0 ? value : -value;
        if (value >= low && value <= high && write_scalar(draft, index, (uint64_t)value, corpus, err) != 0)
            return -1;
    }
    return 0;
}

static int
boundary_real(struct draft *draft, size_t index, struct corpus *corpus, struct err *err)
{
    static const double steps[] = {0,  0.5, 1,   1.5, 2,   3,   4,     7,   8,
                                   10, 16,  100, 255, 256, 1e3, 65536, 1e6, 1e9};
    double low, high;
    distribution_range_real(learned_of(draft, index), &draft->signature->parameters[index], &low, &high);
    for (size_t i = 0; i < 2 + 2 * sizeof(steps) / sizeof(steps[0]); i++) {
        double value = i == 0 ? low : i == 1 ? high : i % 2 == 0 ? steps[i / 2 - 1] : -steps[i / 2 - 1];
        uint64_t bits;
        memcpy(&bits, &value, sizeof(bits));
        if (value >= low && value <= high && write_scalar(draft, index, bits, corpus, err) != 0)
            return -1;
    }
    return 0;
}

int
generate_boundary(struct corpus *corpus, const struct signature *signature, const json_t *distribution,
                  struct rng *rng, struct err *err)
{
    struct draft draft;
    draft_init(&draft, signature, distribution, rng);
    int result = 0;
    for (size_t i = 0; i < signature->count && result == 0; i++) {
        const struct parameter *parameter = &signature->parameters[i];
        if (parameter->kind == CELL_SCALAR && parameter->is_real)
            result = boundary_real(&draft, i, corpus, err);
        else if (parameter->kind == CELL_SCALAR)
            result = boundary_integer(&draft, i, corpus, err);
        else if (parameter_is_buffer(parameter))
            result = boundary_buffer(&draft, i, corpus, err);
    }
    draft_release(&draft);
    return result;
}
