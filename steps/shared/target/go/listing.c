// SPDX-License-Identifier: Apache-2.0
#include "steps/shared/target/go/listing.h"

#include "base/hash.h"

#include <stdio.h>
#include <string.h>

// A symbol's head is "NAME KIND [dupok] size=N ..."; its lines begin with a tab: instructions with a position
// in parentheses, bytes in hex with their text, relocations.
struct symbol {
    struct str name, kind;
    size_t bytes;
};

static bool
contains(struct str text, const char *part)
{
    return str_find(text, str_of(part)) >= 0;
}

static bool
read_head(struct str line, struct symbol *symbol)
{
    ptrdiff_t size = str_find(line, STR(" size="));
    ptrdiff_t kind = size < 0 ? -1 : str_find(str_head(line, (size_t)size), STR(" S"));

    if (kind <= 0 || line.ptr[0] == '\t')
        return false;
    struct str rest = str_from(line, (size_t)kind + 1);
    symbol->name = str_head(line, (size_t)kind);
    symbol->kind = str_cut(&rest, ' ');
    symbol->bytes = 0;
    for (const char *at = line.ptr + size + 6; at < line.ptr + line.len && *at >= '0' && *at <= '9'; at++)
        symbol->bytes = symbol->bytes * 10 + (size_t)(*at - '0');
    return true;
}

// Whether a symbol is the package's own code or data: not of the harness, not descriptions for the debugger,
// the collector or reflection.
static bool
counts(const struct symbol *symbol)
{
    static const char *const others[] = {"atoll",        "TestMain",  "gclocals",  ".arginfo",
                                         ".argliveinfo", ".wrapinfo", ".inittask", ".opendefer"};
    static const char *const foreign[] = {"type:", "go:", "runtime.", "$", "\"\""};

    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (contains(symbol->name, others[i]))
            return false;
    for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++)
        if (str_starts(symbol->name, str_of(foreign[i])))
            return false;
    return !str_starts(symbol->kind, STR("SDWARF"));
}

static bool
is_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

// Of a line of bytes the bytes ("\t0x0010 4c 8d 64 24 ..  text"); of a relocation all; else nothing.
static struct str
essence(struct str line)
{
    if (str_starts(line, STR("\trel ")))
        return contains(line, "R_USEIFACE") ? STR("") : line;
    if (!str_starts(line, STR("\t0x")) || contains(line, "\tTEXT\t") || line.len < 11 || line.ptr[7] != ' ' ||
        !is_hex(line.ptr[8]) || !is_hex(line.ptr[9]) || line.ptr[10] != ' ')
        return STR("");
    size_t end = 8;
    while (end + 2 < line.len && is_hex(line.ptr[end]) && is_hex(line.ptr[end + 1]) &&
           line.ptr[end + 2] == ' ' && end < 8 + 16 * 3)
        end += 3;
    return str_n(line.ptr + 8, end - 8);
}

// Whether an instruction's position, "(path/file.go:12)", is in this file.
static bool
is_in_file(struct str line, const char *file)
{
    ptrdiff_t open = str_find_byte(line, '('), close = str_find(line, STR(".go:"));

    if (open < 0 || close < open)
        return false;
    struct str path = str_n(line.ptr + open + 1, (size_t)(close - open) + 2);
    size_t length = strlen(file);
    return str_ends(path, str_of(file)) && (path.len == length || path.ptr[path.len - length - 1] == '/');
}

void
go_listing_summarise(struct str listing, const char *file, struct object_summary *summary)
{
    struct hasher *hasher = hasher_new();
    struct hash hash;
    struct symbol symbol = {0};
    bool inside = false, is_placed = false;

    *summary = (struct object_summary){0};
    while (listing.ptr != NULL) {
        struct str line = str_cut(&listing, '\n');
        if (read_head(line, &symbol)) {
            inside = counts(&symbol);
            is_placed = !str_is(symbol.kind, "STEXT");
            if (inside && (str_is(symbol.kind, "SBSS") || str_is(symbol.kind, "SNOPTRBSS")))
                summary->state_bytes += symbol.bytes;
            continue;
        }
        if (!inside || line.len == 0 || line.ptr[0] != '\t')
            continue;
        if (!is_placed && str_find_byte(line, '(') > 0) {
            is_placed = true;
            summary->code_bytes += is_in_file(line, file) ? symbol.bytes : 0;
        }
        struct str part = essence(line);
        hasher_add(hasher, part.ptr, part.len);
    }
    hasher_finish(hasher, &hash);
    hash_hex(&hash, summary->code_hash);
}
