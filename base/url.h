// SPDX-License-Identifier: Apache-2.0
// URLs as they may be shown and kept. People and CI systems write tokens into them.
#ifndef ATOLL_BASE_URL_H
#define ATOLL_BASE_URL_H

#include "base/arena.h"

// The URL without user and password, of http(s) also without query and fragment: for messages, records and
// keys, never for a connection. What is no URL with "://" (a path, "git@host:path") stays as it is. In the
// arena.
const char *url_public(struct arena *arena, const char *url);

#endif
