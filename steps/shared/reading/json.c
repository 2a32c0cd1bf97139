// SPDX-License-Identifier: Apache-2.0
// Google Benchmark's JSON ({"benchmarks": [{"name", "run_type", "real_time", "cpu_time", "time_unit"}]}) and
// hyperfine's ({"results": [{"command", "median", "mean", "user", "system"}]}, in seconds).
#include "base/json.h"
#include "steps/shared/reading/format.h"

#include <string.h>

static int
read_google(const json_t *list, enum command_clock clock, struct readings *readings, struct err *err)
{
    size_t index;
    json_t *row;
    json_array_foreach(list, index, row)
    {
        const char *name = json_get_text(row, "name", "");
        double unit;
        if (strcmp(json_get_text(row, "run_type", "iteration"), "iteration") != 0 ||
            json_get_bool(row, "error_occurred", false))
            continue;
        if (!format_unit_ns(str_of(json_get_text(row, "time_unit", "ns")), &unit))
            return err_set(err, ERR_PARSE,
                           "benchmarks[%zu].time_unit is \"%.20s\"; ns, us, ms or s are right", index,
                           json_get_text(row, "time_unit", ""));
        bool real = clock == COMMAND_WALL || (clock == COMMAND_AUTO && format_is_real_time(str_of(name)));
        double value = json_get_real(row, real ? "real_time" : "cpu_time", 0);
        if (readings_add(readings, str_of(name), value * unit, err) != 0)
            return err_wrap(err, "benchmarks[%zu]", index);
    }
    return 0;
}

static int
read_hyperfine(const json_t *list, enum command_clock clock, struct readings *readings, struct err *err)
{
    size_t index;
    json_t *row;
    json_array_foreach(list, index, row)
    {
        double wall_s = json_get_real(row, "median", json_get_real(row, "mean", 0));
        double cpu_s = json_get_real(row, "user", 0) + json_get_real(row, "system", 0);
        if (readings_add(readings, str_of(json_get_text(row, "command", "")),
                         1e9 * (clock == COMMAND_CPU ? cpu_s : wall_s), err) != 0)
            return err_wrap(err, "results[%zu]", index);
    }
    return 0;
}

int
format_read_json(struct str output, enum command_clock clock, struct readings *readings, struct err *err)
{
    output = str_trim(output);
    if (!str_starts(output, STR("{")))
        return 0;
    AUTO_JSON *json = json_read(output, "its JSON", err);
    if (json == NULL)
        return -1;
    const json_t *google = json_object_get(json, "benchmarks"), *hyperfine = json_object_get(json, "results");
    if (json_is_array(google))
        return read_google(google, clock, readings, err);
    return json_is_array(hyperfine) ? read_hyperfine(hyperfine, clock, readings, err) : 0;
}
