// SPDX-License-Identifier: Apache-2.0
#include "steps/shared/target/workbench.h"

#include "base/fs.h"
#include "steps/shared/target/tree_command.h"

#include <stdio.h>

#define CORPUS_BLOB_MAX_BYTES (128u << 20)
#define CALL_WALL_MS 2000
#define CALL_SHOWN_BYTES 120
#define CELL_INPUTS_MAX_BYTES (64u << 20) // of any corpus; memory is taken only for what is loaded
#define CELL_MEMORY_BYTES ((size_t)1 << 31)

struct launcher *
workbench_launcher(const struct step *step, struct err *err)
{
    struct isolation_demand demand = {.require = ISOLATION_GUARD};
    (void)isolation_parse(json_get_text(step->sandbox, "require", "guard"), &demand.require);
    size_t index;
    json_t *name;
    json_array_foreach(json_object_get(step->sandbox, "allow-degraded"), index, name)
    {
        enum isolation_part part;
        if (isolation_part_parse(json_string_value(name), &part))
            demand.degraded |= PART(part);
    }
    return launcher_new_at(step->cell_path, &demand, err);
}

json_t *
workbench_containment(const struct launcher *launcher)
{
    json_t *losses = json_array();
    for (enum isolation_part part = 0; part < PART_COUNT; part++)
        if (launcher_losses(launcher) & PART(part))
            json_array_append_new(losses, json_string(isolation_part_name(part)));
    return json_pack("{s:s, s:i, s:o}", "level", isolation_name(launcher_level(launcher)), "landlock_abi",
                     launcher_landlock_abi(launcher), "losses", losses);
}

const char *
workbench_views(const struct step *step)
{
    return fs_join(step->arena, step->scratch, "views");
}

int
workbench_open(struct step *step, const json_t *target, struct workbench *bench, struct err *err)
{
    *bench = (struct workbench){0};
    bench->limits = (struct launch_limits){
        .wall_ms = wall_limit_ms(step, CALL_WALL_MS),
        .memory_bytes = (size_t)json_get_int(step->sandbox, "memory", (json_int_t)CELL_MEMORY_BYTES),
        .open_files = 32,
    };
    bench->launcher = workbench_launcher(step, err);
    if (bench->launcher == NULL)
        return -1;
    struct recipe_yard yard = {bench->launcher, workbench_views(step)};
    if (target_open(step->arena, step->repository, json_get_text(target, "file", ""),
                    json_get_text(target, "function", ""), target, &yard, &bench->target, err) != 0)
        return -1;
    char *scratch = fs_join(step->arena, step->scratch, "build");
    if (fs_mkdirs(scratch, err) != 0)
        return -1;
    bench->builder = builder_new(bench->launcher, &bench->target, scratch, err);
    if (bench->builder == NULL)
        return -1;
    return builder_signature(bench->builder, step->arena, &bench->target.signature, err);
}

static int
read_corpus(struct step *step, const json_t *record, const char *key, struct corpus *corpus, struct err *err)
{
    AUTO_BUF packed = BUF(CORPUS_BLOB_MAX_BYTES);
    const char *hash = json_get_text(record, key, NULL);
    if (hash == NULL)
        return err_set(err, ERR_CONFIG,
                       "the benchmark record has no \"%s\"; it is the output of benchmark-generate", key);
    if (journal_blob_get(step, hash, &packed, err) != 0)
        return err_wrap(err, "reading %s inputs", key);
    return corpus_unpack(buf_str(&packed), corpus, err);
}

int
workbench_inputs(struct step *step, const json_t *record, struct workbench *bench, struct err *err)
{
    if (read_corpus(step, record, "train", &bench->train, err) != 0)
        return -1;
    return read_corpus(step, record, "holdout", &bench->holdout, err);
}

void
workbench_release(struct workbench *bench)
{
    if (bench->builder != NULL)
        builder_free(bench->builder);
    if (bench->launcher != NULL)
        launcher_free(bench->launcher);
    target_close(&bench->target);
    corpus_release(&bench->train);
    corpus_release(&bench->holdout);
    *bench = (struct workbench){0};
}

int
workbench_object(struct workbench *bench, struct str variant, enum build_kind kind, char path[4096],
                 struct err *err)
{
    struct built built;
    int status = builder_compile(bench->builder, variant, kind, &built, err);
    if (status == 0 && !built.ok)
        status = recipe_refused(&bench->target.recipe, bench->target.file, buf_str(&built.diagnostics), err);
    if (status == 0)
        status = builder_link(bench->builder, &built, kind, 0, path, err);
    buf_release(&built.diagnostics);
    return status;
}

void
workbench_name_call(const struct workbench *bench, const struct corpus *inputs, struct duet_result *result)
{
    AUTO_BUF text = BUF(sizeof(result->detail));
    if (result->input >= inputs->count)
        return;
    buf_printf(&text, "%s ", result->detail);
    corpus_describe_call(inputs, result->input, &bench->target.signature, CALL_SHOWN_BYTES, &text);
    snprintf(result->detail, sizeof(result->detail), "%s", buf_text(&text));
}

struct cell *
workbench_cell(struct workbench *bench, const char *path, enum build_kind kind, struct err *err)
{
    struct cell_options options = {
        .object_path = path,
        .limits = bench->limits,
        .inputs_max_bytes = CELL_INPUTS_MAX_BYTES,
        .sanitized = kind == BUILD_SANITIZED,
        .managed = bench->target.language->managed,
    };
    if (options.sanitized)
        options.limits.memory_bytes = 0;
    return cell_new(bench->launcher, &options, err);
}
