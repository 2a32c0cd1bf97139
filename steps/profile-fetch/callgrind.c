// SPDX-License-Identifier: Apache-2.0
#include "steps/profile-fetch/callgrind.h"

#include "steps/profile-fetch/text.h"

#include <ctype.h>

#define MAX_POSITIONS 3
#define MAX_EVENTS 64u

// The three spaces of compressed names.
enum space { SPACE_OBJECT, SPACE_FILE, SPACE_FUNCTION, SPACE_COUNT };

struct function {
    struct str name;
    uint32_t file, object; // names of the profile; where fn= puts it, until then where a call puts it
    bool placed;           // by fn=
};
struct cost {
    uint32_t function, file, line;
    int64_t value;
};
struct arc {
    uint32_t caller, callee;
    int64_t value;
};

struct reader {
    struct text text;
    struct profile *profile;
    struct map
        ids[SPACE_COUNT]; // "(12)" -> name of the profile + 1, or function + 1; functions without id by name
    VEC(struct function) functions;
    VEC(struct cost) costs; // merged by cost_ids
    VEC(struct arc) arcs;
    struct map cost_ids;
    unsigned positions, line_position; // sub-positions of a cost line, and which one is the line
    size_t event;                      // index of the one read
    size_t event_count;
    bool in_function, after_calls;
    uint32_t function, callee;
    uint32_t object, file, inline_file;  // current: ob=, fl=, fi=
    uint32_t callee_object, callee_file; // cob=, cfi= of the next cfn=; 0 = as the caller's
    bool has_callee, has_callee_file;
    uint64_t last[MAX_POSITIONS];
    double summary, sum;
    bool has_totals;
};

static void
S_reader_release(struct reader *reader)
{
    for (size_t i = 0; i < SPACE_COUNT; i++)
        map_release(&reader->ids[i]);
    map_release(&reader->cost_ids);
    vec_release(&reader->functions);
    vec_release(&reader->costs);
    vec_release(&reader->arcs);
}

static void *
S_value_of(size_t id)
{
    return (void *)((uintptr_t)id + 1);
}

// Splits "(12) name" into key and name; without compression both are the text.
static int
S_split(struct reader *reader, struct str text, struct str *key, struct str *name, struct err *err)
{
    text = str_trim(text);
    *key = *name = text;
    if (text.len == 0 || text.ptr[0] != '(')
        return 0;
    struct str inside = str_from(text, 1);
    uint64_t id;
    if (!text_number(&inside, &id))
        return 0; // "(below main)" is a name
    if (!str_starts(inside, STR(")")))
        return text_error(&reader->text, err, "expected `(NUMBER)` or `(NUMBER) NAME`");
    *name = str_trim(str_from(inside, 1));
    *key = str_head(text, text.len - inside.len + 1);
    return 0;
}

// The profile's name id for the text of ob=, fl= and the like.
static int
S_name(struct reader *reader, enum space space, struct str text, uint32_t *id, struct err *err)
{
    struct str key, name;
    if (S_split(reader, text, &key, &name, err) < 0)
        return -1;
    if (name.len > 0 && name.ptr == key.ptr) {
        *id = profile_name(reader->profile, str_is(name, "???") ? STR("") : name);
        return 0;
    }
    void **slot = map_slot(&reader->ids[space], key);
    if (name.len > 0)
        *slot = S_value_of(profile_name(reader->profile, str_is(name, "???") ? STR("") : name));
    if (!*slot)
        return text_error(&reader->text, err, "name %.*s is used before it is defined",
                          (int)str_head(key, 24).len, key.ptr);
    *id = (uint32_t)((uintptr_t)*slot - 1);
    return 0;
}

// Drops the recursion level of "fib'2".
static struct str
S_without_level(struct str name)
{
    ptrdiff_t quote = str_rfind_byte(name, '\'');
    if (!name.ptr || quote <= 0 || (size_t)quote + 1 == name.len)
        return name;
    for (size_t i = (size_t)quote + 1; i < name.len; i++)
        if (!isdigit((unsigned char)name.ptr[i]))
            return name;
    return str_head(name, (size_t)quote);
}

// The function of a fn= or cfn= line. Without compression a name is a function of its file.
static int
S_function(struct reader *reader, struct str text, uint32_t file, uint32_t *index, struct err *err)
{
    struct str key, name;
    if (S_split(reader, text, &key, &name, err) < 0)
        return -1;
    AUTO_BUF plain = BUF(PROFILE_MAX_NAME_BYTES + 16);
    if (name.len > 0 && name.ptr == key.ptr) {
        buf_add_u32(&plain, file);
        buf_add_str(&plain, str_head(name, PROFILE_MAX_NAME_BYTES));
        key = buf_str(&plain);
    }
    if (!name.ptr || name.len == 0) {
        if (!map_has(&reader->ids[SPACE_FUNCTION], key))
            return text_error(&reader->text, err, "function %.*s is used before it is defined",
                              (int)str_head(key, 24).len, key.ptr);
    }
    void **slot = map_slot(&reader->ids[SPACE_FUNCTION], key);
    if (!*slot) {
        if (reader->functions.count >= PROFILE_MAX_FUNCTIONS)
            return err_set(err, ERR_LIMIT, "%s: more than %u functions", reader->text.name,
                           PROFILE_MAX_FUNCTIONS);
        *slot = S_value_of(reader->functions.count);
        *vec_push(&reader->functions) = (struct function){.name = S_without_level(name), .file = file};
    }
    *index = (uint32_t)((uintptr_t)*slot - 1);
    return 0;
}

static int
S_caller_line(struct reader *reader, struct str text, struct err *err)
{
    if (S_function(reader, text, reader->file, &reader->function, err) < 0)
        return -1;
    struct function *function = &reader->functions.items[reader->function];
    function->file = reader->file;
    function->object = reader->object;
    function->placed = true;
    reader->inline_file = reader->file;
    reader->in_function = true;
    reader->has_callee = reader->has_callee_file = false;
    return 0;
}

static int
S_callee_line(struct reader *reader, struct str text, struct err *err)
{
    uint32_t file = reader->has_callee_file ? reader->callee_file : reader->file;
    if (S_function(reader, text, file, &reader->callee, err) < 0)
        return -1;
    struct function *function = &reader->functions.items[reader->callee];
    if (!function->placed) {
        function->file = file;
        function->object = reader->callee_object ? reader->callee_object : reader->object;
    }
    reader->callee_object = 0;
    reader->has_callee_file = false;
    reader->has_callee = true;
    return 0;
}

// Lines of the form KEY=VALUE. 1 when it was one, 0 when not.
static int
S_assignment(struct reader *reader, struct str line, struct err *err)
{
    ptrdiff_t equals = str_find_byte(line, '=');
    if (equals <= 0 || equals > 5)
        return 0;
    struct str key = str_head(line, (size_t)equals), text = str_from(line, (size_t)equals + 1);
    uint32_t ignored;
    int result = 0;
    if (str_is(key, "fn")) {
        result = S_caller_line(reader, text, err);
    } else if (str_is(key, "cfn")) {
        result = S_callee_line(reader, text, err);
    } else if (str_is(key, "fl")) {
        result = S_name(reader, SPACE_FILE, text, &reader->file, err);
        reader->inline_file = reader->file;
    } else if (str_is(key, "fi") || str_is(key, "fe")) {
        result = S_name(reader, SPACE_FILE, text, &reader->inline_file, err);
    } else if (str_is(key, "cfi") || str_is(key, "cfl")) {
        result = S_name(reader, SPACE_FILE, text, &reader->callee_file, err);
        reader->has_callee_file = true;
    } else if (str_is(key, "ob")) {
        result = S_name(reader, SPACE_OBJECT, text, &reader->object, err);
    } else if (str_is(key, "cob")) {
        result = S_name(reader, SPACE_OBJECT, text, &reader->callee_object, err);
    } else if (str_is(key, "calls")) {
        if (!reader->in_function || !reader->has_callee)
            return text_error(&reader->text, err, "`calls=` without `fn=` and `cfn=` before it");
        reader->after_calls = true;
    } else if (str_is(key, "jfi")) {
        result = S_name(reader, SPACE_FILE, text, &ignored, err);
    } else if (str_is(key, "jfn")) {
        result = S_function(reader, text, reader->file, &ignored, err);
    } else if (!str_is(key, "jump") && !str_is(key, "jcnd")) {
        return text_error(&reader->text, err, "unknown key `%.*s=`", (int)key.len, key.ptr);
    }
    return result < 0 ? -1 : 1;
}

static int
S_positions(struct reader *reader, struct str words, struct err *err)
{
    reader->positions = 0;
    reader->line_position = MAX_POSITIONS;
    for (struct str word = text_word(&words); word.len > 0; word = text_word(&words)) {
        if (reader->positions == MAX_POSITIONS)
            return text_error(&reader->text, err, "more than %d positions", MAX_POSITIONS);
        if (str_is(word, "line"))
            reader->line_position = reader->positions;
        reader->positions++;
    }
    if (reader->positions == 0)
        return text_error(&reader->text, err, "no position");
    return 0;
}

static int
S_events(struct reader *reader, struct str words, struct err *err)
{
    struct str first = {0}, chosen = {0};
    reader->event = reader->event_count = 0;
    for (struct str word = text_word(&words); word.len > 0; word = text_word(&words)) {
        if (reader->event_count == MAX_EVENTS)
            return text_error(&reader->text, err, "more than %u events", MAX_EVENTS);
        if (reader->event_count == 0)
            first = word;
        if (str_is(word, "Ir")) {
            chosen = word;
            reader->event = reader->event_count;
        }
        reader->event_count++;
    }
    if (reader->event_count == 0)
        return text_error(&reader->text, err, "no event");
    return profile_measure(reader->profile, PROFILE_INSTRUCTIONS, chosen.ptr ? chosen : first, STR("count"),
                           reader->text.name, err);
}

// The value of the chosen event in a list of costs, 0 when the list is shorter.
static double
S_event_of(const struct reader *reader, struct str words)
{
    uint64_t value = 0;
    for (size_t i = 0; i <= reader->event; i++) {
        struct str word = text_word(&words);
        value = 0;
        if (word.len == 0 || !text_number(&word, &value))
            return 0;
    }
    return (double)value;
}

// Header lines "key: value". 1 when it was one, 0 when not.
static int
S_header(struct reader *reader, struct str line, struct err *err)
{
    ptrdiff_t colon = str_find_byte(line, ':');
    if (colon <= 0 || !isalpha((unsigned char)line.ptr[0]))
        return 0;
    struct str key = str_head(line, (size_t)colon), value = str_from(line, (size_t)colon + 1);
    if (str_is(key, "positions"))
        return S_positions(reader, value, err) < 0 ? -1 : 1;
    if (str_is(key, "events"))
        return S_events(reader, value, err) < 0 ? -1 : 1;
    if (str_is(key, "summary"))
        reader->summary += S_event_of(reader, value);
    else if (str_is(key, "totals"))
        reader->has_totals = true;
    else if (str_is(key, "desc") || str_is(key, "cmd"))
        profile_note_commits(reader->profile, value);
    return 1;
}

// One sub-position: absolute (decimal or hex), "+n", "-n" or "*".
static bool
S_position(struct str word, uint64_t *last)
{
    uint64_t number;
    if (str_is(word, "*"))
        return true;
    char sign = word.len > 0 ? word.ptr[0] : 0;
    struct str digits = sign == '+' || sign == '-' ? str_from(word, 1) : word;
    if (digits.len == 0 || !isdigit((unsigned char)digits.ptr[0]) || !str_to_u64(digits, &number))
        return false;
    if (sign == '+')
        *last += number;
    else if (sign == '-')
        *last -= number;
    else
        *last = number;
    return true;
}

static int
S_file_cost(struct reader *reader, uint64_t line, int64_t value, struct err *err)
{
    uint32_t number = line > INT32_MAX ? 0 : (uint32_t)line;
    uint32_t key[3] = {reader->function, reader->inline_file, number};
    void **slot = map_slot(&reader->cost_ids, str_n((const char *)key, sizeof(key)));
    if (!*slot) {
        if (reader->costs.count >= PROFILE_MAX_FRAMES)
            return err_set(err, ERR_LIMIT, "%s: more than %u lines with a cost", reader->text.name,
                           PROFILE_MAX_FRAMES);
        *slot = S_value_of(reader->costs.count);
        *vec_push(&reader->costs) = (struct cost){.function = key[0], .file = key[1], .line = number};
    }
    struct cost *cost = &reader->costs.items[(uintptr_t)*slot - 1];
    if (__builtin_add_overflow(cost->value, value, &cost->value))
        return text_error(&reader->text, err, "costs add up to more than 64 bits");
    reader->sum += (double)value;
    return 0;
}

// "POSITION.. COST.."; after calls= the cost is that of the calls.
static int
S_cost_line(struct reader *reader, struct str line, struct err *err)
{
    if (reader->event_count == 0)
        return text_error(&reader->text, err, "a cost before the `events:` line");
    for (unsigned i = 0; i < reader->positions; i++)
        if (!S_position(text_word(&line), &reader->last[i]))
            return text_error(&reader->text, err, "expected %u position%s and the costs", reader->positions,
                              reader->positions == 1 ? "" : "s");
    uint64_t value = 0;
    for (size_t i = 0; i < reader->event_count; i++) {
        struct str word = text_word(&line);
        uint64_t number = 0;
        if (word.len > 0 && (!str_to_u64(word, &number) || number > INT64_MAX))
            return text_error(&reader->text, err, "`%.*s` is no cost", (int)str_head(word, 24).len, word.ptr);
        if (i == reader->event)
            value = number;
    }
    if (!reader->in_function)
        return text_error(&reader->text, err, "a cost outside any function (`fn=`)");
    if (!reader->after_calls) {
        uint64_t at = reader->line_position < MAX_POSITIONS ? reader->last[reader->line_position] : 0;
        return S_file_cost(reader, at, (int64_t)value, err);
    }
    reader->after_calls = reader->has_callee = false;
    if (reader->arcs.count >= PROFILE_MAX_ARCS)
        return err_set(err, ERR_LIMIT, "%s: more than %u calls", reader->text.name, PROFILE_MAX_ARCS);
    *vec_push(&reader->arcs) =
        (struct arc){.caller = reader->function, .callee = reader->callee, .value = (int64_t)value};
    return 0;
}

static int
S_line(struct reader *reader, struct str line, struct err *err)
{
    line = str_trim(line);
    if (line.len == 0 || line.ptr[0] == '#')
        return 0;
    char first = line.ptr[0];
    if (isdigit((unsigned char)first) || first == '+' || first == '-' || first == '*')
        return S_cost_line(reader, line, err);
    if (reader->after_calls)
        return text_error(&reader->text, err, "expected the cost of the calls");
    int known = S_assignment(reader, line, err);
    if (known == 0)
        known = S_header(reader, line, err);
    if (known == 0)
        return text_error(&reader->text, err, "neither a cost nor `key=value` nor `key: value`");
    return known < 0 ? -1 : 0;
}

// Turns what was read into samples and arcs.
static int
S_hand_over(struct reader *reader, struct err *err)
{
    struct profile *profile = reader->profile;
    AUTO_ARENA arena = {0};
    uint32_t *ids = ARENA_ARRAY(&arena, uint32_t, reader->functions.count + 1);
    for (size_t i = 0; i < reader->functions.count; i++) {
        const struct function *function = &reader->functions.items[i];
        ids[i] = profile_function(profile, function->name, function->file, function->object, 0);
    }
    for (size_t i = 0; i < reader->costs.count; i++) {
        const struct cost *cost = &reader->costs.items[i];
        struct profile_frame frame = {
            .function = ids[cost->function], .file = cost->file, .line = cost->line};
        uint32_t id = profile_frame(profile, &frame);
        if (cost->value > 0 && profile_sample(profile, &id, 1, cost->value, 0, err) < 0)
            return err_wrap(err, "%s", reader->text.name);
    }
    for (size_t i = 0; i < reader->arcs.count; i++) {
        const struct arc *arc = &reader->arcs.items[i];
        profile_arc(profile, ids[arc->caller], ids[arc->callee], arc->value);
    }
    return 0;
}

int
callgrind_read(struct str data, const char *name, struct profile *profile, struct err *err)
{
    struct reader reader = {.text = text_of(data, name), .profile = profile, .positions = 1};
    struct str line;
    int result = 0;
    while (result == 0 && text_line(&reader.text, &line))
        result = S_line(&reader, line, err);
    if (result == 0 && reader.event_count == 0)
        result = text_error(&reader.text, err, "no `events:` line");
    if (result == 0 && (reader.after_calls || (!reader.has_totals && reader.sum < 0.99 * reader.summary)))
        result = text_error(&reader.text, err, "cut off: costs of %.0f, but the summary says %.0f",
                            reader.sum, reader.summary);
    if (result == 0)
        result = S_hand_over(&reader, err);
    S_reader_release(&reader);
    return result;
}
