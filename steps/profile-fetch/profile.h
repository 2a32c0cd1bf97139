// SPDX-License-Identifier: Apache-2.0
// A profile, whatever format it came in: samples (a stack of frames, leaf first, with a value) and, for
// formats that count calls instead of stacks, arcs. Names, functions and frames are interned, so equal ones
// have equal ids. Inlined frames stand before the function that holds their code, as in pprof. Everything is
// capped: what does not fit sets `full`, and the next sample is refused with ERR_LIMIT. Several files may be
// read into one profile.
#ifndef ATOLL_STEPS_PROFILE_FETCH_PROFILE_H
#define ATOLL_STEPS_PROFILE_FETCH_PROFILE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/map.h"
#include "base/vec.h"

#define PROFILE_MAX_NAMES (1u << 21)
#define PROFILE_MAX_FUNCTIONS (1u << 20)
#define PROFILE_MAX_FRAMES (1u << 22) // distinct ones
#define PROFILE_MAX_STACK (1u << 25)  // frames of all samples together
#define PROFILE_MAX_SAMPLES (1u << 23)
#define PROFILE_MAX_ARCS (1u << 22)
#define PROFILE_MAX_DEPTH 16384u     // frames of one sample
#define PROFILE_MAX_NAME_BYTES 4096u // longer names are cut
#define PROFILE_MAX_COMMITS 16u
#define PROFILE_MAX_BYTES ((size_t)256 << 20) // one profile, unpacked

enum profile_kind {
    PROFILE_SAMPLES,      // a statistical sample: shares have a sampling error
    PROFILE_INSTRUCTIONS, // every instruction counted: they have none
};

struct profile_function {
    struct str name;
    uint32_t file, object; // names: source file and binary, 0 when unknown
    uint32_t line;         // where the function starts, 0 when unknown
};
struct profile_frame {
    uint32_t function;
    uint32_t file,
        line;     // of the code; the file is another one than the function's where a header's code came in
    bool inlined; // the next frame holds this one's code
};
struct profile_sample {
    size_t first; // index into `stack`
    uint32_t depth;
    int64_t value; // in `unit`
    double count;  // how many samples of the profiler are summed up here
};
struct profile_arc {
    uint32_t caller, callee; // functions
    int64_t value;           // cost of the calls, what the callee calls included
};

struct profile {
    struct arena arena;
    VEC(struct str) names; // names.items[0] is ""
    VEC(struct profile_function) functions;
    VEC(struct profile_frame) frames;
    VEC(uint32_t) stack;
    VEC(struct profile_sample) samples;
    VEC(struct profile_arc) arcs;
    VEC(const char *) commits; // 40 hex digits that may name the source's commit
    struct map name_ids, function_ids, frame_ids, arc_ids;
    struct buf key; // scratch of the interning functions
    enum profile_kind kind;
    const char *format;     // of the first file, static; NULL before
    const char *type;       // what is measured: "cpu", "cpu-clock", "Ir"; "" when the format does not say
    const char *unit;       // "nanoseconds", "count"
    size_t skipped_samples; // of other events than `type`
    bool full;
};

#define AUTO_PROFILE __attribute__((cleanup(profile_release))) struct profile

// Makes an empty profile.
void profile_init(struct profile *profile);

// Frees everything the profile holds.
void profile_release(struct profile *profile);

// Says what the file `name` measures. Texts are copied. ERR_PARSE when files already read measure something
// else.
int profile_measure(struct profile *profile, enum profile_kind kind, struct str type, struct str unit,
                    const char *name, struct err *err) MUST_USE;

// The id of a file or object name; 0 for "". Sets `full` at the cap, as the next three do.
uint32_t profile_name(struct profile *profile, struct str name);

// The id of a function; equal name, file and object mean the same function. A line that was unknown is filled
// in.
uint32_t profile_function(struct profile *profile, struct str name, uint32_t file, uint32_t object,
                          uint32_t line);

// The id of a frame.
uint32_t profile_frame(struct profile *profile, const struct profile_frame *frame);

// Adds to the cost of calls from one function to another.
void profile_arc(struct profile *profile, uint32_t caller, uint32_t callee, int64_t value);

// Adds a sample with `depth` frame ids, leaf first. ERR_LIMIT when the profile is full or the stack too deep,
// ERR_PARSE when the values of all samples exceed 64 bits.
int profile_sample(struct profile *profile, const uint32_t *frames, size_t depth, int64_t value, double count,
                   struct err *err) MUST_USE;

// Notes every word of 40 hex digits in `text` as a possible commit.
void profile_note_commits(struct profile *profile, struct str text);

// Whether a type's name stands for processor time and not for memory, locks, page faults or cache misses.
bool profile_type_is_cpu(struct str type);

// Whether the profile measures processor time (and not bytes, locks or page faults), so that shares cost
// money.
bool profile_is_cpu(const struct profile *profile);

#endif
