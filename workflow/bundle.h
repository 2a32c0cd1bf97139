// SPDX-License-Identifier: Apache-2.0
// A state in one file that can be kept, mailed or looked into with tar: a tar.zst with two members, in this
// order:
//
//   manifest.json   {"format": 1, "what": "atoll state", "schema": 3,
//                    "members": [{"name": "state.db", "size": 1234944, "sha256": ".."}]}
//   state.db        a snapshot (workflow/snapshot.h)
//
// A bundle comes from elsewhere and is not believed: other members, links, absolute names and "..", a member
// that is not as large as the manifest says or does not have its sum, a larger format and a newer schema are
// refused, and then no state was touched.
#ifndef ATOLL_WORKFLOW_BUNDLE_H
#define ATOLL_WORKFLOW_BUNDLE_H

#include "base/err.h"
#include "base/str.h"

#define BUNDLE_FORMAT 1
#define BUNDLE_MANIFEST_MAX_BYTES 65536

struct bundle_manifest {
    int64_t schema;     // of the engine's tables
    int64_t size_bytes; // of the snapshot
    char sum[65];       // its SHA-256
};

// Writes a state, which may be in use, to `file`, through a file beside it; an older bundle is replaced.
int bundle_export(const char *state_path, const char *file, struct err *err) MUST_USE;

// Makes the state in a bundle the one at `state_path`, whose lease the caller holds (workflow/lease.h).
// ERR_CONFLICT when there is one already and `replace` is not set, ERR_LOCKED when others use it; ERR_PARSE,
// ERR_LIMIT, ERR_ENVIRONMENT for the bundle.
int bundle_import(const char *file, const char *state_path, bool replace, struct err *err) MUST_USE;

// Reads a manifest. ERR_PARSE, ERR_LIMIT for a snapshot beyond SNAPSHOT_MAX_BYTES, ERR_ENVIRONMENT for a
// newer format or schema.
int bundle_read_manifest(struct str text, struct bundle_manifest *manifest, struct err *err) MUST_USE;

#endif
