// SPDX-License-Identifier: Apache-2.0
#include "cmd/comparison.h"

#include <math.h>

enum { EXIT_SLOWER = 10, EXIT_INCONCLUSIVE = 11, EXIT_DIFFERS = 12 };

#define MANY_TIMES 1.95   // from here on a factor says more than per cent
#define ROOM 1.3          // of a predicted time
#define SECONDS_MAX 86400 // beyond, a prediction is of no use

static const struct {
    const char *name;
    int badness, exit_code;
} verdicts[] = {
    [COMPARISON_FASTER] = {"faster", 0, 0},
    [COMPARISON_EQUIVALENT] = {"equivalent", 1, 0},
    [COMPARISON_INCONCLUSIVE] = {"inconclusive", 2, EXIT_INCONCLUSIVE},
    [COMPARISON_SLOWER] = {"slower", 3, EXIT_SLOWER},
    [COMPARISON_DIFFERS] = {"differs", 4, EXIT_DIFFERS},
};

const char *
comparison_verdict_name(enum comparison_verdict verdict)
{
    return verdicts[verdict].name;
}

static const struct comparison *
worst_of(const struct comparison_report *report)
{
    const struct comparison *worst = &report->items[0];
    for (size_t i = 1; i < report->count; i++)
        if (verdicts[report->items[i].verdict].badness > verdicts[worst->verdict].badness)
            worst = &report->items[i];
    return worst;
}

enum comparison_verdict
comparison_worst(const struct comparison_report *report)
{
    return worst_of(report)->verdict;
}

int
comparison_exit_code(const struct comparison_report *report)
{
    return verdicts[comparison_worst(report)].exit_code;
}

// ---- for people
// ------------------------------------------------------------------------------------------------

// As many digits behind the point as the interval is worth.
static int
digits(const struct comparison *comparison)
{
    double width = comparison->high - comparison->low;
    return width < 0.0005 ? 5 : width < 0.005 ? 4 : width < 2 ? 3 : 2;
}

static void
add_claim(const struct comparison *comparison, double within, struct buf *out)
{
    double ratio = comparison->ratio, change = fabs(100 * (ratio - 1));
    switch (comparison->verdict) {
    case COMPARISON_FASTER:
        if (ratio * MANY_TIMES > 1)
            buf_printf(out, "B is %.*f %% faster than A", change < 1 ? 2 : 1, change);
        else
            buf_printf(out, "B is %.2f times as fast as A", 1 / ratio);
        break;
    case COMPARISON_SLOWER:
        if (ratio < MANY_TIMES)
            buf_printf(out, "B is %.*f %% slower than A", change < 1 ? 2 : 1, change);
        else
            buf_printf(out, "B takes %.2f times as long as A", ratio);
        break;
    case COMPARISON_EQUIVALENT:
        buf_printf(out, "B is as fast as A within %g %%", 100 * within);
        break;
    case COMPARISON_INCONCLUSIVE:
        buf_puts(out, "undecided between A and B");
        break;
    case COMPARISON_DIFFERS:
        buf_puts(out, "B does not do what A does");
        break;
    }
}

void
comparison_sentence(const struct comparison *comparison, double within, struct buf *out)
{
    if (comparison->name[0] != '\0')
        buf_printf(out, "%s: ", comparison->name);
    add_claim(comparison, within, out);
    if (comparison->verdict == COMPARISON_DIFFERS)
        return;
    int places = digits(comparison);
    buf_puts(out, " (");
    if (comparison->launches > 0)
        buf_printf(out, "ratio %.*f, ", places, comparison->ratio);
    if (isfinite(comparison->high))
        buf_printf(out, "95 %% interval %.*f .. %.*f, ", places, comparison->low, places, comparison->high);
    buf_printf(out, "%zu launch%s, %.1f s)", comparison->launches, comparison->launches == 1 ? "" : "es",
               comparison->seconds);
}

// The smallest margin, in whole per cent, that all undecided intervals fit into; NAN when there is none.
static double
wider_margin_pct(const struct comparison_report *report)
{
    double reach = 0;
    for (size_t i = 0; i < report->count; i++) {
        const struct comparison *item = &report->items[i];
        if (item->verdict == COMPARISON_INCONCLUSIVE)
            reach = fmax(reach, fmax(item->high - 1, 1 / item->low - 1));
    }
    return reach < 0.2 ? ceil(100 * reach + 0.5) : NAN;
}

static size_t
fewest_launches(const struct comparison_report *report)
{
    size_t fewest = SIZE_MAX;
    for (size_t i = 0; i < report->count; i++)
        fewest = report->items[i].launches < fewest ? report->items[i].launches : fewest;
    return fewest;
}

void
comparison_hint(const struct comparison_report *report, struct buf *out)
{
    double needed_s = ROOM * (double)report->launches_min * report->launch_seconds;
    double margin_pct = wider_margin_pct(report);
    if (comparison_worst(report) != COMPARISON_INCONCLUSIVE && !report->refused)
        return;
    if (report->trouble != NULL) {
        buf_puts(out, report->trouble);
    } else if (report->refused) {
        buf_puts(out, "a command differs from itself here: something disturbs this machine in a way that no "
                      "statistics undo; compare again when it is quieter");
    } else if (report->cancelled) {
        buf_puts(out, "interrupted before the verdict");
    } else if (fewest_launches(report) < report->launches_min && isfinite(needed_s)) {
        buf_printf(out, "a verdict takes at least %zu launches, here about %.0f s: --max-seconds %.0f",
                   report->launches_min, ceil(needed_s), ceil(fmax(needed_s, report->seconds + 1)));
    } else if (isfinite(report->seconds_left) && report->seconds_left < SECONDS_MAX) {
        double whole_s = ceil(report->seconds + ROOM * report->seconds_left);
        buf_printf(out, "at this noise about %.0f s more would decide: --max-seconds %.0f",
                   ceil(report->seconds_left), whole_s);
        if (isfinite(margin_pct))
            buf_printf(out, "; or ask for less: --within %.0f%%", margin_pct);
    } else if (isfinite(margin_pct)) {
        buf_printf(out, "the difference is too near the margin to tell: --within %.0f%%", margin_pct);
    } else {
        buf_puts(out, "more time is needed: --max-seconds; or a quieter machine");
    }
}

// ---- for programs
// ------------------------------------------------------------------------------------------------

static json_t *
real_or_null(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *
one_json(const struct comparison *comparison)
{
    bool known = comparison->launches > 0, bounded = isfinite(comparison->high);
    return json_pack(
        "{s:s, s:o, s:o, s:o, s:I, s:f, s:{s:I, s:I}}", "verdict", verdicts[comparison->verdict].name,
        "ratio", known ? real_or_null(comparison->ratio) : json_null(), "low",
        bounded ? json_real(comparison->low) : json_null(), "high", real_or_null(comparison->high),
        "launches", (json_int_t)comparison->launches, "seconds", comparison->seconds, "aa", "different",
        (json_int_t)comparison->aa.different, "of", (json_int_t)comparison->aa.of);
}

json_t *
comparison_json(const struct comparison_report *report)
{
    struct comparison whole = *worst_of(report);
    whole.seconds = report->seconds;
    whole.aa.different = whole.aa.of = 0;
    json_t *list = json_array();
    for (size_t i = 0; i < report->count; i++) {
        const struct comparison *item = &report->items[i];
        whole.launches = item->launches > whole.launches ? item->launches : whole.launches;
        whole.aa.different += item->aa.different;
        whole.aa.of += item->aa.of;
        json_t *json = one_json(item), *named = json_object();
        json_set_text(named, "name", item->name);
        json_object_update(named, json);
        json_decref(json);
        json_array_append_new(list, named);
    }
    json_t *json = one_json(&whole);
    if (report->items[0].name[0] != '\0')
        json_object_set(json, "benchmarks", list);
    if (report->difference != NULL)
        json_set_text(json, "difference", report->difference);
    json_decref(list);
    return json;
}
