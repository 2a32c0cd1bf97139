// SPDX-License-Identifier: Apache-2.0
// Every tests/pipelines/broken/NAME.yml gives exactly the lines of NAME.txt; every valid one gives none.
#include "workflow/pipeline.h"

#include "base/fs.h"
#include "tests/unit/unit.h"
#include "tests/unit/workflow/test_registry.h"

#include <stdio.h>

enum { FILE_MAX_BYTES = 1 << 20 };

static struct pipeline *
read_text(struct arena *arena, const char *text)
{
    AUTO_PROBLEMS problems = {0};
    struct pipeline *pipeline = pipeline_read(arena, str_of(text), "p.yml", &test_registry, &problems);
    AUTO_BUF lines = BUF(FILE_MAX_BYTES);
    problems_write(&problems, &lines);
    ck_assert_msg(pipeline != NULL, "%s", buf_text(&lines));
    return pipeline;
}

static void
read_file(struct arena *arena, const char *path, struct buf *lines, bool *good)
{
    AUTO_BUF text = BUF(FILE_MAX_BYTES);
    AUTO_PROBLEMS problems = {0};
    struct err err;
    ck_assert_msg(fs_read(path, FILE_MAX_BYTES, &text, &err) == 0, "%s", err.message);
    struct pipeline *pipeline =
        pipeline_read(arena, buf_str(&text), fs_base_name(path), &test_registry, &problems);
    *good = pipeline != NULL;
    problems_write(&problems, lines);
    pipeline_release(pipeline);
}

START_TEST(broken_files_give_their_lines)
{
    AUTO_ARENA arena = {0};
    struct fs_list files;
    struct err err;
    ck_assert_int_eq(fs_glob(&arena, "tests/pipelines/broken/*.yml", &files, &err), 0);
    ck_assert_uint_ge(files.count, 30);
    size_t wrong = 0;
    for (size_t i = 0; i < files.count; i++) {
        AUTO_BUF lines = BUF(FILE_MAX_BYTES);
        AUTO_BUF expected = BUF(FILE_MAX_BYTES);
        bool good = true;
        read_file(&arena, files.paths[i], &lines, &good);
        size_t stem = strlen(files.paths[i]) - strlen(".yml");
        const char *path = arena_printf(&arena, "%.*s.txt", (int)stem, files.paths[i]);
        if (fs_read(path, FILE_MAX_BYTES, &expected, &err) < 0)
            buf_puts(&expected, err.message);
        if (!good && lines.len > 0 && str_eq(buf_str(&lines), buf_str(&expected)))
            continue;
        fprintf(stderr, "%s\n--- expected\n%s--- got\n%s", files.paths[i], buf_text(&expected),
                buf_text(&lines));
        wrong++;
    }
    ck_assert_uint_eq(wrong, 0);
}
END_TEST

START_TEST(valid_files_have_no_problem)
{
    AUTO_ARENA arena = {0};
    struct fs_list files;
    struct err err;
    ck_assert_int_eq(fs_glob(&arena, "tests/pipelines/valid/*.yml", &files, &err), 0);
    ck_assert_uint_ge(files.count, 4);
    for (size_t i = 0; i < files.count; i++) {
        AUTO_BUF lines = BUF(FILE_MAX_BYTES);
        bool good = false;
        read_file(&arena, files.paths[i], &lines, &good);
        ck_assert_msg(good, "%s", buf_text(&lines));
        ck_assert_uint_eq(lines.len, 0);
    }
}
END_TEST

#define SHELL(id) "  - {id: " id ", uses: shell, with: {run: x}"

START_TEST(members_reach_the_structure)
{
    AUTO_ARENA arena = {0};
    struct pipeline *p = read_text(
        &arena, "version: 1\nname: n\nstate: s.db\n"
                "defaults: {timeout: 10m, retry: {attempts: 4, initial: 2s}}\n"
                "sandbox: {require: cell, allow-degraded: net-ns, memory: 2M, wall: 1m}\nvars: {x: [1]}\n"
                "steps:\n" SHELL("a") "}\n" SHELL("b") ", timeout: 5s, retry: {attempts: 2, coefficient: 3}, "
                                                       "on-failure: {uses: make, with: {targets: clean}}}\n");
    AUTO_JSON *sandbox = json_pack("{s:s, s:[s], s:I, s:f}", "require", "cell", "allow-degraded", "net-ns",
                                   "memory", (json_int_t)2097152, "wall", 60.0);
    ck_assert_str_eq(p->name, "n");
    ck_assert_str_eq(p->state, "s.db");
    ck_assert_int_eq(p->version, 1);
    ck_assert(json_equal(p->sandbox, sandbox));
    ck_assert_uint_eq(json_array_size(json_object_get(p->vars, "x")), 1);
    ck_assert_uint_eq(p->step_count, 2);
    ck_assert_int_eq(p->steps[0].timeouts.start_to_close_ns, 600000000000);
    ck_assert_int_eq(p->steps[0].retry.attempts, 4);
    ck_assert_int_eq(p->steps[0].retry.initial_ns, 2000000000);
    ck_assert_int_eq(p->steps[0].retry.maximum_ns, 300000000000);
    ck_assert_double_eq(p->steps[0].retry.coefficient, 2);
    ck_assert_int_eq(p->steps[1].timeouts.start_to_close_ns, 5000000000);
    ck_assert_int_eq(p->steps[1].retry.attempts, 2);
    ck_assert_int_eq(p->steps[1].retry.initial_ns, 10000000000);
    ck_assert_double_eq(p->steps[1].retry.coefficient, 3);
    ck_assert_ptr_eq(p->steps[1].on_failure.ops, &test_make);
    ck_assert_ptr_null(p->steps[0].on_failure.ops);
    ck_assert_ptr_eq(p->steps[0].action.ops, &test_shell);
    ck_assert_uint_eq(p->steps[1].mark.line, 9);
    ck_assert_int_eq(pipeline_find(p, "b"), 1);
    ck_assert_int_eq(pipeline_find(p, "c"), -1);
    pipeline_release(p);
}
END_TEST

START_TEST(defaults_of_the_file)
{
    AUTO_ARENA arena = {0};
    struct pipeline *p = read_text(&arena, "version: 1\nsteps:\n" SHELL("a") "}\n");
    ck_assert_str_eq(p->name, "pipeline");
    ck_assert_str_eq(p->state, ".atoll/state/state.db");
    ck_assert_uint_eq(json_object_size(p->vars), 0);
    ck_assert_uint_eq(json_object_size(p->sandbox), 0);
    ck_assert_int_eq(p->steps[0].retry.attempts, 1);
    ck_assert_int_eq(p->steps[0].timeouts.start_to_close_ns, 0);
    ck_assert_uint_eq(p->steps[0].need_count, 0);
    pipeline_release(p);
}
END_TEST

static void
pin_of(const char *text, char hex[65])
{
    AUTO_ARENA arena = {0};
    struct pipeline *p = read_text(&arena, text);
    pipeline_pin(p, hex);
    pipeline_release(p);
}

static void
check_pin(const char *a, const char *b, bool same)
{
    char first[65], second[65];
    pin_of(a, first);
    pin_of(b, second);
    ck_assert_msg((strcmp(first, second) == 0) == same, "%s\n--- and\n%s", a, b);
}

static size_t
problems_of(size_t step_count, struct buf *lines)
{
    AUTO_ARENA arena = {0};
    AUTO_PROBLEMS problems = {0};
    AUTO_BUF text = BUF(FILE_MAX_BYTES);
    buf_puts(&text, "version: 1\nsteps:\n");
    for (size_t i = 0; i < step_count; i++)
        buf_printf(&text, "  - {id: a%zu, uses: shell, with: {run: x}}\n", i);
    pipeline_release(pipeline_read(&arena, buf_str(&text), "p.yml", &test_registry, &problems));
    problems_write(&problems, lines);
    return problems.list.count;
}

START_TEST(parallel_is_read_and_pins_nothing)
{
    static const char each[] = ", for-each: \"${{ vars.l }}\"";
    AUTO_ARENA arena = {0};
    const char *with = arena_printf(
        &arena,
        "version: 1\nparallel: 64\nvars: {l: [1]}\nsteps:\n" SHELL("a") "%s, parallel: 3}\n" SHELL("b") "}\n",
        each);
    const char *without = arena_printf(
        &arena, "version: 1\nvars: {l: [1]}\nsteps:\n" SHELL("a") "%s}\n" SHELL("b") "}\n", each);
    struct pipeline *p = read_text(&arena, with);
    ck_assert_int_eq(p->parallel, 64);
    ck_assert_int_eq(p->steps[0].parallel, 3);
    ck_assert_int_eq(p->steps[1].parallel, 0);
    pipeline_release(p);
    p = read_text(&arena, without);
    ck_assert_int_eq(p->parallel, 1);
    ck_assert_int_eq(p->steps[0].parallel, 0);
    pipeline_release(p);
    // How many run at once changes no result: a run goes on.
    check_pin(with, without, true);
}
END_TEST

START_TEST(the_number_of_steps_is_bounded)
{
    AUTO_BUF lines = BUF(FILE_MAX_BYTES);
    ck_assert_uint_eq(problems_of(500, &lines), 0);
    ck_assert_uint_eq(problems_of(501, &lines), 1);
    ck_assert_str_eq(buf_text(&lines), "p.yml:3:3: steps: expected 1 to 500 steps, got 501\n");
}
END_TEST

START_TEST(the_pin_sees_what_matters)
{
    const char *base = "version: 1\nsteps:\n  - {id: a, uses: shell, needs: [], with: {run: x, env: {A: b}}, "
                       "timeout: 1m}\n" SHELL("b") ", needs: []}\n";
    check_pin(
        base,
        "# c\nsteps:\n  - {timeout: 60s, with: {env: {A: 'b'}, run: \"x\"}, needs: [], uses: shell, id: "
        "a}\n" SHELL("b") ", needs: []} # d\nversion: 1\n",
        true);
    check_pin(base,
              "version: 1\nsteps:\n" SHELL("b") ", needs: []}\n  - {id: a, uses: shell, needs: [], with: "
                                                "{run: x, env: {A: b}}, timeout: 1m}\n",
              false);
    check_pin(base,
              "version: 1\nsteps:\n  - {id: a, uses: shell, needs: [], with: {run: y, env: {A: b}}, timeout: "
              "1m}\n" SHELL("b") ", needs: []}\n",
              false);
    check_pin(base,
              "version: 1\nsteps:\n  - {id: a, uses: shell, needs: [], with: {run: x, env: {A: b}}, timeout: "
              "2m}\n" SHELL("b") ", needs: []}\n",
              false);
    check_pin(base,
              "version: 1\nsteps:\n  - {id: a, uses: shell, needs: [], with: {run: x, env: {A: b}}, timeout: "
              "1m}\n" SHELL("b") ", needs: [a]}\n",
              false);
    check_pin(base,
              "version: 1\nsteps:\n  - {id: a, uses: shell, needs: [], with: {run: x, env: {A: b}}, timeout: "
              "1m}\n" SHELL("b") ", needs: [], if: true}\n",
              false);
    check_pin(base,
              "version: 1\nvars: {a: 1}\nsteps:\n  - {id: a, uses: shell, needs: [], with: {run: x, env: {A: "
              "b}}, timeout: 1m}\n" SHELL("b") ", needs: []}\n",
              false);
    check_pin("version: 1\nsandbox: {memory: 1M}\nsteps:\n" SHELL("a") "}\n",
              "version: 1\nsandbox: {memory: 1024K}\nsteps:\n" SHELL("a") "}\n", true);
    check_pin("version: 1\nsandbox: {memory: 1M}\nsteps:\n" SHELL("a") "}\n",
              "version: 1\nsandbox: {memory: 2M}\nsteps:\n" SHELL("a") "}\n", false);
    check_pin("version: 1\nsteps:\n" SHELL("a") ", on-failure: {uses: shell, with: {run: u}}}\n",
              "version: 1\nsteps:\n" SHELL("a") ", on-failure: {uses: shell, with: {run: v}}}\n", false);
    check_pin("version: 1\nsteps:\n" SHELL("a") ", if: true}\n",
              "version: 1\nsteps:\n" SHELL("a") ", if: false}\n", false);
    check_pin("version: 1\nsteps:\n" SHELL("a") ", retry: {attempts: 2}}\n",
              "version: 1\nsteps:\n" SHELL("a") ", retry: {attempts: 3}}\n", false);
}
END_TEST

// ---- running

static const char *const diamond =
    "version: 1\nvars: {list: [p, q], text: t}\nsteps:\n" SHELL("a") "}\n" SHELL(
        "b") ", needs: a}\n"
             "  - {id: c, uses: shell, with: {run: \"${{ steps.a.outputs.x "
             "}}\"}}\n" SHELL("d") ", needs: [b, c]}\n" SHELL(
                 "e") ", needs: d, if: "
                      "failure()}\n" SHELL("f") ", needs: d, if: always()}\n" SHELL(
                          "g") ", needs: "
                               "[], "
                               "for-each: "
                               "\"${{ "
                               "vars.list "
                               "}}\", if: "
                               "\"item == "
                               "'q'\"}"
                               "\n" SHELL("h") ", "
                                               "ne"
                                               "ed"
                                               "s:"
                                               " "
                                               "[]"
                                               ", "
                                               "fo"
                                               "r-"
                                               "ea"
                                               "ch"
                                               ": "
                                               "\""
                                               "${"
                                               "{ "
                                               "va"
                                               "rs"
                                               ".t"
                                               "ex"
                                               "t "
                                               "}}"
                                               "\""
                                               "}"
                                               "\n" SHELL(
                                                   "i") ", needs: d, if: steps.d.status == 'succeeded'}\n";

static int
condition_of(const struct pipeline *p, const char *id, const char *steps_json, const char *item_json)
{
    struct err err;
    AUTO_JSON *steps = json_read(str_of(steps_json), "steps", &err);
    AUTO_JSON *item = item_json ? json_read(str_of(item_json), "item", &err) : NULL;
    struct scope scope = {.steps = steps, .vars = p->vars, .item = item};
    return pipeline_condition(p, &p->steps[pipeline_find(p, id)], &scope, &err);
}

START_TEST(conditions_follow_the_steps_before)
{
    AUTO_ARENA arena = {0};
    struct pipeline *p = read_text(&arena, diamond);
    const char *fine = "{\"a\":{\"status\":\"succeeded\"},\"b\":{\"status\":\"succeeded\"},\"c\":{\"status\":"
                       "\"succeeded\"},\"d\":{\"status\":\"succeeded\"}}";
    const char *failed = "{\"a\":{\"status\":\"failed\"},\"b\":{\"status\":\"skipped\"},\"c\":{\"status\":"
                         "\"skipped\"},\"d\":{\"status\":\"skipped\"}}";
    const char *skipped = "{\"a\":{\"status\":\"skipped\"},\"b\":{\"status\":\"succeeded\"},\"c\":{"
                          "\"status\":\"skipped\"},\"d\":{\"status\":\"succeeded\"}}";
    ck_assert_int_eq(condition_of(p, "a", "{}", NULL), 1);
    ck_assert_int_eq(condition_of(p, "d", fine, NULL), 1);
    ck_assert_int_eq(condition_of(p, "e", fine, NULL), 0);
    ck_assert_int_eq(condition_of(p, "f", fine, NULL), 1);
    ck_assert_int_eq(condition_of(p, "i", fine, NULL), 1);
    ck_assert_int_eq(condition_of(p, "b", failed, NULL), 0);
    ck_assert_int_eq(condition_of(p, "d", failed, NULL), 0);
    ck_assert_int_eq(condition_of(p, "e", failed, NULL), 1);
    ck_assert_int_eq(condition_of(p, "f", failed, NULL), 1);
    ck_assert_int_eq(condition_of(p, "i", failed, NULL), 0);
    ck_assert_int_eq(condition_of(p, "b", skipped, NULL), 1);
    ck_assert_int_eq(condition_of(p, "c", skipped, NULL), 0);
    ck_assert_int_eq(condition_of(p, "d", skipped, NULL), 1);
    ck_assert_int_eq(condition_of(p, "b", "{\"a\":{\"status\":\"cancelled\"}}", NULL), 0);
    ck_assert_int_eq(condition_of(p, "g", "{}", "\"p\""), 0);
    ck_assert_int_eq(condition_of(p, "g", "{}", "\"q\""), 1);
    pipeline_release(p);
}
END_TEST

START_TEST(items_are_a_list)
{
    AUTO_ARENA arena = {0};
    struct err err;
    struct pipeline *p = read_text(&arena, diamond);
    struct scope scope = {.vars = p->vars};
    AUTO_JSON *items = pipeline_items(p, &p->steps[pipeline_find(p, "g")], &scope, &err);
    ck_assert_uint_eq(json_array_size(items), 2);
    ck_assert_ptr_null(pipeline_items(p, &p->steps[pipeline_find(p, "h")], &scope, &err));
    ck_assert_str_eq(err.message, "p.yml:11:63: for-each: the expression gives no list");
    scope.vars = NULL;
    AUTO_JSON *none = pipeline_items(p, &p->steps[pipeline_find(p, "g")], &scope, &err);
    ck_assert(json_is_array(none));
    ck_assert_uint_eq(json_array_size(none), 0);
    pipeline_release(p);
}
END_TEST

// Resolves `with` of the only step with these variables; compact JSON or the error, malloc'ed.
static char *
resolved(const char *uses, const char *with, const char *vars_json)
{
    AUTO_ARENA arena = {0};
    struct err err;
    AUTO_JSON *vars = json_read(str_of(vars_json), "vars", &err);
    const char *text = arena_printf(
        &arena, "version: 1\nvars: {v: 1}\nsteps:\n  - id: a\n    uses: %s\n    with:\n      %s\n", uses,
        with);
    struct pipeline *p = read_text(&arena, text);
    json_t *result = NULL;
    struct scope scope = {.vars = vars};
    int status = pipeline_resolve_with(p, &p->steps[0].action, &scope, &result, &err);
    pipeline_release(p);
    if (status < 0) {
        ck_assert_int_eq(err.kind, ERR_CONFIG);
        return strdup(err.message);
    }
    ck_assert_int_eq(status, 0);
    char *compact = json_compact(result);
    json_decref(result);
    return compact;
}

START_TEST(inputs_are_evaluated_and_typed)
{
    static const struct {
        const char *uses, *with, *vars, *result;
    } examples[] = {
        {"shell", "run: 1.10", "{}", "{\"run\":\"1.10\",\"shell\":\"sh\"}"},
        {"shell", "run: n=${{ vars.v }}", "{\"v\": 7}", "{\"run\":\"n=7\",\"shell\":\"sh\"}"},
        {"shell", "{run: '${{ vars.v }}', env: {A: 1, B: null, C: \"${{ vars.v }}\", D: yes}}", "{\"v\": 7}",
         "{\"run\":\"7\",\"shell\":\"sh\",\"env\":{\"A\":1,\"B\":null,\"C\":7,\"D\":\"yes\"}}"},
        {"shell", "{run: x, shell: '${{ vars.v }}'}", "{\"v\": \"bash\"}",
         "{\"run\":\"x\",\"shell\":\"bash\"}"},
        {"shell", "{run: x, shell: '${{ vars.v }}'}", "{\"v\": null}", "{\"run\":\"x\",\"shell\":\"sh\"}"},
        {"shell", "{run: x, shell: '${{ vars.v }}'}", "{\"v\": \"zsh\"}",
         "p.yml:7:23: shell: expected one of sh, bash; got \"zsh\"; did you mean \"sh\"?"},
        {"shell", "run: ${{ vars.v }}", "{\"v\": null}",
         "p.yml:7:12: run: is required, and its expression gave null"},
        {"shell", "run: ${{ vars.v }}", "{\"v\": [1]}", "p.yml:7:12: run: expected a text, got a list"},
        {"shell", "run: ${{ vars.v < 3 }}", "{\"v\": [1]}",
         "p.yml:7:23: run: a list and a number have no order"},
        {"fetch", "url: u", "{}",
         "{\"url\":\"u\",\"timeout\":30.0,\"max-size\":1048576,\"retries\":3,\"format\":\"json\",\"follow\":"
         "true}"},
        {"fetch",
         "{url: u, timeout: '${{ vars.v }}', max-size: '2K', retries: '${{ vars.v }}', rate: '${{ vars.v "
         "}}', follow: 'false'}",
         "{\"v\": 5}",
         "{\"url\":\"u\",\"timeout\":5.0,\"max-size\":2048,\"retries\":5,\"rate\":5.0,\"format\":\"json\","
         "\"follow\":false}"},
        {"fetch", "{url: u, timeout: '${{ vars.v }}'}", "{\"v\": \"2m\"}",
         "{\"url\":\"u\",\"timeout\":120.0,\"max-size\":1048576,\"retries\":3,\"format\":\"json\",\"follow\":"
         "true}"},
        {"fetch", "{url: u, retries: '${{ vars.v }}'}", "{\"v\": 50}",
         "p.yml:7:25: retries: expected 0 to 10, got 50"},
        {"fetch", "{url: u, retries: '${{ vars.v }}', rate: '${{ vars.v }}'}", "{\"v\": \"x\"}",
         "p.yml:7:25: retries: expected a whole number, got \"x\" (and 1 more)"},
        {"make", "targets: all", "{}", "{\"targets\":[\"all\"],\"jobs\":2}"},
        {"make", "targets: [1, '${{ vars.v }}']", "{\"v\": true}",
         "{\"targets\":[\"1\",\"true\"],\"jobs\":2}"},
        {"make", "targets: ['${{ vars.v }}', x]", "{\"v\": null}", "{\"targets\":[\"x\"],\"jobs\":2}"},
        {"make", "targets: ${{ vars.v }}", "{\"v\": [\"a\", 3]}", "{\"targets\":[\"a\",\"3\"],\"jobs\":2}"},
        {"make", "targets: ${{ vars.v }}", "{\"v\": [[1]]}",
         "p.yml:7:16: targets: expected a text, got a list"},
        {"make", "{targets: x, options: {define: [{name: N, value: '${{ vars.v }}'}]}}", "{\"v\": [1]}",
         "{\"targets\":[\"x\"],\"jobs\":2,\"options\":{\"optimise\":2,\"define\":[{\"name\":\"N\",\"value\":["
         "1]}]}}"},
        {"make", "{targets: x, options: '${{ vars.v }}'}",
         "{\"v\": {\"debug\": true, \"define\": [{\"name\": 1}]}}",
         "{\"targets\":[\"x\"],\"jobs\":2,\"options\":{\"optimise\":2,\"debug\":true,\"define\":[{\"name\":"
         "\"1\"}]}}"},
        {"make", "{targets: x, options: '${{ vars.v }}'}", "{\"v\": {\"debgu\": true}}",
         "p.yml:7:29: debgu: unknown key; did you mean \"debug\"?"},
        {"make", "{targets: x, options: '${{ vars.v }}'}", "{\"v\": {\"define\": [{}]}}",
         "p.yml:7:29: name: missing; an entry of define needs it"},
        {"make", "{targets: x, options: '${{ vars.v }}'}", "{\"v\": 3}",
         "p.yml:7:29: options: expected a mapping, got 3"},
        {"make", "{targets: x, extra: {k: ['${{ vars.v }}', 2.5, 'a ${{ vars.v }}']}}", "{\"v\": {\"z\": 1}}",
         "{\"targets\":[\"x\"],\"jobs\":2,\"extra\":{\"k\":[{\"z\":1},2.5,\"a {\\\"z\\\":1}\"]}}"},
        {"make", "{targets: x, jobs: '${{ vars.v }}'}", "{\"v\": 3.0}", "{\"targets\":[\"x\"],\"jobs\":3}"},
        {"make", "{targets: x, jobs: '${{ vars.v }}'}", "{\"v\": 3.5}",
         "p.yml:7:26: jobs: expected a whole number, got 3.5"},
    };
    for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
        char *result = resolved(examples[i].uses, examples[i].with, examples[i].vars);
        ck_assert_msg(strcmp(result, examples[i].result) == 0, "%s\ngave %s\nnot  %s", examples[i].with,
                      result, examples[i].result);
        free(result);
    }
}
END_TEST

UNIT_MAIN("workflow/pipeline", broken_files_give_their_lines, valid_files_have_no_problem,
          members_reach_the_structure, the_number_of_steps_is_bounded, parallel_is_read_and_pins_nothing,
          defaults_of_the_file, the_pin_sees_what_matters, conditions_follow_the_steps_before,
          items_are_a_list, inputs_are_evaluated_and_typed)
