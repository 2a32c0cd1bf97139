// SPDX-License-Identifier: Apache-2.0
// Any bytes as a pprof profile, packed or not.
#include "base/archive.h"
#include "steps/profile-fetch/pprof.h"

enum { UNPACKED_MAX_BYTES = 1 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    AUTO_PROFILE profile;
    AUTO_BUF unpacked = BUF(UNPACKED_MAX_BYTES);
    struct err err;
    profile_init(&profile);
    if (unpack_bytes(str_n((const char *)bytes, size), UNPACKED_MAX_BYTES, &unpacked, &err) == 0)
        (void)!pprof_read(buf_str(&unpacked), "fuzz", &profile, &err);
    return 0;
}
