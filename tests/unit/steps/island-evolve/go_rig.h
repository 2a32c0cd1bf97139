// SPDX-License-Identifier: Apache-2.0
// What the tests of Go's mutators share: a Go text as a target, mutations of it, and the proof by running:
// the original and all variants that were collected become packages of one program, vetted, formatted as
// gofmt would, which must say the same of each.
#ifndef ATOLL_TESTS_ISLAND_EVOLVE_GO_RIG_H
#define ATOLL_TESTS_ISLAND_EVOLVE_GO_RIG_H

#include "base/fs.h"
#include "base/proc.h"
#include "steps/island-evolve/go_mutate.h"
#include "tests/unit/above.h"
#include "tests/unit/unit.h"

#include <stdio.h>

enum { GO_RIG_VARIANTS = 64 };

struct go_rig {
    struct arena arena;
    struct err err;
    struct target target;
    struct rng rng;
    const char *variants[GO_RIG_VARIANTS];
    size_t count;
};

struct go_rig_mutation {
    struct mutation mutation;
    struct syntax *syntax;
};

#define GO_RIG_OK(rig, call) ck_assert_msg((call) == 0, "%s", (rig)->err.message)

static inline void
go_rig_open(struct go_rig *rig, const char *text, const char *function)
{
    *rig = (struct go_rig){0};
    rig->target = (struct target){.repository = "/nowhere",
                                  .file = "unit.go",
                                  .name = arena_dup(&rig->arena, function),
                                  .source = str_of(arena_dup(&rig->arena, text))};
    rig->target.syntax = syntax_new_in(LANGUAGE_GO, rig->target.source, &rig->err);
    ck_assert_msg(rig->target.syntax != NULL, "%s", rig->err.message);
    GO_RIG_OK(rig,
              function_find(&rig->arena, rig->target.syntax, function, &rig->target.function, &rig->err));
    rng_init(&rig->rng, 1, 2);
}

static inline void
go_rig_close(struct go_rig *rig)
{
    syntax_free(rig->target.syntax);
    arena_release(&rig->arena);
}

// The file's text with `variant` (NULL: the original) in place of the function.
static inline const char *
go_rig_splice(struct go_rig *rig, const char *variant)
{
    struct str source = rig->target.source;
    const struct function *function = &rig->target.function;

    if (variant == NULL)
        return source.ptr;
    return arena_printf(&rig->arena, "%.*s%s%s", (int)function->start, source.ptr, variant,
                        source.ptr + function->end);
}

static inline const struct mutator_ops *
go_rig_mutator(const char *name)
{
    for (size_t i = 0; go_mutators[i] != NULL; i++)
        if (strcmp(go_mutators[i]->name, name) == 0)
            return go_mutators[i];
    ck_abort_msg("no mutator %s", name);
    return NULL;
}

// A mutation of a parent (NULL: the original).
static inline struct go_rig_mutation
go_rig_mutation(struct go_rig *rig, const char *parent)
{
    struct str text = str_of(go_rig_splice(rig, parent));
    struct go_rig_mutation m = {.syntax = syntax_new_in(LANGUAGE_GO, text, &rig->err)};
    const struct function *function = &rig->target.function;
    size_t length = parent == NULL ? function->end - function->start : strlen(parent);

    m.mutation = (struct mutation){.arena = &rig->arena,
                                   .target = &rig->target,
                                   .syntax = m.syntax,
                                   .variant_start = function->start,
                                   .variant_end = function->start + length,
                                   .rng = &rig->rng};
    GO_RIG_OK(rig, function_find(&rig->arena, m.syntax, rig->target.name, &m.mutation.function, &rig->err));
    return m;
}

static inline size_t
go_rig_sites(struct go_rig *rig, const char *name, const char *parent)
{
    struct go_rig_mutation m = go_rig_mutation(rig, parent);
    size_t count = go_rig_mutator(name)->sites(&m.mutation);

    syntax_free(m.syntax);
    return count;
}

// The variant at a site, or NULL when there is none.
static inline const char *
go_rig_apply(struct go_rig *rig, const char *name, const char *parent, size_t index)
{
    struct go_rig_mutation m = go_rig_mutation(rig, parent);
    AUTO_BUF variant = BUF(1 << 20);
    char note[160] = "";

    int done = go_rig_mutator(name)->apply(&m.mutation, index, &variant, note, &rig->err);
    ck_assert_msg(done >= 0, "%s", rig->err.message);
    syntax_free(m.syntax);
    ck_assert(done == 0 || (strlen(note) > 0 && strchr(note, '\n') == NULL));
    return done == 1 ? arena_str(&rig->arena, buf_str(&variant)) : NULL;
}

// Collects every variant of a mutator; returns how many there are.
static inline size_t
go_rig_collect(struct go_rig *rig, const char *name, const char *parent)
{
    size_t sites = go_rig_sites(rig, name, parent), found = 0;

    for (size_t i = 0; i < sites; i++) {
        const char *variant = go_rig_apply(rig, name, parent, i);
        if (variant == NULL)
            continue;
        ck_assert(rig->count < GO_RIG_VARIANTS);
        rig->variants[rig->count++] = variant;
        found++;
    }
    return found;
}

// Whether a variant that was collected holds a text.
static inline bool
go_rig_holds(const struct go_rig *rig, const char *part)
{
    for (size_t i = 0; i < rig->count; i++)
        if (strstr(rig->variants[i], part) != NULL)
            return true;
    return false;
}

static inline const char *
go_rig_run(struct go_rig *rig, const char *folder, const char *const *argv)
{
    static const char *const env[] = {"GOFLAGS=-mod=mod", "GOTOOLCHAIN=local", "GOPROXY=off",
                                      "CGO_ENABLED=0"};
    const char *go_env[16] = {env[0], env[1], env[2], env[3]};
    size_t count = 4;
    AUTO_PROC_RESULT ran = {0};
    static const char *const kept[] = {"PATH", "HOME", "GOCACHE"};

    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
        if (getenv(kept[i]) != NULL)
            go_env[count++] = arena_printf(&rig->arena, "%s=%s", kept[i], getenv(kept[i]));
    GO_RIG_OK(rig, proc_run(&(struct proc_spec){.argv = argv,
                                                .env = go_env,
                                                .cwd = folder,
                                                .merge_stderr = true,
                                                .output_max_bytes = 1 << 20},
                            &ran, &rig->err));
    ck_assert_msg(ran.exit_code == 0, "%s %s: %s", argv[0], argv[1], buf_text(&ran.out));
    return arena_str(&rig->arena, buf_str(&ran.out));
}

static inline void
go_rig_write(struct go_rig *rig, const char *folder, const char *name, const char *text)
{
    const char *path = fs_join(&rig->arena, folder, name);

    GO_RIG_OK(rig, fs_mkdirs(fs_dir_name(&rig->arena, path), &rig->err));
    GO_RIG_OK(rig, fs_write(path, str_of(text), &rig->err));
}

// Every variant computes what the original does. `describe` is Go: a function literal over f, a function of
// the target's type `type`, that returns a string of its answers; it may use fmt, strings and `calls`, the
// captured calls of `captured` (a path, NULL: none) as decoded JSON. Without go it says so and checks
// nothing.
static inline void
go_rig_check(struct go_rig *rig, const char *type, const char *describe, const char *captured)
{
    const char *name = rig->target.name;
    AUTO_BUF program = BUF(1 << 16);

    if (proc_find(&rig->arena, "go") == NULL) {
        printf("skipped: needs go\n");
        return;
    }
    ck_assert(rig->count > 0);
    const char *folder = fs_temp_dir(&rig->arena, NULL, "go-rig", &rig->err);
    ck_assert_msg(folder != NULL, "%s", rig->err.message);
    go_rig_write(rig, folder, "go.mod", "module rig\n\ngo 1.22\n");
    go_rig_write(rig, folder, "original/unit.go", go_rig_splice(rig, NULL));
    buf_puts(
        &program,
        "package main\n\nimport (\n\t\"bufio\"\n\t\"encoding/json\"\n\t\"fmt\"\n\t\"os\"\n\t\"strings\"\n"
        "\toriginal \"rig/original\"\n");
    for (size_t i = 0; i < rig->count; i++) {
        go_rig_write(rig, folder, arena_printf(&rig->arena, "v%zu/unit.go", i),
                     go_rig_splice(rig, rig->variants[i]));
        buf_printf(&program, "\tv%zu \"rig/v%zu\"\n", i, i);
    }
    buf_printf(
        &program,
        ")\n\nfunc load(path string) (calls [][]any) {\n\tfile, err := os.Open(path)\n\tif err != nil "
        "{\n\t\tpanic(err)\n"
        "\t}\n\tscanner := bufio.NewScanner(file)\n\tscanner.Buffer(nil, 1<<22)\n\tfor scanner.Scan() {\n"
        "\t\tvar call struct{ Args []any }\n\t\tif err := json.Unmarshal(scanner.Bytes(), &call); err != nil "
        "{\n"
        "\t\t\tpanic(err)\n\t\t}\n\t\tcalls = append(calls, call.Args)\n\t}\n\treturn calls\n}\n\n"
        "func text(v any) string {\n\tif s, ok := v.(string); ok {\n\t\treturn s\n\t}\n"
        "\tout, _ := json.Marshal(v)\n\tvar b struct{ B64 []byte }\n\tjson.Unmarshal(out, &b)\n"
        "\treturn string(b.B64)\n}\n\nfunc list(v any) (texts []string) {\n\titems, _ := v.([]any)\n"
        "\tfor _, item := range items {\n\t\ttexts = append(texts, text(item))\n\t}\n\treturn texts\n}\n\n"
        "func main() {\n\tvar calls [][]any\n\tif len(os.Args) > 1 {\n\t\tcalls = load(os.Args[1])\n\t}\n"
        "\t_, _, _, _ = calls, strings.ToLower, text, list\n\tdescribe := func(f %s) string {\n%s"
        "\n\t}\n\twant := describe(original.%s)\n\tif len(want) < 20 {\n\t\tfmt.Println(\"nothing is "
        "compared:\", want)\n"
        "\t\tos.Exit(1)\n\t}\n",
        type, describe, name);
    for (size_t i = 0; i < rig->count; i++)
        buf_printf(
            &program,
            "\tif got := describe(v%zu.%s); got != want {\n\t\tfmt.Printf(\"variant %zu differs\\n\")\n"
            "\t\tos.Exit(1)\n\t}\n",
            i, name, i);
    buf_puts(&program, "}\n");
    // What was formatted stays so.
    if (go_rig_run(rig, folder, (const char *const[]){"gofmt", "-l", "original", NULL})[0] == '\0')
        go_rig_run(rig, folder, (const char *const[]){"gofmt", "-d", ".", NULL});
    go_rig_write(rig, folder, "main.go", buf_text(&program));
    go_rig_run(rig, folder, (const char *const[]){"go", "vet", "./...", NULL});
    go_rig_run(rig, folder, (const char *const[]){"go", "run", ".", captured, NULL});
    GO_RIG_OK(rig, fs_remove_tree(folder, &rig->err));
}

// Opens a function of a file of the Go demo; its captured calls are given back when `captured` is not NULL.
static inline void go_rig_open_demo(struct go_rig *rig, const char *file, const char *function,
                                    const char **captured);

// A file of the Go demo, found from the test's own place.
static inline const char *
go_rig_demo(struct go_rig *rig, const char *name)
{
    return fs_join(&rig->arena, above(&rig->arena, "ci-templates/demo-go"), name);
}

static inline void
go_rig_open_demo(struct go_rig *rig, const char *file, const char *function, const char **captured)
{
    AUTO_BUF text = BUF(1 << 16);
    struct go_rig finder = {0};

    GO_RIG_OK(&finder, fs_read(go_rig_demo(&finder, file), 1 << 16, &text, &finder.err));
    go_rig_open(rig, buf_text(&text), function);
    const char *calls = arena_printf(&finder.arena, ".atoll/captured/%s.jsonl", function);
    *captured = arena_dup(&rig->arena, go_rig_demo(&finder, calls));
    arena_release(&finder.arena);
}

// One mutator on one text: so many variants, one of which holds `part`, and all right.
static inline void
go_rig_expect(const char *text, const char *function, const char *mutator, size_t variants, const char *part,
              const char *type, const char *describe)
{
    struct go_rig rig;

    go_rig_open(&rig, text, function);
    size_t count = go_rig_collect(&rig, mutator, NULL);
    ck_assert_msg(count == variants, "%zu variants of %s", count, text);
    ck_assert_msg(go_rig_holds(&rig, part), "%s\n%s", rig.variants[0], rig.variants[count - 1]);
    go_rig_check(&rig, type, describe, NULL);
    go_rig_close(&rig);
}

// One mutator on one function of the demo, compared over its captured calls.
static inline void
go_rig_expect_demo(const char *file, const char *function, const char *mutator, size_t variants,
                   const char *part, const char *type, const char *describe)
{
    struct go_rig rig;
    const char *captured;

    go_rig_open_demo(&rig, file, function, &captured);
    size_t count = go_rig_collect(&rig, mutator, NULL);
    ck_assert_msg(count == variants, "%zu variants", count);
    ck_assert_msg(go_rig_holds(&rig, part), "%s\n%s", rig.variants[0], rig.variants[count - 1]);
    go_rig_check(&rig, type, describe, captured);
    go_rig_close(&rig);
}

// What describes a function of one text to one text over the captured calls, and some more.
#define GO_RIG_TEXTS                                                                                       \
    "\t\tvar out strings.Builder\n\t\tmore := []string{\"\", \"_\", \"a\\xffb\", strings.Repeat(\"xY \", " \
    "90),"                                                                                                 \
    " strings.Repeat(\"\u00e9\", 300)}\n\t\tfor _, call := range calls {\n\t\t\tmore = append(more, "      \
    "text(call[0]))\n"                                                                                     \
    "\t\t}\n\t\tfor c := 0; c < 1024; c++ {\n\t\t\tmore = append(more, "                                   \
    "\"a\"+string([]byte{byte(c)})+string(rune(c)))\n"                                                     \
    "\t\t}\n\t\tfor _, in := range more {\n\t\t\tfmt.Fprintf(&out, \"%q\\n\", f(in))\n\t\t}\n\t\treturn "  \
    "out.String()"

#endif
