// SPDX-License-Identifier: Apache-2.0
// How a launcher asks its zygote for a run (sandbox/cell/wire.h is the format): it makes the run's
// descriptors, packs what the program gets, and sends both over the control socket.
#ifndef ATOLL_SANDBOX_REQUEST_H
#define ATOLL_SANDBOX_REQUEST_H

#include "base/err.h"
#include "sandbox/launcher.h"

struct request {
    int control; // borrowed
    // The program goes on running while others are launched, and nobody reads its output meanwhile: what does
    // not fit in the pipe is dropped instead of stopping it.
    bool stays;
};

// Our ends of a run; the caller owns them.
struct request_ends {
    int channel; // reports come from here; closing it or shutting it down for writing ends the run
    int output;  // what the program writes
};

// Sends a request. On failure nothing is left open and both ends are -1. ERR_LOST when the zygote is gone.
int request_send(const struct request *request, const struct launch_spec *spec, struct request_ends *ends,
                 struct err *err) MUST_USE;

#endif
