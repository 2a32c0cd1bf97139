// SPDX-License-Identifier: Apache-2.0
// Where control groups (cgroup v2) for runs can be made: below the nearest group, from our own upwards, that
// hands the controllers memory and pids on to groups below it and lets us make one there. Nothing that
// stands there already is changed.
#ifndef ATOLL_SANDBOX_CGROUP_H
#define ATOLL_SANDBOX_CGROUP_H

#include "base/buf.h"

// Finds that group's folder by making a group there and removing it again. False with one line in *reason
// when there is none.
bool cgroup_find(struct buf *folder, struct buf *reason);

#endif
