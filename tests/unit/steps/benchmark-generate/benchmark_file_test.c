// SPDX-License-Identifier: Apache-2.0
#include "steps/benchmark-generate/benchmark_file.h"

#include "tests/unit/steps/shared/target/workshop.h"

#include <sys/stat.h>

static const char full[] = "version: 1\n"
                           "function: f\n"
                           "file: src/f.c\n"
                           "approved: true\n"
                           "params:\n"
                           "  n: {role: count, of: p}\n"
                           "recipe:\n"
                           "  flags: [-O2, -DX=1]\n"
                           "inputs:\n"
                           "  distribution: {n: {min: 0, max: 9}}\n"
                           "noise_floor: {speedup: 1.0}\n";

static json_t *
read_text(struct workshop *w, const char *text)
{
    workshop_file(w, ".atoll/benchmarks/f.yml", text);
    w->err = (struct err){0};
    return benchmark_file_read(&w->arena, w->repository, "f", &w->err);
}

START_TEST(reads_what_a_person_wrote)
{
    AUTO_WORKSHOP w;
    workshop_init(&w);
    AUTO_JSON *json = read_text(&w, full);
    ck_assert_msg(json != NULL, "%s", w.err.message);

    ck_assert(json_get_bool(json, "approved", false));
    ck_assert_str_eq(json_get_text(json_object_get(json_object_get(json, "params"), "n"), "of", ""), "p");
    const json_t *flags = json_object_get(json_object_get(json, "recipe"), "flags");
    ck_assert_str_eq(json_string_value(json_array_get(flags, 1)), "-DX=1");
    AUTO_JSON *least = read_text(&w, "version: 1\n");
    ck_assert_msg(least != NULL, "%s", w.err.message);
}
END_TEST

START_TEST(no_file_is_null)
{
    AUTO_WORKSHOP w;
    workshop_init(&w);
    AUTO_JSON *json = benchmark_file_read(&w.arena, w.repository, "f", &w.err);
    ck_assert(json_is_null(json));
    ck_assert_str_eq(benchmark_file_path(&w.arena, "f"), ".atoll/benchmarks/f.yml");
}
END_TEST

START_TEST(errors_name_file_line_and_key)
{
    static const char *const texts[][2] = {
        {"version: 1\nparam: {}\n",
         ".atoll/benchmarks/f.yml:2:1: unknown key \"param\"; did you mean \"params\"?"},
        {"version: 1\nzzzzzz: {}\n", ".atoll/benchmarks/f.yml:2:1: unknown key \"zzzzzz\""},
        {"version: 2\n", ".atoll/benchmarks/f.yml:1:1: version: must be 1"},
        {"function: f\n", "version: must be 1"},
        {"version: [1]\n", "version: must be 1"},
        {"version: 1\nparams: []\n", ".atoll/benchmarks/f.yml:2:9: params: must be a mapping"},
        {"version: 1\nrecipe: x\n", ".atoll/benchmarks/f.yml:2:9: recipe: must be a mapping"},
        {"version: 1\n\ninputs: 3\n", ".atoll/benchmarks/f.yml:3:9: inputs: must be a mapping"},
        {"version: 1\napproved: maybe\n", ".atoll/benchmarks/f.yml:2:11: approved: must be true or false"},
        {"[1]\n", ".atoll/benchmarks/f.yml:1:1: a benchmark file is a mapping"},
        {"", ".atoll/benchmarks/f.yml:"},
        {"version: 1\n\tx", ".atoll/benchmarks/f.yml:2:"},
        {"version: 1\nversion: 1\n", ".atoll/benchmarks/f.yml:2:"},
    };
    AUTO_WORKSHOP w;
    workshop_init(&w);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        AUTO_JSON *json = read_text(&w, texts[i][0]);
        ck_assert_msg(json == NULL, "%s was taken", texts[i][0]);
        ck_assert_int_eq(w.err.kind, ERR_CONFIG);
        ck_assert_msg(strstr(w.err.message, texts[i][1]) != NULL, "%s", w.err.message);
    }
}
END_TEST

START_TEST(writes_what_it_reads)
{
    AUTO_WORKSHOP w;
    workshop_init(&w);
    AUTO_JSON *json = read_text(&w, full);
    ck_assert_ptr_nonnull(json);
    OK(benchmark_file_write(&w.arena, w.repository, "g", json, &w.err), &w.err);
    AUTO_JSON *back = benchmark_file_read(&w.arena, w.repository, "g", &w.err);
    ck_assert_msg(back != NULL, "%s", w.err.message);
    ck_assert(json_equal(json, back));

    AUTO_BUF text = BUF(1 << 20);
    const char *path = fs_join(&w.arena, w.repository, ".atoll/benchmarks/g.yml");
    OK(fs_read(path, 1 << 20, &text, &w.err), &w.err);
    ck_assert(str_starts(buf_str(&text), STR("# How atoll calls, feeds and times this function.")));
}
END_TEST

START_TEST(the_same_content_is_not_written_again)
{
    AUTO_WORKSHOP w;
    workshop_init(&w);
    AUTO_JSON *json = read_text(&w, full);
    struct stat first, second, third;
    OK(benchmark_file_write(&w.arena, w.repository, "g", json, &w.err), &w.err);
    const char *path = fs_join(&w.arena, w.repository, ".atoll/benchmarks/g.yml");
    ck_assert_int_eq(stat(path, &first), 0);
    OK(benchmark_file_write(&w.arena, w.repository, "g", json, &w.err), &w.err);
    ck_assert_int_eq(stat(path, &second), 0);
    ck_assert_int_eq(first.st_mtim.tv_nsec, second.st_mtim.tv_nsec);
    ck_assert_uint_eq(first.st_ino, second.st_ino);
    json_set_text(json, "file", "other.c");
    OK(benchmark_file_write(&w.arena, w.repository, "g", json, &w.err), &w.err);
    ck_assert_int_eq(stat(path, &third), 0);
    ck_assert(third.st_ino != second.st_ino || third.st_mtim.tv_nsec != second.st_mtim.tv_nsec);
}
END_TEST

UNIT_MAIN("steps/benchmark-generate/benchmark_file", reads_what_a_person_wrote, no_file_is_null,
          errors_name_file_line_and_key, writes_what_it_reads, the_same_content_is_not_written_again)
