// SPDX-License-Identifier: Apache-2.0
// The courier: a process beside the supervisor that fetches and publishes the state (workflow/publication.h)
// and brings messages from outside into the inbox (workflow/inbox.h). What comes from a network is read
// there, and the supervisor never waits for one while it works. One process, one errand: it reads a request
// from its socket, does it, answers and ends.
//
// Request: {"do": "fetch" | "publish", "carrier", "repository", "cache", "state", "owner", "supervisor": its
// pid, "published": as published_json, and
//   fetch:    "have": whether there is a state here, "take_over"
//   publish:  "lineage", "until_ns", "give_up": nobody works on it from now on}
// Answer: {"published", "messages": taken in, and
//   fetch:    "found", "fetched", "stale": where a state went that is no longer the newest, or null
//   publish:  "chunks", "uploaded", "uploaded_bytes"}, or {"error": {"kind", "message"}, "published"}.
// Fetch: ERR_LOCKED when somebody else works on it, ERR_CONFLICT when there are two states that do not belong
// together.
#ifndef ATOLL_WORKFLOW_COURIER_H
#define ATOLL_WORKFLOW_COURIER_H

// The life of a courier with its socket on `fd`. Returns the exit code: 0 when it answered.
int courier_process_main(int fd);

#endif
