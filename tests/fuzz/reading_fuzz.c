// SPDX-License-Identifier: Apache-2.0
// Any bytes as what a benchmark program prints, in every format; the first byte chooses the clock.
#include "steps/shared/reading/reading.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct str output = str_n((const char *)bytes, size);
    enum command_clock clock = size > 0 ? bytes[0] % (COMMAND_WALL + 1) : COMMAND_AUTO;
    for (const char *const *format = reading_formats; *format != NULL; format++) {
        AUTO_READINGS readings = {0};
        struct err err;
        double value;
        if (reading_read(*format, clock, output, &readings, &err) != 0)
            continue;
        for (size_t i = 0; i < readings.names.count; i++)
            if (!readings_value(&readings, readings_name(&readings, i), &value) || !(value > 0))
                __builtin_trap();
    }
    return 0;
}
