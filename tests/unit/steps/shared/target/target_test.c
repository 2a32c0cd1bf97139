// SPDX-License-Identifier: Apache-2.0
#include "steps/shared/target/target.h"

#include "base/git.h"
#include "tests/unit/steps/shared/target/workshop.h"

#define DEFINITION "static octet\nf(octet x)\n{\n    return x;\n}"
static const char file[] = "#include \"types.h\"\n\n// Before.\n" DEFINITION "\n\nint after;\n";

static void
prepare(struct workshop *w)
{
    workshop_init(w);
    unsetenv("CC");
    workshop_file(w, "src/x.c", file);
    workshop_file(w, "src/types.h", "#include \"base.h\"\n#include <stdint.h>\n");
    workshop_file(w, "include/base.h", "typedef unsigned char octet;\n");
    workshop_file(w, "Makefile", "all:\n\tcc -O3 -Iinclude -c src/x.c\n");
}

START_TEST(opens_a_function)
{
    AUTO_WORKSHOP w;
    prepare(&w);
    struct target target = workshop_target(&w, "src/x.c", "f", NULL);

    ck_assert_str_eq(target.repository, fs_real(&w.arena, w.repository, &w.err));
    ck_assert_str_eq(target.file, "src/x.c");
    ck_assert_str_eq(target.name, "f");
    ck_assert_str_eq(target.commit, "");
    ck_assert(str_is(target.source, file));
    ck_assert(str_is(target_baseline(&target), DEFINITION));
    ck_assert(target.function.is_static);
    ck_assert_str_eq(target.recipe.flags[0], "-O3");
    // The type comes from a header that another header includes along -I.
    ck_assert_str_eq(target.signature.parameters[0].element, "unsigned char");
    target_close(&target);
    ck_assert_ptr_null(target.syntax);
}
END_TEST

START_TEST(takes_what_the_description_says)
{
    AUTO_WORKSHOP w;
    prepare(&w);
    struct target target = workshop_target(&w, "src/x.c", "f",
                                           "{\"params\": {\"x\": {\"min\": 1, \"max\": 9}}, \"recipe\": "
                                           "{\"cc\": \"gcc\", \"flags\": [\"-Iinclude\"]}}");

    ck_assert(target.signature.parameters[0].max == 9);
    ck_assert_str_eq(target.recipe.cc, "gcc");
    ck_assert_str_eq(target.recipe.flags[0], "-O2");
    ck_assert_str_eq(target.recipe.flags[1], "-Iinclude");
    target_close(&target);
}
END_TEST

START_TEST(splices_variants)
{
    AUTO_WORKSHOP w;
    prepare(&w);
    struct target target = workshop_target(&w, "src/x.c", "f", NULL);

    ck_assert(str_is(target_splice(&w.arena, &target, target_baseline(&target), false), file));
    ck_assert(str_is(target_splice(&w.arena, &target, STR("VARIANT"), false),
                     "#include \"types.h\"\n\n// Before.\nVARIANT\n\nint after;\n"));
    struct str cell = target_splice(&w.arena, &target, STR("VARIANT"), true);
    ck_assert(str_starts(cell, STR("#include \"types.h\"\n\n// Before.\nVARIANT\n\nint after;\n\n")));
    ck_assert_int_ge(str_find(cell, STR("void *const atoll_target = (void *)f;\n")), 0);
    target_close(&target);
}
END_TEST

START_TEST(knows_the_commit)
{
    AUTO_WORKSHOP w;
    prepare(&w);
    struct repo_change change = {.path = "src/x.c", .content = str_of(file)};
    char oid[41] = "";

    OK(repo_init(w.repository, false, &w.err), &w.err);
    struct repo *repo = repo_open(w.repository, &w.err);
    ck_assert_ptr_nonnull(repo);
    const struct repo_author author = {"A", "a@example.org", 1700000000};
    const char *branch = repo_head_ref(repo, &w.arena, &w.err);
    ck_assert_ptr_nonnull(branch);
    OK(repo_commit(repo, NULL, branch, &change, 1, "First", &author, oid, &w.err), &w.err);
    struct target target = workshop_target(&w, "src/x.c", "f", NULL);
    ck_assert_str_eq(target.commit, oid);
    target_close(&target);
    repo_free(repo);
}
END_TEST

static void
refused(struct workshop *w, const char *path, const char *name, const char *description, enum err_kind kind,
        const char *words)
{
    struct target target;
    struct recipe_yard yard = {w->launcher, fs_join(&w->arena, w->scratch, "views")};
    AUTO_JSON *given = description == NULL ? NULL : json_read(str_of(description), "description", &w->err);

    ck_assert_int_eq(target_open(&w->arena, w->repository, path, name, given, &yard, &target, &w->err), -1);
    ck_assert_msg(w->err.kind == kind && strstr(w->err.message, words) != NULL, "%s", w->err.message);
    ck_assert_ptr_null(target.syntax);
}

START_TEST(errors_name_file_and_reason)
{
    AUTO_WORKSHOP w;
    prepare(&w);
    struct target target;

    refused(&w, "src/none.c", "f", NULL, ERR_NOT_FOUND, "'src/none.c'");
    refused(&w, "src/x.c", "ff", NULL, ERR_NOT_FOUND, "src/x.c: no function 'ff'; did you mean 'f'?");
    refused(&w, "src/x.c", "f", "{\"params\": {\"y\": {}}}", ERR_TARGET, "no parameter 'y'");
    refused(&w, "src/x.c", "f", "{\"recipe\": {\"flags\": 1}}", ERR_TARGET, "src/x.c: recipe: 'flags'");
    refused(&w, "src/x.c", "f", "{\"recipe\": {\"flags\": []}}", ERR_TARGET, "'octet'");
    ck_assert_int_eq(target_open(&w.arena, "/no/such/folder", "x.c", "f", NULL, NULL, &target, &w.err), -1);
}
END_TEST

UNIT_MAIN("steps/shared/target/target", opens_a_function, takes_what_the_description_says, splices_variants,
          knows_the_commit, errors_name_file_and_reason)
