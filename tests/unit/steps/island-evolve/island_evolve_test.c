// SPDX-License-Identifier: Apache-2.0
// The whole step, in deterministic mode: less machine code is faster.
#include "tests/unit/steps/island-evolve/lab.h"

#include "base/proc.h"

#include <unistd.h>

// A loop that copies of itself make long; the replies know something shorter.
static const char unit[] = "#include <stddef.h>\n#include <stdint.h>\n\n"
                           "uint32_t digest(const uint8_t *data, size_t len)\n"
                           "{\n"
                           "    uint32_t a = 1;\n"
                           "    uint32_t b = 2;\n"
                           "    for (size_t i = 0; i < len; i++) {\n"
                           "        if (data[i] == 'x') {\n"
                           "            a = a * 31 + data[i];\n"
                           "            b = b * 7 + a / 3;\n"
                           "        } else {\n"
                           "            a = a * 31 + data[i];\n"
                           "            b = b * 7 + a / 3;\n"
                           "            if (b % 1000003u == 17)\n"
                           "                b = b - b % 1000003u + 17;\n"
                           "        }\n"
                           "    }\n"
                           "    return a ^ b;\n"
                           "}\n";
static const char train[] = "[\"abcx\", null]\n[\"hello\", null]\n[\"x\", null]";
static const char holdout[] = "[\"some other xxx\", null]\n[\"\", null]";

#define HEAD "uint32_t digest(const uint8_t *data, size_t len)\n{\n"
#define SHORT                                                                                 \
    HEAD "    uint32_t a = 1;\n    uint32_t b = 2;\n    for (size_t i = 0; i < len; i++) {\n" \
         "        a = a * 31 + data[i];\n        b = b * 7 + a / 3;\n    }\n    return a ^ b;\n}"

// Runs the step anew; what it prints as outputs is the caller's.
static json_t *
run_step(struct lab *lab, const char *inputs)
{
    AUTO_ARENA arena = {0};
    AUTO_JSON *with = json_read(str_of(inputs), "inputs", &lab->err);
    ck_assert_msg(with != NULL, "%s", lab->err.message);
    for (const struct field *field = step_island_evolve.inputs; field->name != NULL; field++)
        if (field->otherwise != NULL && json_object_get(with, field->name) == NULL)
            json_object_set_new(with, field->name, json_loads(field->otherwise, JSON_DECODE_ANY, NULL));
    json_object_set(with, "benchmark", lab->record);
    struct step step = lab->step;
    step.with = with;
    step.arena = &arena;
    step.outputs = json_object();
    lab_open_journal(lab);
    step.journal = lab->step.journal;
    ck_assert_msg(step_island_evolve.run(&step, &lab->err) == 0, "%s", lab->err.message);
    return step.outputs;
}

static void
write_replies(struct lab *lab, const char *const *replies)
{
    AUTO_BUF lines = BUF(1 << 16);
    for (; *replies != NULL; replies++) {
        json_t *json = json_pack("{s:s+++}", "reply", "```c\n", *replies, "\n```\n", "");
        char *line = json_compact(json);
        buf_printf(&lines, "%s\n", line);
        free(line);
        json_decref(json);
    }
    LAB_OK(lab, fs_write(fs_join(&lab->arena, lab->folder, "replies.jsonl"), buf_str(&lines), &lab->err));
}

static const char with_replies[] = "{\"evaluations\": 40, \"models\": [{\"provider\": \"replay\", \"name\": "
                                   "\"r\", \"file\": \"replies.jsonl\"}]}";

START_TEST(test_an_improvement_with_its_patch)
{
    static const char *const replies[] = {
        HEAD "    return 42;\n}",
        HEAD "    switch (len) { case 4: case 5: case 1: break; default: return 0; }\n" SHORT + sizeof(HEAD) -
            1,
        SHORT,
        NULL,
    };
    struct lab lab;
    lab_open(&lab, unit, "digest", train, holdout);
    write_replies(&lab, replies);
    AUTO_JSON *outputs = run_step(&lab, with_replies);
    const json_t *winner = json_object_get(outputs, "winner");
    ck_assert_str_eq(json_get_text(outputs, "verdict", ""), "improved");
    ck_assert_str_eq(json_get_text(winner, "verdict", ""), "improved");
    ck_assert_double_gt(json_get_real(winner, "speedup", 0), 1.05);
    ck_assert_double_gt(json_get_real(json_object_get(winner, "holdout"), "speedup_low", 0), 1.01);
    ck_assert_double_eq(json_get_real(winner, "seconds", -1), 0);
    ck_assert_int_ge(json_get_int(json_object_get(winner, "rejected"), "wrong-output", 0), 2);
    ck_assert_str_eq(json_get_text(winner, "isolation", ""),
                     isolation_name(launcher_level(lab.bench.launcher)));
    const json_t *containment = json_object_get(winner, "containment");
    ck_assert_str_eq(json_get_text(containment, "level", ""), json_get_text(winner, "isolation", "none"));
    ck_assert_int_eq(json_get_int(containment, "landlock_abi", -1),
                     launcher_landlock_abi(lab.bench.launcher));
    ck_assert(json_is_array(json_object_get(containment, "losses")));
    ck_assert_ptr_nonnull(strstr(json_get_text(outputs, "summary", ""), "digest"));
    // The patch makes the variant out of the file.
    const char *patch = json_get_text(outputs, "patch", "");
    ck_assert_ptr_nonnull(strstr(patch, "--- a/unit.c"));
    LAB_OK(&lab, fs_write(fs_join(&lab.arena, lab.folder, "p"), str_of(patch), &lab.err));
    const char *const argv[] = {"patch", "-p1", "-s", "-i", "p", NULL};
    const struct proc_spec spec = {.argv = argv, .cwd = lab.folder};
    AUTO_PROC_RESULT done = {0};
    AUTO_BUF patched = BUF(1 << 16), variant = BUF(1 << 16);
    LAB_OK(&lab, proc_run(&spec, &done, &lab.err));
    ck_assert_int_eq(done.exit_code, 0);
    LAB_OK(&lab, fs_read(fs_join(&lab.arena, lab.folder, "unit.c"), 1 << 16, &patched, &lab.err));
    LAB_OK(&lab, journal_blob_get(&lab.step, json_get_text(winner, "variant", ""), &variant, &lab.err));
    ck_assert_int_ge(str_find(buf_str(&patched), buf_str(&variant)), 0);
    lab_close(&lab);
}
END_TEST

START_TEST(test_a_second_attempt_ends_the_same)
{
    static const char *const replies[] = {SHORT, NULL};
    struct lab lab;
    lab_open(&lab, unit, "digest", train, holdout);
    write_replies(&lab, replies);
    AUTO_JSON *first = run_step(&lab, with_replies);
    AUTO_JSON *second = run_step(&lab, with_replies); // everything is replayed
    char *a = json_canonical(first), *b = json_canonical(second);
    ck_assert_str_eq(a, b);
    free(a);
    free(b);
    lab_close(&lab);
}
END_TEST

START_TEST(test_nothing_better)
{
    static const char *const replies[] = {HEAD "    return 0;\n}", NULL};
    struct lab lab;
    lab_open(&lab,
             "#include <stddef.h>\n#include <stdint.h>\n" HEAD
             "    uint32_t a = 0;\n    while (len > 0)\n        a += data[--len];\n    return a;\n}\n",
             "digest", train, holdout);
    write_replies(&lab, replies);
    AUTO_JSON *outputs = run_step(&lab, with_replies);
    ck_assert_str_eq(json_get_text(outputs, "verdict", ""), "none");
    ck_assert_ptr_null(json_object_get(outputs, "patch"));
    ck_assert_ptr_nonnull(strstr(json_get_text(outputs, "summary", ""), "no improvement"));
    lab_close(&lab);
}
END_TEST

START_TEST(test_what_cannot_be_measured_says_why)
{
    struct lab lab;
    lab_open(&lab, unit, "digest", train, holdout);
    json_set_text(json_object_get(lab.record, "target"), "function", "digest");
    LAB_OK(&lab,
           fs_write(fs_join(&lab.arena, lab.folder, "unit.c"),
                    STR("#include <stddef.h>\n#include <stdint.h>\n" HEAD
                        "    uint32_t a = 0;\n    for (size_t i = 0; i < len; i++)\n        a += data[i];\n"
                        "    if (len < 1u << 30)\n        __builtin_trap();\n    return a;\n}\n"),
                    &lab.err));
    AUTO_JSON *outputs = run_step(&lab, "{\"evaluations\": 5}");
    ck_assert_str_eq(json_get_text(outputs, "verdict", ""), "failed");
    ck_assert_msg(strstr(json_get_text(outputs, "summary", ""), "faults on every input") != NULL, "%s",
                  json_get_text(outputs, "summary", ""));
    lab_close(&lab);
}
END_TEST

static void
note(struct lab *lab, const char *run, enum ledger_event event)
{
    struct step step = lab->step;
    const struct ledger_entry entry = {"unit.c", "digest", "beef", event, NULL};
    step.run_id = run;
    lab_open_journal(lab);
    step.journal = lab->step.journal;
    LAB_OK(lab, ledger_note(&step, &entry, &lab->err));
}

START_TEST(test_what_a_person_declined_is_not_searched)
{
    static const char few[] = "{\"evaluations\": 3}", again[] = "{\"evaluations\": 3, \"again\": true}";
    struct lab lab;
    lab_open(&lab, unit, "digest", train, holdout);
    note(&lab, "week-1", LEDGER_SHIPPED);
    note(&lab, "week-2", LEDGER_CLOSED);
    AUTO_JSON *skipped = run_step(&lab, few);
    ck_assert_str_eq(json_get_text(skipped, "verdict", ""), "none");
    ck_assert_str_eq(json_get_text(skipped, "function", ""), "digest");
    ck_assert(strstr(json_get_text(skipped, "summary", ""), "a person closed its pull request") != NULL);
    ck_assert(strstr(json_get_text(skipped, "summary", ""), "week-2") != NULL);
    const json_t *record = json_object_get(skipped, "winner");
    ck_assert_int_eq(json_get_int(record, "evaluations", -1), 0);
    ck_assert_str_eq(json_get_text(record, "verdict", ""), "none");
    // A person may have it searched all the same, and an open request takes the no back.
    AUTO_JSON *searched = run_step(&lab, again);
    ck_assert_int_gt(json_get_int(json_object_get(searched, "winner"), "evaluations", 0), 0);
    note(&lab, "week-3", LEDGER_SHIPPED);
    AUTO_JSON *open = run_step(&lab, few);
    ck_assert_int_gt(json_get_int(json_object_get(open, "winner"), "evaluations", 0), 0);
    lab_close(&lab);
}
END_TEST

UNIT_MAIN("island-evolve/island_evolve", test_an_improvement_with_its_patch,
          test_a_second_attempt_ends_the_same, test_nothing_better, test_what_cannot_be_measured_says_why,
          test_what_a_person_declined_is_not_searched)
