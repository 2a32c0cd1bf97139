// SPDX-License-Identifier: Apache-2.0
// A loop that walks over bytes one by one, however it is written: `for (i = 0; i < n; i++) .. p[i]`, `while
// (n--) .. *p++`, `for (; p != end; ++p) .. *p`.
#ifndef ATOLL_STEPS_ISLAND_EVOLVE_STRIDE_H
#define ATOLL_STEPS_ISLAND_EVOLVE_STRIDE_H

#include "steps/island-evolve/shape.h"

enum { STRIDE_MOVERS_MAX = 4 };

// A variable that takes one step a round, and where.
struct mover {
    struct str name;
    int step;           // 1 or -1
    struct node change; // the expression that moves it
};

struct stride {
    struct node loop, body, initializer; // initializer: of a for loop, or no node
    struct mover movers[STRIDE_MOVERS_MAX];
    size_t mover_count;
    struct nodes accesses; // expressions that read the byte
    struct shape_type element;
    const char *base;  // "data"
    const char *index; // "i", or "" when the pointer itself moves
    const char *left;  // how many elements are left before a round: "len - i"
    bool left_is_size; // that expression is unsigned
    const char *guard; // "i < len && " where `left` could be below 0 and wrap around, else ""
};

// The frame alone: what moves, and how many rounds are left. Where the condition is `A && B` with A the
// count, B goes to `extra` (no node else). The body may do anything.
bool stride_frame(const struct shape *shape, struct node loop, struct stride *stride, struct node *extra);

// Whether an expression is an element that a stride's mover walks over; the pointer's text and the mover.
// `base` is the mover's own name when the pointer itself moves.
bool stride_access(const struct shape *shape, const struct stride *stride, struct node node, struct str *base,
                   const struct mover **mover);

// Whether the name is read after the loop, or in another round of a loop around it that it outlives.
bool stride_used_later(const struct shape *shape, struct node loop, struct str name);

// Recognises it; the body must contain no break or continue of this loop and must read, not write, the
// elements.
bool stride_read(const struct shape *shape, struct node loop, struct stride *stride);

// The body with `byte` in place of the element and without what moves the movers, as C text.
char *stride_body(const struct shape *shape, const struct stride *stride, const char *byte);

// "data[i + 3]" for offset 3.
char *stride_element(const struct shape *shape, const struct stride *stride, size_t offset);

// Statements (each on a line of its own, indented) that move everything on by `step`, except what the header
// of a loop `for (; ..; i += step)` would: returns them all.
char *stride_advance(const struct shape *shape, const struct stride *stride, size_t step, const char *indent);

#endif
