// SPDX-License-Identifier: Apache-2.0
#include "steps/shell/shell.h"

#include "tests/unit/steps/attempt.h"

static const char *
read_outputs(struct arena *arena, const char *text)
{
    struct err err;
    AUTO_JSON *outputs = shell_outputs(str_of(text), &err);
    if (outputs == NULL) {
        ck_assert_int_eq(err.kind, ERR_PARSE);
        return arena_printf(arena, "ERR %s", err.message);
    }
    char *compact = json_compact(outputs);
    const char *kept = arena_dup(arena, compact);
    free(compact);
    return kept;
}

START_TEST(reads_outputs)
{
    static const char *const texts[][2] = {
        {"", "{}"},
        {"\n  \n", "{}"},
        {"a=1", "{\"a\":\"1\"}"},
        {"a=1\nb-2=x=y z \n", "{\"a\":\"1\",\"b-2\":\"x=y z \"}"},
        {"a=\n", "{\"a\":\"\"}"},
        {"a=1\na=2\n", "{\"a\":\"2\"}"},
        {"a=b<<END\n", "{\"a\":\"b<<END\"}"},
        {"a<<END\none\n two=2\nEND\nb=1\n", "{\"a\":\"one\\n two=2\",\"b\":\"1\"}"},
        {"a<<END\n\n\nx\n\nEND\n", "{\"a\":\"\\n\\nx\\n\"}"},
        {"a<<END\nEND", "{\"a\":\"\"}"},
        {"a<<END\n END\nENDE\nEND\n", "{\"a\":\" END\\nENDE\"}"},
        {"a<<b=c\n1\nb=c\n", "{\"a\":\"1\"}"},
        {"a=\xff\n", "{\"a\":\"\xef\xbf\xbd\"}"},
    };
    AUTO_ARENA arena = {0};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        ck_assert_str_eq(read_outputs(&arena, texts[i][0]), texts[i][1]);
}
END_TEST

START_TEST(wrong_outputs_name_their_line)
{
    static const char *const texts[][2] = {
        {"a=1\nhello\n", "$ATOLL_OUTPUT:2: a line is key=value"},
        {"=1", "$ATOLL_OUTPUT:1: a line is"},
        {"two words=1", "$ATOLL_OUTPUT:1: a line is"},
        {"<<END\nEND\n", "$ATOLL_OUTPUT:1: a line is"},
        {"a=1\nb<<END\nx\n", "$ATOLL_OUTPUT:2: no line \"END\" ends the value"},
        {"b<<\n\nx\n", "$ATOLL_OUTPUT:1: no word behind"},
        {"a<<END\n1\n2\nEND\nwrong\n", "$ATOLL_OUTPUT:5: a line is"},
    };
    AUTO_ARENA arena = {0};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        const char *got = read_outputs(&arena, texts[i][0]);
        ck_assert_msg(strncmp(got, "ERR ", 4) == 0 && strstr(got, texts[i][1]) == got + 4, "%s", got);
    }
}
END_TEST

START_TEST(runs_in_the_repository_and_gives_outputs)
{
    AUTO_WORKSHOP w;
    workshop_init(&w);
    workshop_file(&w, "sub/marker", "here");
    AUTO_ATTEMPT attempt;
    attempt_init(&attempt, &w, &step_shell,
                 "{\"shell\": \"sh\", \"run\": \"echo where=$(cat sub/marker) >>$ATOLL_OUTPUT; echo text\"}");
    ck_assert_msg(attempt_run(&attempt, &w) == 0, "%s", w.err.message);
    ck_assert_str_eq(attempt_text(&attempt, "where"), "here");
    ck_assert_uint_eq(json_object_size(attempt.step.outputs), 1);
}
END_TEST

START_TEST(takes_folder_shell_and_environment)
{
    AUTO_WORKSHOP w;
    workshop_init(&w);
    workshop_file(&w, "sub/marker", "here");
    setenv("FROM_OUTSIDE", "outside", 1);
    setenv("BOTH", "outside", 1);
    setenv("ATOLL_OUTPUT", "/nowhere/else", 1);
    AUTO_ATTEMPT attempt;
    attempt_init(&attempt, &w, &step_shell,
                 "{\"shell\": \"bash\", \"working-directory\": \"sub\","
                 "\"env\": {\"BOTH\": \"inside\", \"N\": 3, \"R\": 0.5, \"YES\": true},"
                 "\"run\": \"[[ -f marker ]]; "
                 "echo v=$FROM_OUTSIDE,$BOTH,$N,$R,$YES >>$ATOLL_OUTPUT\"}");
    ck_assert_msg(attempt_run(&attempt, &w) == 0, "%s", w.err.message);
    ck_assert_str_eq(attempt_text(&attempt, "v"), "outside,inside,3,0.5,true");
}
END_TEST

static void
fails(const char *run, const char *words)
{
    AUTO_WORKSHOP w;
    workshop_init(&w);
    AUTO_ATTEMPT attempt;
    attempt_init(&attempt, &w, &step_shell,
                 arena_printf(&w.arena, "{\"shell\": \"sh\", \"run\": \"%s\"}", run));
    ck_assert_int_eq(attempt_run(&attempt, &w), -1);
    ck_assert_msg(strstr(w.err.message, words) != NULL, "%s", w.err.message);
    ck_assert_uint_eq(json_object_size(attempt.step.outputs), 0);
}

START_TEST(failures_say_how_it_ended)
{
    fails("echo a=1 >>$ATOLL_OUTPUT; seq 200000; echo last line >&2; echo; exit 3", "exit code 3: last line");
    fails("false; echo not reached", "exit code 1");
    fails("kill -9 $$", "signal 9");
    fails("echo nonsense >>$ATOLL_OUTPUT", "$ATOLL_OUTPUT:1");
}
END_TEST

START_TEST(a_shell_that_is_not_there_is_the_environments_fault)
{
    AUTO_WORKSHOP w;
    workshop_init(&w);
    AUTO_ATTEMPT attempt;
    attempt_init(&attempt, &w, &step_shell, "{\"shell\": \"no-such-shell\", \"run\": \"true\"}");
    ck_assert_int_eq(attempt_run(&attempt, &w), -1);
    ck_assert_int_eq(w.err.kind, ERR_ENVIRONMENT);
}
END_TEST

START_TEST(a_command_that_succeeded_is_not_run_again)
{
    AUTO_WORKSHOP w;
    workshop_init(&w);
    const char *with =
        "{\"shell\": \"sh\", \"run\": \"echo x >>count; echo n=$(wc -l <count) >>$ATOLL_OUTPUT\"}";
    for (int i = 0; i < 3; i++) {
        AUTO_ATTEMPT attempt;
        attempt_init(&attempt, &w, &step_shell, with);
        ck_assert_msg(attempt_run(&attempt, &w) == 0, "%s", w.err.message);
        ck_assert_str_eq(attempt_text(&attempt, "n"), "1");
    }
}
END_TEST

START_TEST(a_command_that_failed_is_run_again)
{
    AUTO_WORKSHOP w;
    workshop_init(&w);
    const char *with = "{\"shell\": \"sh\", \"run\": \"echo stale=1 >>$ATOLL_OUTPUT; echo x >>count; "
                       "[ $(wc -l <count) = 2 ]; : >$ATOLL_OUTPUT\"}";
    for (int i = 0; i < 2; i++) {
        AUTO_ATTEMPT attempt;
        attempt_init(&attempt, &w, &step_shell, with);
        ck_assert_int_eq(attempt_run(&attempt, &w), i - 1);
        ck_assert_uint_eq(json_object_size(attempt.step.outputs), 0);
    }
}
END_TEST

START_TEST(plans_without_running)
{
    AUTO_ARENA arena = {0};
    struct err err;
    AUTO_JSON *with = json_read(STR("{\"run\": \"make it\"}"), "with", &err);
    ck_assert_ptr_nonnull(strstr(step_shell.plan(&arena, with), "`make it`"));
}
END_TEST

UNIT_MAIN("steps/shell/shell", reads_outputs, wrong_outputs_name_their_line,
          runs_in_the_repository_and_gives_outputs, takes_folder_shell_and_environment,
          failures_say_how_it_ended, a_shell_that_is_not_there_is_the_environments_fault,
          a_command_that_succeeded_is_not_run_again, a_command_that_failed_is_run_again,
          plans_without_running)
