// SPDX-License-Identifier: Apache-2.0
#include "steps/benchmark-generate/benchmark_file.h"

#include "base/fs.h"
#include "base/yaml.h"

#include <string.h>

#define FILE_MAX_BYTES (1u << 20)

const char *
benchmark_file_path(struct arena *arena, const char *function)
{
    return arena_printf(arena, ".atoll/benchmarks/%s.yml", function);
}

static int
check_approved(const struct yaml_node *node, struct err *err)
{
    if (node == NULL || (!node->quoted && (str_is(node->text, "true") || str_is(node->text, "false"))))
        return 0;
    return err_set(err, ERR_CONFIG, "%s:%u:%u: approved: must be true or false", node->mark.file,
                   node->mark.line, node->mark.column);
}

static int
check(const struct yaml_node *root, struct err *err)
{
    static const char *const keys[] = {"version", "function", "file",   "approved",
                                       "params",  "recipe",   "inputs", "noise_floor"};
    const size_t count = sizeof(keys) / sizeof(keys[0]);
    if (root->kind != YAML_MAP)
        return err_set(err, ERR_CONFIG, "%s:%u:%u: a benchmark file is a mapping", root->mark.file,
                       root->mark.line, root->mark.column);
    for (size_t i = 0; i < root->count; i++) {
        const struct yaml_pair *pair = &root->pairs[i];
        bool known = false;
        for (size_t k = 0; k < count; k++)
            known |= str_is(pair->key, keys[k]);
        if (known)
            continue;
        const char *near = str_nearest(pair->key, keys, count);
        return err_set(err, ERR_CONFIG, "%s:%u:%u: unknown key \"%" STR_FMT "\"%s%s%s", pair->mark.file,
                       pair->mark.line, pair->mark.column, STR_ARG(pair->key),
                       near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
    }
    const struct yaml_node *version = yaml_get(root, "version");
    if (version == NULL || !str_is(version->text, "1"))
        return err_set(err, ERR_CONFIG, "%s:%u:%u: version: must be 1", root->mark.file, root->mark.line,
                       root->mark.column);
    static const char *const mappings[] = {"params", "recipe", "inputs"};
    for (size_t i = 0; i < 3; i++) {
        const struct yaml_node *node = yaml_get(root, mappings[i]);
        if (node != NULL && node->kind != YAML_MAP)
            return err_set(err, ERR_CONFIG, "%s:%u:%u: %s: must be a mapping", node->mark.file,
                           node->mark.line, node->mark.column, mappings[i]);
    }
    return check_approved(yaml_get(root, "approved"), err);
}

json_t *
benchmark_file_read(struct arena *arena, const char *repository, const char *function, struct err *err)
{
    const char *relative = benchmark_file_path(arena, function);
    const char *path = fs_join(arena, repository, relative);
    if (!fs_exists(path))
        return json_null();
    AUTO_BUF text = BUF(FILE_MAX_BYTES);
    if (fs_read(path, FILE_MAX_BYTES, &text, err) != 0)
        return NULL;
    struct yaml_node *root = yaml_read(arena, buf_str(&text), relative, err);
    if (root == NULL || check(root, err) != 0) {
        err->kind = ERR_CONFIG;
        return NULL;
    }
    return yaml_to_json(root);
}

int
benchmark_file_write(struct arena *arena, const char *repository, const char *function, const json_t *content,
                     struct err *err)
{
    AUTO_BUF text = BUF(FILE_MAX_BYTES), before = BUF(FILE_MAX_BYTES);
    buf_puts(&text,
             "# How atoll calls, feeds and times this function. Read it, correct params, recipe and\n"
             "# inputs.distribution where they are wrong, and set approved: true. The next run uses it.\n");
    if (yaml_write(content, &text, err) != 0 || buf_check(&text, "the benchmark file", err) != 0)
        return -1;
    const char *path = fs_join(arena, repository, benchmark_file_path(arena, function));
    struct err ignored;
    if (fs_exists(path) && fs_read(path, FILE_MAX_BYTES, &before, &ignored) == 0 &&
        str_eq(buf_str(&before), buf_str(&text)))
        return 0;
    return fs_write(path, buf_str(&text), err);
}
