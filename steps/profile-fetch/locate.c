// SPDX-License-Identifier: Apache-2.0
#include "steps/profile-fetch/locate.h"

#include <string.h>

struct locator {
    struct arena *arena;
    const struct profile *profile;
    struct tree *tree;
    struct place *places;
    struct map roots;  // what stood in front of the path of a file that defines what it should
    struct str *paths; // normal form of each name that is a file
    locate_prefers prefers;
    void *context;
};

static bool
S_is_system(struct str object)
{
    static const char *const libraries[] = {
        "libc.so",      "libc-",   "libm.so",   "libpthread", "libstdc++", "libgcc_s",
        "ld-linux",     "ld-musl", "libdl.so",  "librt.so",   "ld-2",      "libc.musl",
        "[kernel.kall", "[vdso]",  "[vsyscall", "[guest",     "vmlinux",   "libc++"};
    ptrdiff_t slash = str_rfind_byte(object, '/');
    struct str base = str_from(object, (size_t)(slash + 1));
    for (size_t i = 0; i < sizeof(libraries) / sizeof(libraries[0]); i++)
        if (str_starts(base, str_of(libraries[i])))
            return true;
    return false;
}

static bool
S_preferred(const struct locator *locator, uint32_t file)
{
    return !locator->prefers || locator->prefers(locator->context, locator->tree->files.items[file].path);
}

static void
S_settle(struct place *place, const struct tree_definition *definition)
{
    place->file = definition->file;
    place->line = definition->line;
    place->line_end = definition->line_end;
    place->local = definition->local;
    place->helper = definition->helper;
    place->missing = place->ambiguous = false;
}

static struct str
S_path(struct locator *locator, uint32_t name)
{
    if (!locator->paths[name].ptr)
        locator->paths[name] = tree_normal_path(locator->arena, locator->profile->names.items[name]);
    return locator->paths[name];
}

static struct str
S_name_in(struct locator *locator, const struct profile_function *function, uint32_t file)
{
    return definition_name_of(locator->arena, function->name, locator->tree->files.items[file].language);
}

// Looks a function up in the files that a path ends like. True when one of them defines it.
static bool
S_by_path(struct locator *locator, const struct profile_function *function, uint32_t path_name,
          struct place *place)
{
    struct tree_match matches[TREE_MAX_MATCHES];
    struct str path = S_path(locator, path_name);
    size_t count = tree_match(locator->tree, path, matches), chosen = count;
    for (size_t i = 0; i < count; i++) {
        struct str name = S_name_in(locator, function, matches[i].file);
        if (!tree_find(locator->tree, matches[i].file, name))
            continue;
        if (chosen == count ||
            (S_preferred(locator, matches[i].file) && !S_preferred(locator, matches[chosen].file)))
            chosen = i;
    }
    if (chosen == count)
        return false;
    place->name = S_name_in(locator, function, matches[chosen].file);
    S_settle(place, tree_find(locator->tree, matches[chosen].file, place->name));
    if (matches[chosen].whole)
        map_set(&locator->roots, str_head(path, matches[chosen].root_bytes), locator);
    return true;
}

// The C definition of a name: the only one, or the only one among the preferred files.
static void
S_by_name(struct locator *locator, struct place *place)
{
    const struct tree_definition *first = tree_find_anywhere(locator->tree, place->name);
    if (!first)
        return;
    size_t all = 0, preferred = 0;
    const struct tree_definition *one = first;
    for (const struct tree_definition *each = first;; each = &locator->tree->definitions.items[each->next]) {
        all++;
        if (S_preferred(locator, each->file)) {
            preferred++;
            one = each;
        }
        if (each->next == TREE_NONE || all > TREE_MAX_MATCHES)
            break;
    }
    if (all == 1 || preferred == 1)
        S_settle(place, one);
    else
        place->ambiguous = true;
}

// A function that was not found, in a file that is the repository's beyond doubt.
static void
S_missing(struct locator *locator, const struct profile_function *function, struct place *place)
{
    struct tree_match matches[TREE_MAX_MATCHES];
    struct str path = S_path(locator, function->file);
    if (tree_match(locator->tree, path, matches) != 1 || !matches[0].whole ||
        !map_has(&locator->roots, str_head(path, matches[0].root_bytes)))
        return;
    if (matches[0].root_bytes == 0 && path.len != strlen(locator->tree->files.items[matches[0].file].path))
        return;
    place->name = S_name_in(locator, function, matches[0].file);
    place->file = matches[0].file;
    place->line = function->line;
    place->missing = true;
}

// Source lines of frames settle what the name alone could not.
static void
S_by_frames(struct locator *locator)
{
    const struct profile *profile = locator->profile;
    uint32_t *tried = ARENA_ARRAY(locator->arena, uint32_t, profile->functions.count);
    for (size_t i = 0; i < profile->frames.count; i++) {
        const struct profile_frame *frame = &profile->frames.items[i];
        const struct profile_function *function = &profile->functions.items[frame->function];
        struct place *place = &locator->places[frame->function];
        if (place->file != TREE_NONE || function->file != 0 || frame->file == 0 ||
            tried[frame->function] == frame->file || S_is_system(profile->names.items[function->object]))
            continue;
        tried[frame->function] = frame->file;
        (void)S_by_path(locator, function, frame->file, place);
    }
}

struct place *
locate_all(struct arena *arena, const struct profile *profile, struct tree *tree, locate_prefers prefers,
           void *context)
{
    struct locator locator = {
        .arena = arena, .profile = profile, .tree = tree, .prefers = prefers, .context = context};
    locator.places = ARENA_ARRAY(arena, struct place, profile->functions.count);
    locator.paths = ARENA_ARRAY(arena, struct str, profile->names.count);
    for (size_t i = 0; i < profile->functions.count; i++) {
        const struct profile_function *function = &profile->functions.items[i];
        struct place *place = &locator.places[i];
        enum definition_language language = definition_language_of(profile->names.items[function->file]);
        *place = (struct place){.name = definition_name_of(arena, function->name, language),
                                .file = TREE_NONE,
                                .line = function->line};
        if (S_is_system(profile->names.items[function->object]))
            continue;
        if (function->file != 0)
            (void)S_by_path(&locator, function, function->file, place);
        else
            S_by_name(&locator, place);
    }
    S_by_frames(&locator);
    for (size_t i = 0; i < profile->functions.count; i++)
        if (locator.places[i].file == TREE_NONE && profile->functions.items[i].file != 0)
            S_missing(&locator, &profile->functions.items[i], &locator.places[i]);
    map_release(&locator.roots);
    return locator.places;
}
