// SPDX-License-Identifier: Apache-2.0
#include "steps/shared/forge/forge.h"

#include <string.h>

const struct forge_ops *const forges[] = {&forge_local, NULL};

const struct forge_ops *
forge_find(const char *name)
{
    for (const struct forge_ops *const *forge = forges; *forge != NULL; forge++)
        if (strcmp((*forge)->name, name) == 0)
            return *forge;
    return NULL;
}
