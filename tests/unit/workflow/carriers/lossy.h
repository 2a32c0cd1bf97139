// SPDX-License-Identifier: Apache-2.0
// A carrier around another one, over a connection that breaks: before a call takes place, or after it did and
// only its answer is lost.
#ifndef ATOLL_TESTS_LOSSY_H
#define ATOLL_TESTS_LOSSY_H

#include "tests/unit/workflow/carriers/places.h"
#include "workflow/carriers/ops.h"

struct lossy {
    struct carrier *inner;
    bool done;                // the call takes place before it fails
    int spare;                // how many calls go well before
    int lose;                 // how many calls fail then
    void (*before_get)(void); // called once
};

static int
lose(struct lossy *lossy, int status, struct err *error)
{
    if (lossy->spare > 0 || lossy->lose == 0) {
        lossy->spare -= lossy->spare > 0;
        return status;
    }
    lossy->lose--;
    return err_set(error, ERR_NET, "the connection broke");
}

// Runs the call unless it is one that fails before.
#define LOSSY(self, call) \
    (lose(self, (self)->lose > 0 && (self)->spare == 0 && !(self)->done ? 0 : (call), error))

static void
lossy_close(void *self)
{
    (void)self;
}

static int
lossy_has(void *self, const char *hash, bool *there, struct err *error)
{
    return LOSSY((struct lossy *)self, carrier_has(((struct lossy *)self)->inner, hash, there, error));
}

static int
lossy_put(void *self, const char *hash, struct str content, struct err *error)
{
    (void)hash;
    struct carrier_hash given;
    return LOSSY((struct lossy *)self, carrier_put(((struct lossy *)self)->inner, content, &given, error));
}

static int
lossy_get(void *self, const char *hash, struct buf *content, struct err *error)
{
    struct lossy *lossy = self;
    void (*hook)(void) = lossy->before_get;
    lossy->before_get = NULL;
    if (hook)
        hook();
    return LOSSY((struct lossy *)self, carrier_get(((struct lossy *)self)->inner, hash, content, error));
}

static int
lossy_load(void *self, struct carrier_version *version, struct buf *head, struct err *error)
{
    return LOSSY((struct lossy *)self, carrier_load(((struct lossy *)self)->inner, version, head, error));
}

static int
lossy_look(void *self, struct carrier_version *version, struct err *error)
{
    AUTO_BUF head = BUF(CARRIER_HEAD_MAX_BYTES);
    return LOSSY((struct lossy *)self, carrier_load(((struct lossy *)self)->inner, version, &head, error));
}

static int
lossy_swap(void *self, const struct carrier_version *expect, struct str head, const struct carrier_hash *live,
           size_t count, struct carrier_version *now, struct err *error)
{
    struct lossy *lossy = self;
    return LOSSY(lossy, carrier_swap(lossy->inner, expect, head, live, count, now, error));
}

static int
lossy_message_put(void *self, const char *id, struct str text, struct err *error)
{
    return LOSSY((struct lossy *)self, carrier_message_put(((struct lossy *)self)->inner, id, text, error));
}

static int
lossy_message_list(void *self, int (*add)(void *context, const char *id, struct err *error), void *context,
                   struct err *error)
{
    struct lossy *lossy = self;
    const char **ids;
    size_t count = 0;
    int status = LOSSY(lossy, carrier_message_list(lossy->inner, &arena, &ids, &count, error));
    for (size_t i = 0; status == 0 && i < count; i++)
        status = add(context, ids[i], error);
    return status;
}

static int
lossy_message_get(void *self, const char *id, struct buf *text, struct err *error)
{
    return LOSSY((struct lossy *)self, carrier_message_get(((struct lossy *)self)->inner, id, text, error));
}

static int
lossy_message_drop(void *self, const char *id, struct err *error)
{
    return LOSSY((struct lossy *)self, carrier_message_drop(((struct lossy *)self)->inner, id, error));
}

static const struct carrier_ops lossy_ops = {
    "lossy",
    "lossy",
    NULL,
    lossy_close,
    lossy_has,
    lossy_put,
    lossy_get,
    lossy_load,
    lossy_look,
    lossy_swap,
    lossy_message_put,
    lossy_message_list,
    lossy_message_get,
    lossy_message_drop,
};

#endif
