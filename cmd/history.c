// SPDX-License-Identifier: Apache-2.0
// atoll history: the events of a run, also while they happen.
#include "base/buf.h"
#include "base/clock.h"
#include "cmd/place.h"
#include "workflow/engine.h"
#include "workflow/lease.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define LOOK_AGAIN_NS (200 * CLOCK_MS_NS)
#define FETCH_AGAIN_NS (5 * CLOCK_S_NS) // what is worked on elsewhere
#define SHORT_COLUMNS 100

static enum style
style_of(const char *type)
{
    if (strstr(type, "failed") != NULL || strstr(type, "refused") != NULL)
        return STYLE_BAD;
    if (strstr(type, "succeeded") != NULL || strcmp(type, "effect-confirmed") == 0)
        return STYLE_GOOD;
    return strncmp(type, "activity-", 9) == 0 ? STYLE_DIM : STYLE_PLAIN;
}

// A value for a person; a time, which a key in _ns has, to the second.
static void
add_value(struct buf *text, const char *key, const json_t *value)
{
    size_t len = strlen(key);
    bool is_time = json_is_integer(value) && len > 3 && strcmp(key + len - 3, "_ns") == 0;
    char at[32];
    char *compact = json_is_string(value) || is_time ? NULL : json_compact(value);
    if (is_time) {
        clock_iso8601(json_integer_value(value), at);
        buf_printf(text, "%.*s %.10s %.8s", (int)len - 3, key, at, at + 11);
    } else {
        buf_printf(text, "%s %s", key, compact != NULL ? compact : json_string_value(value));
    }
    free(compact);
}

// "name gate, status received": what is in an object, without its quotes and braces.
static void
add_details(struct buf *text, const json_t *details)
{
    const char *key, *separator = "";
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)details, key, value)
    {
        if (json_is_null(value))
            continue;
        buf_add_str(text, str_of(separator));
        add_value(text, key, value);
        separator = ", ";
    }
}

// Bytes of the text's first line that fit, never half a character.
static int
cut_of(const char *text)
{
    size_t cut = strcspn(text, "\n");
    if (cut > SHORT_COLUMNS) {
        cut = SHORT_COLUMNS;
        while (cut > 0 && ((unsigned char)text[cut] & 0xC0) == 0x80)
            cut--;
    }
    return (int)cut;
}

static void
print_event(const struct terminal *terminal, const json_t *event)
{
    const char *at = json_get_text(event, "at", ""), *type = json_get_text(event, "type", "");
    AUTO_BUF details = BUF((size_t)1 << 24);
    add_details(&details, json_object_get(event, "details"));
    const char *text = buf_text(&details);
    int cut = terminal->verbose ? (int)details.len : cut_of(text);
    bool whole = (size_t)cut == details.len;
    // 2026-11-21T06:50:20.123Z as 2026-11-21 06:50:20.
    printf("%.10s %.8s  %s%-20s%s %-20s %.*s%s\n", at, strlen(at) > 11 ? at + 11 : "",
           terminal_style(terminal, style_of(type)), type, terminal_style(terminal, STYLE_PLAIN),
           json_get_text(event, "step", ""), cut, text, whole ? "" : "...");
}

static void
print_line(const json_t *event)
{
    char *line = json_compact(event);
    printf("%s\n", line != NULL ? line : "{}");
    free(line);
}

static void
print_events(const struct invocation *invocation, const json_t *events, bool lines)
{
    size_t index;
    json_t *event;
    json_array_foreach((json_t *)(uintptr_t)events, index, event)
    {
        if (lines)
            print_line(event);
        else
            print_event(&invocation->terminal, event);
    }
}

static int64_t
last_of(const json_t *events, int64_t before)
{
    size_t count = json_array_size(events);
    return count > 0 ? json_get_int(json_array_get(events, count - 1), "seq", before) : before;
}

// Prints what is committed, or published, until nobody works on the run any more.
static int
follow(struct invocation *invocation, const char *state, const char *run, int64_t seq, struct err *err)
{
    bool elsewhere = strcmp(state, place_state(invocation)) != 0;
    for (;;) {
        const char *status;
        AUTO_JSON *events = engine_history_since(state, run, seq, invocation->arena, &run, &status, err);
        if (events == NULL)
            return -1;
        print_events(invocation, events, invocation->terminal.json);
        // Whoever reads the other end may have gone.
        if (fflush(stdout) != 0)
            return 0;
        seq = last_of(events, seq);
        // A waiting run goes on at once while its supervisor stays.
        bool alive =
            strcmp(status, "running") == 0 || (strcmp(status, "waiting") == 0 && lease_holder(state) > 0);
        if (!alive)
            return 0;
        int64_t pause_ns = elsewhere ? FETCH_AGAIN_NS : LOOK_AGAIN_NS;
        nanosleep(&(struct timespec){pause_ns / CLOCK_S_NS, pause_ns % CLOCK_S_NS}, NULL);
        if (elsewhere && (state = place_readable(invocation, err)) == NULL)
            return -1;
    }
}

static int
history(struct invocation *invocation, struct err *err)
{
    const struct arguments *arguments = invocation->arguments;
    const char *state = place_readable(invocation, err), *id, *status;
    if (state == NULL)
        return -1;
    const char *run = arguments->operand_count > 0 ? arguments->operands[0] : NULL;
    int64_t since = arguments_int(arguments, "since", 0);
    if (arguments_has(arguments, "follow"))
        return follow(invocation, state, run, since, err);
    AUTO_JSON *events = engine_history_since(state, run, since, invocation->arena, &id, &status, err);
    if (events == NULL)
        return -1;
    if (invocation->terminal.json)
        terminal_json(events);
    else
        print_events(invocation, events, false);
    return 0;
}

static const struct option options[] = {
    PLACE_STATE_OPTION,
    PLACE_CARRIER_OPTION,
    {"since", OPTION_INT, "SEQ", "only events after that one", NULL},
    {"follow", OPTION_FLAG, NULL, "go on until nobody works on the run; with --json one event a line", NULL},
    {NULL, OPTION_FLAG, NULL, NULL, NULL},
};

const struct command command_history = {
    .name = "history",
    .operands = "[RUN]",
    .summary = "Show all events of a run",
    .details =
        "RUN is the latest run by default. Times are UTC. --verbose prints the details of every event whole.",
    .options = options,
    .operands_max = 1,
    .run = history,
};
