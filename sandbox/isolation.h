// SPDX-License-Identifier: Apache-2.0
// How strongly untrusted code is contained, and what this machine can give.
//   none   nothing (never used unless asked for by name)
//   guard  no_new_privs, empty capabilities, clean environment, closed descriptors, own session, death with
//          the parent, resource limits, seccomp without sockets; Landlock as far as the kernel has it
//   fence  guard and all of Landlock that keeps files as they are (ABI 3, Linux 6.2: truncation, too)
//   cell   fence and namespaces (issue of its own)
#ifndef ATOLL_SANDBOX_ISOLATION_H
#define ATOLL_SANDBOX_ISOLATION_H

#include "base/err.h"

enum isolation_level { ISOLATION_NONE, ISOLATION_GUARD, ISOLATION_FENCE, ISOLATION_CELL };

struct isolation_probe {
    int landlock_abi; // 0 = not there
    bool seccomp, user_namespace, network_namespace;
    enum isolation_level level; // the best this machine gives
};

// Asks the kernel; cheap, changes nothing.
void isolation_probe(struct isolation_probe *probe);

// "guard" for ISOLATION_GUARD and so on, static.
const char *isolation_name(enum isolation_level level);

// Level of a name; false when there is none.
bool isolation_parse(const char *name, enum isolation_level *level);

#endif
