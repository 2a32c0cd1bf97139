// SPDX-License-Identifier: Apache-2.0
#include "workflow/peek.h"

#include "base/fs.h"
#include "workflow/lease.h"
#include "workflow/publication.h"
#include "workflow/state.h"

#include <stdlib.h>

static struct carrier *
open_carrier(const struct peek *peek, struct err *err)
{
    AUTO_ARENA arena = {0};
    struct carrier_options options = {.folder = peek->repository,
                                      .cache = arena_printf(&arena, "%s.carrier", peek->state_path),
                                      .host = peek->host};
    return carrier_open(peek->carrier, &options, err);
}

static int
fetch(struct carrier *carrier, const char *path, struct err *err)
{
    struct head head;
    struct published base;
    struct lease lease;
    struct err ignored;
    AUTO_ARENA arena = {0};
    if (lease_acquire(&lease, path, err) < 0)
        return -1;
    // Its log would be taken for that of the copy that comes.
    (void)!fs_remove_tree(arena_printf(&arena, "%s-wal", path), &ignored);
    (void)!fs_remove_tree(arena_printf(&arena, "%s-shm", path), &ignored);
    int result = publication_fetch(carrier, path, true, &head, &base, err);
    if (result == 0)
        result = lease_note_elsewhere(path, *head.owner ? head.until_ns : 0, err);
    lease_release(&lease);
    return result;
}

const char *
peek_fetch(const struct peek *peek, struct arena *arena, struct err *err)
{
    const char *path = arena_printf(arena, "%s.peek", peek->state_path);
    struct carrier *carrier = open_carrier(peek, err);
    int result = carrier && fs_mkdirs(fs_dir_name(arena, path), err) == 0 ? fetch(carrier, path, err) : -1;
    carrier_close(carrier);
    return result < 0 ? NULL : path;
}

int
peek_post(const struct peek *peek, const struct message *message, struct err *err)
{
    char id[27];
    struct secrets secrets = {0};
    state_secrets_of(peek->state_path, peek->host, &secrets);
    char *text = message_seal(message, peek->host, &secrets, id, err);
    secrets_release(&secrets);
    struct carrier *carrier = text ? open_carrier(peek, err) : NULL;
    int result = carrier ? carrier_message_put(carrier, id, str_of(text), err) : -1;
    carrier_close(carrier);
    free(text);
    return result;
}
