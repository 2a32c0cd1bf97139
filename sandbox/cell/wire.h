// SPDX-License-Identifier: Apache-2.0
// What the launcher and `atoll-cell zygote` say to each other. First comes a hello. A request is one packet
// on the control socket, taken by the runner that stands ready for it: this struct and a text, with
// descriptors: channel, output, those to pass on, then stdin when it is not /dev/null, and a memfd with the
// text when that is too long for a packet. The text holds terminated strings: argv, env, read paths, write
// paths, cwd. Reports come back on the request's own channel; when the launcher's end of it closes or is shut
// down for writing, the run is killed with all it started.
#ifndef ATOLL_SANDBOX_CELL_WIRE_H
#define ATOLL_SANDBOX_CELL_WIRE_H

#include <stdint.h>

// Descriptors that `atoll-cell zygote` is started with.
enum wire_fd {
    WIRE_CONTROL = 3,
    WIRE_LIFE,
    WIRE_FILTER_BUILD, // filters stand in the order of enum launch_profile
    WIRE_FILTER_RUN,
    WIRE_FILTER_MANAGED,
    WIRE_FD_LAST = WIRE_FILTER_MANAGED
};

enum {
    WIRE_CHANNEL,
    WIRE_OUTPUT,
    WIRE_PASS,
    WIRE_PASS_MAX = 8,
    WIRE_FDS_MAX = WIRE_PASS + WIRE_PASS_MAX + 2
};
enum { WIRE_PACKET_TEXT_BYTES = 1 << 14 };
enum { WIRE_STRINGS_MAX = 1 << 15 }; // arguments, variables and paths of one request, with the NULLs between

// The zygote's first packet: whether it could put on what all runs share.
struct wire_hello {
    int32_t sys;    // errno, 0 when all is well
    char stage[28]; // the part that failed
};

struct wire_request {
    uint32_t profile;   // enum launch_profile
    uint32_t stays;     // it goes on running while others are launched
    uint32_t has_stdin; // or /dev/null
    uint32_t argv_count, env_count, read_count, write_count, pass_count;
    uint64_t text_bytes;
    int64_t wall_ms, cpu_ms; // limits, 0 = none
    uint64_t memory_bytes, file_bytes, disk_bytes;
    uint32_t processes, open_files;
};

enum wire_kind {
    WIRE_STARTED = 1, // told of programs that stay
    WIRE_FAILED,
    WIRE_UNREADY, // failed, since what the runner had prepared is lost; another one may do
    WIRE_ENDED
};
enum wire_limit {
    WIRE_LIMIT_NONE,
    WIRE_LIMIT_WALL,
    WIRE_LIMIT_CPU,
    WIRE_LIMIT_MEMORY,
    WIRE_LIMIT_PROCESSES,
    WIRE_LIMIT_DISK
};

struct wire_report {
    uint32_t kind;
    int32_t pid;       // WIRE_STARTED
    int32_t sys;       // WIRE_FAILED, WIRE_UNREADY: errno
    char stage[28];    // of these: what was tried
    int32_t exit_code; // WIRE_ENDED, -1 when a signal ended it
    int32_t signal;    // WIRE_ENDED
    uint32_t limit;    // enum wire_limit
    uint32_t left;     // WIRE_ENDED: processes that were killed and did not end, held by the kernel
    int64_t wall_ns, cpu_ns;
    uint64_t max_rss_bytes;
};

#endif
