// SPDX-License-Identifier: Apache-2.0
// The change a maintainer reviews, in Go: NAME chooses by a flag between nameControl, the old function word
// for word, and nameTreatment. Both are unexported, so the package's interface stays what it was.
#ifndef ATOLL_STEPS_OPEN_PULL_REQUEST_GO_GUARD_H
#define ATOLL_STEPS_OPEN_PULL_REQUEST_GO_GUARD_H

#include "steps/open-pull-request/guard.h"

#define GO_GUARD_FILE "atoll_flag.go"

// The text of the file that is put beside the source file, for that package: standard library alone, Go 1.16.
// In the arena.
const char *go_guard_file(struct arena *arena, const char *package);

// The name of a version of a function: "Table.Get" and "Control" give "getControl". In the arena.
const char *go_guard_version(struct arena *arena, const char *function, const char *suffix);

// One function that is put behind a flag.
struct go_guard {
    struct str source;    // the file as it stands
    const char *function; // "NormalizeTag", "Table.Get"
    struct str variant;   // text in its place: the function, with definitions before and behind it
    const char *key;      // of the flag, "atoll-normalize-tag"
    const char *variable; // of the environment, "ATOLL_FLAG_NORMALIZE_TAG"
    enum guard_template template;
};

// Writes the file with both. ERR_TARGET when the variant does not define the function or its head can't be
// called by another (a parameter or the receiver has no name), ERR_NOT_FOUND when the file does not define
// it.
int go_guard_write(struct arena *arena, const struct go_guard *guard, struct buf *file,
                   struct err *err) MUST_USE;

#endif
