// SPDX-License-Identifier: Apache-2.0
#include "steps/shared/rollout/rollout.h"

const struct flag_format *const flag_formats[] = {&flag_format_flagd, NULL};

const struct flag_format *
flag_format_of(const char *path)
{
    for (const struct flag_format *const *format = flag_formats; *format != NULL; format++)
        if (str_ends(str_of(path), str_of((*format)->extension)))
            return *format;
    return NULL;
}

double
rollout_percent(const struct rollout *rollout)
{
    if (rollout->state != ROLLOUT_ON || rollout->stage == 0 || rollout->stage > rollout->stage_count)
        return 0;
    return rollout->stages[rollout->stage - 1];
}

bool
rollout_advance(struct rollout *rollout, const char *reason)
{
    if (rollout->state == ROLLOUT_ROLLED_BACK || rollout->stage >= rollout->stage_count)
        return false;
    rollout->stage++;
    rollout->state = ROLLOUT_ON;
    rollout->reason = reason;
    return true;
}

void
rollout_roll_back(struct rollout *rollout, const char *reason)
{
    rollout->stage = 0;
    rollout->state = ROLLOUT_ROLLED_BACK;
    rollout->reason = reason;
}

static bool
is_line_of(struct str line, const char *flag)
{
    struct str rest = line;
    return str_is(str_trim(str_cut(&rest, '=')), flag) && rest.ptr != NULL;
}

static void
write_line(const struct rollout *rollout, struct buf *out)
{
    if (rollout_percent(rollout) >= 100)
        buf_printf(out, "%s = on until %lld\n", rollout->flag, (long long)rollout->lease_s);
    else
        buf_printf(out, "%s = off\n", rollout->flag);
}

void
rollout_write_plain(const struct rollout *rollout, struct str before, struct buf *out)
{
    bool written = false;
    if (before.len == 0)
        buf_puts(out, "# Flags that atoll_flag.h reads; name this file in ATOLL_FLAG_FILE.\n");
    while (before.len > 0) {
        struct str line = str_cut(&before, '\n');
        if (is_line_of(line, rollout->flag)) {
            if (!written)
                write_line(rollout, out);
            written = true;
            continue;
        }
        buf_add_str(out, line);
        buf_putc(out, '\n');
    }
    if (!written)
        write_line(rollout, out);
}
