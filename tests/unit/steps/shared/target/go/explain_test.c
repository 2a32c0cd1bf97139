// SPDX-License-Identifier: Apache-2.0
#include "steps/shared/target/go/explain.h"

#include "base/fs.h"
#include "base/proc.h"
#include "tests/unit/above.h"
#include "tests/unit/unit.h"

#include <stdio.h>

static const char file[] =
    "package deep\n\n// Dot is the inner product.\nfunc Dot(a, b []int) int {\n\tsum := 0\n"
    "\tfor i := range a {\n\t\tsum += a[i] * b[i]\n\t}\n\treturn sum\n}\n\n"
    "func other(p []int) int { return p[3] }\n";
static const char cut[] = "func Dot(a, b []int) int {\n\tsum := 0\n\tb = b[:len(a)]\n\tfor i := range a {\n"
                          "\t\tsum += a[i] * b[i]\n\t}\n\treturn sum\n}";

struct place {
    struct arena arena;
    struct err err;
    const char *folder;
    struct launcher *launcher;
    struct go_question question;
};

// A module of one package in a folder; false without go.
static bool
place_init(struct place *place, const char *variant)
{
    *place = (struct place){0};
    if (proc_find(&place->arena, "go") == NULL) {
        printf("skipped: needs go\n");
        return false;
    }
    struct arena *arena = &place->arena;
    place->launcher = launcher_new(above(arena, "atoll-cell"), ISOLATION_GUARD, &place->err);
    ck_assert_msg(place->launcher != NULL, "%s", place->err.message);
    place->folder = fs_temp_dir(arena, NULL, "explain", &place->err);
    const char *package = fs_join(arena, place->folder, "repository/inner/deep");
    ck_assert_int_eq(fs_mkdirs(package, &place->err), 0);
    ck_assert_int_eq(fs_write(fs_join(arena, place->folder, "repository/go.mod"),
                              STR("module example.com/m/v2\n\ngo 1.21\n"), &place->err),
                     0);
    ck_assert_int_eq(fs_write(fs_join(arena, package, "dot.go"), str_of(file), &place->err), 0);
    place->question = (struct go_question){
        .repository = fs_real(arena, fs_join(arena, place->folder, "repository"), &place->err),
        .file = "inner/deep/dot.go",
        .function = "Dot",
        .variant = str_of(variant),
        .scratch = fs_join(arena, place->folder, "scratch")};
    return true;
}

static void
place_release(struct place *place)
{
    if (place->launcher != NULL)
        launcher_free(place->launcher);
    if (place->folder != NULL)
        ck_assert_int_eq(fs_remove_tree(place->folder, &place->err), 0);
    arena_release(&place->arena);
}

START_TEST(a_hoisted_check_is_seen)
{
    struct place place;

    if (!place_init(&place, cut))
        return;
    AUTO_JSON *json = go_explain(place.launcher, &place.question, &place.err);
    ck_assert_msg(json != NULL, "%s", place.err.message);
    const json_t *before = json_object_get(json, "before"), *after = json_object_get(json, "after");
    ck_assert_int_eq(json_get_int(before, "bounds_checks", -1), 1);
    const json_t *check = json_array_get(json_object_get(before, "at"), 0);
    ck_assert_str_eq(json_get_text(check, "what", ""), "bounds check");
    ck_assert_int_eq(json_get_int(check, "line", 0), 7);
    // One for the cut, none in the loop.
    check = json_array_get(json_object_get(after, "at"), 0);
    ck_assert_int_eq(json_get_int(after, "bounds_checks", -1), 1);
    ck_assert_str_eq(json_get_text(check, "what", ""), "bounds check of a slice");
    ck_assert(json_get_bool(before, "can_inline", false));
    ck_assert(strncmp(json_get_text(json, "go", ""), "go1.", 4) == 0);
    place_release(&place);
}
END_TEST

START_TEST(what_does_not_build_is_told)
{
    struct place place;

    if (!place_init(&place, "func Dot(a, b []int) int {\n\treturn nothing\n}"))
        return;
    ck_assert_ptr_null(go_explain(place.launcher, &place.question, &place.err));
    ck_assert_int_eq(place.err.kind, ERR_TARGET);
    ck_assert_msg(strstr(place.err.message, "undefined: nothing") != NULL, "%s", place.err.message);
    place.question.function = "Dott";
    ck_assert_ptr_null(go_explain(place.launcher, &place.question, &place.err));
    ck_assert_int_eq(place.err.kind, ERR_NOT_FOUND);
    place_release(&place);
}
END_TEST

UNIT_MAIN("steps/shared/target/go/explain", a_hoisted_check_is_seen, what_does_not_build_is_told)
