// SPDX-License-Identifier: Apache-2.0
#include "base/fs.h"
#include "steps/open-pull-request/body.h"
#include "steps/open-pull-request/guard.h"
#include "steps/open-pull-request/work.h"
#include "steps/shared/target/tree_command.h"

#include <string.h>

#define TEST_WALL_MS (10 * 60 * 1000)

#define FILE_MAX_BYTES (16u << 20)
#define NS_PER_S INT64_C(1000000000)

static void
add_change(struct work *work, const char *path, struct str content)
{
    char *copy = arena_str(work->step->arena, content);
    work->changes[work->change_count++] =
        (struct repo_change){.path = path, .content = str_n(copy, content.len)};
}

// The target was read from the work tree, and its whole file is committed: what a person has not committed
// would go along.
static int
check_committed(struct work *work, struct err *err)
{
    AUTO_BUF committed = BUF(FILE_MAX_BYTES);
    int status = repo_read(work->repo, work->base_commit, work->file, FILE_MAX_BYTES, &committed, err);
    if (status != 0 && err->kind != ERR_NOT_FOUND)
        return -1;
    if (status == 0 && str_eq(buf_str(&committed), work->bench.target.source))
        return 0;
    return err_set(err, ERR_TARGET, "%s has changes that are not committed; commit or stash them",
                   work->file);
}

static int
add_source(struct work *work, struct err *err)
{
    struct step *step = work->step;
    if (check_committed(work, err) != 0)
        return -1;
    AUTO_BUF variant = BUF(FILE_MAX_BYTES), file = BUF(FILE_MAX_BYTES);
    if (journal_blob_get(step, json_get_text(work->winner, "variant", ""), &variant, err) != 0)
        return -1;
    bool each_call = strcmp(step_text(step, "guard"), "per-call") == 0;
    if (guard_write(step->arena, &work->bench.target, buf_str(&variant),
                    each_call ? GUARD_PER_CALL : GUARD_PER_PROCESS, &file, err) != 0)
        return -1;
    add_change(work, work->file, buf_str(&file));
    const char *folder = fs_dir_name(step->arena, work->file);
    const char *name, *text = guard_companion(step->arena, &work->bench.target, &name);
    if (text == NULL)
        return err_set(err, ERR_TARGET, "%s has no package clause", work->file);
    add_change(work, fs_join(step->arena, strcmp(folder, ".") == 0 ? "" : folder, name), str_of(text));
    return 0;
}

static int
read_stages(struct work *work, size_t *count, struct err *err)
{
    size_t index;
    json_t *stage;
    double before = 0;
    json_array_foreach(json_object_get(work->step->with, "stages"), index, stage)
    {
        const char *text = json_string_value(stage);
        double percent = json_number_value(stage);
        if (text != NULL && !str_to_double(str_of(text), &percent))
            percent = 0;
        if (percent <= before || percent > 100 || *count == STAGES_MAX)
            return err_set(err, ERR_CONFIG, "stages: per cents that rise up to 100, at most %d of them",
                           STAGES_MAX);
        work->stages[(*count)++] = before = percent;
    }
    return 0;
}

static int
add_rollout(struct work *work, int64_t now_s, struct err *err)
{
    struct step *step = work->step;
    AUTO_BUF flag = BUF(FILE_MAX_BYTES), plain = BUF(FILE_MAX_BYTES), before = BUF(FILE_MAX_BYTES);
    size_t count = 0;
    if (read_stages(work, &count, err) != 0)
        return -1;
    work->rollout = (struct rollout){
        .function = work->function,
        .file = work->file,
        .flag = guard_flag_key(step->arena, work->name),
        .stages = work->stages,
        .stage_count = count,
        .lease_s = now_s + (int64_t)step_real(step, "lease"),
    };
    if (flag_format_flagd.write(&work->rollout, &flag, err) != 0)
        return -1;
    work->rollout_path =
        arena_printf(step->arena, ".atoll/rollout/%s%s", work->name, flag_format_flagd.extension);
    add_change(work, work->rollout_path, buf_str(&flag));
    struct err absent;
    if (repo_read(work->repo, work->base_commit, ".atoll/flags", FILE_MAX_BYTES, &before, &absent) != 0)
        buf_clear(&before);
    rollout_write_plain(&work->rollout, buf_str(&before), &plain);
    add_change(work, ".atoll/flags", buf_str(&plain));
    return 0;
}

// What stands at `kept` in the work tree goes to `place`.
static int
add_file(struct work *work, const char *kept, const char *place, struct err *err)
{
    const char *absolute = kept != NULL ? fs_join(work->step->arena, work->step->repository, kept) : NULL;
    if (absolute == NULL || !fs_exists(absolute))
        return 0;
    AUTO_BUF text = BUF(FILE_MAX_BYTES);
    if (fs_read(absolute, FILE_MAX_BYTES, &text, err) != 0)
        return -1;
    add_change(work, place, buf_str(&text));
    return 0;
}

static int
add_benchmark_file(struct work *work, struct err *err)
{
    const char *path = json_get_text(work->record, "benchmark_file", NULL);
    const json_t *test = json_object_get(work->record, "benchmark_test");
    if (add_file(work, path, path, err) != 0)
        return -1;
    return add_file(work, json_get_text(test, "kept", NULL), json_get_text(test, "place", ""), err);
}

int
commit_make(struct work *work, struct err *err)
{
    struct step *step = work->step;
    int64_t now_ns;
    if (journal_now(step, "published", &now_ns, err) != 0 || add_source(work, err) != 0 ||
        add_rollout(work, now_ns / NS_PER_S, err) != 0 || add_benchmark_file(work, err) != 0)
        return -1;
    AUTO_BUF message = BUF(1 << 16);
    body_write_message(work->evidence, work->rollout.flag, &message);
    struct repo_author author = {step_text(step, "author-name"), step_text(step, "author-email"),
                                 now_ns / NS_PER_S};
    return repo_commit(work->repo, work->base_commit, NULL, work->changes, work->change_count,
                       buf_text(&message), &author, work->commit, err);
}

static int
test_branch(struct work *work, const char *tree, const char *value, struct err *err)
{
    struct step *step = work->step;
    struct tree_command command = {
        .launcher = work->bench.launcher,
        .tree = tree,
        .command = step_text(step, "test"),
        .file = work->bench.target.file,
        .variable = arena_printf(step->arena, "%s=%s", guard_variable(step->arena, work->name), value),
        .wall_ms = TEST_WALL_MS,
    };
    struct launch_result result;
    if (tree_command_run(step, &command, &result, err) != 0)
        return -1;
    int status = 0;
    if (result.exit_code != 0)
        status = err_set(err, ERR_TARGET, "with the flag %s `%s` fails on the branch: %" STR_FMT, value,
                         step_text(step, "test"), STR_ARG(str_last_line(buf_str(&result.output))));
    launch_result_release(&result);
    return status;
}

static int
verify(void *context, json_t **result, struct err *err)
{
    struct work *work = context;
    struct step *step = work->step;
    char *tree = fs_join(step->arena, step->scratch, "branch");
    if (fs_remove_tree(tree, err) != 0 || repo_checkout(work->repo, work->commit, tree, err) != 0 ||
        test_branch(work, tree, "off", err) != 0 || test_branch(work, tree, "on", err) != 0)
        return -1;
    *result = json_string(
        arena_printf(step->arena, "`%s` passes with the flag off and on", step_text(step, "test")));
    return fs_remove_tree(tree, err);
}

int
commit_verify(struct work *work, struct err *err)
{
    work->tests = "";
    if (step_text(work->step, "test") == NULL)
        return 0;
    step_progress(work->step, NULL, "%s: the branch's tests, flag off and on", work->function);
    AUTO_JSON *input = json_string(work->commit), *said = NULL;
    if (journal_activity(work->step, "verify", work->branch, input, verify, work, &said, err) != 0)
        return -1;
    work->tests = arena_dup(work->step->arena, json_string_value(said));
    return 0;
}
