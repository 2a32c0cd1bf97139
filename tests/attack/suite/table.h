// SPDX-License-Identifier: Apache-2.0
// The table of attacks: which program, what proves that it succeeded, and what is to become of it at each
// level. The formats are told on top of the files tests/attack/table and tests/attack/skips.
#ifndef ATOLL_TESTS_ATTACK_TABLE_H
#define ATOLL_TESTS_ATTACK_TABLE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/vec.h"
#include "sandbox/isolation.h"

enum proof { PROOF_EXIT, PROOF_LEAKS, PROOF_TOUCHES, PROOF_LINGERS, PROOF_NEXT, PROOF_FLOODS, PROOF_COUNT };
enum { ROW_WORDS_MAX = 8, ROW_LEVELS = ISOLATION_VAULT - ISOLATION_GUARD + 1 };

struct row {
    const char *name;
    const char *words[ROW_WORDS_MAX + 1]; // program and arguments, {placeholders} in them
    enum proof proof;
    bool alone;                       // only in namespaces of the suite's own
    bool brief;                       // its time limit is a second
    const char *expected[ROW_LEVELS]; // from guard on: alternatives, a comma between
};

// A row (or "level-NAME") that may be left out as that identity ("any": as every one), and why.
struct skip {
    const char *name, *identity, *reason;
};

struct table {
    struct arena arena;
    VEC(struct row) rows;
    VEC(struct skip) skips;
};

// Reads both files. ERR_PARSE names the line.
int table_read(struct table *table, const char *rows_path, const char *skips_path, struct err *err) MUST_USE;

// Frees what a table holds.
void table_release(struct table *table);

// Why a row may be left out as this identity, or NULL.
const char *table_skip(const struct table *table, const char *name, const char *identity);

// Whether `word` is among the alternatives of a cell of the table.
bool table_expects(const char *expected, const char *word);

// Appends to `wrong` where the rows that guard does not stop and the list in that document differ; a row is
// listed by its name in backquotes in an item.
int table_check_document(const struct table *table, const char *path, struct buf *wrong,
                         struct err *err) MUST_USE;

#endif
