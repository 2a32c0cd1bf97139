// SPDX-License-Identifier: Apache-2.0
// The hotspots a run found, in table `hotspot` of the state, one row a function.
// Statements: hotspot.insert (run, step, rank from 1, function, file, line, share, share_low, share_high,
// samples, usd_per_year, record as JSON text), where a second insert of a rank replaces the first;
// hotspot.list (run) gives all columns, hottest first.
#ifndef ATOLL_STEPS_SHARED_HOTSPOT_HOTSPOT_TABLE_H
#define ATOLL_STEPS_SHARED_HOTSPOT_HOTSPOT_TABLE_H

#include "workflow/step.h"

// Migrations and statements; static.
extern const struct table_set table_hotspot;

#endif
