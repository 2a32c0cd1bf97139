// SPDX-License-Identifier: Apache-2.0
// Line by line through a text profile, and the numbers that stand in it.
#ifndef ATOLL_STEPS_PROFILE_FETCH_TEXT_H
#define ATOLL_STEPS_PROFILE_FETCH_TEXT_H

#include "base/err.h"
#include "base/str.h"

struct text {
    const char *name; // of the file, for errors; borrowed
    struct str rest;
    size_t line_number; // of the line text_line gave last, from 1
};

// Starts at the first line.
struct text text_of(struct str data, const char *name);

// The next line without its end ("\n" or "\r\n"); false at the end.
bool text_line(struct text *text, struct str *line);

// Takes the word up to the next blank off the front, blanks before it skipped; empty at the end.
struct str text_word(struct str *rest);

// Takes a decimal number of at most 18 digits off the front; false when there is none (nothing is taken).
bool text_number(struct str *rest, uint64_t *value);

// Sets ERR_PARSE "NAME:LINE: ...", for the line text_line gave last. Returns -1.
int text_error(const struct text *text, struct err *err, const char *format, ...) PRINTF_LIKE(3, 4);

#endif
