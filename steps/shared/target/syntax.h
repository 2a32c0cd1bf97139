// SPDX-License-Identifier: Apache-2.0
// C or Go source as a syntax tree (tree-sitter-c, tree-sitter-go). This is the one door to tree-sitter (with
// tree.h behind it); nodes are small values that stay valid as long as their syntax. Node kinds are the
// grammar's own
// ("function_definition", "for_statement", ...).
#ifndef ATOLL_STEPS_SHARED_TARGET_SYNTAX_H
#define ATOLL_STEPS_SHARED_TARGET_SYNTAX_H

#include "base/err.h"
#include "base/str.h"

struct syntax;

enum language { LANGUAGE_C, LANGUAGE_GO };

// The language of a source file by its name: ".go" is Go, all else C.
enum language language_of(const char *path);

struct node {
    uint32_t context[4];
    const void *id; // NULL = no node
    const struct syntax *syntax;
};

// Parses C text of at most 16 MiB; the text is copied. Text with errors still gives a tree (see node_broken).
// Macros in capitals that stand for nothing, a qualifier or an attribute ("API int f(int a)") have no nodes.
struct syntax *syntax_new(struct str text, struct err *err) MUST_USE;

// As syntax_new, for text of another language; what language a syntax is of.
struct syntax *syntax_new_in(enum language language, struct str text, struct err *err) MUST_USE;
enum language syntax_language(const struct syntax *syntax);

// The text of `before` with `text` in place of its bytes start..end-1, in the same language. It costs what
// the change costs: what stays is not parsed again.
struct syntax *syntax_new_spliced(const struct syntax *before, size_t start, size_t end, struct str text,
                                  struct err *err) MUST_USE;

// Frees the tree and its copy of the text.
void syntax_free(struct syntax *syntax);

#define AUTO_SYNTAX __attribute__((cleanup(syntax_drop))) struct syntax
// Cleanup function of AUTO_SYNTAX.
void syntax_drop(struct syntax **syntax);

// Bytes of a text.
struct span {
    size_t start, end;
};

// All comments in order, borrowed. They are white space to the tree: no node is one.
const struct span *syntax_comments(const struct syntax *syntax, size_t *count);

// Where the comments begin that end right in front of `at`, without an empty line between; `at` where there
// are none.
size_t syntax_comment_start(const struct syntax *syntax, size_t at);

// The whole text / the root node.
struct str syntax_text(const struct syntax *syntax);
struct node syntax_root(const struct syntax *syntax);

// Whether there is a node; its kind (static); whether it is of that kind; whether it or anything below has an
// error.
bool node_is_null(struct node node);
const char *node_kind(struct node node);
bool node_is(struct node node, const char *kind);
bool node_broken(struct node node);

// Byte range, text (borrowed from the syntax), first line (1-based).
size_t node_start(struct node node);
size_t node_end(struct node node);
struct str node_text(const struct syntax *syntax, struct node node);
unsigned node_line(struct node node);

// Named children (no punctuation), a child by field name ("body", "condition"), the parent. No node when
// absent.
size_t node_count(struct node node);
struct node node_child(struct node node, size_t index);
struct node node_field(struct node node, const char *field);
struct node node_parent(struct node node);

// All children, punctuation and operators included.
size_t node_token_count(struct node node);
struct node node_token(struct node node, size_t index);

// Same node?
bool node_same(struct node a, struct node b);

// Visits `node` and everything named below it in source order; the visitor returns false to leave a node's
// children out.
void node_walk(struct node node, bool (*visit)(void *context, struct node node), void *context);

// How many nodes and tokens there are at and below `node`, and how deep they are nested.
void node_measure(struct node node, size_t *count, size_t *depth);

#endif
