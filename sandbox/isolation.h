// SPDX-License-Identifier: Apache-2.0
// How strongly untrusted code is contained, and what this machine can give. A level is a set of parts; it is
// reached when all of them are there, less those whose loss was accepted by name.
//   none   nothing (never used)
//   guard  no_new_privs, no capability, seccomp; and always: a clean environment, closed descriptors, own
//          session, death with the parent, resource limits
//   fence  guard and Landlock (files as they are, ABI 3; signals, ABI 6) and the modes and times of files
//   cell   guard, Landlock for files, and namespaces with a file system of its own, read-only outside of what
//          may be written: its process namespace does what fence needs Landlock's signals for
//   vault  cell, a control group and a user id of its own
#ifndef ATOLL_SANDBOX_ISOLATION_H
#define ATOLL_SANDBOX_ISOLATION_H

#include "base/buf.h"
#include "base/err.h"

enum isolation_level { ISOLATION_NONE, ISOLATION_GUARD, ISOLATION_FENCE, ISOLATION_CELL, ISOLATION_VAULT };
enum { ISOLATION_LEVELS = ISOLATION_VAULT + 1 };

enum isolation_part {
    PART_NO_NEW_PRIVS,
    PART_NO_CAPABILITIES,
    PART_SECCOMP,
    PART_LANDLOCK_FILES,
    PART_LANDLOCK_SIGNALS,
    PART_FILE_MODES,
    PART_USER_NS,
    PART_MOUNT_NS,
    PART_PID_NS,
    PART_PROC,
    PART_IPC_NS,
    PART_UTS_NS,
    PART_NET_NS,
    PART_TMPFS,
    PART_CGROUP,
    PART_OWN_UID,
    PART_COUNT
};
enum { PART_NAME_MAX = 20, PART_REASON_MAX = 120, GROUPS_PATH_MAX = 4096 };

// A set of parts has the bit 1 << part for each.
#define PART(part) (1u << (part))

struct isolation_probe {
    int landlock_abi;                          // 0 = not there
    unsigned there;                            // the parts that this machine gives
    enum isolation_level level;                // the best level with all its parts
    char reasons[PART_COUNT][PART_REASON_MAX]; // why a part is missing; or a remark, or ""
    char groups[GROUPS_PATH_MAX];              // the folder that control groups can be made in, or ""
};

// What a caller wants.
struct isolation_demand {
    enum isolation_level require; // weakest that will do
    enum isolation_level most; // strongest to put on; ISOLATION_NONE = the best, but vault only if required
    unsigned degraded;         // parts whose loss is accepted
};

// A place where pipelines run, for advice.
enum isolation_place { PLACE_GITHUB, PLACE_GITLAB_DOCKER, PLACE_SELF_HOSTED, PLACE_COUNT };

// Tries every part in a child that is thrown away: a few milliseconds, changes nothing.
void isolation_probe(struct isolation_probe *probe);

// The parts of a level.
unsigned isolation_parts(enum isolation_level level);

// The best level up to `most` whose parts are there, less the `degraded` ones.
enum isolation_level isolation_best(unsigned there, unsigned degraded, enum isolation_level most);

// The level to run at. ERR_ENVIRONMENT when it would be below what is required; the message names each
// missing part, and how to get it where.
int isolation_decide(const struct isolation_probe *probe, const struct isolation_demand *demand,
                     enum isolation_level *level, struct err *err) MUST_USE;

// "guard" for ISOLATION_GUARD and so on, static.
const char *isolation_name(enum isolation_level level);

// Level of a name; false when there is none.
bool isolation_parse(const char *name, enum isolation_level *level);

// "net-ns" for PART_NET_NS and so on, static.
const char *isolation_part_name(enum isolation_part part);

// What a part is there for, static.
const char *isolation_part_summary(enum isolation_part part);

// Part of a name; false when there is none.
bool isolation_part_parse(const char *name, enum isolation_part *part);

// The weakest level that a part belongs to.
enum isolation_level isolation_part_level(enum isolation_part part);

// How to get a part at a place, static.
const char *isolation_advice(enum isolation_part part, enum isolation_place place);

// "GitHub-hosted runners" and so on, static.
const char *isolation_place_name(enum isolation_place place);

#endif
