// SPDX-License-Identifier: Apache-2.0
#include "base/proc.h"
#include "steps/shared/model/model.h"

#include <signal.h>

#define SHELL_SIGNAL_BASE 128

static int
open_command(struct model *model, const json_t *settings, struct err *err)
{
    const char *command = json_get_text(settings, "command", "");
    if (command[0] == '\0')
        return err_set(err, ERR_CONFIG, "a model of provider command needs `command:`");
    model->command = arena_dup(model->arena, command);
    return 0;
}

static int
judge(const struct model *model, const struct proc_result *result, struct err *err)
{
    AUTO_BUF how = BUF(256);
    if (result->timed_out)
        return err_set(err, ERR_TIMEOUT, "no reply within %lld s", (long long)(model->timeout_ms / 1000));
    if (result->exit_code == 0)
        return str_trim(buf_str(&result->out)).len > 0 ? 0 : err_set(err, ERR_TARGET, "the reply is empty");
    proc_result_describe(result, &how);
    if (result->signal == SIGKILL || result->exit_code == SHELL_SIGNAL_BASE + SIGKILL)
        return err_set(err, ERR_LOST, "the command was killed from outside (%s)", buf_text(&how));
    struct str text = str_trim(buf_str(&result->err));
    return err_set(err, ERR_TARGET, "the command ended with %s: %" STR_FMT, buf_text(&how),
                   STR_ARG(str_head(text, 300)));
}

static int
complete(struct model *model, size_t number, struct str prompt, struct buf *reply, struct err *err)
{
    (void)number;
    const char *const argv[] = {"sh", "-c", model->command, NULL};
    const struct proc_spec spec = {
        .argv = argv,
        .cwd = model->directory,
        .stdin_text = prompt,
        .output_max_bytes = MODEL_REPLY_MAX_BYTES,
        .limits = {.wall_ms = model->timeout_ms},
    };
    AUTO_PROC_RESULT result = {0};
    if (proc_run(&spec, &result, err) != 0 || judge(model, &result, err) != 0)
        return -1;
    buf_add_str(reply, buf_str(&result.out));
    return 1;
}

const struct model_ops model_command = {"command", open_command, complete};
