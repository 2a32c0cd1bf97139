// SPDX-License-Identifier: Apache-2.0
// Any bytes as the text of perf script.
#include "steps/profile-fetch/perf_script.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    AUTO_PROFILE profile;
    struct err err;
    profile_init(&profile);
    (void)!perf_script_read(str_n((const char *)bytes, size), "fuzz", &profile, &err);
    return 0;
}
