// SPDX-License-Identifier: Apache-2.0
#include "workflow/step.h"

#include <string.h>

const struct step_ops *
registry_find(const struct registry *registry, const char *name)
{
    for (size_t i = 0; registry->steps[i]; i++)
        if (strcmp(registry->steps[i]->name, name) == 0)
            return registry->steps[i];
    return NULL;
}
