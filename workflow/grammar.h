// SPDX-License-Identifier: Apache-2.0
// The inside of one `${{ ... }}` as a tree. Only expression.c and evaluation.c look at it.
#ifndef ATOLL_WORKFLOW_GRAMMAR_H
#define ATOLL_WORKFLOW_GRAMMAR_H

#include "workflow/expression.h"
#include "workflow/token.h"

// What a node of the tree is.
enum grammar_kind {
    GRAMMAR_NULL,
    GRAMMAR_BOOL,
    GRAMMAR_INT,
    GRAMMAR_REAL,
    GRAMMAR_TEXT,
    GRAMMAR_PATH,
    GRAMMAR_NOT,
    GRAMMAR_AND,
    GRAMMAR_OR,
    GRAMMAR_EQUAL,
    GRAMMAR_UNEQUAL,
    GRAMMAR_LESS,
    GRAMMAR_AT_MOST,
    GRAMMAR_MORE,
    GRAMMAR_AT_LEAST,
    GRAMMAR_CALL,
};

// Functions, in the order of the table in grammar.c.
enum grammar_function {
    FUNCTION_LENGTH,
    FUNCTION_CONTAINS,
    FUNCTION_FIRST,
    FUNCTION_JOIN,
    FUNCTION_SUCCESS,
    FUNCTION_FAILURE,
    FUNCTION_ALWAYS,
    FUNCTION_COUNT,
};

// One node, in the arena of the expression.
struct expression_node {
    enum grammar_kind kind;
    struct yaml_mark mark;
    bool truth;
    int64_t integer;
    double real;
    struct str text;
    struct reference path;
    enum grammar_function function;
    const struct expression_node *operands[2];
    size_t operand_count;
};

// Literal text (node NULL) or a computed piece of a text.
struct expression_piece {
    struct str text;
    const struct expression_node *node;
};

// A reader of the expressions of one scalar.
struct grammar {
    struct arena *arena;
    struct problems *problems;
    struct str key;
    struct token_reader reader;
    struct token token; // present
    VEC(struct reference) references;
    bool asks_status;
    unsigned depth, nodes;
};

// Reads one expression from where the reader is: up to and with the closing `}}`, or to the end of the text
// with `bare`. NULL after adding a problem.
const struct expression_node *grammar_read(struct grammar *grammar, bool bare);

// One line for the manual: "length(x)" and what it does; NULL after the last function.
const char *grammar_function_usage(size_t index, const char **summary);

#endif
