// SPDX-License-Identifier: Apache-2.0
#include "cmd/display.h"

#include "base/clock.h"

#include <stdio.h>
#include <string.h>

#define PROGRESS_EVERY_NS (10 * INT64_C(1000000000)) // in logs, which keep every line
#define PROGRESS_MAX_BYTES 4096

static void
close_group(struct display *display)
{
    if (display->group_open)
        terminal_group_end(display->terminal);
    display->group_open = false;
}

static void
show_finished(struct display *display, const struct engine_event *event)
{
    struct terminal *terminal = display->terminal;
    const char *status = json_get_text(event->details, "status", "");
    bool good = strcmp(status, "succeeded") == 0;
    char took[32];
    clock_human((int64_t)(json_get_real(event->details, "seconds", 0) * 1e9), took, sizeof(took));
    json_t *outputs = json_object_get(event->details, "outputs");
    struct str rest = str_of(json_get_text(outputs, "summary", ""));
    struct str summary = str_cut(&rest, '\n');
    terminal_note(terminal, "  %s%s%s %s %s(%s)%s%s%" STR_FMT,
                  terminal_style(terminal, good ? STYLE_GOOD : STYLE_BAD), good ? "done  " : "failed",
                  terminal_style(terminal, STYLE_PLAIN), event->step, terminal_style(terminal, STYLE_DIM),
                  took, terminal_style(terminal, STYLE_PLAIN), summary.len > 0 ? ": " : "", STR_ARG(summary));
    if (!good)
        terminal_note(terminal, "         %s",
                      json_get_text(json_object_get(event->details, "error"), "message", ""));
    display->steps_ended++;
    close_group(display);
}

// What a search has found and may still spend.
static void
add_search(const json_t *details, struct buf *out)
{
    size_t index;
    json_t *best;
    buf_printf(out, "best %.2fx, islands", json_get_real(details, "best", 1));
    json_array_foreach(json_object_get(details, "islands"), index, best)
        buf_printf(out, " %.2f", json_number_value(best));
    int64_t most = json_get_int(details, "of", 0);
    buf_printf(out, ", %lld", (long long)json_get_int(details, "evaluations", 0));
    if (most > 0)
        buf_printf(out, " of %lld", (long long)most);
    buf_puts(out, " evaluations");
    const json_t *left_s = json_object_get(details, "seconds_left");
    if (json_is_number(left_s)) {
        char left[24];
        clock_human((int64_t)json_number_value(left_s) * CLOCK_S_NS, left, sizeof(left));
        buf_printf(out, ", %s left", left);
    }
}

void
display_progress(const struct display *display, const struct engine_event *event, struct buf *out)
{
    char took[24];
    int64_t now_ns = display->host->mono_ns(display->host->context);
    if (display->steps_ended > 0)
        buf_printf(out, "%zu done, ", display->steps_ended);
    buf_printf(out, "%s: ", event->step != NULL ? event->step : "");
    if (json_is_array(json_object_get(event->details, "islands")))
        add_search(event->details, out);
    else
        buf_puts(out, event->text);
    int64_t took_s = (now_ns - display->step_started_ns) / CLOCK_S_NS;
    clock_human(took_s * CLOCK_S_NS, took, sizeof(took));
    if (took_s > 0)
        buf_printf(out, " (%s)", took);
}

static void
show_progress(struct display *display, const struct engine_event *event)
{
    struct terminal *terminal = display->terminal;
    AUTO_BUF line = BUF(PROGRESS_MAX_BYTES);
    display_progress(display, event, &line);
    if (terminal->live) {
        terminal_live(terminal, buf_text(&line));
        return;
    }
    int64_t now = display->host->mono_ns(display->host->context);
    if (!terminal->verbose && display->last_line_ns != 0 && now - display->last_line_ns < PROGRESS_EVERY_NS)
        return;
    display->last_line_ns = now;
    terminal_note(terminal, "    %s", buf_text(&line));
}

static void
show_step_started(struct display *display, const struct engine_event *event)
{
    char title[300];
    int64_t attempt = json_get_int(event->details, "attempt", 1);
    int length =
        snprintf(title, sizeof(title), "%s (%s)", event->step, json_get_text(event->details, "uses", ""));
    if (attempt > 1 && length > 0 && (size_t)length < sizeof(title))
        snprintf(title + length, sizeof(title) - (size_t)length, ", attempt %lld", (long long)attempt);
    close_group(display);
    terminal_group(display->terminal, title);
    display->group_open = true;
    display->last_line_ns = 0;
    display->step_started_ns = display->host->mono_ns(display->host->context);
}

// Adds to a list that is made when the first comes.
static void
keep(json_t **list, json_t *entry)
{
    if (*list == NULL)
        *list = json_array();
    json_array_append_new(*list, entry);
}

static void
show_problem(struct display *display, const struct engine_event *event)
{
    const json_t *place = event->details;
    if (display->terminal->json)
        keep(&display->problems, json_deep_copy(place));
    else
        terminal_problem(display->terminal, stderr, json_get_text(place, "file", ""),
                         (unsigned)json_get_int(place, "line", 1), (unsigned)json_get_int(place, "column", 1),
                         json_get_text(place, "message", ""));
}

static void
show_plan(struct display *display, const struct engine_event *event)
{
    if (!display->terminal->json) {
        printf("%-24s %s\n", event->step != NULL ? event->step : "", event->text);
        return;
    }
    json_t *entry = json_object();
    json_set_text(entry, "id", event->step);
    json_set_text(entry, "does", event->text);
    json_object_update(entry, (json_t *)(uintptr_t)event->details);
    keep(&display->plan, entry);
}

json_t *
display_plan(const struct display *display)
{
    return json_pack("{s:s, s:o}", "status", "planned", "steps",
                     display->plan != NULL ? json_incref(display->plan) : json_array());
}

json_t *
display_problems(const struct display *display)
{
    return display->problems != NULL ? json_pack("{s:O}", "problems", display->problems) : NULL;
}

void
display_release(struct display *display)
{
    json_decref(display->problems);
    json_decref(display->plan);
    display->problems = display->plan = NULL;
}

void
display_event(void *context, const struct engine_event *event)
{
    struct display *display = context;
    struct terminal *terminal = display->terminal;
    const char *type = event->type;
    if (strcmp(type, "progress") == 0) {
        show_progress(display, event);
    } else if (strcmp(type, "step-started") == 0) {
        show_step_started(display, event);
    } else if (strcmp(type, "step-finished") == 0) {
        show_finished(display, event);
    } else if (strcmp(type, "warning") == 0) {
        terminal_warning(terminal, event->text);
    } else if (strcmp(type, "problem") == 0) {
        show_problem(display, event);
    } else if (strcmp(type, "step-skipped") == 0) {
        terminal_note(terminal, "  %sskipped %s: %s%s", terminal_style(terminal, STYLE_DIM), event->step,
                      event->text, terminal_style(terminal, STYLE_PLAIN));
    } else if (strcmp(type, "step-retry") == 0) {
        terminal_note(terminal, "  %s failed; tried again in %.0f s", event->step,
                      json_get_real(event->details, "seconds", 0));
    } else if (strcmp(type, "overlap") == 0) {
        terminal_note(terminal, "%s", event->text);
    } else if (strcmp(type, "waiting") == 0) {
        terminal_note(terminal, "  %swaiting%s %s %s", terminal_style(terminal, STYLE_WARN),
                      terminal_style(terminal, STYLE_PLAIN), event->step, event->text);
    } else if (strcmp(type, "step-waiting") == 0) {
        close_group(display);
    } else if (strcmp(type, "step-cancelled") == 0) {
        terminal_note(terminal, "  %scancelled %s%s", terminal_style(terminal, STYLE_DIM), event->step,
                      terminal_style(terminal, STYLE_PLAIN));
    } else if (strcmp(type, "output") == 0) {
        terminal_note(terminal, "    %s| %s", event->step != NULL ? event->step : "", event->text);
    } else if (strcmp(type, "plan") == 0) {
        show_plan(display, event);
    } else if (strcmp(type, "run-started") == 0 || strcmp(type, "run-resumed") == 0 ||
               strcmp(type, "run-superseded") == 0) {
        terminal_note(terminal, "%s %s%s%s",
                      strcmp(type, "run-started") == 0   ? "Run"
                      : strcmp(type, "run-resumed") == 0 ? "Going on with run"
                                                         : "Superseded run",
                      event->run, *event->text ? ": " : "", event->text);
    }
}
