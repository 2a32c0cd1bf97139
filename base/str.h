// SPDX-License-Identifier: Apache-2.0
// A view of text: pointer and length, not terminated, never owned. An empty view may have a NULL pointer.
#ifndef ATOLL_BASE_STR_H
#define ATOLL_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct str {
    const char *ptr;
    size_t len;
};

// A view of a string literal.
#define STR(literal) ((struct str){"" literal, sizeof(literal) - 1})
// printf helpers: printf("%" STR_FMT, STR_ARG(s)).
#define STR_FMT ".*s"
#define STR_ARG(s) (int)(s).len, (s).ptr ? (s).ptr : ""

// View of a terminated string; NULL gives the empty view.
struct str str_of(const char *text);

// View of `len` bytes at `ptr`.
struct str str_n(const char *ptr, size_t len);

// Byte-wise equality.
bool str_eq(struct str a, struct str b);

// Equality with a terminated string.
bool str_is(struct str a, const char *text);

// Byte-wise order as memcmp, shorter first.
int str_compare(struct str a, struct str b);

// Whether `s` begins with `prefix`.
bool str_starts(struct str s, struct str prefix);

// Whether `s` ends with `suffix`.
bool str_ends(struct str s, struct str suffix);

// Offset of the first `needle` in `s`, or -1.
ptrdiff_t str_find(struct str s, struct str needle);

// Offset of the first / last byte `c` in `s`, or -1.
ptrdiff_t str_find_byte(struct str s, char c);
ptrdiff_t str_rfind_byte(struct str s, char c);

// `s` without `start` leading bytes; empty when shorter.
struct str str_from(struct str s, size_t start);

// The first `len` bytes of `s`, or all of it.
struct str str_head(struct str s, size_t len);

// `s` without white space (ASCII) at both ends.
struct str str_trim(struct str s);

// The last line of `s` that is not blank, without white space at its end; "" when there is none.
struct str str_last_line(struct str s);

// Takes the text up to `separator` off the front of `*rest` and returns it (all of it when there is none,
// `*rest` then becomes a view with a NULL pointer). Loop: while (rest.ptr) { line = str_cut(&rest, '\n'); }
struct str str_cut(struct str *rest, char separator);

// Strict numbers: the whole view must be a decimal (or 0x for integers) number in range. False leaves *out.
bool str_to_i64(struct str s, int64_t *out);
bool str_to_u64(struct str s, uint64_t *out);
bool str_to_double(struct str s, double *out);

// A number of bytes, as a whole number or with K, M, G or T behind it (powers of 1024). False leaves nothing
// to rely on in *out.
bool str_to_size(struct str s, int64_t *out);

// Edit distance with transpositions (optimal string alignment), capped at 64 bytes a side.
unsigned str_distance(struct str a, struct str b);

// The nearest of `count` words to `word`, or NULL when none is within a third of its length (at least 1).
const char *str_nearest(struct str word, const char *const *words, size_t count);

#endif
