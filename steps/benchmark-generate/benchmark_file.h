// SPDX-License-Identifier: Apache-2.0
// The benchmark file of a function, .atoll/benchmarks/<function>.yml:
//   version: 1
//   function: normalize_tag
//   file: src/tag.c
//   approved: false           a person's word; atoll never sets it
//   params: {NAME: {type, role, of, length, count, min, max}}
//   recipe: {cc, flags, link}
//   inputs: {captured: [..], train: N, holdout: N, distribution: {..}}
//   noise_floor: {speedup, spread, ns_per_call}
// What stands under params, recipe and inputs.distribution is used by the next run; the rest is a report.
#ifndef ATOLL_STEPS_BENCHMARK_GENERATE_FILE_H
#define ATOLL_STEPS_BENCHMARK_GENERATE_FILE_H

#include "base/arena.h"
#include "base/json.h"

// Path of the file relative to the repository.
const char *benchmark_file_path(struct arena *arena, const char *function);

// Reads it. Returns an owned object, json null when there is no file, or NULL with ERR_CONFIG that names
// file, line and key.
json_t *benchmark_file_read(struct arena *arena, const char *repository, const char *function,
                            struct err *err) MUST_USE;

// Writes it unless the content is the same.
int benchmark_file_write(struct arena *arena, const char *repository, const char *function,
                         const json_t *content, struct err *err) MUST_USE;

#endif
