// SPDX-License-Identifier: Apache-2.0
// Recognises in Go what crc.h recognises in C: a loop body that moves an unsigned number on by one byte as a
// CRC does, by what it computes.
#ifndef ATOLL_STEPS_ISLAND_EVOLVE_GO_CRC_H
#define ATOLL_STEPS_ISLAND_EVOLVE_GO_CRC_H

#include "steps/island-evolve/crc.h"
#include "steps/island-evolve/go_stride.h"

struct go_crc {
    struct go_stride stride;
    struct str number; // the variable that is moved on
    const char *type;  // its type in the file's words
    unsigned bits;     // of that type
    struct crc crc;
};

// False when it is none.
bool go_crc_recognise(const struct shape *shape, struct node loop, struct go_crc *found);

#endif
