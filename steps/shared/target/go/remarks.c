// SPDX-License-Identifier: Apache-2.0
#include "steps/shared/target/go/remarks.h"

#include <string.h>

enum {
    TEXT_MAX_BYTES = 64 << 20,
    LINE_MAX_BYTES = 1 << 20,
    ITEMS_MAX = 4096,
    PLACES_MAX = 40,
    MESSAGE_MAX = 200
};

static const struct code {
    const char *code, *what;
    enum go_remark_kind kind;
} codes[] = {
    {"isInBounds", "bounds check", GO_REMARK_INDEX_CHECK},
    {"isSliceInBounds", "bounds check of a slice", GO_REMARK_SLICE_CHECK},
    {"escape", "escapes to the heap", GO_REMARK_ESCAPE},
    {"escapes", "escapes to the heap", GO_REMARK_ESCAPE},
    {"inlineCall", "inlined", GO_REMARK_INLINED},
    {"canInlineFunction", "can be inlined", GO_REMARK_INLINABLE},
    {"cannotInlineFunction", "can't be inlined", GO_REMARK_TOO_COSTLY},
};

static const struct code *
code_of(const char *text)
{
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (strcmp(codes[i].code, text) == 0)
            return &codes[i];
    return NULL;
}

static bool
is_known(const struct go_remarks *remarks, const struct go_remark *remark)
{
    for (size_t i = 0; i < remarks->count; i++) {
        const struct go_remark *other = &remarks->items[i];
        if (other->kind == remark->kind && other->line == remark->line && other->column == remark->column)
            return true;
    }
    return false;
}

static unsigned
position(const json_t *start, const char *key)
{
    int64_t number = json_get_int(start, key, 0);

    return number < 0 || number > INT32_MAX ? 0 : (unsigned)number;
}

static void
take(struct arena *arena, const json_t *diagnostic, unsigned first, unsigned last, struct go_remarks *remarks)
{
    const struct code *code = code_of(json_get_text(diagnostic, "code", ""));
    const json_t *start = json_object_get(json_object_get(diagnostic, "range"), "start");
    struct go_remark remark = {.line = position(start, "line"), .column = position(start, "character")};

    if (code == NULL || remark.line < first || remark.line > last)
        return;
    remark.kind = code->kind;
    if (is_known(remarks, &remark))
        return;
    if (remarks->count == ITEMS_MAX) {
        remarks->truncated = true;
        return;
    }
    struct str message = str_head(str_of(json_get_text(diagnostic, "message", "")), MESSAGE_MAX);
    // Not in the middle of a character.
    while (message.len == MESSAGE_MAX && message.len > 0 && (message.ptr[message.len - 1] & 0x80) != 0)
        message.len--;
    remark.message = arena_str(arena, message);
    remarks->items[remarks->count++] = remark;
}

static int
read_head(struct arena *arena, const json_t *head, const char *name, struct go_remarks *remarks,
          struct err *err)
{
    if (!json_is_object(head) || json_get_int(head, "version", -1) != 0)
        return err_set(err, ERR_PARSE,
                       "%s:1: not what `go build -gcflags=-json=0,DIR` writes: no \"version\": 0", name);
    remarks->version = arena_str(arena, str_head(str_of(json_get_text(head, "gc_version", "")), 64));
    return 0;
}

int
go_remarks_read(struct arena *arena, struct str text, const char *name, unsigned first, unsigned last,
                struct go_remarks *remarks, struct err *err)
{
    unsigned number = 0;

    *remarks = (struct go_remarks){.version = "", .items = ARENA_ARRAY(arena, struct go_remark, ITEMS_MAX)};
    if (text.len > TEXT_MAX_BYTES)
        return err_set(err, ERR_LIMIT, "%s is larger than %d MiB", name, TEXT_MAX_BYTES >> 20);
    while (text.ptr != NULL) {
        struct str line = str_cut(&text, '\n');
        number++;
        if (str_trim(line).len == 0)
            continue;
        if (line.len > LINE_MAX_BYTES)
            return err_set(err, ERR_LIMIT, "%s:%u: the line is longer than %d bytes", name, number,
                           LINE_MAX_BYTES);
        AUTO_JSON *value = json_read(line, name, err);
        if (value == NULL)
            return err_wrap(err, "line %u", number);
        if (remarks->version[0] == '\0' && number == 1) {
            if (read_head(arena, value, name, remarks, err) != 0)
                return -1;
            continue;
        }
        take(arena, value, first, last, remarks);
    }
    if (number == 0 || remarks->version[0] == '\0')
        return err_set(err, ERR_PARSE, "%s: empty; the compiler writes at least one line", name);
    return 0;
}

static size_t
count_of(const struct go_remarks *remarks, enum go_remark_kind kind)
{
    size_t count = 0;

    for (size_t i = 0; i < remarks->count; i++)
        count += remarks->items[i].kind == kind;
    return count;
}

static const char *
what_of(enum go_remark_kind kind)
{
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (codes[i].kind == kind)
            return codes[i].what;
    return "";
}

json_t *
go_remarks_json(const struct go_remarks *remarks, unsigned head)
{
    json_t *places = json_array();
    const struct go_remark *inlining = NULL;

    for (size_t i = 0; i < remarks->count; i++) {
        const struct go_remark *remark = &remarks->items[i];
        bool of_function = remark->kind == GO_REMARK_INLINABLE || remark->kind == GO_REMARK_TOO_COSTLY;
        if (of_function && remark->line == head)
            inlining = remark;
        if (of_function || json_array_size(places) == PLACES_MAX)
            continue;
        json_t *place = json_pack("{s:s, s:i, s:i}", "what", what_of(remark->kind), "line", (int)remark->line,
                                  "column", (int)remark->column);
        json_set_text(place, "message", remark->message);
        json_array_append_new(places, place);
    }
    size_t checks = count_of(remarks, GO_REMARK_INDEX_CHECK) + count_of(remarks, GO_REMARK_SLICE_CHECK);
    json_t *json = json_pack("{s:I, s:I, s:I}", "bounds_checks", (json_int_t)checks, "escapes",
                             (json_int_t)count_of(remarks, GO_REMARK_ESCAPE), "inlined_calls",
                             (json_int_t)count_of(remarks, GO_REMARK_INLINED));
    json_object_set_new(json, "can_inline",
                        json_boolean(inlining != NULL && inlining->kind == GO_REMARK_INLINABLE));
    json_set_text(json, "inline", inlining != NULL ? inlining->message : "");
    json_object_set_new(json, "at", places);
    return json;
}
