// SPDX-License-Identifier: Apache-2.0
// Any bytes as what comes from a carrier or in a bundle: a published head, which comes back as it was
// written, a bundle's manifest, and a whole bundle.
#include "base/fs.h"
#include "workflow/bundle.h"
#include "workflow/head.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

// What was read is written in one way only, and is within what the header promises.
static void
try_head(struct str text)
{
    AUTO_ARENA arena = {0};
    AUTO_BUF once = BUF(CARRIER_HEAD_MAX_BYTES), twice = BUF(CARRIER_HEAD_MAX_BYTES);
    struct head head, again;
    struct err err;
    if (head_read(&arena, text, &head, &err) < 0)
        return;
    head_write(&head, &once);
    if (head_read(&arena, buf_str(&once), &again, &err) < 0)
        abort();
    head_write(&again, &twice);
    if (!str_eq(buf_str(&once), buf_str(&twice)) || head.size_bytes > SNAPSHOT_MAX_BYTES ||
        head.chunk_count > CARRIER_LIVE_MAX || head_is_held(&head, head.owner, 0))
        abort();
}

static void
try_bundle(struct str bytes)
{
    static char folder[200];
    AUTO_ARENA arena = {0};
    struct err err;
    if (!folder[0])
        snprintf(folder, sizeof(folder), "%s", fs_temp_dir(&arena, NULL, "atoll-fuzz-", &err));
    int fd = memfd_create("bundle", MFD_CLOEXEC);
    if (fd < 0 || write(fd, bytes.ptr, bytes.len) != (ssize_t)bytes.len)
        abort();
    const char *state = fs_join(&arena, folder, "state.db");
    if (bundle_import(arena_printf(&arena, "/proc/self/fd/%d", fd), state, false, &err) == 0)
        unlink(state);
    else if (fs_exists(state))
        abort(); // refused, and yet there
    close(fd);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct str text = str_n((const char *)bytes, size);
    struct bundle_manifest manifest;
    struct err err;
    try_head(text);
    if (bundle_read_manifest(text, &manifest, &err) == 0 && manifest.size_bytes > SNAPSHOT_MAX_BYTES)
        abort();
    if (size > 0)
        try_bundle(text);
    return 0;
}
