// SPDX-License-Identifier: Apache-2.0
// Reads times of benchmarks off what a benchmark program prints. All times are in ns.
//   go         `go test -bench`: ns/op of each line; names have their package in front
//   google     Google Benchmark on the console and as JSON; also hyperfine's JSON, by command
//   criterion  criterion.rs on the console: the middle of each `time:   [low estimate high]`
// Rows that sum up other rows (_mean, _stddev and so on) are left out where those rows are there too. A time
// that is no number above 0 is an error; any other line is left alone.
#ifndef ATOLL_STEPS_SHARED_READING_READING_H
#define ATOLL_STEPS_SHARED_READING_READING_H

#include "sandbox/command_duet.h"

// What --format may be, "auto" first, NULL at the end: auto takes the first format that finds something.
extern const char *const reading_formats[];

// Reads an output of at most 16 MiB in a format. Where a program prints both clocks, `clock` chooses; AUTO is
// CPU time except for benchmarks that say they are about real time. Finding nothing is no error. ERR_PARSE
// names line or benchmark. `readings` is to be released in every case.
int reading_read(const char *format, enum command_clock clock, struct str output, struct readings *readings,
                 struct err *err) MUST_USE;

#endif
