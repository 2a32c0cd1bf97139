// SPDX-License-Identifier: Apache-2.0
// Reads the kernel's log.
#include "tests/attack/attack.h"

#include <sys/klog.h>

int
main(void)
{
    static char text[4096];
    return attack_result(klogctl(3 /* read all */, text, sizeof(text)) >= 0);
}
