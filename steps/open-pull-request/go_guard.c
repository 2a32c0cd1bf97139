// SPDX-License-Identifier: Apache-2.0
#include "steps/open-pull-request/go_guard.h"

#include "steps/shared/target/go/function.h"

#include <ctype.h>
#include <string.h>

#define FILE_MAX_BYTES (16u << 20)

static const char flag_file[] =
    "package %s\n"
    "\n"
    "// Flags for code that is being rolled out. A flag is off unless the environment or the flag file says "
    "otherwise:\n"
    "//\n"
    "//\tATOLL_FLAG_<NAME>=on|off   wins\n"
    "//\tATOLL_FLAG_FILE=<path>     lines \"key = on|off\", or \"key = on until UNIXTIME\": past that time "
    "it is off\n"
    "\n"
    "import (\n"
    "\t\"os\"\n"
    "\t\"strconv\"\n"
    "\t\"strings\"\n"
    "\t\"time\"\n"
    ")\n"
    "\n"
    "// atollReadLine tells whether a line of the flag file is about key, and what it says.\n"
    "func atollReadLine(line, key string) (about, on bool) {\n"
    "\tif mark := strings.IndexByte(line, '#'); mark >= 0 {\n"
    "\t\tline = line[:mark]\n"
    "\t}\n"
    "\tequals := strings.IndexByte(line, '=')\n"
    "\tif equals < 0 || strings.TrimSpace(line[:equals]) != key {\n"
    "\t\treturn false, false\n"
    "\t}\n"
    "\twords := strings.Fields(line[equals+1:])\n"
    "\tif len(words) == 1 {\n"
    "\t\treturn true, words[0] == \"on\"\n"
    "\t}\n"
    "\tif len(words) != 3 || words[0] != \"on\" || words[1] != \"until\" {\n"
    "\t\treturn true, false\n"
    "\t}\n"
    "\tuntil, err := strconv.ParseInt(words[2], 10, 64)\n"
    "\treturn true, err == nil && time.Now().Unix() < until\n"
    "}\n"
    "\n"
    "// atollFlag reads a flag.\n"
    "func atollFlag(key, variable string) bool {\n"
    "\tif value := os.Getenv(variable); value != \"\" {\n"
    "\t\treturn value == \"on\"\n"
    "\t}\n"
    "\tpath := os.Getenv(\"ATOLL_FLAG_FILE\")\n"
    "\tif path == \"\" {\n"
    "\t\treturn false\n"
    "\t}\n"
    "\ttext, err := os.ReadFile(path)\n"
    "\tif err != nil {\n"
    "\t\treturn false\n"
    "\t}\n"
    "\tflag := false\n"
    "\tfor _, line := range strings.Split(string(text), \"\\n\") {\n"
    "\t\tif about, on := atollReadLine(line, key); about {\n"
    "\t\t\tflag = on\n"
    "\t\t}\n"
    "\t}\n"
    "\treturn flag\n"
    "}\n";

const char *
go_guard_file(struct arena *arena, const char *package)
{
    return arena_printf(arena, flag_file, package);
}

// One version of the function in its file.
struct version {
    const struct syntax *syntax;
    struct function function;
    struct go_function head;
};

const char *
go_guard_version(struct arena *arena, const char *function, const char *suffix)
{
    const char *dot = strrchr(function, '.');
    char *text = arena_printf(arena, "%s%s", dot != NULL ? dot + 1 : function, suffix);

    text[0] = (char)tolower((unsigned char)text[0]);
    return text;
}

static const char *
exported(struct arena *arena, const char *prefix, const char *name)
{
    char *text = arena_printf(arena, "%s%s", prefix, name);

    text[strlen(prefix)] = (char)toupper((unsigned char)text[strlen(prefix)]);
    return text;
}

// A function's text in which its name, and its direct calls of itself, become another name.
struct renaming {
    const struct version *version;
    const char *name;
    bool is_shadowed; // something inside has the function's name, so what calls itself can't be told
    size_t at;        // copied up to here
    struct buf *out;
};

static void
put_name(struct renaming *renaming, struct node node)
{
    struct str text = syntax_text(renaming->version->syntax);

    buf_add(renaming->out, text.ptr + renaming->at, node_start(node) - renaming->at);
    buf_puts(renaming->out, renaming->name);
    renaming->at = node_end(node);
}

static bool
calls_itself(const struct renaming *renaming, struct node call, struct node *name)
{
    const struct go_function *head = &renaming->version->head;
    const struct syntax *syntax = renaming->version->syntax;
    struct node callee = node_field(call, "function");

    if (!node_is(call, "call_expression") || renaming->is_shadowed)
        return false;
    if (head->receiver == NULL) {
        *name = callee;
        return node_is(callee, "identifier") && str_is(node_text(syntax, callee), head->name);
    }
    *name = node_field(callee, "field");
    return node_is(callee, "selector_expression") && str_is(node_text(syntax, *name), head->name) &&
           str_is(node_text(syntax, node_field(callee, "operand")), head->receiver_name);
}

static bool
visit_call(void *context, struct node node)
{
    struct renaming *renaming = context;
    struct node name = {0};

    if (calls_itself(renaming, node, &name))
        put_name(renaming, name);
    return true;
}

static bool
visit_shadow(void *context, struct node node)
{
    struct renaming *renaming = context;
    const struct go_function *head = &renaming->version->head;
    const char *own = head->receiver == NULL ? head->name : head->receiver_name;
    struct node parent = node_parent(node);
    bool declares =
        node_is(parent, "parameter_declaration") || node_is(parent, "var_spec") ||
        (node_is(parent, "expression_list") && (node_is(node_parent(parent), "short_var_declaration") ||
                                                node_is(node_parent(parent), "range_clause")));

    if (node_is(node, "identifier") && declares && str_is(node_text(renaming->version->syntax, node), own))
        renaming->is_shadowed = true;
    return true;
}

static void
write_copy(const struct version *version, const char *name, struct buf *out)
{
    struct str text = syntax_text(version->syntax);
    struct node body = node_field(version->function.node, "body");
    struct renaming renaming = {.version = version, .name = name, .at = version->function.start, .out = out};

    node_walk(body, visit_shadow, &renaming);
    put_name(&renaming, node_field(version->function.node, "name"));
    node_walk(body, visit_call, &renaming);
    buf_add(out, text.ptr + renaming.at, version->function.end - renaming.at);
    buf_puts(out, "\n\n");
}

// ---- the dispatcher ----

static bool
is_named(const char *name)
{
    return *name != '\0' && strcmp(name, "_") != 0;
}

static int
check_names(const struct version *version, struct err *err)
{
    const struct go_function *head = &version->head;

    if (head->receiver != NULL && !is_named(head->receiver_name))
        return err_set(err, ERR_TARGET, "%s: its receiver has no name: give it one", version->function.name);
    for (size_t i = 0; i < head->parameter_count; i++)
        if (!is_named(head->parameters[i].name))
            return err_set(err, ERR_TARGET, "%s: parameter %zu has no name: give it one",
                           version->function.name, i + 1);
    return 0;
}

static const char *
call_of(struct arena *arena, const struct go_function *head, const char *name)
{
    AUTO_BUF text = BUF(1 << 16);

    if (head->receiver != NULL)
        buf_printf(&text, "%s.", head->receiver_name);
    buf_printf(&text, "%s%s(", name, head->type_arguments);
    for (size_t i = 0; i < head->parameter_count; i++)
        buf_printf(&text, "%s%s%s", i > 0 ? ", " : "", head->parameters[i].name,
                   head->parameters[i].is_variadic ? "..." : "");
    buf_putc(&text, ')');
    return arena_str(arena, buf_str(&text));
}

static void
write_dispatcher(struct arena *arena, const struct go_guard *guard, const struct version *old,
                 const char *condition, const char *control, const char *treatment, struct buf *out)
{
    const struct go_function *head = &old->head;
    struct str declaration =
        str_n(guard->source.ptr + old->function.start, old->function.body_start - old->function.start);
    const char *fresh = call_of(arena, head, treatment), *stale = call_of(arena, head, control);

    buf_add_str(out, str_trim(declaration));
    if (head->result_count > 0)
        buf_printf(out, " {\n\tif %s {\n\t\treturn %s\n\t}\n\treturn %s\n}\n\n", condition, fresh, stale);
    else
        buf_printf(out, " {\n\tif %s {\n\t\t%s\n\t\treturn\n\t}\n\t%s\n}\n\n", condition, fresh, stale);
}

// ---- the whole ----

static int
read_version(struct arena *arena, struct str text, const char *name, struct syntax **syntax,
             struct version *version, struct err *err)
{
    *syntax = syntax_new_in(LANGUAGE_GO, text, err);
    version->syntax = *syntax;
    if (*syntax == NULL || function_find(arena, *syntax, name, &version->function, err) != 0)
        return -1;
    return go_function_read(arena, *syntax, &version->function, &version->head, err);
}

static void
write_definitions(struct str text, struct buf *out)
{
    struct str trimmed = str_trim(text);

    if (trimmed.len == 0)
        return;
    buf_add_str(out, trimmed);
    buf_puts(out, "\n\n");
}

static void
write_both(struct arena *arena, const struct go_guard *guard, const struct version *old,
           const struct version *new, struct buf *out)
{
    const char *name = old->head.name, *type = old->head.receiver != NULL ? old->head.receiver_type : "";
    const char *control = go_guard_version(arena, name, "Control"),
               *treatment = go_guard_version(arena, name, "Treatment");
    // Methods of several types may have one name; their flags may not.
    const char *flag = exported(arena, exported(arena, "atollFlag", type), "");
    flag = exported(arena, flag, name);
    struct str text = syntax_text(new->syntax);
    size_t start = old->function.start, end = start + guard->variant.len;

    bool once = guard->template == GUARD_PER_PROCESS;
    const char *read = arena_printf(arena, "atollFlag(\"%s\", \"%s\")", guard->key, guard->variable);
    write_dispatcher(arena, guard, old, once ? flag : read, control, treatment, out);
    if (once)
        buf_printf(out, "// %s is read once in the life of the process.\nvar %s = %s\n\n", flag, flag, read);
    buf_printf(out, "// %s is %s as it was.\n", control, name);
    write_copy(old, control, out);
    write_definitions(str_n(text.ptr + start, new->function.start - start), out);
    buf_printf(out, "// %s is what %s switches to.\n", treatment, guard->key);
    write_copy(new, treatment, out);
    write_definitions(str_n(text.ptr + new->function.end, end - new->function.end), out);
}

int
go_guard_write(struct arena *arena, const struct go_guard *guard, struct buf *file, struct err *err)
{
    AUTO_SYNTAX *old_syntax = NULL, *new_syntax = NULL;
    AUTO_BUF spliced = BUF(FILE_MAX_BYTES), middle = BUF(FILE_MAX_BYTES);
    struct version old, new;

    if (read_version(arena, guard->source, guard->function, &old_syntax, &old, err) != 0 ||
        check_names(&old, err) != 0)
        return -1;
    size_t start = old.function.start;
    buf_add_str(&spliced, str_head(guard->source, start));
    buf_add_str(&spliced, guard->variant);
    buf_add_str(&spliced, str_from(guard->source, old.function.end));
    if (read_version(arena, buf_str(&spliced), guard->function, &new_syntax, &new, err) != 0)
        return err_set(err, ERR_TARGET, "the variant does not define %s", guard->function);
    if (new.function.start < start || new.function.end > start + guard->variant.len)
        return err_set(err, ERR_TARGET, "the variant does not define %s", guard->function);
    write_both(arena, guard, &old, &new, &middle);
    struct str text = str_trim(buf_str(&middle));
    buf_add_str(file, str_head(guard->source, start));
    buf_add_str(file, text);
    buf_add_str(file, str_from(guard->source, old.function.end));
    if (buf_check(&middle, "the guarded function", err) != 0)
        return -1;
    return buf_check(file, "the guarded file", err);
}
