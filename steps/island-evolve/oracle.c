// SPDX-License-Identifier: Apache-2.0
#include "steps/island-evolve/oracle.h"

#include "base/fs.h"
#include "base/hash.h"
#include "base/map.h"
#include "base/proc.h"
#include "base/vec.h"
#include "sandbox/launcher.h"
#include "workflow/journal.h"

#include <string.h>

#define OUTPUT_MAX_BYTES ((size_t)4 << 20)
#define MEMORY_MAX_BYTES ((size_t)2 << 30)
#define FILE_MAX_BYTES ((size_t)64 << 20)
#define DISK_MAX_BYTES ((size_t)1 << 30)

enum { VALUES_MAX = 65536, HEADERS_MAX = 16, HEADER_MAX_BYTES = 1 << 20, FLAGS_MAX = 200 };

struct answer {
    bool ok;
    uint64_t *values;
};

struct oracle {
    struct arena arena;
    struct launcher *launcher;
    const struct target *target;
    const char *scratch, *compiler;
    const char **writes;   // paths that the compiler may write to
    const char *folder;    // of the target's file
    const char *directory; // that the compiler runs in
    bool driver_ready;
    struct step *step; // that keeps the answers, or NULL
    struct map answers;
    struct syntax *headers[HEADERS_MAX];
    const char *header_paths[HEADERS_MAX];
    size_t header_count;
};

// Calls the question forwards and backwards. It stands in a file of its own, so that no name of the target's
// is in the way.
static const char driver[] =
    "#include <stdint.h>\n#include <stdio.h>\n#include <stdlib.h>\n"
    "uint64_t atoll_question(uint64_t x);\nstatic uint64_t values[65536];\n"
    "int main(int argc, char **argv)\n{\n"
    "    size_t count = argc > 1 ? (size_t)strtoul(argv[1], NULL, 10) : 0;\n"
    "    if (count > 65536)\n        return 2;\n"
    "    for (size_t i = 0; i < count; i++)\n        values[i] = atoll_question(i);\n"
    "    for (size_t i = count; i-- > 0;)\n        if (atoll_question(i) != values[i])\n            return "
    "3;\n"
    "    for (size_t i = 0; i < count; i++)\n        printf(\"%llx\\n\", (unsigned long long)values[i]);\n"
    "    return 0;\n}\n";

static void read_includes(struct oracle *oracle, const struct syntax *syntax, const char *folder);

static void
read_header(struct oracle *oracle, const char *path)
{
    AUTO_BUF text = BUF(HEADER_MAX_BYTES);
    struct err ignored;

    for (size_t i = 0; i < oracle->header_count; i++) {
        if (strcmp(oracle->header_paths[i], path) == 0)
            return;
    }
    if (oracle->header_count == HEADERS_MAX || fs_read(path, HEADER_MAX_BYTES, &text, &ignored) < 0)
        return;
    struct syntax *syntax = syntax_new(buf_str(&text), &ignored);
    if (syntax == NULL)
        return;
    oracle->header_paths[oracle->header_count] = path;
    oracle->headers[oracle->header_count++] = syntax;
    read_includes(oracle, syntax, fs_dir_name(&oracle->arena, path));
}

struct includes {
    struct oracle *oracle;
    const struct syntax *syntax;
    const char *folder;
};

static bool
visit_include(void *context, struct node node)
{
    struct includes *includes = context;

    if (!node_is(node, "preproc_include"))
        return !node_is(node, "function_definition");
    struct node path = node_field(node, "path");
    struct str text = node_text(includes->syntax, path);
    if (node_is(path, "string_literal") && text.len > 2) {
        struct arena *arena = &includes->oracle->arena;
        const char *name = arena_str(arena, str_n(text.ptr + 1, text.len - 2));
        read_header(includes->oracle, fs_join(arena, includes->folder, name));
    }
    return false;
}

static void
read_includes(struct oracle *oracle, const struct syntax *syntax, const char *folder)
{
    struct includes includes = {oracle, syntax, folder};

    node_walk(syntax_root(syntax), visit_include, &includes);
}

void
oracle_keep_answers(struct oracle *oracle, struct step *step)
{
    oracle->step = step;
}

struct syntax *const *
oracle_headers(const struct oracle *oracle, size_t *count)
{
    *count = oracle == NULL ? 0 : oracle->header_count;
    return oracle == NULL ? NULL : oracle->headers;
}

struct oracle *
oracle_new(struct launcher *launcher, const struct target *target, const char *scratch, struct err *err)
{
    struct oracle *oracle = vec_grow(NULL, &(size_t){0}, 1, sizeof *oracle);

    *oracle = (struct oracle){.launcher = launcher, .target = target};
    oracle->scratch = arena_dup(&oracle->arena, scratch);
    const char *compiler = target->recipe.cc != NULL ? target->recipe.cc : "cc";
    oracle->compiler = proc_find(&oracle->arena, compiler);
    if (oracle->compiler == NULL) {
        err_set(err, ERR_ENVIRONMENT, "no compiler '%s' in PATH", compiler);
        oracle_free(oracle);
        return NULL;
    }
    if (fs_mkdirs(scratch, err) < 0) {
        oracle_free(oracle);
        return NULL;
    }
    oracle->writes = ARENA_ARRAY(&oracle->arena, const char *, target->recipe.write_count + 2);
    for (size_t i = 0; i < target->recipe.write_count; i++)
        oracle->writes[i] = target->recipe.write[i];
    oracle->writes[target->recipe.write_count] = oracle->scratch;
    const char *file = fs_join(&oracle->arena, target->repository, target->file);
    oracle->folder = fs_dir_name(&oracle->arena, file);
    const char *directory = target->recipe.directory != NULL ? target->recipe.directory : ".";
    oracle->directory = fs_join(&oracle->arena, target->repository, directory);
    if (target->syntax != NULL)
        read_includes(oracle, target->syntax, oracle->folder);
    return oracle;
}

void
oracle_free(struct oracle *oracle)
{
    if (oracle == NULL)
        return;
    for (size_t i = 0; i < oracle->header_count; i++)
        syntax_free(oracle->headers[i]);
    map_release(&oracle->answers);
    arena_release(&oracle->arena);
    vec_free(oracle);
}

static void
write_question(const struct oracle *oracle, struct str prelude, struct str body, struct buf *text)
{
    buf_puts(text, "#include <stdint.h>\n#define main atoll_file_main\n#line 1\n");
    buf_add_str(text, oracle->target->source);
    buf_puts(text, "\n#undef main\n");
    buf_add_str(text, prelude);
    buf_puts(text, "\nuint64_t atoll_question(uint64_t x);\n"
                   "uint64_t atoll_question(uint64_t x)\n{\n    uint64_t y = 0;\n    ");
    buf_add_str(text, body);
    buf_puts(text, "\n    return y;\n}\n");
}

static int
launch(struct oracle *oracle, enum launch_profile profile, const char *const *argv, struct buf *output,
       bool *ok, struct err *err)
{
    const char *reads[] = {oracle->target->repository, oracle->scratch,
                           fs_dir_name(&oracle->arena, oracle->compiler), NULL};
    bool build = profile == LAUNCH_BUILD;
    struct launch_spec spec = {
        .profile = profile,
        .argv = argv,
        .cwd = build ? oracle->directory : oracle->scratch,
        .read_paths = reads,
        .write_paths = build ? oracle->writes : NULL,
        .output_max_bytes = OUTPUT_MAX_BYTES,
        .limits = {.wall_ms = build ? 30000 : 10000,
                   .cpu_ms = build ? 20000 : 2000,
                   .memory_bytes = MEMORY_MAX_BYTES,
                   .file_bytes = FILE_MAX_BYTES,
                   .disk_bytes = DISK_MAX_BYTES},
    };
    struct launch_result result = {0};

    if (launcher_run(oracle->launcher, &spec, &result, err) < 0)
        return err_wrap(err, "asking the oracle");
    *ok = result.exit_code == 0 && result.limit == NULL;
    if (output != NULL)
        buf_add_str(output, buf_str(&result.output));
    launch_result_release(&result);
    return 0;
}

// `cc FLAGS -O1 -w -I FOLDER ... question.c driver.c`. What the file needs from elsewhere is dropped with the
// functions that nobody calls.
static int
compile(struct oracle *oracle, const char *source, const char *driver_path, const char *program, bool *ok,
        struct err *err)
{
    const struct recipe *recipe = &oracle->target->recipe;
    const char *argv[FLAGS_MAX + 20];
    size_t n = 0;

    argv[n++] = oracle->compiler;
    for (size_t i = 0; i < recipe->flag_count && i < FLAGS_MAX; i++)
        argv[n++] = recipe->flags[i];
    argv[n++] = "-O1";
    argv[n++] = "-g0";
    argv[n++] = "-w";
    argv[n++] = "-ffunction-sections";
    argv[n++] = "-Wl,--gc-sections";
    argv[n++] = "-I";
    argv[n++] = oracle->folder;
    argv[n++] = "-o";
    argv[n++] = program;
    argv[n++] = source;
    argv[n++] = driver_path;
    argv[n] = NULL;
    return launch(oracle, LAUNCH_BUILD, argv, NULL, ok, err);
}

static bool
read_values(struct str text, uint64_t *values, size_t count)
{
    struct str rest = text;

    for (size_t i = 0; i < count; i++) {
        struct str line = str_cut(&rest, '\n');
        char number[32] = "0x";
        if (line.len == 0 || line.len > 16)
            return false;
        memcpy(number + 2, line.ptr, line.len);
        if (!str_to_u64(str_n(number, line.len + 2), &values[i]))
            return false;
    }
    return true;
}

struct question {
    struct oracle *oracle;
    struct str text;
    size_t count;
};

// *ok is false when it does not compile or run.
static int
ask(const struct question *question, struct buf *output, bool *ok, struct err *err)
{
    struct oracle *oracle = question->oracle;
    struct arena *arena = &oracle->arena;
    const char *source = fs_join(arena, oracle->scratch, "question.c");
    const char *driver_path = fs_join(arena, oracle->scratch, "driver.c");
    const char *program = fs_join(arena, oracle->scratch, "question");

    *ok = false;
    if (!oracle->driver_ready && fs_write_scratch(driver_path, str_of(driver), err) < 0)
        return -1;
    oracle->driver_ready = true;
    if (fs_write_scratch(source, question->text, err) < 0)
        return -1;
    if (compile(oracle, source, driver_path, program, ok, err) < 0)
        return -1;
    if (!*ok)
        return 0;
    const char *argv[] = {program, arena_printf(arena, "%zu", question->count), NULL};
    return launch(oracle, LAUNCH_RUN, argv, output, ok, err);
}

static int
ask_once(void *context, json_t **result, struct err *err)
{
    const struct question *question = context;
    AUTO_BUF output = BUF(OUTPUT_MAX_BYTES);
    char blob[65] = "";
    bool ok;

    if (ask(question, &output, &ok, err) < 0)
        return -1;
    if (ok && journal_blob_store(question->oracle->step, buf_str(&output), blob, err) < 0)
        return -1;
    *result = json_pack("{s:s}", "values", blob);
    return 0;
}

// The journal's answer; asked when it has none.
static int
recall(struct question *question, struct buf *output, bool *ok, struct err *err)
{
    struct step *step = question->oracle->step;
    struct hash hash = hash_of(question->text.ptr, question->text.len);
    char hex[65];
    hash_hex(&hash, hex);
    const char *key = arena_printf(step->arena, "%.32s/%zu", hex, question->count);
    json_t *kept = NULL;

    if (journal_activity(step, "oracle", key, NULL, ask_once, question, &kept, err) < 0)
        return -1;
    AUTO_JSON *held = kept;
    const char *blob = json_get_text(held, "values", "");
    *ok = blob[0] != '\0';
    return *ok ? journal_blob_get(step, blob, output, err) : 0;
}

static int
find_answer(struct question *question, struct answer *answer, struct err *err)
{
    AUTO_BUF output = BUF(OUTPUT_MAX_BYTES);
    bool ok;
    int status = question->oracle->step != NULL ? recall(question, &output, &ok, err)
                                                : ask(question, &output, &ok, err);

    if (status == 0)
        answer->ok = ok && read_values(buf_str(&output), answer->values, question->count);
    return status;
}

int
oracle_evaluate(struct oracle *oracle, struct str prelude, struct str body, size_t count, uint64_t *values,
                struct err *err)
{
    AUTO_BUF question = BUF(32 << 20);

    if (oracle == NULL || count > VALUES_MAX)
        return 0;
    write_question(oracle, prelude, body, &question);
    if (question.full)
        return 0;
    AUTO_BUF key = BUF(32 << 20);
    buf_printf(&key, "%zu:", count);
    buf_add_str(&key, prelude);
    buf_putc(&key, '\n');
    buf_add_str(&key, body);
    struct answer *answer = map_get(&oracle->answers, buf_str(&key));
    if (answer == NULL) {
        answer = ARENA_NEW(&oracle->arena, struct answer);
        answer->values = ARENA_ARRAY(&oracle->arena, uint64_t, count + 1);
        struct question asked = {oracle, buf_str(&question), count};
        if (find_answer(&asked, answer, err) < 0)
            return -1;
        map_set(&oracle->answers, buf_str(&key), answer);
    }
    if (answer->ok && count > 0)
        memcpy(values, answer->values, count * sizeof *values);
    return answer->ok;
}
