// SPDX-License-Identifier: Apache-2.0
// Remembers what it answered, by the address of the text.
#include "tests/attack/measure/measure.h"

enum { PLACES = 1 << 14 };

int64_t
f(const char *text, size_t length)
{
    static struct {
        const char *text;
        int64_t answer;
    } memory[PLACES];
    size_t at = (uintptr_t)text * 31 / 16 % PLACES;
    if (memory[at].text != text) {
        memory[at].text = text;
        memory[at].answer = answer(text, length, SLOW);
    }
    return memory[at].answer;
}
