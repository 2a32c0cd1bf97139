// SPDX-License-Identifier: Apache-2.0
#include "base/yaml.h"

#include "base/map.h"
#include "base/vec.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <yaml.h>

#define TEXT_MAX_BYTES (1u << 20)
#define DEPTH_MAX 64
#define NODES_MAX 100000

struct reader {
    yaml_parser_t parser;
    struct arena *arena;
    struct str text;
    const char *file;
    struct map anchors; // name -> finished node
    size_t nodes;
    struct err *err;
};

static struct yaml_node *read_node(struct reader *reader, const yaml_event_t *event, unsigned depth);

static struct yaml_mark
mark_of(const struct reader *reader, yaml_mark_t mark)
{
    return (struct yaml_mark){reader->file, (unsigned)mark.line + 1, (unsigned)mark.column + 1};
}

static void *
fail_at(const struct reader *reader, yaml_mark_t mark, const char *what, const char *more)
{
    struct yaml_mark at = mark_of(reader, mark);
    err_set(reader->err, ERR_PARSE, "%s:%u:%u: %s%s", at.file, at.line, at.column, what, more);
    return NULL;
}

// Bytes that are not text are reported by their offset alone.
static yaml_mark_t
mark_of_offset(struct str text, size_t offset)
{
    struct str before = str_head(text, offset);
    yaml_mark_t mark = {.index = offset};
    for (size_t i = 0; i < before.len; i++) {
        mark.column++;
        if (before.ptr[i] == '\n') {
            mark.line++;
            mark.column = 0;
        }
    }
    return mark;
}

// The next event, to be deleted by the caller after success.
static int
event_next(struct reader *reader, yaml_event_t *event)
{
    yaml_parser_t *parser = &reader->parser;
    if (yaml_parser_parse(parser, event)) {
        if (event->type != YAML_SCALAR_EVENT ||
            !memchr(event->data.scalar.value, 0, event->data.scalar.length))
            return 0;
        fail_at(reader, event->start_mark, "a NUL character is not allowed", "");
        yaml_event_delete(event);
        return -1;
    }
    yaml_mark_t mark = parser->problem_mark;
    if (parser->error == YAML_READER_ERROR)
        mark = mark_of_offset(reader->text, parser->problem_offset);
    char more[160];
    snprintf(more, sizeof(more), "%s%s", parser->context ? " " : "", parser->context ? parser->context : "");
    fail_at(reader, mark, parser->problem ? parser->problem : "cannot be read", more);
    return -1;
}

static struct str
text_of(struct reader *reader, const yaml_event_t *event)
{
    struct str text = str_n((const char *)event->data.scalar.value, event->data.scalar.length);
    return str_n(arena_str(reader->arena, text), text.len);
}

static bool
tag_is_text(const yaml_char_t *tag)
{
    return strcmp((const char *)tag, YAML_STR_TAG) == 0 || strcmp((const char *)tag, "!") == 0;
}

static struct yaml_node *
node_new(struct reader *reader, const yaml_event_t *event, enum yaml_kind kind)
{
    struct yaml_node *node = ARENA_NEW(reader->arena, struct yaml_node);
    node->kind = kind;
    node->mark = mark_of(reader, event->start_mark);
    node->weight = 1;
    return node;
}

// Counts a part of a collection in.
static void
node_weigh(struct yaml_node *node, const struct yaml_node *part)
{
    node->weight += part->weight;
    if (node->height <= part->height)
        node->height = part->height + 1;
}

// Moves the elements of a vector into the arena.
static void *
keep(struct reader *reader, void *items, size_t count, size_t size)
{
    void *kept = arena_array(reader->arena, count, size);
    if (count > 0)
        memcpy(kept, items, count * size);
    vec_free(items);
    return kept;
}

static struct yaml_node *
read_scalar(struct reader *reader, const yaml_event_t *event)
{
    const yaml_char_t *tag = event->data.scalar.tag;
    if (tag && !tag_is_text(tag))
        return fail_at(reader, event->start_mark, "tags are not supported: ", (const char *)tag);
    struct yaml_node *node = node_new(reader, event, YAML_SCALAR);
    node->text = text_of(reader, event);
    node->quoted = tag || event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
    return node;
}

static struct yaml_node *
read_alias(struct reader *reader, const yaml_event_t *event, unsigned depth)
{
    const char *name = (const char *)event->data.alias.anchor;
    struct yaml_node *node = map_get(&reader->anchors, str_of(name));
    if (!node)
        return fail_at(reader, event->start_mark, "no finished anchor is named ", name);
    reader->nodes += node->weight;
    if (depth + node->height > DEPTH_MAX)
        return fail_at(reader, event->start_mark, "nested deeper than 64 levels by alias ", name);
    return node;
}

static struct yaml_node *
read_next(struct reader *reader, unsigned depth)
{
    yaml_event_t event;
    if (event_next(reader, &event) < 0)
        return NULL;
    struct yaml_node *node = read_node(reader, &event, depth);
    yaml_event_delete(&event);
    return node;
}

static struct yaml_node *
read_list(struct reader *reader, const yaml_event_t *start, unsigned depth)
{
    struct yaml_node *list = node_new(reader, start, YAML_LIST);
    VEC(struct yaml_node *) items = {0};
    bool ended = false, failed = false;
    while (!ended && !failed) {
        yaml_event_t event;
        if (event_next(reader, &event) < 0)
            break;
        struct yaml_node *item = NULL;
        ended = event.type == YAML_SEQUENCE_END_EVENT;
        if (!ended && (item = read_node(reader, &event, depth + 1))) {
            *vec_push(&items) = item; // NOLINT(bugprone-sizeof-expression): the elements are pointers
            node_weigh(list, item);
        }
        failed = !ended && !item;
        yaml_event_delete(&event);
    }
    list->count = items.count;
    list->items = keep(reader, items.items, items.count, sizeof(list)); // NOLINT(bugprone-sizeof-expression)
    return ended ? list : NULL;
}

// The key that `event` is and the value behind it; `seen` holds the map's keys so far.
static int
read_pair(struct reader *reader, const yaml_event_t *event, struct map *seen, struct yaml_pair *pair,
          unsigned depth)
{
    if (event->type != YAML_SCALAR_EVENT)
        return fail_at(reader, event->start_mark, "a key must be a plain text", ""), -1;
    *pair = (struct yaml_pair){.key = text_of(reader, event), .mark = mark_of(reader, event->start_mark)};
    if (map_has(seen, pair->key))
        return fail_at(reader, event->start_mark, "this key is already set above: ", pair->key.ptr), -1;
    map_set(seen, pair->key, pair);
    pair->value = read_next(reader, depth + 1);
    return pair->value ? 0 : -1;
}

static struct yaml_node *
read_map(struct reader *reader, const yaml_event_t *start, unsigned depth)
{
    struct yaml_node *map = node_new(reader, start, YAML_MAP);
    VEC(struct yaml_pair) pairs = {0};
    AUTO_MAP seen = {0};
    bool ended = false, failed = false;
    while (!ended && !failed) {
        yaml_event_t event;
        if (event_next(reader, &event) < 0)
            break;
        ended = event.type == YAML_MAPPING_END_EVENT;
        struct yaml_pair pair;
        if (!ended && !(failed = read_pair(reader, &event, &seen, &pair, depth) < 0)) {
            *vec_push(&pairs) = pair;
            node_weigh(map, pair.value);
        }
        yaml_event_delete(&event);
    }
    map->count = pairs.count;
    map->pairs = keep(reader, pairs.items, pairs.count, sizeof(*pairs.items));
    return ended ? map : NULL;
}

static struct yaml_node *
read_collection(struct reader *reader, const yaml_event_t *event, unsigned depth)
{
    bool is_map = event->type == YAML_MAPPING_START_EVENT;
    const yaml_char_t *tag = is_map ? event->data.mapping_start.tag : event->data.sequence_start.tag;
    if (tag)
        return fail_at(reader, event->start_mark, "tags are not supported: ", (const char *)tag);
    if (depth >= DEPTH_MAX)
        return fail_at(reader, event->start_mark, "nested deeper than 64 levels", "");
    return is_map ? read_map(reader, event, depth) : read_list(reader, event, depth);
}

static struct yaml_node *
read_node(struct reader *reader, const yaml_event_t *event, unsigned depth)
{
    struct yaml_node *node;
    const yaml_char_t *anchor = NULL;
    reader->nodes++;
    if (event->type == YAML_SCALAR_EVENT) {
        anchor = event->data.scalar.anchor;
        node = read_scalar(reader, event);
    } else if (event->type == YAML_ALIAS_EVENT) {
        node = read_alias(reader, event, depth);
    } else {
        bool is_map = event->type == YAML_MAPPING_START_EVENT;
        anchor = is_map ? event->data.mapping_start.anchor : event->data.sequence_start.anchor;
        node = read_collection(reader, event, depth);
    }
    if (node && anchor)
        map_set(&reader->anchors, str_of((const char *)anchor), node);
    if (node && reader->nodes > NODES_MAX)
        return fail_at(reader, event->start_mark, "more than 100000 nodes, counting what aliases repeat", "");
    return node;
}

// stream start, [document start, node, document end], stream end
static struct yaml_node *
read_stream(struct reader *reader)
{
    struct yaml_node *root = NULL;
    for (;;) {
        yaml_event_t event;
        if (event_next(reader, &event) < 0)
            return NULL;
        yaml_event_type_t type = event.type;
        yaml_mark_t mark = event.start_mark;
        if (type == YAML_STREAM_END_EVENT && !root) {
            root = node_new(reader, &event, YAML_SCALAR);
            root->text = STR("");
        }
        yaml_event_delete(&event);
        if (type == YAML_STREAM_END_EVENT)
            return root;
        if (type != YAML_DOCUMENT_START_EVENT)
            continue;
        if (root)
            return fail_at(reader, mark, "only one document is allowed", "");
        root = read_next(reader, 0);
        if (!root)
            return NULL;
    }
}

struct yaml_node *
yaml_read(struct arena *arena, struct str text, const char *file, struct err *err)
{
    struct reader reader = {.arena = arena, .text = text, .file = arena_dup(arena, file), .err = err};
    if (text.len > TEXT_MAX_BYTES) {
        err_set(err, ERR_PARSE, "%s:1:1: larger than 1 MiB", file);
        return NULL;
    }
    if (!yaml_parser_initialize(&reader.parser))
        abort();
    yaml_parser_set_encoding(&reader.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&reader.parser, (const unsigned char *)(text.ptr ? text.ptr : ""), text.len);
    struct yaml_node *root = read_stream(&reader);
    yaml_parser_delete(&reader.parser);
    map_release(&reader.anchors);
    return root;
}

struct yaml_node *
yaml_get(const struct yaml_node *node, const char *key)
{
    if (!node || node->kind != YAML_MAP)
        return NULL;
    for (size_t i = 0; i < node->count; i++)
        if (str_is(node->pairs[i].key, key))
            return node->pairs[i].value;
    return NULL;
}

// ---- plain scalars: the core schema, YAML 1.2.2 section 10.3.2 ----

static bool
is_one_of(struct str text, const char *const *words)
{
    for (; *words; words++)
        if (str_is(text, *words))
            return true;
    return false;
}

static const char *const null_words[] = {"", "~", "null", "Null", "NULL", NULL};
static const char *const true_words[] = {"true", "True", "TRUE", NULL};
static const char *const false_words[] = {"false", "False", "FALSE", NULL};

static const char *
skip_digits(const char *at)
{
    while (isdigit((unsigned char)*at))
        at++;
    return at;
}

static json_t *
number_of(const char *text)
{
    const char *start = text + (*text == '-' || *text == '+');
    const char *whole_end = skip_digits(start);
    const char *end = *whole_end == '.' ? skip_digits(whole_end + 1) : whole_end;
    int64_t value;
    if (start == text && text[0] == '0' && text[1] == 'x' && str_to_i64(str_of(text), &value))
        return json_integer(value);
    if (start == text && text[0] == '0' && text[1] == 'o' && text[2] &&
        !text[2 + strspn(text + 2, "01234567")])
        return json_integer((json_int_t)strtoll(text + 2, NULL, 8));
    if (end == start || (end == start + 1 && *start == '.'))
        return NULL;
    if (!*whole_end && str_to_i64(str_of(*text == '+' ? start : text), &value))
        return json_integer(value);
    if (*end == 'e' || *end == 'E') {
        const char *exponent = end + 1 + (end[1] == '-' || end[1] == '+');
        end = skip_digits(exponent);
        if (end == exponent)
            return NULL;
    }
    return *end ? NULL : json_real(strtod(text, NULL)); // NULL for what is out of range
}

static json_t *
plain_to_json(struct str text)
{
    if (is_one_of(text, null_words))
        return json_null();
    if (is_one_of(text, true_words))
        return json_true();
    if (is_one_of(text, false_words))
        return json_false();
    json_t *number = number_of(text.ptr);
    return number ? number : json_text(text);
}

bool
yaml_is_null(const struct yaml_node *node)
{
    return !node || (node->kind == YAML_SCALAR && !node->quoted && is_one_of(node->text, null_words));
}

json_t *
yaml_to_json(const struct yaml_node *node)
{
    if (node->kind == YAML_SCALAR)
        return node->quoted ? json_text(node->text) : plain_to_json(node->text);
    json_t *json = node->kind == YAML_MAP ? json_object() : json_array();
    for (size_t i = 0; i < node->count; i++) {
        if (node->kind == YAML_LIST)
            json_array_append_new(json, yaml_to_json(node->items[i]));
        else
            json_object_set_new(json, node->pairs[i].key.ptr, yaml_to_json(node->pairs[i].value));
    }
    return json;
}

// ---- writing ----

static int
write_bytes(void *out, unsigned char *bytes, size_t size)
{
    buf_add(out, bytes, size);
    return 1;
}

// Words and shapes that YAML 1.1 readers take for something else.
static bool
is_ambiguous(const char *text)
{
    static const char *const words[] = {"y",    "n",     "yes",  "no",   "on",  "off",
                                        "true", "false", "null", ".inf", ".nan"};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (strcasecmp(text, words[i]) == 0)
            return true;
    return isdigit((unsigned char)*text) || (*text && strchr("-+.=<", *text));
}

static int
emit_text(yaml_emitter_t *emitter, const char *text, size_t len, bool is_plain)
{
    yaml_event_t event;
    yaml_scalar_style_t style = YAML_ANY_SCALAR_STYLE;
    if (!is_plain && memchr(text, '\n', len))
        style = YAML_LITERAL_SCALAR_STYLE;
    yaml_scalar_event_initialize(&event, NULL, NULL, (const yaml_char_t *)text, (int)len, is_plain, true,
                                 style);
    return yaml_emitter_emit(emitter, &event);
}

static int
emit_string(yaml_emitter_t *emitter, const char *text, size_t len)
{
    AUTO_JSON *read_back = strlen(text) == len ? plain_to_json(str_n(text, len)) : NULL;
    bool is_plain = json_is_string(read_back) && !is_ambiguous(text) && !memchr(text, '\n', len);
    return emit_text(emitter, text, len, is_plain);
}

// The shortest text that reads back as the same real.
static int
emit_real(yaml_emitter_t *emitter, double real)
{
    char text[40], full[44];
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof(text), "%.*g", digits, real);
        if (strtod(text, NULL) == real)
            break;
    }
    snprintf(full, sizeof(full), "%s%s", text, strpbrk(text, ".e") ? "" : ".0");
    return emit_text(emitter, full, strlen(full), true);
}

static int emit_json(yaml_emitter_t *emitter, const json_t *json);

static int
emit_collection(yaml_emitter_t *emitter, const json_t *json)
{
    yaml_event_t event;
    int ok;
    if (json_is_object(json)) {
        yaml_mapping_start_event_initialize(&event, NULL, NULL, 1, YAML_BLOCK_MAPPING_STYLE);
        ok = yaml_emitter_emit(emitter, &event);
        const char *key;
        json_t *value;
        json_object_foreach((json_t *)(uintptr_t)json, key, value)
        {
            ok = ok && emit_string(emitter, key, strlen(key)) && emit_json(emitter, value);
        }
        yaml_mapping_end_event_initialize(&event);
    } else {
        yaml_sequence_start_event_initialize(&event, NULL, NULL, 1, YAML_BLOCK_SEQUENCE_STYLE);
        ok = yaml_emitter_emit(emitter, &event);
        for (size_t i = 0; i < json_array_size(json); i++)
            ok = ok && emit_json(emitter, json_array_get(json, i));
        yaml_sequence_end_event_initialize(&event);
    }
    return ok && yaml_emitter_emit(emitter, &event);
}

static int
emit_json(yaml_emitter_t *emitter, const json_t *json)
{
    char number[32];
    switch (json_typeof(json)) {
    case JSON_OBJECT:
    case JSON_ARRAY:
        return emit_collection(emitter, json);
    case JSON_STRING:
        return emit_string(emitter, json_string_value(json), json_string_length(json));
    case JSON_INTEGER:
        snprintf(number, sizeof(number), "%" JSON_INTEGER_FORMAT, json_integer_value(json));
        return emit_text(emitter, number, strlen(number), true);
    case JSON_REAL:
        return emit_real(emitter, json_real_value(json));
    case JSON_TRUE:
        return emit_text(emitter, "true", 4, true);
    case JSON_FALSE:
        return emit_text(emitter, "false", 5, true);
    case JSON_NULL:
        break;
    }
    return emit_text(emitter, "null", 4, true);
}

int
yaml_write(const json_t *json, struct buf *out, struct err *err)
{
    yaml_emitter_t emitter;
    yaml_event_t event;
    if (!yaml_emitter_initialize(&emitter))
        abort();
    yaml_emitter_set_output(&emitter, write_bytes, out);
    yaml_emitter_set_unicode(&emitter, 1);
    yaml_emitter_set_width(&emitter, -1);
    yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING);
    int ok = yaml_emitter_emit(&emitter, &event);
    yaml_document_start_event_initialize(&event, NULL, NULL, NULL, 1);
    ok = ok && yaml_emitter_emit(&emitter, &event) && emit_json(&emitter, json);
    yaml_document_end_event_initialize(&event, 1);
    ok = ok && yaml_emitter_emit(&emitter, &event);
    yaml_stream_end_event_initialize(&event);
    ok = ok && yaml_emitter_emit(&emitter, &event);
    if (!ok)
        err_set(err, ERR_INTERNAL, "writing YAML: %s", emitter.problem ? emitter.problem : "failed");
    yaml_emitter_delete(&emitter);
    return ok ? buf_check(out, "the YAML text", err) : -1;
}
