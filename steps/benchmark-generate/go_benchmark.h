// SPDX-License-Identifier: Apache-2.0
// A Go benchmark of a function over calls that were captured: a _test.go file of the function's own package,
// for `go test -bench`, that needs nothing of atoll.
#ifndef ATOLL_STEPS_BENCHMARK_GENERATE_GO_BENCHMARK_H
#define ATOLL_STEPS_BENCHMARK_GENERATE_GO_BENCHMARK_H

#include "base/json.h"
#include "steps/shared/target/corpus.h"
#include "steps/shared/target/go/function.h"
#include "steps/shared/target/target.h"

// Where it is kept relative to the repository, for the function of that name ("NormalizeTag", "List.Trim");
// beside which source file it belongs under which name. In the arena.
const char *go_benchmark_path(struct arena *arena, const char *function);
const char *go_benchmark_place(struct arena *arena, const char *file, const char *function);

// Writes the file. `calls` is a JSON array of arrays of arguments, as captured calls hold them, a method's
// receiver first; what would make it longer than 64 KiB is left out. ERR_TARGET when the function has type
// parameters, or names the argument that has no spelling in Go.
int go_benchmark_write(const struct go_function *go, const json_t *calls, struct buf *out,
                       struct err *err) MUST_USE;

// Writes it for the first calls of a corpus to go_benchmark_path of the target's repository. A function that
// has no such benchmark gets none, which is no error; nor has a target of another language.
int go_benchmark_save(struct arena *arena, const struct target *target, const struct corpus *corpus,
                      struct err *err) MUST_USE;

#endif
