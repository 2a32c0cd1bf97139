// SPDX-License-Identifier: Apache-2.0
#include "steps/benchmark-generate/go_benchmark.h"

#include "base/fs.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { CALLS_MAX_BYTES = 64 << 10, CALLS_MAX = 64, FIELDS_MAX = 32, DEPTH_MAX = 16 };

const char *
go_benchmark_path(struct arena *arena, const char *function)
{
    return arena_printf(arena, ".atoll/benchmarks/%s_bench_test.go", function);
}

const char *
go_benchmark_place(struct arena *arena, const char *file, const char *function)
{
    char *name = arena_printf(arena, "atoll_%s_bench_test.go", function);
    const char *folder = fs_dir_name(arena, file);

    for (char *c = name; c[strlen("_bench_test.go")] != '\0'; c++)
        *c = isalnum((unsigned char)*c) ? (char)tolower((unsigned char)*c) : '_';
    return strcmp(folder, ".") == 0 ? name : fs_join(arena, folder, name);
}

// ---- values ----

static bool write_value(struct str type, const json_t *value, unsigned depth, struct buf *out);

static void
write_text(struct str text, struct buf *out)
{
    buf_putc(out, '"');
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (c == '"' || c == '\\')
            buf_printf(out, "\\%c", c);
        else if (c == '\n')
            buf_puts(out, "\\n");
        else if (c < 0x20 || c >= 0x7f)
            buf_printf(out, "\\x%02x", c);
        else
            buf_putc(out, (char)c);
    }
    buf_putc(out, '"');
}

// "[]byte" and "[4]byte" -> the part behind the bracket.
static struct str
element_of(struct str type)
{
    ptrdiff_t close = str_find_byte(type, ']');

    return close < 0 ? (struct str){0} : str_from(type, (size_t)close + 1);
}

static bool
write_list(struct str type, const json_t *value, unsigned depth, struct buf *out)
{
    size_t index;
    json_t *item;

    buf_add_str(out, type);
    buf_putc(out, '{');
    json_array_foreach(value, index, item)
    {
        if (index > 0)
            buf_puts(out, ", ");
        if (!write_value(element_of(type), item, depth, out))
            return false;
    }
    buf_putc(out, '}');
    return true;
}

// A map with text as keys, or a structure's fields by name, whose types the values tell.
static bool
write_object(struct str type, const json_t *value, unsigned depth, struct buf *out)
{
    bool is_map = str_starts(type, STR("map[string]"));
    const char *key;
    json_t *item;
    bool first = true;

    if (str_starts(type, STR("*"))) {
        buf_putc(out, '&');
        type = str_from(type, 1);
    }
    buf_add_str(out, type);
    buf_putc(out, '{');
    json_object_foreach((json_t *)(uintptr_t)value, key, item)
    {
        if (!first)
            buf_puts(out, ", ");
        first = false;
        if (is_map)
            write_text(str_of(key), out);
        else
            buf_puts(out, key);
        buf_puts(out, ": ");
        if (!write_value(is_map ? element_of(type) : (struct str){0}, item, depth, out))
            return false;
    }
    buf_putc(out, '}');
    return true;
}

static bool
write_value(struct str type, const json_t *value, unsigned depth, struct buf *out)
{
    AUTO_BUF bytes = BUF(CALLS_MAX_BYTES);

    if (depth == 0)
        return false;
    if (json_is_null(value)) {
        buf_puts(out, "nil");
        return true;
    }
    if (json_is_boolean(value)) {
        buf_puts(out, json_is_true(value) ? "true" : "false");
        return true;
    }
    if (json_is_integer(value)) {
        bool whole = json_integer_value(value) < 0 && str_starts(type, STR("uint"));
        if (whole) // 8 bytes without sign come as with sign
            buf_printf(out, "%llu", (unsigned long long)json_integer_value(value));
        else
            buf_printf(out, "%lld", (long long)json_integer_value(value));
        return true;
    }
    if (json_is_real(value)) {
        buf_printf(out, "%.17g", json_real_value(value));
        return true;
    }
    bool is_text = json_is_string(value) || (json_is_object(value) && json_object_get(value, "b64") != NULL);
    if (is_text && json_bytes_into(value, &bytes)) {
        bool is_list = str_starts(type, STR("[]"));
        if (str_starts(type, STR("[")) && !is_list)
            return false;
        if (is_list)
            buf_printf(out, "%.*s(", STR_ARG(type));
        write_text(buf_str(&bytes), out);
        buf_puts(out, is_list ? ")" : "");
        return true;
    }
    if (json_is_array(value))
        return str_starts(type, STR("[")) && write_list(type, value, depth - 1, out);
    return type.len > 0 && write_object(type, value, depth - 1, out);
}

// ---- the file ----

struct field {
    const char *name, *type;
};

struct fields {
    struct field items[FIELDS_MAX];
    size_t count;
    char made[FIELDS_MAX][16]; // names of those that have none
};

static void
add_field(struct fields *fields, const char *name, const char *type)
{
    if (fields->count == FIELDS_MAX)
        return;
    char *made = fields->made[fields->count];
    snprintf(made, sizeof fields->made[0], "arg%zu", fields->count + 1);
    bool has_none = *name == '\0' || strcmp(name, "_") == 0;
    fields->items[fields->count++] = (struct field){has_none ? made : name, type};
}

// The structure of a call, its types in one column.
static void
write_fields(const struct fields *fields, struct buf *out)
{
    size_t longest = 0;

    for (size_t i = 0; i < fields->count; i++)
        longest = strlen(fields->items[i].name) > longest ? strlen(fields->items[i].name) : longest;
    for (size_t i = 0; i < fields->count; i++)
        buf_printf(out, "\t\t%-*s %s\n", (int)longest, fields->items[i].name, fields->items[i].type);
}

static int
write_calls(const struct go_function *go, const struct fields *fields, const json_t *calls, struct buf *out,
            struct err *err)
{
    size_t index, start = out->len;
    json_t *call;

    json_array_foreach(calls, index, call)
    {
        AUTO_BUF line = BUF(4 * CALLS_MAX_BYTES);
        if (json_array_size(call) != fields->count)
            return err_set(err, ERR_TARGET, "%s: a call has %zu arguments, the function %zu", go->name,
                           json_array_size(call), fields->count);
        buf_puts(&line, "\t\t{");
        for (size_t i = 0; i < fields->count; i++) {
            buf_puts(&line, i > 0 ? ", " : "");
            if (!write_value(str_of(fields->items[i].type), json_array_get(call, i), DEPTH_MAX, &line))
                return err_set(err, ERR_TARGET, "%s: argument %s of type %s has no spelling in a Go file",
                               go->name, fields->items[i].name, fields->items[i].type);
        }
        buf_puts(&line, "},\n");
        if (line.full || out->len - start + line.len > CALLS_MAX_BYTES)
            continue;
        buf_add_str(out, buf_str(&line));
    }
    return out->len > start ? 0
                            : err_set(err, ERR_TARGET, "%s: no call is short enough for a Go file", go->name);
}

static void
write_loop(const struct go_function *go, const struct fields *fields, const char *sink, struct buf *out)
{
    size_t first = go->receiver != NULL;

    buf_puts(out, "\tb.ReportAllocs()\n\tb.ResetTimer()\n\tfor i := 0; i < b.N; i++ {\n\t\tc := "
                  "&calls[i%len(calls)]\n\t\t");
    if (go->result_count > 0) {
        buf_puts(out, sink);
        for (size_t i = 1; i < go->result_count; i++)
            buf_puts(out, ", _");
        buf_puts(out, " = ");
    }
    if (first == 1)
        buf_printf(out, "c.%s.", fields->items[0].name);
    buf_printf(out, "%s(", go->name);
    for (size_t i = first; i < fields->count; i++)
        buf_printf(out, "%sc.%s%s", i > first ? ", " : "", fields->items[i].name,
                   go->parameters[i - first].is_variadic ? "..." : "");
    buf_puts(out, ")\n\t}\n}\n");
}

int
go_benchmark_write(const struct go_function *go, const json_t *calls, struct buf *out, struct err *err)
{
    AUTO_ARENA arena = {0};
    struct fields *fields = ARENA_NEW(&arena, struct fields);
    char *name = arena_printf(&arena, "%s%s", go->receiver != NULL ? go->receiver_type : "", go->name);

    if (*go->type_parameters != '\0')
        return err_set(err, ERR_TARGET, "%s: it has type parameters, which a benchmark would have to choose",
                       go->name);
    if (go->receiver != NULL)
        add_field(fields, go->receiver_name,
                  arena_printf(&arena, "%s%s", go->receiver_is_pointer ? "*" : "", go->receiver_type));
    for (size_t i = 0; i < go->parameter_count; i++) {
        const struct go_parameter *parameter = &go->parameters[i];
        const char *type =
            parameter->is_variadic ? arena_printf(&arena, "[]%s", parameter->type) : parameter->type;
        add_field(fields, parameter->name, type);
    }
    name[0] = (char)toupper((unsigned char)name[0]);
    const char *sink = arena_printf(&arena, "benchmark%sResult", name);
    buf_printf(out, "package %s\n\nimport \"testing\"\n\n", go->package);
    if (go->result_count > 0)
        buf_printf(out, "// %s keeps the compiler from leaving the call out.\nvar %s %s\n\n", sink, sink,
                   go->results[0].type);
    buf_printf(out,
               "// Benchmark%s calls %s as it was called when calls were captured.\nfunc Benchmark%s(b "
               "*testing.B) {\n",
               name, go->name, name);
    buf_puts(out, "\tcalls := []struct {\n");
    write_fields(fields, out);
    buf_puts(out, "\t}{\n");
    if (write_calls(go, fields, calls, out, err) != 0)
        return -1;
    buf_puts(out, "\t}\n");
    write_loop(go, fields, sink, out);
    return buf_check(out, "the Go benchmark", err);
}

int
go_benchmark_save(struct arena *arena, const struct target *target, const struct corpus *corpus,
                  struct err *err)
{
    AUTO_JSON *calls = json_array();
    AUTO_BUF text = BUF(1 << 20);
    struct go_function go;
    struct err none;

    if (syntax_language(target->syntax) != LANGUAGE_GO)
        return 0;
    for (size_t i = 0; i < corpus->count && i < CALLS_MAX; i++)
        json_array_append_new(calls, corpus_call_json(corpus, i, &target->signature));
    if (go_function_read(arena, target->syntax, &target->function, &go, err) != 0)
        return -1;
    if (go_benchmark_write(&go, calls, &text, &none) != 0)
        return 0;
    const char *path = fs_join(arena, target->repository, go_benchmark_path(arena, target->name));
    if (fs_mkdirs(fs_dir_name(arena, path), err) != 0)
        return -1;
    return fs_write(path, buf_str(&text), err);
}
