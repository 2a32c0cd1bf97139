#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Runs that wait, and what one tells them: signal, approve, cancel, pause, unpause, retry, list.

setup() {
    atoll=$ATOLL_BUILD/atoll
    cd "$BATS_TEST_TMPDIR"
    unset GITHUB_ACTOR GITLAB_USER_LOGIN GITHUB_OUTPUT
    export USER=robin
}

# Standard output of the command has to be one JSON document; FIELDS is a Python expression over it.
json() {
    local expected=$1 fields=$2 code=0
    shift 2
    command -v python3 >/dev/null || skip "needs python3"
    "$@" >out.json 2>err.txt || code=$?
    cat err.txt
    [ "$code" -eq "$expected" ]
    python3 -c "import json; r = json.load(open('out.json')); assert $fields, r"
}

# Until a step of the latest run has that status.
until_step() {
    for _ in $(seq 1200); do
        "$atoll" status 2>/dev/null | grep -Eq "^ *$2 +$1 " && return 0
        sleep 0.05
    done
    "$atoll" status
    return 1
}

# gate.yml: `before` runs, `gate` waits as told, `after` says that it ran.
gate() {
    cat >gate.yml <<YML
version: 1
name: gate
steps:
  - id: before
    uses: shell
    with: {run: "echo before >>ran"}
  - id: gate
    uses: wait
    with: {$1}
  - id: after
    uses: shell
    with: {run: "echo after \${{ steps.gate.outputs.summary }} >>ran"}
YML
}

@test "a time to come: exit 0 at once, status and due for the CI system, and nothing is done twice" {
    gate 'until: 2200-01-01T00:00:00Z'
    GITHUB_OUTPUT=$PWD/output run "$atoll" run gate.yml
    [ "$status" -eq 0 ]
    [[ $output == *"waiting gate waits until 2200-01-01T00:00:00.000Z"* ]]
    [[ $output == *" waiting."* ]]
    grep -qx 'status=waiting' output
    grep -qx 'due=2200-01-01T00:00:00.000Z' output
    grep -Eqx 'run=[0-9A-Z]{26}' output
    json 0 "r['status'] == 'waiting' and [s['status'] for s in r['steps']] == ['succeeded', 'waiting', 'pending']
w = r['waiting_for']
assert len(w) == 1 and w[0]['step'] == 'gate' and w[0]['kind'] == 'timer' and w[0]['due'] == '2200-01-01T00:00:00.000Z'" \
        "$atoll" status --json
    json 0 "r['status'] == 'waiting'" "$atoll" run gate.yml --json
    [ "$(cat ran)" = before ]
}

@test "a short time: --linger stays for it, a later run goes on with it" {
    gate 'for: 1s'
    run "$atoll" run gate.yml --linger 2m
    [ "$status" -eq 0 ]
    grep -q '^after waited until 20' ran
    sed -i s/gate/other/ gate.yml
    "$atoll" run gate.yml
    sleep 1.2
    GITHUB_OUTPUT=$PWD/output run "$atoll" run gate.yml
    [ "$status" -eq 0 ]
    grep -qx 'status=succeeded' output
    [ "$(grep -c '^due=' output)" -eq 0 ]
    [ "$(grep -c before ran)" -eq 2 ]
    [ "$(grep -c after ran)" -eq 2 ]
}

@test "a signal with data, while nobody works on the run" {
    gate 'signal: deploy, timeout: 24h'
    "$atoll" run gate.yml
    run "$atoll" status
    [[ $output == *'gate waits for the signal "deploy" until 20'* ]]
    run "$atoll" signal latest other
    [ "$status" -eq 0 ]
    [ "$output" = 'Signal "other" sent by robin; `atoll run` goes on with it.' ]
    json 0 "r['status'] == 'waiting'" "$atoll" run gate.yml --json
    json 0 "(r['sent'], r['name'], r['sender'], r['delivered']) == ('signal', 'deploy', 'zoe', 'state') and len(r['run']) == 26" \
        "$atoll" signal latest deploy --data '{"version": 3}' --as zoe --json
    json 0 "r['status'] == 'succeeded' and r['steps'][1]['outputs']['data'] == {'version': 3} and r['waiting_for'] == []" \
        "$atoll" run gate.yml --json
    [ "$(tail -n 1 ran)" = 'after signal deploy from zoe' ]
}

@test "data that is no JSON is a text" {
    gate 'signal: deploy'
    "$atoll" run gate.yml
    GITHUB_ACTOR=octocat "$atoll" signal latest deploy --data 'two words'
    json 0 "(o := r['steps'][1]['outputs'])['data'] == 'two words' and o['sender'] == 'octocat'" "$atoll" run gate.yml --json
}

@test "a signal wakes a run that lingers" {
    gate 'signal: deploy'
    "$atoll" run gate.yml --linger 10m >log 2>&1 &
    local run=$!
    until_step gate waiting
    json 0 "r['delivered'] == 'supervisor'" "$atoll" signal latest deploy --json
    wait "$run"
    [ "$(grep -c after ran)" -eq 1 ]
}

@test "an approval needs the right person and a step that waits for it" {
    gate 'approval: [zoe, max], timeout: 24h'
    "$atoll" run gate.yml
    run "$atoll" approve latest gate
    [ "$status" -eq 2 ]
    [[ $output == *'may be approved by ["zoe","max"], not by robin (--as NAME'* ]]
    json 2 "r['kind'] == 'usage'" "$atoll" approve latest gate --as eve --json
    run "$atoll" approve latest after --as zoe
    [ "$status" -eq 1 ]
    [[ $output == *'step after of run '*' does not wait for an approval'* ]]
    run "$atoll" approve latest nothing --as zoe
    [ "$status" -eq 1 ]
    json 0 "r['status'] == 'waiting' and r['waiting_for'][0]['who'] == ['zoe', 'max']" "$atoll" run gate.yml --json
    run "$atoll" approve latest gate --as max --reason 'looks good'
    [ "$status" -eq 0 ]
    [ "$output" = 'Step gate approved by max; `atoll run` goes on with it.' ]
    run "$atoll" run gate.yml
    [ "$status" -eq 0 ]
    [ "$(tail -n 1 ran)" = 'after approved by max' ]
}

@test "a refusal fails the run; retry asks again" {
    gate 'approval: [zoe]'
    "$atoll" run gate.yml
    run "$atoll" approve latest gate --as zoe --reject --reason 'too risky'
    [ "$output" = 'Step gate refused by zoe; `atoll run` goes on with it.' ]
    run "$atoll" run gate.yml
    [ "$status" -eq 1 ]
    [[ $output == *'step gate: zoe refused: too risky'* ]]
    run "$atoll" approve latest gate --as zoe
    [ "$status" -eq 1 ]
    run "$atoll" retry
    [ "$status" -eq 0 ]
    [[ $output == *'waits for approval by zoe'* ]]
    "$atoll" approve latest gate --as zoe
    json 0 "r['status'] == 'succeeded'" "$atoll" run gate.yml --json
    [ "$(grep -c before ran)" -eq 1 ]
}

@test "what does not come in time fails the run; retry waits anew" {
    gate 'signal: deploy, timeout: 4s'
    json 1 "r['status'] == 'failed' and r['kind'] == 'timeout' and 'did not come within 4.0s' in r['error']" \
        "$atoll" run gate.yml --linger 5m --json
    json 0 "r['status'] == 'waiting' and r['waiting_for'][0]['due'] > r['started']" "$atoll" retry --json
    "$atoll" signal latest deploy
    json 0 "r['status'] == 'succeeded'" "$atoll" run gate.yml --json
    [ "$(grep -c before ran)" -eq 1 ]
    [ "$(grep -c after ran)" -eq 1 ]
}

@test "cancel ends a waiting run, and what it waited for is waited for again by retry" {
    gate 'signal: deploy'
    "$atoll" run gate.yml
    run "$atoll" cancel latest
    [ "$status" -eq 0 ]
    [[ $output =~ ^Run\ [0-9A-Z]{26}\ cancelled\ by\ robin\.$ ]]
    json 0 "r['status'] == 'cancelled' and [s['status'] for s in r['steps']] == ['succeeded', 'cancelled', 'cancelled'] and r['waiting_for'] == []" \
        "$atoll" status --json
    json 1 "r['kind'] == 'conflict' and 'ended already: cancelled' in r['error']" "$atoll" cancel latest --json
    run "$atoll" signal latest deploy
    [ "$status" -eq 1 ]
    json 0 "r['status'] == 'waiting'" "$atoll" retry --json
    "$atoll" signal latest deploy
    json 0 "r['status'] == 'succeeded'" "$atoll" run gate.yml --json
    [ "$(grep -c before ran)" -eq 1 ]
    # A run that was cancelled stays so: the next one is new.
    "$atoll" run gate.yml
    "$atoll" cancel latest
    "$atoll" run gate.yml
    [ "$(grep -c before ran)" -eq 3 ]
}

@test "cancel stops the processes of a running run" {
    cat >long.yml <<'YML'
version: 1
name: long
steps:
  - id: long
    uses: shell
    with: {run: "trap '' TERM; sleep 1000 & echo $! >pid; wait; wait; sleep 1000"}
YML
    "$atoll" run long.yml >log 2>&1 &
    local run=$! code=0
    for _ in $(seq 1200); do [ -s pid ] && break || sleep 0.05; done
    json 0 "r['sent'] == 'cancel' and r['delivered'] == 'supervisor'" "$atoll" cancel latest --json
    wait "$run" || code=$?
    [ "$code" -eq 1 ]
    grep -q 'was cancelled by robin' log
    [ ! -e "/proc/$(cat pid)/exe" ] || ! readlink "/proc/$(cat pid)/exe"
    json 0 "r['status'] == 'cancelled' and r['steps'][0]['status'] == 'cancelled'" "$atoll" status --json
}

@test "before the first run they say that there is none" {
    for command in status list history "signal X go" "cancel X"; do
        # shellcheck disable=SC2086
        run "$atoll" $command
        [ "$status" -ne 0 ]
        [[ $output == *'no run yet'*'`atoll run` makes one'* ]]
    done
}

@test "pause is for the whole state, told by status, and ended by unpause" {
    run "$atoll" pause --as zoe
    [ "$status" -eq 0 ]
    [[ $output == 'Effects paused: '*'by zoe.' ]]
    # The folder of the state is not git's.
    [ "$(cat .atoll/state/.gitignore)" = '*' ]
    gate 'until: 2020-01-01'
    json 0 "r['status'] == 'succeeded' and r['paused_by'] == 'zoe'" "$atoll" run gate.yml --json
    run "$atoll" status
    [[ $output == *'Effects are paused by zoe; `atoll unpause` lets them leave again.'* ]]
    json 0 "r['sent'] == 'unpause' and r['run'] is None" "$atoll" unpause --json
    json 0 "r['paused_by'] is None" "$atoll" status --json
}

@test "list tells every run, latest first, by status, pipeline and number" {
    run "$atoll" list
    [ "$status" -eq 1 ]
    gate 'until: 2020-01-01'
    "$atoll" run gate.yml
    gate 'signal: deploy'
    "$atoll" run gate.yml
    printf 'version: 1\nname: fails\nsteps:\n  - {id: a, uses: shell, with: {run: exit 7}}\n' >fails.yml
    run "$atoll" run fails.yml
    [ "$status" -eq 1 ]
    json 0 "[(x['pipeline'], x['status'], x['steps'], x['waiting_for']) for x in r] == [('fails', 'failed', 1, 0), ('gate', 'superseded', 3, 0), ('gate', 'succeeded', 3, 0)]" \
        "$atoll" list --json
    json 0 "[x['status'] for x in r] == ['superseded', 'succeeded']" "$atoll" list --pipeline gate --json
    json 0 "len(r) == 1 and r[0]['pipeline'] == 'fails'" "$atoll" list --limit 1 --json
    json 0 "r == []" "$atoll" list --status cancelled --json
    run "$atoll" list --status failed
    [ "${#lines[@]}" -eq 1 ]
    [[ $output =~ ^[0-9A-Z]{26}\ +failed\ +fails ]]
    run "$atoll" list --status fialed
    [ "$status" -eq 2 ]
    [[ $output == *'--status'* ]]
}

@test "list finds runs by the commit of the repository" {
    git init -q .
    git -c user.name=a -c user.email=a@example.org commit -q --allow-empty -m First
    gate 'until: 2020-01-01'
    "$atoll" run gate.yml
    json 0 "len(r) == 1 and r[0]['commit'] == '$(git rev-parse HEAD)'" "$atoll" list --commit "$(git rev-parse --short HEAD)" --json
    json 0 "r == []" "$atoll" list --commit 0123456789 --json
}

@test "a run that is not there is an error of its own" {
    for command in "signal NOPE x" "approve NOPE gate" "cancel NOPE" "signal latest x" "cancel latest"; do
        run "$atoll" $command
        [ "$status" -eq 1 ]
        [ ! -e .atoll ]
    done
    gate 'signal: deploy'
    "$atoll" run gate.yml
    for command in "signal NOPE x" "approve NOPE gate" "cancel NOPE"; do
        json 1 "r['kind'] == 'not-found' and 'no run NOPE' in r['error']" "$atoll" $command --json
    done
    for command in "signal latest" "approve latest" "cancel" "pause now" "run gate.yml --linger soon"; do
        run "$atoll" $command
        [ "$status" -eq 2 ]
    done
    run "$atoll" retry NOPE
    [ "$status" -eq 1 ]
    [ -z "$(ls .atoll/state/state.db.inbox)" ]
}

@test "a wait that can't be meant is found before the first step" {
    for with in 'for: 1s, signal: x' 'timeout: 1h' 'until: Christmas' 'for: 1s, timeout: 1h'; do
        gate "$with"
        run "$atoll" run gate.yml
        [ "$status" -eq 2 ]
        [[ $output == *'step gate: '* ]]
        [ ! -e ran ]
    done
}
