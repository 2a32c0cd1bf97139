// SPDX-License-Identifier: Apache-2.0
#include "steps/shared/target/go/tool.h"

#include "tests/unit/steps/shared/target/go/workshop.h"

// What the go command says to these words.
static const char *
says(struct workshop *w, struct go_tool *tool, const char *word, const char *more, bool *ok)
{
    AUTO_BUF output = BUF(1 << 20);
    struct words arguments = {0};
    words_add(&w->arena, &arguments, word);
    words_add(&w->arena, &arguments, more);
    OK(go_tool_run(tool, &arguments, ok, &output, &w->err), &w->err);
    return arena_str(&w->arena, str_trim(buf_str(&output)));
}

static struct go_tool *
open_tool(struct workshop *w)
{
    workshop_file(w, "go.mod", "module example.com/m\n\ngo 1.21\n");
    workshop_file(w, "deep/er/x.go", "package er\n");
    struct go_tool *tool = go_tool_new(w->launcher, w->repository, "deep/er/x.go", w->scratch, &w->err);
    ck_assert_msg(tool != NULL, "%s", w->err.message);
    return tool;
}

START_TEST(it_works_offline_in_the_package)
{
    AUTO_WORKSHOP w;
    bool ok;
    workshop_init(&w);
    if (!has_go())
        return;
    setenv("GOFLAGS", "-tags=planted", 1);
    setenv("GOPROXY", "https://example.org", 1);
    struct go_tool *tool = open_tool(&w);
    ck_assert_str_eq(says(&w, tool, "list", ".", &ok), "example.com/m/deep/er");
    ck_assert_str_eq(says(&w, tool, "env", "GOPROXY", &ok), "off");
    ck_assert_str_eq(says(&w, tool, "env", "GOFLAGS", &ok), "");
    ck_assert_str_eq(says(&w, tool, "env", "GOTOOLCHAIN", &ok), "local");
    ck_assert(ok);
    says(&w, tool, "list", "./nowhere", &ok);
    ck_assert(!ok);
    ck_assert_str_eq(says(&w, tool, "env", "GOWORK", &ok), "off");
    go_tool_free(tool);
    workshop_file(&w, "deep/go.work", "go 1.21\n\nuse ../\n");
    tool = open_tool(&w);
    ck_assert_str_eq(says(&w, tool, "env", "GOWORK", &ok), fs_join(&w.arena, w.repository, "deep/go.work"));
    ck_assert_str_eq(says(&w, tool, "list", ".", &ok), "example.com/m/deep/er");
    go_tool_free(tool);
}
END_TEST

START_TEST(who_has_no_home_has_a_cache_in_scratch)
{
    AUTO_WORKSHOP w;
    bool ok;
    workshop_init(&w);
    if (!has_go())
        return;
    setenv("HOME", fs_join(&w.arena, w.folder, "home"), 1);
    unsetenv("XDG_CACHE_HOME");
    struct go_tool *tool = open_tool(&w);
    ck_assert_str_eq(says(&w, tool, "env", "GOCACHE", &ok),
                     fs_join(&w.arena, w.folder, "home/.cache/atoll/go-build"));
    go_tool_free(tool);
    setenv("HOME", "/dev/null", 1);
    tool = open_tool(&w);
    ck_assert_str_eq(says(&w, tool, "env", "GOCACHE", &ok), fs_join(&w.arena, w.scratch, "go-build"));
    go_tool_free(tool);
}
END_TEST

START_TEST(what_is_missing_is_told)
{
    AUTO_WORKSHOP w;
    workshop_init(&w);
    workshop_file(&w, "x.go", "package x\n");
    if (has_go()) {
        ck_assert_ptr_null(go_tool_new(w.launcher, w.repository, "x.go", w.scratch, &w.err));
        ck_assert_int_eq(w.err.kind, ERR_TARGET);
        ck_assert_ptr_nonnull(strstr(w.err.message, "no go.mod"));
    }
    setenv("PATH", w.folder, 1);
    if (fs_exists("/usr/local/go/bin/go"))
        return;
    ck_assert_ptr_null(go_tool_new(w.launcher, w.repository, "x.go", w.scratch, &w.err));
    ck_assert_int_eq(w.err.kind, ERR_ENVIRONMENT);
    ck_assert_ptr_nonnull(strstr(w.err.message, "needs go"));
}
END_TEST

UNIT_MAIN("steps/shared/target/go/tool", it_works_offline_in_the_package,
          who_has_no_home_has_a_cache_in_scratch, what_is_missing_is_told)
