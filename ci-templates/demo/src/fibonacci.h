// SPDX-License-Identifier: Apache-2.0
// Back-off of retries.
#ifndef TAGD_FIBONACCI_H
#define TAGD_FIBONACCI_H

#include <stdint.h>

// The n-th Fibonacci number: 0, 1, 1, 2, 3, 5 for n = 0 to 5. Fits 64 bits up to n = 93.
uint64_t fibonacci(unsigned n);

#endif
