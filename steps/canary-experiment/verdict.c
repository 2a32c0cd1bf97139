// SPDX-License-Identifier: Apache-2.0
#include "steps/canary-experiment/verdict.h"

#include "base/eprocess.h"
#include "base/stats.h"

#include <math.h>
#include <string.h>

#define PRIOR_WEIGHT .2
#define ALPHA .05

static const char *const decision_names[] = {
    [DECISION_ADVANCE] = "advance", [DECISION_ROLLBACK] = "rollback", [DECISION_HOLD] = "hold"};

static const struct {
    const char *name;
    enum decision decision;
    const char *reason;
} obstacles[] = {
    [OBSTACLE_NONE] = {"none", DECISION_HOLD, ""},
    [OBSTACLE_NO_TRAFFIC] = {"no-traffic", DECISION_HOLD, "no captured traffic"},
    [OBSTACLE_TOO_SHORT] = {"too-short", DECISION_HOLD, "too little CPU time to compare"},
    [OBSTACLE_CONTROL_FAILS] = {"control-fails", DECISION_HOLD, "the service fails with the flag off"},
    [OBSTACLE_CONTROL_VARIES] = {"control-varies", DECISION_HOLD,
                                 "answers differ between two runs with the flag off"},
    [OBSTACLE_TREATMENT_FAILS] = {"treatment-fails", DECISION_ROLLBACK, "the service fails with the flag on"},
    [OBSTACLE_OUTPUT_DIFFERS] = {"output-differs", DECISION_ROLLBACK, "answers differ with the flag on"},
};

const char *
decision_name(enum decision decision)
{
    return decision_names[decision];
}

struct speedup
shadow_speedup(const struct shadow *shadow)
{
    struct eprocess process;
    eprocess_init(&process, PRIOR_WEIGHT);
    for (size_t i = 0; i + ROUND_QUADS <= shadow->quads; i += ROUND_QUADS) {
        double round[ROUND_QUADS];
        memcpy(round, shadow->log_ratios + i, sizeof(round));
        eprocess_add(&process, stats_median(round, ROUND_QUADS));
    }
    struct speedup speedup = {exp(process.mean), 0, HUGE_VAL, process.count > 0};
    double low, high;
    if (eprocess_interval(&process, ALPHA, &low, &high)) {
        speedup.low = exp(low);
        speedup.high = exp(high);
    }
    return speedup;
}

bool
shadow_settled(const struct shadow *shadow)
{
    if (shadow->obstacle != OBSTACLE_NONE)
        return true;
    struct speedup speedup = shadow_speedup(shadow);
    return shadow->quads >= QUADS_MIN && (speedup.low > 1 || speedup.high < 1);
}

static double
median_of(const double *values, size_t count)
{
    double sorted[2 * QUADS_MAX];
    if (count == 0)
        return 0;
    memcpy(sorted, values, count * sizeof(*values));
    return stats_median(sorted, count);
}

static void
judge_speed(const struct shadow *shadow, double margin, struct arena *arena, struct verdict *verdict)
{
    struct speedup speedup = verdict->speedup;
    verdict->decision = DECISION_HOLD;
    if (shadow->quads < QUADS_MIN) {
        verdict->reason =
            arena_printf(arena, "%zu quads measured, %d are needed", shadow->quads, (int)QUADS_MIN);
    } else if (speedup.high < 1) {
        verdict->decision = DECISION_ROLLBACK;
        verdict->reason =
            arena_printf(arena, "slower: %.3fx (%.3f to %.3f)", speedup.estimate, speedup.low, speedup.high);
    } else if (speedup.low > 1) {
        verdict->decision = DECISION_ADVANCE;
        verdict->reason = arena_printf(arena, "answers equal, faster: %.3fx (%.3f to %.3f)", speedup.estimate,
                                       speedup.low, speedup.high);
    } else if (speedup.low >= 1 - margin) {
        verdict->reason = arena_printf(
            arena, "no harm beyond %.1f %%, but no saving within %zu quads: %.3fx (%.3f to %.3f)",
            100 * margin, shadow->quads, speedup.estimate, speedup.low, speedup.high);
    } else {
        verdict->reason = arena_printf(arena, "undecided within %zu quads: %.3fx (%.3f to %.3f)",
                                       shadow->quads, speedup.estimate, speedup.low, speedup.high);
    }
}

void
shadow_judge(const struct shadow *shadow, double margin, struct arena *arena, struct verdict *verdict)
{
    *verdict = (struct verdict){
        .speedup = shadow_speedup(shadow),
        .control_s = median_of(shadow->control_s, 2 * shadow->quads),
        .treatment_s = median_of(shadow->treatment_s, 2 * shadow->quads),
    };
    if (shadow->obstacle == OBSTACLE_NONE) {
        judge_speed(shadow, margin, arena, verdict);
        return;
    }
    verdict->decision = obstacles[shadow->obstacle].decision;
    verdict->reason = arena_printf(arena, "%s%s%s", obstacles[shadow->obstacle].reason,
                                   *shadow->detail != '\0' ? ": " : "", shadow->detail);
}

static json_t *
numbers(const double *values, size_t count)
{
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, json_real(values[i]));
    return list;
}

static void
read_numbers(const json_t *list, double *values, size_t count)
{
    for (size_t i = 0; i < count; i++)
        values[i] = json_number_value(json_array_get(list, i));
}

json_t *
shadow_json(const struct shadow *shadow)
{
    json_t *json =
        json_pack("{s:s, s:I, s:o, s:o, s:o}", "obstacle", obstacles[shadow->obstacle].name, "output_bytes",
                  (json_int_t)shadow->output_bytes, "log_ratios", numbers(shadow->log_ratios, shadow->quads),
                  "control_s", numbers(shadow->control_s, 2 * shadow->quads), "treatment_s",
                  numbers(shadow->treatment_s, 2 * shadow->quads));
    json_set_text(json, "detail", shadow->detail);
    return json;
}

void
shadow_from_json(const json_t *json, struct arena *arena, struct shadow *shadow)
{
    *shadow = (struct shadow){.detail = arena_dup(arena, json_get_text(json, "detail", ""))};
    const char *name = json_get_text(json, "obstacle", "none");
    for (size_t i = 0; i < sizeof(obstacles) / sizeof(obstacles[0]); i++)
        if (strcmp(obstacles[i].name, name) == 0)
            shadow->obstacle = (enum obstacle)i;
    const json_t *ratios = json_object_get(json, "log_ratios");
    size_t quads = json_array_size(ratios);
    shadow->quads = quads < QUADS_MAX ? quads : QUADS_MAX;
    shadow->output_bytes = (size_t)json_get_int(json, "output_bytes", 0);
    read_numbers(ratios, shadow->log_ratios, shadow->quads);
    read_numbers(json_object_get(json, "control_s"), shadow->control_s, 2 * shadow->quads);
    read_numbers(json_object_get(json, "treatment_s"), shadow->treatment_s, 2 * shadow->quads);
}
