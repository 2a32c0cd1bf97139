// SPDX-License-Identifier: Apache-2.0
// Watches all files of a file system.
#include "tests/attack/attack.h"

#include <sys/fanotify.h>

int
main(void)
{
    return attack_result(fanotify_init(FAN_CLASS_NOTIF | 0x200 /* FAN_REPORT_FID */, O_RDONLY) >= 0);
}
