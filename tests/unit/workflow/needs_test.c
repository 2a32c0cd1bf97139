// SPDX-License-Identifier: Apache-2.0
#include "workflow/needs.h"

#include "tests/unit/unit.h"
#include "tests/unit/workflow/test_registry.h"

static struct pipeline *
read_steps(struct arena *arena, const char *steps)
{
    AUTO_PROBLEMS problems = {0};
    const char *text = arena_printf(arena, "version: 1\nsteps:\n%s", steps);
    struct pipeline *pipeline = pipeline_read(arena, str_of(text), "p.yml", &test_registry, &problems);
    AUTO_BUF lines = BUF(10000);
    problems_write(&problems, &lines);
    ck_assert_msg(pipeline != NULL, "%s", buf_text(&lines));
    return pipeline;
}

// "a(b c*) ..." in running order; * marks a step whose outputs are read.
static void
check_order(const char *steps, const char *expected)
{
    AUTO_ARENA arena = {0};
    AUTO_BUF text = BUF(1000);
    struct pipeline *p = read_steps(&arena, steps);
    for (size_t i = 0; i < p->step_count; i++) {
        const struct pipeline_step *step = &p->steps[p->order[i]];
        buf_printf(&text, "%s%s(", i ? " " : "", step->id);
        for (size_t j = 0; j < step->need_count; j++)
            buf_printf(&text, "%s%s%s", j ? " " : "", p->steps[step->needs[j].step].id,
                       step->needs[j].data ? "*" : "");
        buf_putc(&text, ')');
    }
    ck_assert_str_eq(buf_text(&text), expected);
    pipeline_release(p);
}

START_TEST(without_needs_each_step_follows_the_one_before)
{
    check_order("  - {id: a, uses: shell, with: {run: x}}\n"
                "  - {id: b, uses: shell, with: {run: x}}\n"
                "  - {id: c, uses: shell, with: {run: x}}\n",
                "a() b(a) c(b)");
}
END_TEST

START_TEST(listed_needs_replace_the_step_before)
{
    check_order("  - {id: a, uses: shell, with: {run: x}}\n"
                "  - {id: b, uses: shell, needs: [], with: {run: x}}\n"
                "  - {id: c, uses: shell, needs: a, with: {run: x}}\n"
                "  - {id: d, uses: shell, needs: [c, b, c], with: {run: x}}\n",
                "a() b() c(a) d(b c)");
}
END_TEST

START_TEST(paths_are_needs)
{
    check_order(
        "  - {id: a, uses: shell, with: {run: x}}\n"
        "  - {id: b, uses: shell, with: {run: x}}\n"
        "  - {id: c, uses: shell, with: {run: \"${{ steps.a.outputs.x }}\"}}\n"
        "  - {id: d, uses: shell, if: steps.a.status == 'failed', with: {run: x}}\n"
        "  - {id: e, uses: shell, needs: [c, a], for-each: \"${{ steps.a.outputs.x }}\", with: {run: x}}\n"
        "  - {id: f, uses: shell, with: {run: x}, on-failure: {uses: shell, with: {run: \"${{ "
        "steps.b.outputs.x }}\"}}}\n",
        "a() b(a) c(a*) d(a) e(a* c) f(b*)");
}
END_TEST

START_TEST(the_order_of_the_file_yields_to_needs)
{
    check_order("  - {id: a, uses: shell, needs: [d], with: {run: x}}\n"
                "  - {id: b, uses: shell, needs: [], with: {run: x}}\n"
                "  - {id: c, uses: shell, needs: [a], with: {run: x}}\n"
                "  - {id: d, uses: shell, needs: [b], with: {run: x}}\n",
                "b() d(b) a(d) c(a)");
}
END_TEST

UNIT_MAIN("workflow/needs", without_needs_each_step_follows_the_one_before,
          listed_needs_replace_the_step_before, paths_are_needs, the_order_of_the_file_yields_to_needs)
