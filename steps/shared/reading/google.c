// SPDX-License-Identifier: Apache-2.0
// Google Benchmark on the console: under a heading of "Benchmark", "Time", "CPU" and "Iterations", rows of a
// name, real time and CPU time with their units, and a count.
#include "steps/shared/reading/format.h"

enum { NAME_MAX_BYTES = 1000 };

// A row that sums up others has the name of theirs with one of these behind.
static const char *const summaries[] = {"_mean", "_median", "_stddev", "_cv", "_BigO", "_RMS"};
enum { SUMMARY_TIMES = 2 }; // the first so many are times themselves

static bool
is_heading(struct str line)
{
    return str_is(format_word(&line), "Benchmark") && str_is(format_word(&line), "Time") &&
           str_is(format_word(&line), "CPU") && str_is(format_word(&line), "Iterations");
}

static bool
is_left_out(struct str name, const struct readings *readings)
{
    for (size_t i = 0; i < sizeof(summaries) / sizeof(summaries[0]); i++) {
        struct str suffix = str_of(summaries[i]);
        if (str_ends(name, suffix))
            return i >= SUMMARY_TIMES || map_has(&readings->names, str_head(name, name.len - suffix.len));
    }
    return false;
}

// A value and a unit, as in "12.3 ns"; real time and CPU time stand one behind the other.
static bool
take_time(struct str *rest, double *ns)
{
    double value, unit;
    if (!str_to_double(format_word(rest), &value) || !format_unit_ns(format_word(rest), &unit))
        return false;
    *ns = value * unit;
    return true;
}

// A name may have blanks in it: it ends where two times begin.
static int
read_row(struct str line, enum command_clock clock, struct readings *readings, struct err *err)
{
    struct str rest = line;
    (void)format_word(&rest);
    while (rest.len > 0) {
        struct str times = rest;
        struct str name = str_trim(str_head(line, line.len - rest.len));
        double real_ns, cpu_ns;
        if (take_time(&times, &real_ns) && take_time(&times, &cpu_ns)) {
            bool real = clock == COMMAND_WALL || (clock == COMMAND_AUTO && format_is_real_time(name));
            name = str_head(name, NAME_MAX_BYTES);
            return is_left_out(name, readings) ? 0
                                               : readings_add(readings, name, real ? real_ns : cpu_ns, err);
        }
        (void)format_word(&rest);
    }
    return 0;
}

int
format_read_google(struct str output, enum command_clock clock, struct readings *readings, struct err *err)
{
    bool below_heading = false;
    while (output.ptr != NULL) {
        struct str line = str_cut(&output, '\n');
        below_heading = below_heading || is_heading(line);
        if (below_heading && read_row(line, clock, readings, err) != 0)
            return -1;
    }
    return 0;
}
