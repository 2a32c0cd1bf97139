// SPDX-License-Identifier: Apache-2.0
#include "steps/shared/candidate/aa.h"

#include "base/stats.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define RATE_MAX 0.01
#define CONFIDENCE 0.95

int
aa_read(struct step *step, const char *host, struct aa *aa, struct err *err)
{
    json_t *rows = NULL;
    if (journal_rows(step, "comparison.pool", json_pack("[s]", host), &rows, err) != 0)
        return -1;
    const json_t *row = json_array_get(rows, 0);
    *aa = (struct aa){
        .different = (uint64_t)json_get_int(row, "different", 0),
        .of = (uint64_t)json_get_int(row, "of", 0),
        .comparisons = (uint64_t)json_get_int(row, "comparisons", 0),
    };
    json_decref(rows);
    return 0;
}

int
aa_note(struct step *step, const struct aa_comparison *comparison, struct aa *aa, struct err *err)
{
    aa->comparisons++;
    aa->of += comparison->is_aa;
    aa->different += comparison->is_aa && comparison->different;
    json_t *row =
        json_pack("[s, s, s, s, s, i, i]", comparison->host, step->run_id, step->id, comparison->candidate,
                  comparison->kind, comparison->is_aa, comparison->different);
    return journal_store(step, "comparison.put", row, err);
}

void
aa_next_kind(const struct aa *aa, char kind[24])
{
    snprintf(kind, 24, "aa%" PRIu64, aa->of + 1);
}

bool
aa_is_kind(const char *kind)
{
    return strncmp(kind, "aa", 2) == 0;
}

bool
aa_is_due(const struct aa *aa)
{
    return aa->of * AA_EVERY <= aa->comparisons || (aa->different == 1 && aa->of < AA_ENOUGH);
}

bool
aa_refuses(const struct aa *aa, char reason[200])
{
    double lower = stats_binomial_lower(aa->different, aa->of, CONFIDENCE);
    if (lower <= RATE_MAX)
        return false;
    snprintf(reason, 200,
             "%" PRIu64 " of %" PRIu64
             " A/A comparisons on this class of host were called different (at least %.1f"
             " %%, 1 %% is allowed): no verdict",
             aa->different, aa->of, 100 * lower);
    return true;
}
