// SPDX-License-Identifier: Apache-2.0
// What the end of a cell's process says about the code in it.
#ifndef ATOLL_SANDBOX_CELL_END_H
#define ATOLL_SANDBOX_CELL_END_H

#include "sandbox/cell.h"

// Names the fault and appends what is known of it: a sanitizer's report, the words of a managed program's
// panic or fatal error, the limit, the signal or the exit code. *cheat: it ended its process
// itself, or none.
enum cell_fault cell_end_judge(const struct launch_result *ended, bool managed, struct buf *text,
                               enum cheat *cheat);

#endif
