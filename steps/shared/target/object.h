// SPDX-License-Identifier: Apache-2.0
// ELF64 relocatable objects (little endian): a hash of the machine code in one, and objects that hold nothing
// but padding. Objects come from compilers of untrusted code: everything in them is checked before it is
// used.
#ifndef ATOLL_STEPS_SHARED_TARGET_OBJECT_H
#define ATOLL_STEPS_SHARED_TARGET_OBJECT_H

#include "base/buf.h"
#include "base/err.h"

struct object_summary {
    char code_hash[65]; // SHA-256, hex: code, constants, initial data, and what they refer to; not the names
                        // of what the object itself defines, nor debug information
    size_t code_bytes;  // of executable sections
    size_t state_bytes; // of writable sections: what outlives a call
    bool starts;        // something runs when it is loaded or unloaded
    uint16_t machine;   // e_machine
    uint32_t flags;     // e_flags
};

// Summarises an object. ERR_PARSE when it is no well-formed one.
int object_summarise(struct str object, struct object_summary *summary, struct err *err) MUST_USE;

// The first name that `object` takes from elsewhere and `like` does not, "" when there is none. Functions of
// libc and of the compiler that only compute are not counted. ERR_PARSE when one of them is no well-formed
// object.
int object_foreign(struct str object, struct str like, char name[64], struct err *err) MUST_USE;

// Appends an object for the same machine with `code_bytes` of no-operations in .text and `data_bytes` zeros
// in .rodata, both unaligned: put first in a link it moves what follows.
void object_pad(const struct object_summary *like, size_t code_bytes, size_t data_bytes, struct buf *out);

#endif
