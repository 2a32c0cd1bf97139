// SPDX-License-Identifier: Apache-2.0
#include "sandbox/isolation.h"

#include <string.h>

static const char *const names[ISOLATION_LEVELS] = {
    [ISOLATION_NONE] = "none", [ISOLATION_GUARD] = "guard", [ISOLATION_FENCE] = "fence",
    [ISOLATION_CELL] = "cell", [ISOLATION_VAULT] = "vault",
};

#define GUARD (PART(PART_NO_NEW_PRIVS) | PART(PART_NO_CAPABILITIES) | PART(PART_SECCOMP))
#define FENCE (GUARD | PART(PART_LANDLOCK_FILES) | PART(PART_LANDLOCK_SIGNALS) | PART(PART_FILE_MODES))
#define NAMESPACES                                                                                        \
    (PART(PART_USER_NS) | PART(PART_MOUNT_NS) | PART(PART_PID_NS) | PART(PART_PROC) | PART(PART_IPC_NS) | \
     PART(PART_UTS_NS) | PART(PART_NET_NS) | PART(PART_TMPFS))
#define CELL (GUARD | PART(PART_LANDLOCK_FILES) | NAMESPACES)

static const unsigned level_parts[ISOLATION_LEVELS] = {
    [ISOLATION_GUARD] = GUARD,
    [ISOLATION_FENCE] = FENCE,
    [ISOLATION_CELL] = CELL,
    [ISOLATION_VAULT] = CELL | PART(PART_CGROUP) | PART(PART_OWN_UID),
};

// Parts that are got in the same way.
enum family { FAMILY_SECCOMP, FAMILY_LANDLOCK, FAMILY_LISTENER, FAMILY_NAMESPACE, FAMILY_CGROUP, FAMILY_UID };

static const char *const advice[][PLACE_COUNT] = {
    [FAMILY_SECCOMP] = {"every image has it; not under qemu-user", "do not run the job under qemu-user",
                        "a kernel with CONFIG_SECCOMP_FILTER, not under qemu-user"},
    [FAMILY_LANDLOCK] = {"runs-on: ubuntu-24.04 (Linux 6.17)", "a host with Linux 6.12",
                         "Linux 6.12 or later with landlock in lsm="},
    [FAMILY_LISTENER] = {"runs-on: ubuntu-24.04", "no other seccomp listener around the job",
                         "Linux 5.0 or later, no other seccomp listener around the job"},
    [FAMILY_NAMESPACE] = {"sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0",
                          "privileged = true in [runners.docker], or accept fence",
                          "run as root, or sysctl user.max_user_namespaces=10000 and "
                          "kernel.apparmor_restrict_unprivileged_userns=0"},
    [FAMILY_CGROUP] = {"run atoll with sudo", "not to be had", "root on cgroup v2"},
    [FAMILY_UID] = {"run atoll with sudo", "not to be had", "run as root"},
};

static const struct part {
    const char *name, *summary;
    enum family family;
} parts[PART_COUNT] = {
    [PART_NO_NEW_PRIVS] = {"no-new-privs", "no program gives it more rights", FAMILY_SECCOMP},
    [PART_NO_CAPABILITIES] = {"no-capabilities", "the superuser's rights are gone", FAMILY_SECCOMP},
    [PART_SECCOMP] = {"seccomp", "no sockets, keyrings, io_uring, mounts, unknown system calls",
                      FAMILY_SECCOMP},
    [PART_LANDLOCK_FILES] = {"landlock-files", "sees and writes named folders only", FAMILY_LANDLOCK},
    [PART_LANDLOCK_SIGNALS] = {"landlock-signals", "signals nobody outside", FAMILY_LANDLOCK},
    [PART_FILE_MODES] = {"file-modes", "owners, modes and times of files outside stay", FAMILY_LISTENER},
    [PART_USER_NS] = {"user-ns", "what the other namespaces need without root", FAMILY_NAMESPACE},
    [PART_MOUNT_NS] = {"mount-ns", "the file system outside is read-only", FAMILY_NAMESPACE},
    [PART_PID_NS] = {"pid-ns", "sees no other process; all die at once", FAMILY_NAMESPACE},
    [PART_PROC] = {"proc", "a /proc of its own", FAMILY_NAMESPACE},
    [PART_IPC_NS] = {"ipc-ns", "no System V memory or queue of others", FAMILY_NAMESPACE},
    [PART_UTS_NS] = {"uts-ns", "does not know the host's name", FAMILY_NAMESPACE},
    [PART_NET_NS] = {"net-ns", "a network with nothing in it", FAMILY_NAMESPACE},
    [PART_TMPFS] = {"tmpfs", "/tmp and /dev/shm of its own, of limited size", FAMILY_NAMESPACE},
    [PART_CGROUP] = {"cgroup", "memory and processes limited as a whole", FAMILY_CGROUP},
    [PART_OWN_UID] = {"own-uid", "not the user of anybody else", FAMILY_UID},
};

static const char *const place_names[] = {
    [PLACE_GITHUB] = "GitHub-hosted runners",
    [PLACE_GITLAB_DOCKER] = "GitLab docker executor",
    [PLACE_SELF_HOSTED] = "self-hosted",
};

unsigned
isolation_parts(enum isolation_level level)
{
    return level_parts[level];
}

enum isolation_level
isolation_best(unsigned there, unsigned degraded, enum isolation_level most)
{
    enum isolation_level level = most;
    while (level > ISOLATION_NONE && (level_parts[level] & ~(there | degraded)) != 0)
        level--;
    return level;
}

static bool
same_advice_before(unsigned missing, enum isolation_part part, enum isolation_place place)
{
    const char *text = isolation_advice(part, place);
    for (enum isolation_part other = 0; other < part; other++)
        if ((missing & PART(other)) && strcmp(isolation_advice(other, place), text) == 0)
            return true;
    return false;
}

// "; on GitHub-hosted runners: ..." for each place.
static void
add_advice(struct buf *text, unsigned missing)
{
    for (enum isolation_place place = 0; place < PLACE_COUNT; place++) {
        buf_printf(text, "; on %s: ", place_names[place]);
        const char *between = "";
        for (enum isolation_part part = 0; part < PART_COUNT; part++) {
            if (!(missing & PART(part)) || same_advice_before(missing, part, place))
                continue;
            buf_printf(text, "%s%s", between, isolation_advice(part, place));
            between = ", and ";
        }
    }
}

static int
refuse(const struct isolation_probe *probe, const struct isolation_demand *demand, struct err *err)
{
    AUTO_BUF text = BUF(4096);
    unsigned missing = level_parts[demand->require] & ~(probe->there | demand->degraded);
    enum isolation_level best = isolation_best(probe->there, demand->degraded, ISOLATION_VAULT);
    buf_printf(&text, "this machine gives isolation %s, but %s is required; missing: ", names[best],
               names[demand->require]);
    const char *between = "", *last = "";
    for (enum isolation_part part = 0; part < PART_COUNT; part++) {
        if (!(missing & PART(part)))
            continue;
        const char *reason = probe->reasons[part];
        buf_printf(&text, "%s%s", between, parts[part].name);
        if (*reason && strcmp(reason, last) != 0)
            buf_printf(&text, " (%s)", reason);
        last = reason;
        between = ", ";
    }
    add_advice(&text, missing);
    return err_set(err, ERR_ENVIRONMENT, "%s", buf_text(&text));
}

int
isolation_decide(const struct isolation_probe *probe, const struct isolation_demand *demand,
                 enum isolation_level *level, struct err *err)
{
    enum isolation_level most = demand->most;
    if (most == ISOLATION_NONE)
        most = demand->require > ISOLATION_CELL ? demand->require : ISOLATION_CELL;
    *level = isolation_best(probe->there, demand->degraded, most);
    if (*level < demand->require || *level == ISOLATION_NONE)
        return refuse(probe, demand, err);
    return 0;
}

const char *
isolation_name(enum isolation_level level)
{
    return names[level];
}

bool
isolation_parse(const char *name, enum isolation_level *level)
{
    for (size_t i = 0; i < ISOLATION_LEVELS; i++)
        if (strcmp(names[i], name) == 0) {
            *level = (enum isolation_level)i;
            return true;
        }
    return false;
}

const char *
isolation_part_name(enum isolation_part part)
{
    return parts[part].name;
}

const char *
isolation_part_summary(enum isolation_part part)
{
    return parts[part].summary;
}

bool
isolation_part_parse(const char *name, enum isolation_part *part)
{
    for (size_t i = 0; i < PART_COUNT; i++)
        if (strcmp(parts[i].name, name) == 0) {
            *part = (enum isolation_part)i;
            return true;
        }
    return false;
}

enum isolation_level
isolation_part_level(enum isolation_part part)
{
    enum isolation_level level = ISOLATION_GUARD;
    while (level < ISOLATION_VAULT && !(level_parts[level] & PART(part)))
        level++;
    return level;
}

const char *
isolation_advice(enum isolation_part part, enum isolation_place place)
{
    return advice[parts[part].family][place];
}

const char *
isolation_place_name(enum isolation_place place)
{
    return place_names[place];
}
