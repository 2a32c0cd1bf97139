#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The command line: help, versions, completion, errors and exit codes.

setup() {
    atoll=$ATOLL_BUILD/atoll
    cd "$BATS_TEST_TMPDIR"
}

@test "version, plain and as JSON" {
    run "$atoll" version
    [ "$status" -eq 0 ]
    [[ $output =~ ^atoll\ [0-9]+\.[0-9]+\.[0-9]+$ ]]
    [ "$("$atoll" --version)" = "$output" ]
    "$atoll" version --json | grep -q '"version": "'
}

@test "every command has help, and help lists every command" {
    for command in run resume retry list status history signal approve cancel pause unpause validate schema evolve compare profile explain verdict sandbox doctor version help; do
        "$atoll" help | grep -q "^  $command "
        run "$atoll" help "$command"
        [ "$status" -eq 0 ]
        [[ $output == *"Usage: atoll $command"* ]]
        [ "$("$atoll" "$command" --help)" = "$output" ]
    done
    ! "$atoll" help | grep -q step-process
}

@test "the man page is valid and names every option" {
    "$atoll" help --format man >atoll.1
    grep -q 'fail\\-on\\-none' atoll.1
    command -v man >/dev/null || skip "needs man"
    [ -z "$(man --warnings -E UTF-8 -l atoll.1 2>&1 >/dev/null)" ]
}

@test "bash completes commands, options and files" {
    "$atoll" help --format bash >completion
    touch FILE.c
    bash -c 'source completion
        COMP_WORDS=(atoll ev) COMP_CWORD=1; _atoll; [ "${COMPREPLY[*]}" = evolve ] || exit 1
        COMP_WORDS=(atoll evolve --min) COMP_CWORD=2; _atoll; [ "${COMPREPLY[*]}" = --minutes ] || exit 2
        COMP_WORDS=(atoll evolve FI) COMP_CWORD=2; _atoll; [ "${COMPREPLY[*]}" = FILE.c ] || exit 3'
}

@test "a misspelt command or option is exit 2 and names the right one" {
    run "$atoll" evolv
    [ "$status" -eq 2 ]
    [[ $output == *'did you mean "evolve"'* ]]
    run "$atoll" evolve --minuets 1 x:y
    [ "$status" -eq 2 ]
    [[ $output == *'did you mean --minutes'* ]]
    run "$atoll" evolve --minutes soon x:y
    [ "$status" -eq 2 ]
    run "$atoll" version -v
    [ "$status" -eq 2 ]
    [[ $output == *'options are long'* ]]
    run "$atoll" evolve
    [ "$status" -eq 2 ]
    run "$atoll" evolve nothing.c:f
    [ "$status" -eq 2 ]
    [[ $output == *"nothing.c: no such file"* ]]
}

@test "an invalid pipeline is exit 2 with every problem and its place" {
    printf 'version: 1\nname: x\nsteps:\n  - id: a\n    uses: shel\n    wiht: {run: "true"}\n' >p.yml
    run "$atoll" validate p.yml
    [ "$status" -eq 2 ]
    [[ $output == *"p.yml:5:11: "*'did you mean "shell"'* ]]
    [[ $output == *"p.yml:6:5: "*'did you mean "with"'* ]]
    run "$atoll" run p.yml
    [ "$status" -eq 2 ]
    [[ $output == *"p.yml:5:11"* ]]
    for command in validate run; do
        GITHUB_ACTIONS=true run "$atoll" "$command" p.yml
        [[ $output == *"::error file=p.yml,line=5,col=11::"* ]]
        [[ $output == *"::error file=p.yml,line=6,col=5::"* ]]
        GITHUB_ACTIONS=true GITHUB_WORKSPACE=$PWD run "$atoll" "$command" "$PWD/p.yml"
        [[ $output == *"::error file=p.yml,line=5,col=11::"* ]]
    done
}

@test "annotations are escaped as GitHub reads them" {
    printf 'version: 1\nname: x\nsteps:\n  - {id: a, uses: "100%% sh"}\n' >'p,1.yml'
    GITHUB_ACTIONS=true run "$atoll" run 'p,1.yml'
    [[ $output == *'::error file=p%2C1.yml,line=4,col=19::uses: unknown step "100%25 sh"'* ]]
    [[ $output == *'::error::p,1.yml:4:19: uses: unknown step "100%25 sh"'* ]]
}

# Standard output of the command has to be one JSON document; FIELDS is a Python expression over it.
json() {
    local expected=$1 fields=$2 code=0
    shift 2
    command -v python3 >/dev/null || skip "needs python3"
    "$@" >out.json 2>/dev/null || code=$?
    [ "$code" -eq "$expected" ]
    python3 -c "import json; r = json.load(open('out.json')); assert $fields, r"
}

@test "--json is one document, however it ends" {
    printf 'version: 1\nname: x\nsteps:\n  - {id: a, uses: shell, with: {run: exit 7}}\n' >fails.yml
    json 1 "r['status'] == 'failed' and r['kind'] == 'target' and 'code 7' in r['error'] and len(r['steps']) == 1" \
        "$atoll" run fails.yml --json
    json 0 "r['status'] == 'planned' and r['steps'][0]['id'] == 'a' and r['steps'][0]['with']['run'] == 'exit 7'" \
        "$atoll" run fails.yml --dry-run --json
    printf 'version: 1\nname: x\nsteps:\n  - id: a\n    uses: shel\n    wiht: {run: "true"}\n' >p.yml
    json 2 "r['kind'] == 'config' and [p['line'] for p in r['problems']] == [5, 6]" "$atoll" run p.yml --json
    printf 'int f(int n, ...) { return n; }\n' >f.c
    json 0 "[s['id'] for s in r['steps']] == ['benchmark', 'evolve']" "$atoll" evolve f.c:f --dry-run --json
    json 1 "r['target'] == 'f.c:f' and r['verdict'] == 'failed' and r['patch'] is None and r['error'] and r['holdout'] is None" \
        "$atoll" evolve f.c:f --json
}

@test "a pipeline of shell steps runs, passes outputs and is not repeated" {
    cat >p.yml <<'YML'
version: 1
name: x
steps:
  - id: one
    uses: shell
    with:
      run: |
        echo ran >>"$COUNT"
        echo "word=hello" >>"$ATOLL_OUTPUT"
        printf 'lines<<END\na\nb\nEND\n' >>"$ATOLL_OUTPUT"
      env: {COUNT: ./count}
  - id: two
    uses: shell
    with:
      run: test "${{ steps.one.outputs.word }}" = hello && exit ${CODE:-0}
YML
    CODE=7 run "$atoll" run p.yml --color never
    [ "$status" -eq 1 ]
    [[ $output == *"exit code 7"* ]]
    run "$atoll" resume
    [ "$status" -eq 0 ]
    [ "$(cat count)" = ran ]
    "$atoll" status --json | grep -q '"status": "succeeded"'
    "$atoll" history | grep -q step
}

@test "status, history and resume find the state that the pipeline names" {
    mkdir .atoll
    printf 'version: 1\nname: x\nstate: kept/my.db\nsteps:\n  - {id: a, uses: shell, with: {run: "exit ${CODE:-0}"}}\n' >.atoll/pipeline.yml
    CODE=7 run "$atoll" run
    [ "$status" -eq 1 ]
    [[ $output == *"exit code 7"* ]]
    run "$atoll" resume
    [ "$status" -eq 0 ]
    run "$atoll" run --json
    [ "$status" -eq 0 ]
    "$atoll" status --json | grep -q '"status": "succeeded"'
    "$atoll" history | grep -q run-finished
    [ -e kept/my.db ]
    [ ! -e .atoll/state ]
}

@test "a relative --state works for steps that run elsewhere" {
    mkdir sub
    printf 'version: 1\nname: x\nsteps:\n  - {id: a, uses: shell, with: {run: "echo v=1 >>$ATOLL_OUTPUT", working-directory: sub}}\n' >p.yml
    run "$atoll" run p.yml --state my.db
    [ "$status" -eq 0 ]
    "$atoll" status --state my.db --json | grep -q '"v": "1"'
    [ -z "$(ls sub)" ]
}

@test "a log holds every line that a shell step prints" {
    cat >p.yml <<'YML'
version: 1
name: x
steps:
  - id: one
    uses: shell
    with:
      run: |
        for i in $(seq 1 40000); do echo "line $i of a log larger than a mebibyte"; done
        printf 'not ended'
YML
    "$atoll" run p.yml >log 2>&1
    [ "$(grep -c '^    one| line [0-9]* of a log' log)" -eq 40000 ]
    grep -q '^    one| not ended$' log
}

@test "a dry run starts nothing" {
    printf 'version: 1\nname: x\nsteps:\n  - id: a\n    uses: shell\n    with: {run: touch ran}\n' >p.yml
    run "$atoll" run --dry-run p.yml
    [ "$status" -eq 0 ]
    [[ $output == *'touch ran'* ]]
    [ ! -e ran ]
    [ ! -e .atoll ]
}

@test "a dry run tells no variable of the environment" {
    printf 'version: 1\nname: x\nvars: {who: me}\nsteps:\n  - id: a\n    uses: shell\n    with: {run: "send ${{ vars.who }} ${{ env.TOKEN }}", env: {T: "${{ env.TOKEN }}"}}\n' >p.yml
    TOKEN=hunter2 run "$atoll" run --dry-run p.yml
    [ "$status" -eq 0 ]
    [[ $output == *'send me ${{ env.TOKEN }}'* ]]
    [[ $output != *hunter2* ]]
    TOKEN=hunter2 run "$atoll" run --dry-run --json p.yml
    [[ $output != *hunter2* ]]
}

@test "a pull request without a base branch is noticed before the first step" {
    git init -q -b trunk origin
    git -C origin -c user.name=a -c user.email=a@example.org commit -q --allow-empty -m First
    git clone -q origin clone
    cd clone
    printf 'version: 1\nname: x\nsteps:\n  - id: a\n    uses: shell\n    with: {run: touch ran}\n  - id: pr\n    uses: open-pull-request\n    with: {evidence: "${{ steps.a.outputs.e }}"}\n' >p.yml
    git checkout -q --detach
    git remote set-head origin -d
    run "$atoll" run p.yml
    [ "$status" -eq 2 ]
    [[ $output == *'step pr: '*'set `base:`'* ]]
    [ ! -e ran ]
    git remote set-head origin trunk
    run "$atoll" run p.yml
    [ -e ran ]
}

@test "the schema is JSON and knows every step" {
    "$atoll" schema >schema.json
    for step in profile-fetch benchmark-generate island-evolve correctness-test open-pull-request canary-experiment shell wait; do
        grep -q "\"$step\"" schema.json
    done
    command -v python3 >/dev/null || skip "needs python3"
    python3 -c 'import json; json.load(open("schema.json"))'
}

@test "the reference in docs is what the tables say" {
    "$atoll" schema --manual >manual.md
    diff manual.md "$BATS_TEST_DIRNAME/../../docs/pipeline.md"
}

@test "doctor says what is there" {
    run "$atoll" doctor
    [[ $output == *"atoll-cell"* ]]
    "$atoll" doctor --json | grep -q '"name": "seccomp"'
}

@test "colour only where asked or on a terminal" {
    run "$atoll" doctor
    [[ $output != *$'\033'* ]]
    run "$atoll" doctor --color always
    [[ $output == *$'\033'* ]]
}
