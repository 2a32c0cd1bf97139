// SPDX-License-Identifier: Apache-2.0
// A power cut for SQLite: a VFS around the usual one that remembers what of each file was synced. At the sync
// or write that the control file names, it drops, reorders and tears what was not (in sectors of 512 bytes),
// leaves the files as a disk would hold them then, and kills its process.
#ifndef ATOLL_TESTS_POWER_VFS_H
#define ATOLL_TESTS_POWER_VFS_H

#include "tests/crash/control.h"

// Makes it the VFS of every database that this process opens from now on. With `synchronous_off` each of them
// has PRAGMA synchronous=OFF, whatever it asks for later.
void power_install(struct control *control);

#endif
