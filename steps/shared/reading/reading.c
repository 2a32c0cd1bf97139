// SPDX-License-Identifier: Apache-2.0
#include "steps/shared/reading/reading.h"
#include "steps/shared/reading/format.h"

#include <string.h>

static const struct {
    const char *format;
    int (*read)(struct str output, enum command_clock clock, struct readings *readings, struct err *err);
} readers[] = {
    {"google", format_read_json},
    {"go", format_read_go},
    {"google", format_read_google},
    {"criterion", format_read_criterion},
};

const char *const reading_formats[] = {"auto", "go", "google", "criterion", NULL};

int
reading_read(const char *format, enum command_clock clock, struct str output, struct readings *readings,
             struct err *err)
{
    bool any = strcmp(format, "auto") == 0;
    for (size_t i = 0; i < sizeof(readers) / sizeof(readers[0]) && readings->names.count == 0; i++)
        if ((any || strcmp(readers[i].format, format) == 0) &&
            readers[i].read(output, clock, readings, err) != 0)
            return -1;
    return 0;
}

static bool
is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

struct str
format_word(struct str *rest)
{
    size_t start = 0, end;
    while (start < rest->len && is_blank(rest->ptr[start]))
        start++;
    for (end = start; end < rest->len && !is_blank(rest->ptr[end]); end++)
        ;
    struct str word = str_head(str_from(*rest, start), end - start);
    *rest = str_from(*rest, end);
    return word;
}

bool
format_unit_ns(struct str unit, double *ns)
{
    static const struct {
        const char *name;
        double ns;
    } units[] = {{"ps", 1e-3},       {"ns", 1},   {"us", 1e3}, {"\xc2\xb5s", 1e3},
                 {"\xce\xbcs", 1e3}, {"ms", 1e6}, {"s", 1e9}};
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
        if (str_is(unit, units[i].name)) {
            *ns = units[i].ns;
            return true;
        }
    return false;
}

bool
format_is_real_time(struct str name)
{
    return str_find(name, STR("/real_time")) >= 0 || str_find(name, STR("/manual_time")) >= 0;
}
