// SPDX-License-Identifier: Apache-2.0
// Go's spellings of whole numbers, characters and texts.
#ifndef ATOLL_STEPS_ISLAND_EVOLVE_GO_LITERAL_H
#define ATOLL_STEPS_ISLAND_EVOLVE_GO_LITERAL_H

#include "base/buf.h"
#include "base/str.h"

// The number of an int_literal ("42", "0x2A", "0b10", "0o7", "017", "1_000") or a rune_literal ("'a'",
// "'\n'",
// "'\u00e4'"). False when it is neither, or larger than 64 bits.
bool go_literal(struct str text, __int128 *number);

// Appends what a string literal ("\"a\\n\"" or in back quotes) stands for. False when it is none.
bool go_literal_text(struct str text, struct buf *out);

#endif
