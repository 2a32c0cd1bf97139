// SPDX-License-Identifier: Apache-2.0
// The life of a step process. It dies with its supervisor: nothing it does may go on unseen.
#include "workflow/connection.h"
#include "workflow/engine.h"
#include "workflow/journal.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

// From now on the end of the supervisor is our end, also when it came before this call.
static int
bind_to_supervisor(const json_t *assignment, struct err *err)
{
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
        return err_sys(err, ERR_IO, "prctl(PR_SET_PDEATHSIG)");
    if (getppid() != (pid_t)json_get_int(assignment, "supervisor", -1))
        return err_set(err, ERR_IO, "the supervisor is gone");
    return 0;
}

static int
report(struct step *step, int result, const struct err *problem, struct err *err)
{
    AUTO_FRAME reply = {0};
    json_t *call;
    if (result == 0) {
        call = json_pack("{s:s, s:O}", "call", "done", "outputs", step->outputs);
    } else {
        call = json_pack("{s:s, s:s}", "call", "failed", "kind", err_name(problem->kind));
        json_set_text(call, "message", problem->message);
    }
    return connection_call(step->journal, call, STR(""), &reply, err);
}

static struct step
step_of(const json_t *assignment, struct arena *arena, struct journal *journal, json_t *outputs)
{
    return (struct step){
        .run_id = json_get_text(assignment, "run", ""),
        .id = json_get_text(assignment, "step", ""),
        .with = json_object_get(assignment, "with"),
        .repository = json_get_text(assignment, "repository", ""),
        .scratch = json_get_text(assignment, "scratch", ""),
        .cell_path = json_get_text(assignment, "cell", ""),
        .mode = json_get_text(assignment, "mode", ""),
        .seed = (uint64_t)json_get_int(assignment, "seed", 0),
        .sandbox = json_object_get(assignment, "sandbox"),
        .attempt = (int)json_get_int(assignment, "attempt", 1),
        .host = host_real(),
        .arena = arena,
        .journal = journal,
        .outputs = outputs,
    };
}

static int
run_step(struct step *step, const struct registry *registry, const char *uses, struct err *err)
{
    const struct step_ops *ops = registry_find(registry, uses);
    if (!ops)
        return err_set(err, ERR_INTERNAL, "this binary has no step \"%s\"", uses);
    if (ops->run(step, err) < 0)
        return -1;
    return journal_flush(step, err);
}

int
step_process_main(const struct registry *registry, int fd)
{
    struct journal journal;
    struct err err, problem;
    AUTO_FRAME first = {0};
    AUTO_ARENA arena = {0};
    AUTO_JSON *outputs = json_object();
    connection_init(&journal, fd);
    int result = -1;
    if (fcntl(fd, F_SETFD, FD_CLOEXEC) == 0 && wire_wait(&journal.wire, &first, &err) == 0 &&
        bind_to_supervisor(first.json, &err) == 0) {
        struct step step = step_of(first.json, &arena, &journal, outputs);
        int ran = run_step(&step, registry, json_get_text(first.json, "uses", ""), &problem);
        result = report(&step, ran, &problem, &err);
    }
    connection_release(&journal);
    return result == 0 ? 0 : 1;
}
