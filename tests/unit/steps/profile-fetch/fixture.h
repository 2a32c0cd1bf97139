// SPDX-License-Identifier: Apache-2.0
// What the tests of profile-fetch share: a profile as text, folders with files, seeds.
#ifndef ATOLL_TESTS_PROFILE_FETCH_FIXTURE_H
#define ATOLL_TESTS_PROFILE_FETCH_FIXTURE_H

#include "base/fs.h"
#include "steps/profile-fetch/profile.h"
#include "tests/unit/unit.h"

#define SEEDS "tests/fuzz/seeds/"

// One line a sample, leaf first: "step@hash.c:14~<sum@hash.c:9<main 30/3": inlined frames have a ~, then
// value/count.
static inline void
fixture_dump(const struct profile *profile, struct buf *out)
{
    buf_init(out, 1 << 20);
    for (size_t i = 0; i < profile->samples.count; i++) {
        const struct profile_sample *sample = &profile->samples.items[i];
        for (size_t k = 0; k < sample->depth; k++) {
            const struct profile_frame *frame =
                &profile->frames.items[profile->stack.items[sample->first + k]];
            buf_printf(out, "%s", k > 0 ? "<" : "");
            buf_add_str(out, profile->functions.items[frame->function].name);
            if (frame->file > 0 || frame->line > 0)
                buf_printf(out, "@%s:%u", profile->names.items[frame->file].ptr, frame->line);
            buf_puts(out, frame->inlined ? "~" : "");
        }
        buf_printf(out, " %lld/%g\n", (long long)sample->value, sample->count);
    }
}

// A new temporary folder.
static inline char *
fixture_folder(struct arena *arena)
{
    struct err err;
    char *folder = fs_temp_dir(arena, NULL, "atoll-profile-test-", &err);
    ck_assert_msg(folder != NULL, "%s", err.message);
    return folder;
}

// Writes a file of a folder.
static inline void
fixture_file(struct arena *arena, const char *folder, const char *path, const char *text)
{
    struct err err;
    ck_assert_msg(fs_write(fs_join(arena, folder, path), str_of(text), &err) == 0, "%s", err.message);
}

// The content of a file.
static inline struct str
fixture_read(struct arena *arena, const char *path)
{
    AUTO_BUF text = BUF(1 << 20);
    struct err err;
    ck_assert_msg(fs_read(path, 1 << 20, &text, &err) == 0, "%s", err.message);
    return str_n(arena_str(arena, buf_str(&text)), text.len);
}

// How a reader fails on a text: its message must contain `expected`.
#define FIXTURE_FAILS(reader, text, expected)                                            \
    do {                                                                                 \
        AUTO_PROFILE failing;                                                            \
        struct err failure = {.kind = ERR_INTERNAL};                                     \
        profile_init(&failing);                                                          \
        ck_assert_int_eq(reader(text, "p", &failing, &failure), -1);                     \
        ck_assert_msg(strstr(failure.message, expected) != NULL, "%s", failure.message); \
    } while (0)

#endif
