// SPDX-License-Identifier: Apache-2.0
// What the Go compiler says about its work, `go build -gcflags=-json=0,DIR`: DIR/<package>/<file>.json has a
// line
// {"version":0, "gc_version", "file", ..}, then one JSON diagnostic a line with "code", "message" and
// "range": {"start": {"line", "character"}}. Kept are the checks of indices and slices that are left, what
// escapes to the heap, and inlining.
#ifndef ATOLL_STEPS_SHARED_TARGET_GO_REMARKS_H
#define ATOLL_STEPS_SHARED_TARGET_GO_REMARKS_H

#include "base/arena.h"
#include "base/json.h"

enum go_remark_kind {
    GO_REMARK_INDEX_CHECK, // isInBounds
    GO_REMARK_SLICE_CHECK, // isSliceInBounds
    GO_REMARK_ESCAPE,      // escape, escapes: a value goes to the heap
    GO_REMARK_INLINED,     // inlineCall: a call of another function was inlined
    GO_REMARK_INLINABLE,   // canInlineFunction
    GO_REMARK_TOO_COSTLY,  // cannotInlineFunction
};

struct go_remark {
    enum go_remark_kind kind;
    unsigned line, column;
    const char *message; // at most 200 bytes, "" when it says nothing more
};

struct go_remarks {
    const char *version; // "go1.26.8"
    struct go_remark *items;
    size_t count;
    bool truncated; // there were more than fit
};

// Reads the text of one such file, of at most 64 MiB; `name` stands in front of errors. Remarks outside of
// lines [first, last] are left out; of several that say the same in one place, one is kept, and 4096 at most.
// Strings live in the arena. ERR_PARSE names the line.
int go_remarks_read(struct arena *arena, struct str text, const char *name, unsigned first, unsigned last,
                    struct go_remarks *remarks, struct err *err) MUST_USE;

// {"bounds_checks": 3, "escapes": 1, "inlined_calls": 2, "can_inline": false, "inline": "function too
// complex: cost 83 exceeds budget 80", "at": [{"what": "bounds check", "line": 11, "column": 37, "message"},
// ..]} with at most 40 places; can_inline and inline are those of the function on line `head`. Owned.
json_t *go_remarks_json(const struct go_remarks *remarks, unsigned head);

#endif
