// SPDX-License-Identifier: Apache-2.0
// As whom, and where, the attacks run: in namespaces of the suite's own where the machine gives them, so that
// an attack on every process or on the metadata address finds nobody else.
#ifndef ATOLL_TESTS_ATTACK_IDENTITY_H
#define ATOLL_TESTS_ATTACK_IDENTITY_H

#include "base/err.h"

#include <sys/types.h>

enum { IDENTITY_SPARE = 61234 }; // user and group that nobody else has

// Runs `argv` as root or as the spare user ("root", "user"; when this process is not root "user" is this
// process's own user), and waits. The program gets "alone" as its last argument when it stands in namespaces
// of its own, with a server at the cloud's metadata address; else "together". Returns the program's exit
// code, or -1.
int identity_run(const char *identity, const char *const *argv, struct err *err) MUST_USE;

#endif
