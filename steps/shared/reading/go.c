// SPDX-License-Identifier: Apache-2.0
// `go test -bench` (golang.org/design/14313-benchmark-format): "pkg: PATH" lines, and result lines of a name
// that begins with Benchmark, a count of iterations and pairs of a value and a unit.
#include "base/buf.h"
#include "steps/shared/reading/format.h"

#define NAME_MAX_BYTES ((size_t)READINGS_NAME_MAX_BYTES)

static int
add_result(struct str package, struct str name, struct str value, struct readings *readings, struct err *err)
{
    AUTO_BUF whole = BUF(2 * NAME_MAX_BYTES);
    double ns;
    if (!str_to_double(value, &ns))
        return err_set(err, ERR_PARSE, "%" STR_FMT ": \"%" STR_FMT "\" ns/op is no number",
                       STR_ARG(str_head(name, 100)), STR_ARG(str_head(value, 40)));
    if (package.len > 0) {
        buf_add_str(&whole, package);
        buf_putc(&whole, '.');
    }
    buf_add_str(&whole, name);
    return readings_add(readings, buf_str(&whole), ns, err);
}

static int
read_line(struct str line, struct str *package, struct readings *readings, struct err *err)
{
    struct str name = format_word(&line);
    uint64_t iterations;
    if (str_is(name, "pkg:"))
        *package = str_head(format_word(&line), NAME_MAX_BYTES / 2);
    if (!str_starts(name, STR("Benchmark")) || !str_to_u64(format_word(&line), &iterations))
        return 0;
    for (;;) {
        struct str value = format_word(&line), unit = format_word(&line);
        if (unit.len == 0)
            return 0;
        if (str_is(unit, "ns/op"))
            return add_result(*package, str_head(name, NAME_MAX_BYTES / 2), value, readings, err);
    }
}

int
format_read_go(struct str output, enum command_clock clock, struct readings *readings, struct err *err)
{
    struct str package = {0};
    (void)clock;
    while (output.ptr != NULL)
        if (read_line(str_cut(&output, '\n'), &package, readings, err) != 0)
            return -1;
    return 0;
}
