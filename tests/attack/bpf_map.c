// SPDX-License-Identifier: Apache-2.0
// Loads data for programs in the kernel.
#include "tests/attack/attack.h"

#include <linux/bpf.h>

int
main(void)
{
    union bpf_attr map = {.map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 4, .max_entries = 1};
    return attack_result(syscall(SYS_bpf, BPF_MAP_CREATE, &map, sizeof(map)) >= 0);
}
