// SPDX-License-Identifier: Apache-2.0
#include "tests/attack/suite/table.h"
#include "base/fs.h"

#include <string.h>

enum { FILE_MAX_BYTES = 1 << 18, COLUMNS = 3 + ROW_LEVELS };

static const char *const proofs[PROOF_COUNT] = {
    [PROOF_EXIT] = "exit",       [PROOF_LEAKS] = "leaks", [PROOF_TOUCHES] = "touches",
    [PROOF_LINGERS] = "lingers", [PROOF_NEXT] = "next",   [PROOF_FLOODS] = "floods",
};

static struct str
next_word(struct str *rest)
{
    *rest = str_trim(*rest);
    size_t length = 0;
    while (length < rest->len && rest->ptr[length] != ' ')
        length++;
    struct str word = str_head(*rest, length);
    *rest = str_from(*rest, length);
    return word;
}

static bool
take_proof(struct str text, struct row *row)
{
    bool found = false;
    for (struct str word; (word = next_word(&text)).len > 0;) {
        row->alone = row->alone || str_is(word, "alone");
        row->brief = row->brief || str_is(word, "brief");
        for (int proof = 0; proof < PROOF_COUNT; proof++)
            if (str_is(word, proofs[proof])) {
                row->proof = (enum proof)proof;
                found = true;
            }
    }
    return found;
}

static bool
take_row(struct table *table, struct str line)
{
    struct str columns[COLUMNS];
    for (size_t i = 0; i < COLUMNS; i++) {
        if (!line.ptr)
            return false;
        columns[i] = str_trim(str_cut(&line, '|'));
        if (columns[i].len == 0)
            return false;
    }
    struct row *row = vec_push(&table->rows);
    row->name = arena_str(&table->arena, columns[0]);
    for (size_t i = 0; i < ROW_WORDS_MAX && columns[1].len > 0; i++)
        row->words[i] = arena_str(&table->arena, next_word(&columns[1]));
    for (size_t level = 0; level < ROW_LEVELS; level++)
        row->expected[level] = arena_str(&table->arena, columns[3 + level]);
    return !line.ptr && columns[1].len == 0 && take_proof(columns[2], row);
}

static bool
take_skip(struct table *table, struct str line)
{
    struct skip *skip = vec_push(&table->skips);
    skip->name = arena_str(&table->arena, next_word(&line));
    skip->identity = arena_str(&table->arena, next_word(&line));
    skip->reason = arena_str(&table->arena, str_trim(line));
    return *skip->reason != 0;
}

static int
read_lines(struct table *table, const char *path, bool (*take)(struct table *, struct str), struct err *err)
{
    AUTO_BUF text = BUF(FILE_MAX_BYTES);
    if (fs_read(path, FILE_MAX_BYTES, &text, err) < 0)
        return -1;
    struct str rest = buf_str(&text);
    for (int number = 1; rest.ptr; number++) {
        struct str line = str_trim(str_cut(&rest, '\n'));
        if (line.len > 0 && line.ptr[0] != '#' && !take(table, line))
            return err_set(err, ERR_PARSE, "%s:%d: a line of another form than the file's head tells", path,
                           number);
    }
    return 0;
}

int
table_read(struct table *table, const char *rows_path, const char *skips_path, struct err *err)
{
    *table = (struct table){0};
    if (read_lines(table, rows_path, take_row, err) < 0 ||
        read_lines(table, skips_path, take_skip, err) < 0) {
        table_release(table);
        return -1;
    }
    return 0;
}

void
table_release(struct table *table)
{
    vec_release(&table->rows);
    vec_release(&table->skips);
    arena_release(&table->arena);
}

const char *
table_skip(const struct table *table, const char *name, const char *identity)
{
    VEC_EACH (const struct skip, skip, &table->skips)
        if (strcmp(skip->name, name) == 0 &&
            (strcmp(skip->identity, "any") == 0 || strcmp(skip->identity, identity) == 0))
            return skip->reason;
    return NULL;
}

bool
table_expects(const char *expected, const char *word)
{
    struct str rest = str_of(expected);
    while (rest.ptr)
        if (str_is(str_cut(&rest, ','), word))
            return true;
    return false;
}

// The names in backquotes in the items of the document's section.
static void
take_listed(struct str document, struct buf *listed)
{
    ptrdiff_t at = str_find(document, STR("\n## What guard does not stop\n"));
    struct str rest = at < 0 ? (struct str){0} : str_from(document, (size_t)at + 4);
    while (rest.ptr) {
        struct str line = str_cut(&rest, '\n');
        if (str_starts(line, STR("## ")))
            return;
        if (!str_starts(line, STR("- ")) && !str_starts(line, STR("  ")))
            continue;
        for ((void)str_cut(&line, '`'); line.ptr; (void)str_cut(&line, '`')) {
            buf_putc(listed, ',');
            buf_add_str(listed, str_cut(&line, '`'));
        }
    }
}

int
table_check_document(const struct table *table, const char *path, struct buf *wrong, struct err *err)
{
    AUTO_BUF text = BUF(FILE_MAX_BYTES);
    AUTO_BUF listed = BUF(FILE_MAX_BYTES);
    AUTO_BUF open = BUF(FILE_MAX_BYTES);
    if (fs_read(path, FILE_MAX_BYTES, &text, err) < 0)
        return -1;
    take_listed(buf_str(&text), &listed);
    VEC_EACH (const struct row, row, &table->rows) {
        if (!table_expects(row->expected[0], "open"))
            continue;
        buf_printf(&open, ",%s", row->name);
        if (!table_expects(buf_text(&listed), row->name))
            buf_printf(wrong, "# %s is not stopped by guard, but %s does not list it\n", row->name, path);
    }
    struct str rest = buf_str(&listed);
    while (rest.ptr) {
        struct str name = str_cut(&rest, ',');
        if (name.len > 0 && !table_expects(buf_text(&open), arena_str((struct arena *)&table->arena, name)))
            buf_printf(wrong, "# %s lists %.*s, which guard stops\n", path, (int)name.len, name.ptr);
    }
    return 0;
}
