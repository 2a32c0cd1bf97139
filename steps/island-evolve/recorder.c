// SPDX-License-Identifier: Apache-2.0
#include "steps/island-evolve/recorder.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define FAILURES_MAX 3 // of a model in a row; then it is not asked again

int
recorder_init(struct recorder *recorder, struct step *step, struct cascade *cascade, const char *salt,
              const json_t *models, struct err *err)
{
    size_t count = json_array_size(models);
    *recorder = (struct recorder){
        .step = step,
        .cascade = cascade,
        .salt = salt,
        .models = ARENA_ARRAY(step->arena, struct model, count + 1),
        .names = ARENA_ARRAY(step->arena, const char *, count + 1),
        .weights = ARENA_ARRAY(step->arena, double, count + 1),
        .calls = ARENA_ARRAY(step->arena, unsigned, count + 1),
        .failures = ARENA_ARRAY(step->arena, unsigned, count + 1),
        .model_count = count,
        .begun_ns = step->host->mono_ns(step->host->context),
    };
    for (size_t i = 0; i < count; i++) {
        struct model *model = &recorder->models[i];
        if (model_open(model, step->arena, step->repository, json_array_get(models, i), err) != 0)
            return -1;
        recorder->names[i] = model->name;
        recorder->weights[i] = model->weight;
    }
    return 0;
}

static double
elapsed_s(const struct recorder *recorder)
{
    const struct host *host = recorder->step->host;
    return (double)(host->mono_ns(host->context) - recorder->begun_ns) / 1e9;
}

static bool
is_timeless(const struct recorder *recorder)
{
    return recorder->cascade->meter.recorded;
}

double
recorder_seconds(const struct recorder *recorder)
{
    return is_timeless(recorder) ? 0 : recorder->replayed_s + elapsed_s(recorder);
}

// ---- evaluations
// -----------------------------------------------------------------------------------------------

static int
store(struct recorder *recorder, const struct candidate *candidate, const struct duet_result *duet,
      struct err *err)
{
    const struct target *target = &recorder->cascade->bench->target;
    char source[65];
    if (journal_blob_store(recorder->step, candidate->text, source, err) != 0 ||
        candidate_store(recorder->step, candidate, target->file, target->name, source, err) != 0)
        return -1;
    if (duet->launches == 0)
        return 0;
    struct effort quick = cascade_quick();
    struct measurement measurement = meter_measurement(&quick, duet);
    return candidate_store_measurement(recorder->step, candidate->id, &measurement, err);
}

static int
evaluate_anew(struct recorder *recorder, struct candidate *candidate, struct err *err)
{
    struct duet_result duet;
    double begun_s = elapsed_s(recorder);
    if (cascade_evaluate(recorder->cascade, candidate, &duet, err) != 0)
        return -1;
    candidate->seconds = is_timeless(recorder) ? 0 : candidate->seconds + elapsed_s(recorder) - begun_s;
    if (store(recorder, candidate, &duet, err) != 0)
        return -1;
    AUTO_JSON *result = candidate_result(candidate);
    return journal_commit_unawaited(recorder->step, "evaluate", candidate->id, result, err);
}

static int
evaluate(void *context, struct candidate *candidate, struct err *err)
{
    struct recorder *recorder = context;
    AUTO_JSON *input = json_pack("{s:s, s:s}", "variant", candidate->id, "benchmark", recorder->salt);
    json_t *known = NULL;
    int begun = journal_begin(recorder->step, "evaluate", candidate->id, input, &known, err);
    if (begun < 0)
        return -1;
    if (begun == 0 && evaluate_anew(recorder, candidate, err) != 0)
        return -1;
    if (begun == 1) {
        candidate_apply_result(candidate, known, recorder->step->arena);
        recorder->replayed_s += candidate->seconds;
        json_decref(known);
    }
    cascade_remember(recorder->cascade, candidate);
    return 0;
}

struct judge
recorder_judge(struct recorder *recorder)
{
    return (struct judge){recorder, evaluate};
}

// ---- models
// ----------------------------------------------------------------------------------------------------

struct request {
    struct recorder *recorder;
    size_t author;
    unsigned number;
    struct str prompt;
};

static int
ask(void *context, json_t **result, struct err *err)
{
    struct request *request = context;
    struct recorder *recorder = request->recorder;
    AUTO_BUF reply = BUF(MODEL_REPLY_MAX_BYTES);
    double begun_s = elapsed_s(recorder);
    int status =
        model_complete(&recorder->models[request->author], request->number, request->prompt, &reply, err);
    if (status < 0 && err->kind != ERR_TARGET && err->kind != ERR_TIMEOUT)
        return -1;
    char blob[65] = "";
    *result = json_pack("{s:s}", "status", status == 1 ? "replied" : status == 0 ? "exhausted" : "failed");
    if (status < 0)
        json_set_text(*result, "error", err->message);
    if (status == 1 && journal_blob_store(recorder->step, buf_str(&reply), blob, err) != 0)
        return -1;
    json_set_text(*result, "reply", blob[0] != '\0' ? blob : NULL);
    json_object_set_new(*result, "seconds",
                        json_real(is_timeless(recorder) ? 0 : elapsed_s(recorder) - begun_s));
    return 0;
}

static int
take_reply(struct recorder *recorder, size_t author, const json_t *result, struct buf *reply, struct err *err)
{
    const char *blob = json_get_text(result, "reply", NULL);
    const char *error = json_get_text(result, "error", NULL);
    if (blob != NULL) {
        recorder->failures[author] = 0;
        return journal_blob_get(recorder->step, blob, reply, err) == 0 ? 1 : -1;
    }
    if (error == NULL)
        return 0;
    step_warn(recorder->step, "%s", error);
    return ++recorder->failures[author] < FAILURES_MAX ? 1 : 0;
}

static int
reply_to(void *context, size_t author, const char *key, struct str prompt, struct buf *reply, double *seconds,
         struct err *err)
{
    struct recorder *recorder = context;
    struct request request = {recorder, author, recorder->calls[author]++, prompt};
    AUTO_JSON *input = json_pack("{s:s, s:s}", "model", recorder->names[author], "benchmark", recorder->salt);
    json_t *known = NULL;
    int begun = journal_begin(recorder->step, "model", key, input, &known, err);
    if (begun < 0)
        return -1;
    if (begun == 0 &&
        (ask(&request, &known, err) != 0 || journal_commit(recorder->step, "model", key, known, err) != 0)) {
        json_decref(known);
        return -1;
    }
    *seconds = json_get_real(known, "seconds", 0);
    if (begun == 1)
        recorder->replayed_s += *seconds;
    int status = take_reply(recorder, author, known, reply, err);
    json_decref(known);
    return status;
}

struct authors
recorder_authors(struct recorder *recorder)
{
    return (struct authors){.context = recorder,
                            .count = recorder->model_count,
                            .names = recorder->names,
                            .weights = recorder->weights,
                            .reply = reply_to};
}
