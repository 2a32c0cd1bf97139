// SPDX-License-Identifier: Apache-2.0
// Any bytes as what the Go compiler writes with -gcflags=-json=0,DIR.
#include "steps/shared/target/go/remarks.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    AUTO_ARENA arena = {0};
    struct go_remarks remarks;
    struct err err;
    if (go_remarks_read(&arena, str_n((const char *)bytes, size), "fuzz", 1, 1000, &remarks, &err) == 0) {
        AUTO_JSON *json = go_remarks_json(&remarks, 5);
        (void)json;
    }
    return 0;
}
