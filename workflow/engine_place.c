// SPDX-License-Identifier: Apache-2.0
#include "workflow/engine_call.h"

#include "base/fs.h"
#include "base/yaml.h"

#include <limits.h>
#include <unistd.h>

// The text that a pipeline file has under a key, or a key of a mapping under it, however wrong the rest of
// the file is; NULL when it has none.
static const char *
text_of_file(struct arena *arena, const char *repository, const char *key, const char *member)
{
    struct err ignored;
    const char *file = fs_join(arena, repository, ".atoll/pipeline.yml");
    AUTO_BUF text = BUF(PIPELINE_MAX_BYTES);
    if (!fs_exists(file) || fs_read(file, PIPELINE_MAX_BYTES, &text, &ignored) < 0)
        return NULL;
    // The tree points into what it was read from.
    struct str copy = {arena_str(arena, buf_str(&text)), text.len};
    const struct yaml_node *node = yaml_read(arena, copy, file, &ignored);
    node = node && node->kind == YAML_MAP ? yaml_get(node, key) : NULL;
    if (node && member)
        node = node->kind == YAML_MAP ? yaml_get(node, member) : NULL;
    bool is_text = node && node->kind == YAML_SCALAR && !yaml_is_null(node) && node->text.len > 0;
    return is_text ? arena_str(arena, node->text) : NULL;
}

const char *
engine_state_path(struct arena *arena, const char *repository)
{
    const char *said = text_of_file(arena, repository, "state", NULL);
    return fs_join(arena, repository, said ? said : ".atoll/state/state.db");
}

const char *
engine_carrier(struct arena *arena, const char *repository)
{
    return text_of_file(arena, repository, "carrier", "to");
}

// Always absolute: steps get folders beside it and run elsewhere.
const char *
engine_choose_state(struct engine *engine)
{
    char here[PATH_MAX];
    const char *given = engine->options->state_path;
    if (given)
        return *given != '/' && getcwd(here, sizeof(here)) ? fs_join(&engine->arena, here, given) : given;
    if (engine->pipeline && engine->pipeline->state)
        return fs_join(&engine->arena, engine->options->repository, engine->pipeline->state);
    return engine_state_path(&engine->arena, engine->options->repository);
}
