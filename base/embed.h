// SPDX-License-Identifier: Apache-2.0
// Files of the source tree as texts in the program.
#ifndef ATOLL_BASE_EMBED_H
#define ATOLL_BASE_EMBED_H

// Declares `name`, a text that ends with a NUL: the file, a path from the source tree's root, as it was when
// this was compiled.
#define EMBED(name, file)                                                                      \
    __asm__(".pushsection .rodata\n" #name ":\n.incbin \"" file "\"\n.byte 0\n.popsection\n"); \
    extern const char name[] __attribute__((visibility("hidden")))

#endif
