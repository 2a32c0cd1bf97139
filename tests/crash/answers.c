// SPDX-License-Identifier: Apache-2.0
// Every effect takes place and its answer is lost: the step dies, the supervisor dies, or the act says that
// it failed. With the look-up nothing happens twice; without it, it does.
#include "tests/crash/sweep.h"

static const char *const losses[] = {"", "the step dies", "the supervisor dies", "the act fails"};

static void
lose(struct sweep *sweep, uint32_t loss)
{
    struct point points[] = {{.loss = loss, .parallel = 1}, {.loss = loss, .parallel = 3}};
    const struct tally *t = sweep->tally;
    sweep_clear(sweep);
    sweep_points(sweep, points, 2);
    uint64_t wrong = t->unended + t->lost + t->repeated + t->doubled + t->different + t->unverified;
    sweep_say(sweep, wrong == 0 && t->stories == 2, "answers: %s after every effect, and none happens twice",
              losses[loss]);
    sweep->look_up_off = sweep->quiet = true;
    sweep_clear(sweep);
    sweep_points(sweep, points, 2);
    sweep_say(sweep, t->doubled > 0, "answers: %s, and without the look-up %llu effects happen twice",
              losses[loss], (unsigned long long)t->doubled);
    sweep->look_up_off = sweep->quiet = false;
}

void
answers_test(struct sweep *sweep)
{
    struct control reference;
    sweep_reference(sweep, &reference);
    for (uint32_t loss = CONTROL_STEP_DIES; loss <= CONTROL_ACT_FAILS; loss++)
        lose(sweep, loss);
}
