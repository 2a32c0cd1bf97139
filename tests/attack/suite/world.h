// SPDX-License-Identifier: Apache-2.0
// What is attacked: a folder with secrets and files that are worth changing, and listeners. It belongs to the
// suite alone; nothing real of the machine is ever a victim.
#ifndef ATOLL_TESTS_ATTACK_WORLD_H
#define ATOLL_TESTS_ATTACK_WORLD_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

// Every secret begins with this; an output with it in has leaked one.
#define PLANTED "planted-secret"

enum { LISTENERS = 4 };

struct world {
    struct arena *arena;
    char *victim, *scratch, *tool, *programs, *helper; // folders and files, absolute
    char *docker_socket, *abstract_name;
    int listeners[LISTENERS]; // TCP, UDP, Unix with a path, abstract Unix
    unsigned tcp_port, udp_port;
};

// Makes the listeners; the folders come with world_reset. `base` is a folder of the suite's; `programs` the
// one with the attacks; `helper` the setuid program.
int world_open(struct world *world, struct arena *arena, const char *base, const char *programs,
               const char *helper, struct err *err) MUST_USE;

// Makes victim and scratch as if nothing had ever happened, and forgets who called.
int world_reset(struct world *world, struct err *err) MUST_USE;

// Appends what an attack could have changed: names, modes, owners, times, attributes, flags and contents
// below the victim's folder, and which listeners were called.
void world_describe(struct world *world, struct buf *out);

// Closes the listeners.
void world_close(struct world *world);

#endif
