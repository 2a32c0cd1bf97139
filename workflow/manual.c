// SPDX-License-Identifier: Apache-2.0
#include "workflow/manual.h"

#include "workflow/binding.h"
#include "workflow/grammar.h"
#include "workflow/layout.h"

#include <math.h>
#include <string.h>

enum { NAME_MAX_BYTES = 200 };

// A table's cell: `|` would end it.
static void
add_cell(struct buf *out, const char *text)
{
    for (; *text; text++) {
        if (*text == '|')
            buf_putc(out, '\\');
        buf_putc(out, *text);
    }
}

static void
add_type(struct buf *out, const struct field *field)
{
    if (field->choices) {
        for (size_t i = 0; field->choices[i]; i++)
            buf_printf(out, "%s`%s`", i ? ", " : "", field->choices[i]);
        return;
    }
    if (field->type == FIELD_LIST)
        buf_puts(out, field->members ? "a list of mappings" : "a list of texts");
    else
        buf_puts(out, binding_type_name(field->type));
    if (!islessgreater(field->min, field->max) && fpclassify(field->min) != FP_ZERO)
        buf_printf(out, ", always %.10g", field->min);
    else if (fpclassify(field->min) != FP_ZERO || fpclassify(field->max) != FP_ZERO)
        buf_printf(out, ", %.10g to %.10g", field->min, field->max);
}

// One row a field, members below their owner with its name in front.
static void
add_rows(struct buf *out, const struct field *fields, const char *prefix, bool defaults)
{
    for (const struct field *field = fields; field && field->name; field++) {
        buf_printf(out, "| `%s%s` | ", prefix, field->name);
        add_type(out, field);
        if (defaults) {
            buf_puts(out, " | ");
            if (field->required)
                buf_puts(out, "required");
            else if (field->otherwise)
                buf_printf(out, "`%s`", field->otherwise);
        }
        buf_puts(out, " | ");
        add_cell(out, field->summary ? field->summary : "");
        buf_puts(out, " |\n");
        if (!field->members || field->members == layout_step)
            continue;
        AUTO_BUF inner = BUF(NAME_MAX_BYTES);
        buf_printf(&inner, "%s%s%s.", prefix, field->name, field->type == FIELD_LIST ? "[]" : "");
        add_rows(out, field->members, buf_text(&inner), defaults);
    }
}

static void
add_table(struct buf *out, const struct field *fields)
{
    buf_puts(out, "| key | takes | default | |\n|---|---|---|---|\n");
    add_rows(out, fields, "", true);
    buf_putc(out, '\n');
}

static void
add_expressions(struct buf *out)
{
    buf_puts(
        out,
        "## Expressions\n\n"
        "`${{ ... }}` stands anywhere in a value of `with`, alone in `if` and `for-each`. Alone it keeps its "
        "type, inside a text it becomes text. What is absent is `null`; `false`, `null`, `0` and `''` count "
        "as "
        "false.\n\n"
        "| path | |\n|---|---|\n"
        "| `steps.ID.outputs.NAME` | an output of an earlier step; members by `.NAME`, elements by `[0]` |\n"
        "| `steps.ID.status` | `succeeded`, `failed`, `skipped` or `cancelled` |\n"
        "| `vars.NAME` | a value of `vars` |\n"
        "| `env.NAME` | an environment variable |\n"
        "| `run.id` | the id of the run |\n"
        "| `item`, `index` | the element and its number from 0, in a step with `for-each` |\n\n"
        "Literals: `'text'` (a quote is doubled), numbers, `true`, `false`, `null`. Operators, weakest "
        "first: "
        "`||`, `&&`, one of `== != < <= > >=`, `!`, and parentheses. `||` and `&&` give one of their "
        "operands.\n\n"
        "| function | |\n|---|---|\n");
    const char *summary = NULL;
    const char *usage = NULL;
    for (size_t i = 0; (usage = grammar_function_usage(i, &summary)); i++)
        buf_printf(out, "| `%s` | %s |\n", usage, summary);
    buf_putc(out, '\n');
}

static void
add_step(struct buf *out, const struct step_ops *ops)
{
    buf_printf(out, "### %s\n\n%s\n\n", ops->name, ops->summary);
    if (ops->inputs && ops->inputs->name)
        add_table(out, ops->inputs);
    if (!ops->outputs) {
        buf_puts(out, "Outputs: whatever it sets.\n\n");
        return;
    }
    if (!ops->outputs->name)
        return;
    buf_puts(out, "| output | type | |\n|---|---|---|\n");
    add_rows(out, ops->outputs, "", false);
    buf_putc(out, '\n');
}

int
manual_write(const struct registry *registry, struct buf *out, struct err *err)
{
    buf_puts(out, "# The pipeline file\n\n"
                  "This page is generated from the tables that check the file: `atoll validate` reports "
                  "every problem with "
                  "its line and column, `atoll schema` prints a JSON Schema for editors.\n\n"
                  "## The file\n\n");
    add_table(out, layout_pipeline);
    buf_puts(out, "## A step\n\n");
    add_table(out, layout_step);
    add_expressions(out);
    buf_puts(out, "## The kinds of step\n\n");
    for (size_t i = 0; registry->steps[i]; i++)
        add_step(out, registry->steps[i]);
    return buf_check(out, "the manual", err);
}
