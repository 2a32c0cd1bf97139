// SPDX-License-Identifier: Apache-2.0
#include "steps/shared/target/object.h"

#include "base/hash.h"

#include <elf.h>
#include <stdio.h>
#include <string.h>

struct object {
    struct str bytes;
    Elf64_Ehdr header;
};

static int
malformed(struct err *err)
{
    return err_set(err, ERR_PARSE, "the compiler's output is no well-formed ELF64 object");
}

// Copies a record, so that alignment does not matter. False when it lies outside.
static bool
copy_at(const struct object *object, uint64_t offset, void *out, size_t size)
{
    if (offset > object->bytes.len || size > object->bytes.len - offset)
        return false;
    memcpy(out, object->bytes.ptr + offset, size);
    return true;
}

static bool
section_at(const struct object *object, size_t index, Elf64_Shdr *section)
{
    return index < object->header.e_shnum &&
           copy_at(object, object->header.e_shoff + index * sizeof *section, section, sizeof *section);
}

static bool
content_of(const struct object *object, const Elf64_Shdr *section, struct str *content)
{
    *content = (struct str){0};
    if (section->sh_type == SHT_NOBITS)
        return true;
    if (section->sh_offset > object->bytes.len || section->sh_size > object->bytes.len - section->sh_offset)
        return false;
    *content = str_n(object->bytes.ptr + section->sh_offset, section->sh_size);
    return true;
}

// The terminated text at `offset` of a string section.
static bool
text_at(const struct object *object, size_t section_index, uint64_t offset, struct str *text)
{
    Elf64_Shdr section;
    struct str strings;

    if (!section_at(object, section_index, &section) || section.sh_type != SHT_STRTAB ||
        !content_of(object, &section, &strings) || offset >= strings.len)
        return false;
    *text = str_from(strings, offset);
    ptrdiff_t end = str_find_byte(*text, '\0');
    if (end < 0)
        return false;
    text->len = (size_t)end;
    return true;
}

// Whether a section's content is part of what runs: code and data, without unwind tables and notes.
static bool
is_hashed(const struct object *object, const Elf64_Shdr *section)
{
    struct str name;

    if ((section->sh_flags & SHF_ALLOC) == 0 || section->sh_size == 0)
        return false;
    if (section->sh_type != SHT_PROGBITS && section->sh_type != SHT_NOBITS &&
        section->sh_type != SHT_INIT_ARRAY && section->sh_type != SHT_FINI_ARRAY)
        return false;
    return text_at(object, object->header.e_shstrndx, section->sh_name, &name) &&
           !str_starts(name, STR(".eh_frame"));
}

// The place of a section among the hashed ones, so that sections that come and go (debug information) don't
// count.
static uint64_t
rank_of(const struct object *object, size_t index)
{
    uint64_t rank = 0;
    Elf64_Shdr section;

    for (size_t i = 0; i < index && section_at(object, i, &section); i++)
        rank += is_hashed(object, &section);
    return rank;
}

static void
add_number(struct hasher *hasher, uint64_t value)
{
    hasher_add(hasher, &value, sizeof value);
}

// What a relocation refers to: a place in this object, or a name outside of it.
static bool
add_symbol(const struct object *object, const Elf64_Shdr *relocations, uint64_t index, struct hasher *hasher)
{
    Elf64_Shdr table;
    Elf64_Sym symbol;
    struct str name;

    if (!section_at(object, relocations->sh_link, &table) || table.sh_type != SHT_SYMTAB ||
        index >= table.sh_size / sizeof symbol ||
        !copy_at(object, table.sh_offset + index * sizeof symbol, &symbol, sizeof symbol))
        return false;
    if (symbol.st_shndx == SHN_UNDEF || symbol.st_shndx >= SHN_LORESERVE) {
        if (!text_at(object, table.sh_link, symbol.st_name, &name))
            return false;
        add_number(hasher, UINT64_MAX);
        hasher_add(hasher, name.ptr, name.len);
        return true;
    }
    add_number(hasher, rank_of(object, symbol.st_shndx));
    add_number(hasher, symbol.st_value);
    return true;
}

static bool
add_relocations(const struct object *object, const Elf64_Shdr *relocations, struct hasher *hasher)
{
    Elf64_Rela entry;
    size_t count = relocations->sh_size / sizeof entry;

    for (size_t i = 0; i < count; i++) {
        if (!copy_at(object, relocations->sh_offset + i * sizeof entry, &entry, sizeof entry))
            return false;
        add_number(hasher, entry.r_offset);
        add_number(hasher, ELF64_R_TYPE(entry.r_info));
        add_number(hasher, (uint64_t)entry.r_addend);
        if (!add_symbol(object, relocations, ELF64_R_SYM(entry.r_info), hasher))
            return false;
    }
    return true;
}

// Constants with addresses in them are written once, by the loader.
static bool
is_relocated_constant(const struct object *object, const Elf64_Shdr *section)
{
    struct str name;

    return text_at(object, object->header.e_shstrndx, section->sh_name, &name) &&
           str_starts(name, STR(".data.rel.ro"));
}

static bool
add_section(const struct object *object, const Elf64_Shdr *section, struct object_summary *summary,
            struct hasher *hasher)
{
    Elf64_Shdr target;
    struct str content;

    if (section->sh_type == SHT_RELA && section_at(object, section->sh_info, &target) &&
        is_hashed(object, &target)) {
        add_number(hasher, rank_of(object, section->sh_info));
        return add_relocations(object, section, hasher);
    }
    if (!is_hashed(object, section))
        return true;
    if (!content_of(object, section, &content))
        return false;
    if (section->sh_flags & SHF_EXECINSTR)
        summary->code_bytes += content.len;
    if (section->sh_type == SHT_INIT_ARRAY || section->sh_type == SHT_FINI_ARRAY)
        summary->starts = true;
    else if ((section->sh_flags & SHF_WRITE) && !is_relocated_constant(object, section))
        summary->state_bytes += section->sh_size;
    add_number(hasher, section->sh_flags);
    add_number(hasher, section->sh_size);
    add_number(hasher, section->sh_addralign);
    hasher_add(hasher, content.ptr, content.len);
    return true;
}

static bool
read_header(struct object *object)
{
    const Elf64_Ehdr *h = &object->header;

    return copy_at(object, 0, &object->header, sizeof object->header) &&
           memcmp(h->e_ident, ELFMAG, SELFMAG) == 0 && h->e_ident[EI_CLASS] == ELFCLASS64 &&
           h->e_ident[EI_DATA] == ELFDATA2LSB && h->e_type == ET_REL &&
           h->e_shentsize == sizeof(Elf64_Shdr) && h->e_shnum > 0 && h->e_shoff < object->bytes.len;
}

int
object_summarise(struct str bytes, struct object_summary *summary, struct err *err)
{
    struct object object = {.bytes = bytes};
    struct hash hash;
    bool ok = true;

    *summary = (struct object_summary){0};
    if (!read_header(&object))
        return malformed(err);
    summary->machine = object.header.e_machine;
    summary->flags = object.header.e_flags;
    struct hasher *hasher = hasher_new();
    for (size_t i = 0; ok && i < object.header.e_shnum; i++) {
        Elf64_Shdr section;
        ok = section_at(&object, i, &section) && add_section(&object, &section, summary, hasher);
    }
    hasher_finish(hasher, &hash);
    if (!ok)
        return malformed(err);
    hash_hex(&hash, summary->code_hash);
    return 0;
}

// ---- names from elsewhere
// ---------------------------------------------------------------------------------------------------------------

static const char pure_names[] =
    " _GLOBAL_OFFSET_TABLE_ __stack_chk_fail memcpy memmove memset memcmp bcmp memchr memrchr rawmemchr "
    "mempcpy "
    "__memcpy_chk __memmove_chk __memset_chk strlen strnlen strchr strrchr strchrnul strcmp strncmp strstr "
    "strspn "
    "strcspn strpbrk strcpy strncpy stpcpy memmem strcasecmp strncasecmp __strcpy_chk __strncpy_chk "
    "__stpcpy_chk "
    "isalpha isdigit isalnum isspace isupper islower isxdigit isprint ispunct toupper tolower __ctype_b_loc "
    "__ctype_tolower_loc __ctype_toupper_loc abs labs llabs fabs fabsf sqrt sqrtf floor floorf ceil ceilf "
    "trunc truncf "
    "round roundf lround llround rint rintf nearbyint fmod fmodf pow powf exp expf exp2 log logf log2 log10 "
    "sin cos "
    "tan sinf cosf tanf atan atan2 hypot fma fmaf fmin fmax ldexp frexp __popcountdi2 __clzdi2 __ctzdi2 "
    "__udivti3 "
    "__umodti3 __divti3 __modti3 __multi3 __muldi3 ";

static bool
is_pure(struct str name)
{
    char wanted[66];

    if (name.len > 63)
        return false;
    snprintf(wanted, sizeof wanted, " %" STR_FMT " ", STR_ARG(name));
    return strstr(pure_names, wanted) != NULL;
}

// Calls `take` with each undefined name until it returns false. False when the object is malformed.
static bool
each_undefined(const struct object *object, bool (*take)(void *context, struct str name), void *context)
{
    for (size_t i = 0; i < object->header.e_shnum; i++) {
        Elf64_Shdr table;
        Elf64_Sym symbol;
        struct str name;
        if (!section_at(object, i, &table))
            return false;
        if (table.sh_type != SHT_SYMTAB)
            continue;
        for (uint64_t k = 1; k < table.sh_size / sizeof symbol; k++) {
            if (!copy_at(object, table.sh_offset + k * sizeof symbol, &symbol, sizeof symbol))
                return false;
            if (symbol.st_shndx != SHN_UNDEF)
                continue;
            if (!text_at(object, table.sh_link, symbol.st_name, &name))
                return false;
            if (!take(context, name))
                return true;
        }
    }
    return true;
}

struct name_search {
    struct str name;
    bool found;
};

static bool
find_name(void *context, struct str name)
{
    struct name_search *search = context;

    search->found = str_eq(name, search->name);
    return !search->found;
}

struct foreign_search {
    const struct object *like;
    char *name;
    bool malformed;
};

static bool
find_foreign(void *context, struct str name)
{
    struct foreign_search *search = context;
    struct name_search in_like = {.name = name};

    if (is_pure(name))
        return true;
    if (!each_undefined(search->like, find_name, &in_like))
        search->malformed = true;
    else if (!in_like.found)
        snprintf(search->name, 64, "%" STR_FMT, STR_ARG(str_head(name, 63)));
    return !search->malformed && search->name[0] == '\0';
}

int
object_foreign(struct str bytes, struct str like_bytes, char name[64], struct err *err)
{
    struct object object = {.bytes = bytes}, like = {.bytes = like_bytes};
    struct foreign_search search = {.like = &like, .name = name};

    name[0] = '\0';
    if (!read_header(&object) || !read_header(&like) || !each_undefined(&object, find_foreign, &search) ||
        search.malformed)
        return malformed(err);
    return 0;
}

// ---- pads
// -------------------------------------------------------------------------------------------------------

static const char pad_names[] = "\0.text\0.rodata\0.note.GNU-stack\0.shstrtab";
enum { NAME_TEXT = 1, NAME_RODATA = 7, NAME_STACK = 15, NAME_NAMES = 31, PAD_SECTIONS = 5 };

static void
add_no_operations(uint16_t machine, size_t bytes, struct buf *out)
{
    static const unsigned char arm64[] = {0x1f, 0x20, 0x03, 0xd5};

    for (size_t i = 0; i < bytes; i++)
        buf_putc(out, machine == EM_AARCH64 ? (char)arm64[i % 4] : (char)0x90);
}

static Elf64_Shdr
pad_section(uint32_t name, uint32_t type, uint64_t flags, uint64_t offset, uint64_t size)
{
    return (Elf64_Shdr){.sh_name = name,
                        .sh_type = type,
                        .sh_flags = flags,
                        .sh_offset = offset,
                        .sh_size = size,
                        .sh_addralign = 1};
}

void
object_pad(const struct object_summary *like, size_t code_bytes, size_t data_bytes, struct buf *out)
{
    size_t code = like->machine == EM_AARCH64 ? code_bytes / 4 * 4 : code_bytes;
    uint64_t text = sizeof(Elf64_Ehdr);
    uint64_t names = text + code + data_bytes;
    size_t gap = (8 - (names + sizeof pad_names) % 8) % 8; // section headers stand aligned
    Elf64_Ehdr header = {
        .e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
        .e_type = ET_REL,
        .e_machine = like->machine,
        .e_version = EV_CURRENT,
        .e_shoff = names + sizeof pad_names + gap,
        .e_flags = like->flags,
        .e_ehsize = sizeof header,
        .e_shentsize = sizeof(Elf64_Shdr),
        .e_shnum = PAD_SECTIONS,
        .e_shstrndx = PAD_SECTIONS - 1,
    };
    Elf64_Shdr sections[PAD_SECTIONS] = {
        {0},
        pad_section(NAME_TEXT, SHT_PROGBITS, SHF_ALLOC | SHF_EXECINSTR, text, code),
        pad_section(NAME_RODATA, SHT_PROGBITS, SHF_ALLOC, text + code, data_bytes),
        pad_section(NAME_STACK, SHT_PROGBITS, 0, names, 0),
        pad_section(NAME_NAMES, SHT_STRTAB, 0, names, sizeof pad_names),
    };

    buf_add(out, &header, sizeof header);
    add_no_operations(like->machine, code, out);
    buf_extend(out, data_bytes);
    buf_add(out, pad_names, sizeof pad_names);
    buf_extend(out, gap);
    buf_add(out, sections, sizeof sections);
}
