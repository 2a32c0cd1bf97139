// SPDX-License-Identifier: Apache-2.0
// What a mutator says that it did, where these words tell exactly what was put where: a substitution that was
// wrong for some parents is not tried on further ones. What was improved after it does not make it right, so
// the words count without what CLAIM_IMPROVED begins.
#ifndef ATOLL_STEPS_ISLAND_EVOLVE_CLAIM_H
#define ATOLL_STEPS_ISLAND_EVOLVE_CLAIM_H

#include "base/map.h"

#define CLAIM_IMPROVED ", improved: "

// `wrong` holds the counts; zero is empty, NULL knows nothing. It owns nothing but its keys.
void claim_note_wrong(struct map *wrong, const char *mutator, const char *words);
bool claim_is_hopeless(const struct map *wrong, const char *mutator, const char *words);

#endif
