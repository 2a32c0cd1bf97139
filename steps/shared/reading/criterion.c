// SPDX-License-Identifier: Apache-2.0
// criterion.rs on the console: "NAME   time:   [26.0 us 26.3 us 26.5 us]", with a long name on the line
// before. A change has per cent in the place of units and is none.
#include "steps/shared/reading/format.h"

// The middle of "[26.0 us 26.3 us 26.5 us]"; false when it is none.
static bool
take_estimate(struct str rest, double *ns)
{
    double values[3], unit;
    rest = str_trim(rest);
    if (!str_starts(rest, STR("[")) || !str_ends(rest, STR("]")))
        return false;
    rest = str_head(str_from(rest, 1), rest.len - 2);
    for (size_t i = 0; i < 3; i++) {
        if (!str_to_double(format_word(&rest), &values[i]) || !format_unit_ns(format_word(&rest), &unit))
            return false;
        values[i] *= unit;
    }
    *ns = values[1];
    return true;
}

int
format_read_criterion(struct str output, enum command_clock clock, struct readings *readings, struct err *err)
{
    struct str before = {0};
    (void)clock;
    while (output.ptr != NULL) {
        struct str line = str_cut(&output, '\n');
        ptrdiff_t at = str_find(line, STR("time:"));
        double ns;
        if (at >= 0 && take_estimate(str_from(line, (size_t)at + 5), &ns)) {
            struct str name = str_trim(str_head(line, (size_t)at));
            if (readings_add(readings, name.len > 0 ? name : before, ns, err) != 0)
                return -1;
        }
        if (str_trim(line).len > 0)
            before = str_trim(line);
    }
    return 0;
}
