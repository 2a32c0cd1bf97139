// SPDX-License-Identifier: Apache-2.0
// System call filters. Each profile's filter is a deny-list (an errno, not a kill) that is compiled once into
// a memfd as classic BPF; whoever execs a program installs it with one system call. Calls that were not known
// when the list was written, and those of other architectures, give ENOSYS.
#ifndef ATOLL_SANDBOX_FILTER_H
#define ATOLL_SANDBOX_FILTER_H

#include "base/err.h"
#include "sandbox/launcher.h"

// Compiles the filter of a profile. With `asks`, LAUNCH_BUILD's calls that change owners, modes and times of
// files are put to the listener that installing it gives (PART_FILE_MODES). Returns a sealed, close-on-exec
// memfd that the caller owns, or -1 with ERR_ENVIRONMENT when this machine's libseccomp or architecture
// can't.
int filter_open(enum launch_profile profile, bool asks, struct err *err) MUST_USE;

#endif
