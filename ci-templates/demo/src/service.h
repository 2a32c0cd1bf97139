// SPDX-License-Identifier: Apache-2.0
// The protocol of tagd: one request a line, one answer a line.
//
//   TAG text            OK and the normal form of a tag
//   VALUE text          OK and the normal form of a tag's value
//   MERGE a,b,c|b,d     OK and the union of two sorted lists of tags
//   BLOCK text          OK, the CRC-32 of the block and that of all blocks so far; base64:... for other bytes
//   PART text           OK and the CRC-32 of the parts so far: a block too long for one line
//   END                 as BLOCK, for the parts since the last END
//   HASH text           OK and the murmur3 hash that picks a shard
//   RETRY n             OK and the steps to wait before the n-th attempt, n from 0 to 40
//   STATS               OK and the totals
//
// Anything else is answered with ERR and the reason, and changes nothing.
#ifndef TAGD_SERVICE_H
#define TAGD_SERVICE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

// A request is no longer than this, without its newline.
#define SERVICE_LINE_MAX 65536

// The requests answered of each kind, and refused.
struct service_totals {
    uint64_t tags;
    uint64_t values;
    uint64_t merges;
    uint64_t blocks;
    uint64_t block_bytes;
    uint64_t hashes;
    uint64_t retries;
    uint64_t errors;
};

// What one stream of requests carries from line to line.
struct service {
    FILE *out;
    const char *capture_folder; // NULL: capture nothing
    struct service_totals totals;
    uint32_t blocks_crc; // of all blocks so far
    uint32_t part_crc;   // of the block that PART lines build up
    size_t part_bytes;
    char scratch[SERVICE_LINE_MAX + 1];
};

// Begins a stream whose answers go to `out`. Borrows both pointers; nothing to release.
void service_init(struct service *service, FILE *out, const char *capture_folder);

// Answers one request. `line` has no newline and is overwritten.
void service_line(struct service *service, char *line, size_t len);

// Answers a request longer than SERVICE_LINE_MAX.
void service_line_too_long(struct service *service);

#endif
