// SPDX-License-Identifier: Apache-2.0
// Cuts a stream of bytes into lines for the service, however the bytes arrive.
#ifndef TAGD_LINES_H
#define TAGD_LINES_H

#include "service.h"

#include <stdbool.h>
#include <stddef.h>

// The line that is being put together.
struct lines {
    struct service *service;
    size_t len;
    bool too_long;
    char line[SERVICE_LINE_MAX];
};

// Begins with no line. Borrows `service`; nothing to release.
void lines_init(struct lines *lines, struct service *service);

// Takes the next bytes of the stream and answers every line that ends in them.
void lines_feed(struct lines *lines, const char *data, size_t len);

// The stream is over: answers a last line without a newline.
void lines_finish(struct lines *lines);

#endif
