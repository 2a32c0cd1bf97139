// SPDX-License-Identifier: Apache-2.0
#include "fibonacci.h"

uint64_t
fibonacci(unsigned n)
{
    if (n < 2)
        return n;
    return fibonacci(n - 1) + fibonacci(n - 2);
}
