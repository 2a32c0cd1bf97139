// SPDX-License-Identifier: Apache-2.0
#include "workflow/store.h"

#include "base/hash.h"
#include "workflow/packing.h"

static const char blob_statement[] = "blob";

// Appends a parameter; false when it is none.
static bool
add_param(struct buf *out, const json_t *param)
{
    if (json_is_string(param)) {
        buf_putc(out, 's');
        packing_add_text(out, str_n(json_string_value(param), json_string_length(param)));
    } else if (json_is_integer(param) || json_is_boolean(param)) {
        buf_putc(out, 'i');
        buf_add_u64(out,
                    (uint64_t)(json_is_integer(param) ? json_integer_value(param) : json_is_true(param)));
    } else if (json_is_real(param)) {
        buf_putc(out, 'd');
        packing_add_real(out, json_real_value(param));
    } else if (json_is_null(param)) {
        buf_putc(out, 'n');
    } else {
        AUTO_BUF bytes = BUF(out->max);
        if (!json_bytes_into(param, &bytes))
            return false;
        buf_putc(out, 'b');
        packing_add_text(out, buf_str(&bytes));
    }
    return true;
}

int
store_add(struct buf *stores, const char *statement, const json_t *params, struct err *err)
{
    size_t i, before = stores->len;
    const json_t *param;
    int result = 0;
    packing_add_text(stores, str_of(statement));
    buf_add_u32(stores, (uint32_t)json_array_size(params));
    json_array_foreach(params, i, param)
    {
        if (result == 0 && !add_param(stores, param))
            result = err_set(err, ERR_USAGE, "%s: parameter %zu is neither a scalar nor {\"b64\": ..}",
                             statement, i + 1);
    }
    if (result == 0 && stores->full)
        result = err_set(err, ERR_LIMIT, "%s: more than %zu bytes wait to be stored", statement, stores->max);
    if (result < 0)
        buf_cut(stores, before);
    return result;
}

int
store_add_blob(struct buf *stores, struct str content, char hash[65], struct err *err)
{
    size_t before = stores->len;
    struct hash sum = hash_of(content.ptr ? content.ptr : "", content.len);
    hash_hex(&sum, hash);
    packing_add_text(stores, str_of(blob_statement));
    buf_add_u32(stores, 1);
    buf_putc(stores, 'b');
    packing_add_text(stores, content);
    if (!stores->full)
        return 0;
    buf_cut(stores, before);
    return err_set(err, ERR_LIMIT, "a blob: more than %zu bytes wait to be stored", stores->max);
}

// A statement that is run again and again.
struct runner {
    struct state *state;
    struct packing_reader left;
    struct str name;
    uint64_t count; // of parameters
    struct db_stmt *stmt;
    struct arena masked; // texts of the present statement that had a secret in them
};

// A blob with a secret in it can't be masked: nobody knows what its bytes mean.
static int
bind_blob(struct runner *runner, int index, struct err *err)
{
    struct str bytes = packing_take_text(&runner->left);
    const char *secret = secrets_find(state_secrets(runner->state), bytes);
    if (secret)
        return err_set(err, ERR_USAGE, "the value of $%s stands in a blob that would be stored by %" STR_FMT,
                       secret, STR_ARG(runner->name));
    db_lend_blob(runner->stmt, index, bytes);
    return 0;
}

static void
bind_text(struct runner *runner, int index)
{
    struct str text = packing_take_text(&runner->left);
    const struct secrets *secrets = state_secrets(runner->state);
    if (secrets_find(secrets, text))
        text = secrets_mask_str(secrets, &runner->masked, text);
    db_lend_text(runner->stmt, index, text);
}

static int
bind_param(struct runner *runner, int index, struct err *err)
{
    const char *tag = packing_take(&runner->left, 1);
    switch (tag ? *tag : '\0') {
    case 'n':
        db_bind_null(runner->stmt, index);
        break;
    case 'i':
        db_bind_int(runner->stmt, index, (int64_t)packing_take_number(&runner->left, 8));
        break;
    case 'd':
        db_bind_real(runner->stmt, index, packing_take_real(&runner->left));
        break;
    case 's':
        bind_text(runner, index);
        break;
    case 'b':
        if (bind_blob(runner, index, err) < 0)
            return -1;
        break;
    default:
        runner->left.ptr = NULL;
    }
    return runner->left.ptr ? 0 : err_set(err, ERR_PARSE, "a parameter to be stored is cut off");
}

// Prepares a statement, which often is the one before.
static int
prepare(struct runner *runner, struct str name, uint64_t count, struct err *err)
{
    if (!runner->stmt || count != runner->count || !str_eq(name, runner->name)) {
        runner->stmt = state_prepare(runner->state, name, err);
        runner->count = count;
        runner->name = name;
    }
    return runner->stmt ? 0 : -1;
}

static int
put_blob(struct runner *runner, struct err *err)
{
    char hash[65];
    const char *tag = packing_take(&runner->left, 1);
    struct str content = packing_take_text(&runner->left);
    if (!runner->left.ptr || *tag != 'b')
        return err_set(err, ERR_PARSE, "a blob to be stored is cut off");
    return state_blob_put(runner->state, content, hash, err);
}

static int
run_one(struct runner *runner, struct err *err)
{
    struct str name = packing_take_text(&runner->left);
    uint64_t count = packing_take_number(&runner->left, 4);
    if (!runner->left.ptr)
        return err_set(err, ERR_PARSE, "a statement to be stored is cut off");
    if (str_eq(name, str_of(blob_statement)))
        return put_blob(runner, err);
    if (prepare(runner, name, count, err) < 0)
        return -1;
    for (uint64_t i = 0; i < runner->count; i++)
        if (bind_param(runner, (int)i + 1, err) < 0)
            return -1;
    int row = 1;
    while (row > 0)
        row = db_step(runner->stmt, err);
    arena_release(&runner->masked);
    return row < 0 ? err_wrap(err, "storing %" STR_FMT, STR_ARG(runner->name)) : 0;
}

int
store_run(struct state *state, struct str stores, struct err *err)
{
    struct runner runner = {.state = state, .left = {.ptr = stores.ptr ? stores.ptr : "", .len = stores.len}};
    int result = 0;
    while (result == 0 && runner.left.len > 0)
        result = run_one(&runner, err);
    arena_release(&runner.masked);
    return result;
}
