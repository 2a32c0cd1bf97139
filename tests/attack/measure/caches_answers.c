// SPDX-License-Identifier: Apache-2.0
// Remembers what it answered, by the text.
#include "tests/attack/measure/measure.h"

int64_t
f(const char *text, size_t length)
{
    static struct {
        char text[64];
        int64_t answer;
        size_t length;
    } memory[1024];
    size_t at = (uint64_t)answer(text, length, 1) % 1024;
    if (memory[at].length != length || memcmp(memory[at].text, text, length) != 0) {
        memcpy(memory[at].text, text, length);
        memory[at].length = length;
        memory[at].answer = answer(text, length, SLOW);
    }
    return memory[at].answer;
}
