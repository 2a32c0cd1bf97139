// SPDX-License-Identifier: Apache-2.0
#include "steps/shared/hotspot/hotspot_table.h"

static const char *const migrations[] = {
    "CREATE TABLE hotspot ("
    " run TEXT NOT NULL, step TEXT NOT NULL, rank INTEGER NOT NULL,"
    " function TEXT NOT NULL, file TEXT NOT NULL, line INTEGER,"
    " share REAL NOT NULL, share_low REAL NOT NULL, share_high REAL NOT NULL,"
    " samples INTEGER, usd_per_year REAL, record TEXT NOT NULL,"
    " PRIMARY KEY (run, step, rank)) STRICT",
    NULL,
};

static const struct table_statement statements[] = {
    {"hotspot.insert",
     "INSERT OR REPLACE INTO hotspot (run, step, rank, function, file, line, share, share_low,"
     " share_high, samples, usd_per_year, record)"
     " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)"},
    {"hotspot.list", "SELECT * FROM hotspot WHERE run = ?1 ORDER BY step, rank"},
    {NULL, NULL},
};

static const char *const step_tables[] = {"hotspot", NULL};

const struct table_set table_hotspot = {"hotspot", migrations, statements, step_tables};
