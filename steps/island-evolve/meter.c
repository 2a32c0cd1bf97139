// SPDX-License-Identifier: Apache-2.0
#include "steps/island-evolve/meter.h"

#include "base/fs.h"
#include "base/hash.h"

#include <math.h>
#include <string.h>

#define COSTS_MAX_BYTES ((size_t)16 << 20)
#define ALPHA 0.01

static int
read_cost(struct meter *meter, struct str line, const char *path, struct arena *arena, struct err *err)
{
    AUTO_JSON *json = json_read(line, path, err);
    if (json == NULL)
        return -1;
    const char *hash = json_get_text(json, "code_hash", NULL);
    double speedup = json_get_real(json, "speedup", 0);
    if (hash == NULL || !(speedup > 0))
        return err_set(err, ERR_PARSE, "%s: a line is {\"code_hash\": \"..\", \"speedup\": 2.1}", path);
    double *value = ARENA_NEW(arena, double);
    *value = speedup;
    map_set(&meter->costs, str_of(hash), value);
    return 0;
}

int
meter_read_costs(struct meter *meter, const char *path, struct arena *arena, struct err *err)
{
    AUTO_BUF text = BUF(COSTS_MAX_BYTES);
    if (fs_read(path, COSTS_MAX_BYTES, &text, err) != 0)
        return -1;
    struct str rest = buf_str(&text);
    while (rest.ptr != NULL) {
        struct str line = str_trim(str_cut(&rest, '\n'));
        if (line.len > 0 && read_cost(meter, line, path, arena, err) != 0)
            return -1;
    }
    return 0;
}

void
meter_release(struct meter *meter)
{
    map_release(&meter->costs);
}

static double
recorded_speedup(const struct meter *meter, const struct built *candidate)
{
    const double *known = map_get(&meter->costs, str_of(candidate->code_hash));
    if (known != NULL)
        return *known;
    double bytes = (double)(candidate->code_bytes > 0 ? candidate->code_bytes : 1);
    return (double)(meter->baseline_bytes > 0 ? meter->baseline_bytes : 1) / bytes;
}

static void
run_recorded(const struct meter *meter, const struct built *candidate, struct duet_result *result)
{
    double speedup = recorded_speedup(meter, candidate);
    *result = (struct duet_result){
        .speedup = speedup, .low = speedup, .high = speedup, .launches = 1, .input = SIZE_MAX};
    result->log_ratios[0] = log(speedup);
    result->verdict = speedup > 1 + meter->margin         ? DUET_FASTER
                      : speedup < 1 / (1 + meter->margin) ? DUET_SLOWER
                                                          : DUET_EQUIVALENT;
}

uint64_t
meter_seed(const struct meter *meter, const struct built *candidate, const struct effort *effort)
{
    uint64_t code = hash_quick(candidate->code_hash, strlen(candidate->code_hash));
    return rng_mix(rng_mix(meter->seed, code), hash_quick(effort->kind, strlen(effort->kind)));
}

int
meter_run(const struct meter *meter, const struct built *candidate, const struct corpus *inputs,
          const struct effort *effort, const struct meter_watch *watch, struct duet_result *result,
          struct err *err)
{
    if (meter->recorded) {
        run_recorded(meter, candidate, result);
        return 0;
    }
    struct cell_inputs cells = corpus_inputs(inputs);
    struct built_variant sides[2] = {{.builder = meter->bench->builder, .built = meter->baseline},
                                     {.builder = meter->bench->builder, .built = candidate}};
    struct duet_spec spec = {
        .launcher = meter->bench->launcher,
        .host = meter->host,
        .baseline = built_duet_variant(&sides[0]),
        .candidate = built_duet_variant(&sides[1]),
        .inputs = &cells,
        .limits = meter->limits,
        .alpha = effort->alpha > 0 ? effort->alpha : ALPHA,
        .margin = meter->margin,
        .launches_min = effort->launches_min,
        .launches_max = effort->launches_max,
        .launch_ns = effort->launch_ns,
        .budget_ns = effort->budget_ns,
        .seed = meter_seed(meter, candidate, effort),
    };
    if (watch != NULL) {
        spec.record = watch->record;
        spec.progress_context = watch->context;
        spec.progress = watch->progress;
    }
    int status = duet_run(&spec, result, err);
    if (status == 0)
        workbench_name_call(meter->bench, inputs, result);
    built_variant_release(&sides[0]);
    built_variant_release(&sides[1]);
    return status;
}

struct measurement
meter_measurement(const struct effort *effort, const struct duet_result *result)
{
    size_t room = sizeof(result->log_ratios) / sizeof(*result->log_ratios);
    return (struct measurement){
        .kind = effort->kind,
        .verdict = duet_verdict_name(result->verdict),
        .speedup = result->speedup,
        .low = result->low,
        .high = result->high,
        .reason = result->detail,
        .host = result->machine.cpu,
        .launches = result->launches,
        .quads = result->quads,
        .load = result->machine.load,
        .steal_pct = result->steal_pct,
        .cpu_seconds = result->cpu_seconds,
        .seconds = result->seconds,
        .log_ratios = result->log_ratios,
        .log_ratio_count = result->launches < room ? result->launches : room,
    };
}
