// SPDX-License-Identifier: Apache-2.0
// Where functions are defined in a source file, found by a quick scan that needs no compiler and forgives
// everything: C (and C++ outside classes) by `name(...) {` at the outermost level, Go by `func name(`, other
// languages by the first `name(`. A scan is linear in the text.
#ifndef ATOLL_STEPS_PROFILE_FETCH_DEFINITION_H
#define ATOLL_STEPS_PROFILE_FETCH_DEFINITION_H

#include "base/arena.h"
#include "base/str.h"

enum definition_language { LANGUAGE_NONE, LANGUAGE_C, LANGUAGE_CPP, LANGUAGE_GO, LANGUAGE_OTHER };

struct definition {
    struct str name;         // "main", "Writer.Flush" for a Go method
    uint32_t line, line_end; // from 1; the end is 0 when unknown
    bool local;              // other files cannot call it
    bool recursive;          // it calls itself
};

// Called for each definition; the name is a view into the text or the arena.
typedef void (*definition_fn)(void *context, const struct definition *definition);

// The language by the file's ending; LANGUAGE_NONE for what is no source.
enum definition_language definition_language_of(struct str path);

// Its name as reports print it: "c", "c++", "go", "other".
const char *definition_language_name(enum definition_language language);

// Calls `fn` for each definition in `text` and returns the number of lines. Go methods are named in the
// arena.
uint32_t definition_scan(struct arena *arena, struct str text, enum definition_language language,
                         definition_fn fn, void *context);

// The name that definition_scan would give a profile's symbol, in the arena: without the compiler's suffixes
// ("crc32.part.0"), parameters, name spaces and packages, closures taken for the function around them.
struct str definition_name_of(struct arena *arena, struct str symbol, enum definition_language language);

#endif
