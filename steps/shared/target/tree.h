// SPDX-License-Identifier: Apache-2.0
// Texts into trees of tree-sitter, for syntax.c alone.
#ifndef ATOLL_STEPS_SHARED_TARGET_TREE_H
#define ATOLL_STEPS_SHARED_TARGET_TREE_H

#include "steps/shared/target/syntax.h"

#include <tree_sitter/api.h>

// "C", "Go"; static.
const char *tree_language_name(enum language language);

// Parses a text. `before`: a tree that the edits of this text were made to, or NULL. NULL with the error;
// ts_tree_delete it.
TSTree *tree_parse(enum language language, const TSTree *before, const char *text, size_t len,
                   struct err *err) MUST_USE;

// A C file is parsed as it stands, with macros for what they are not. Those that stand for nothing, or for a
// qualifier or an attribute, are taken for blanks where that leaves fewer errors. Takes the tree of `text`,
// and returns the better one.
TSTree *tree_without_macros(TSTree *tree, struct str text, struct err *err) MUST_USE;

// Whether there is an error anywhere.
bool tree_has_errors(const TSTree *tree);

// Moves to the next node in source order that is not below the current one; false at the end of the walk.
bool tree_next_beside(TSTreeCursor *cursor);

#endif
