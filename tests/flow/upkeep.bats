#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The upkeep of a state: gc, state verify, history --follow, and that no secret gets into it.

setup() {
    atoll=$ATOLL_BUILD/atoll
    cd "$BATS_TEST_TMPDIR"
    unset GITHUB_OUTPUT GITHUB_TOKEN
}

pipeline() {
    cat >p.yml <<'YML'
version: 1
name: small
steps:
  - id: say
    uses: shell
    with: {run: "echo said"}
YML
}

@test "gc removes what is old and says so, and the state is whole" {
    pipeline
    for _ in 1 2 3; do "$atoll" run p.yml; done
    run "$atoll" gc --keep 1 --older-than 0s --dry-run
    [ "$status" -eq 0 ]
    [[ $output == "Would remove 2 runs,"* ]]
    [ "$("$atoll" list | wc -l)" -eq 3 ]
    "$atoll" gc
    [ "$("$atoll" list | wc -l)" -eq 3 ]
    run "$atoll" gc --keep 1 --older-than 0s
    [[ $output == "Removed 2 runs,"* ]]
    [ "$("$atoll" list | wc -l)" -eq 1 ]
    run "$atoll" state verify
    [ "$status" -eq 0 ]
    [[ $output == *"is whole." ]]
    "$atoll" run p.yml
    "$atoll" state verify
    run "$atoll" gc --older-than soon
    [ "$status" -eq 2 ]
}

@test "history follows a run to its end" {
    pipeline
    sed -i 's/echo said/until [ -e go ]; do sleep 0.05; done/' p.yml
    "$atoll" run p.yml &
    until "$atoll" status 2>/dev/null | grep -q running; do sleep 0.05; done
    "$atoll" history --follow --json >followed &
    follower=$!
    until grep -q step-started followed; do sleep 0.05; done
    touch go
    wait "$follower"
    tail -1 followed | grep -q '"run-finished"'
    seq=$(tail -2 followed | head -1 | grep -o '"seq": *[0-9]*' | grep -o '[0-9]*$')
    run "$atoll" history --since "$seq"
    [ "${#lines[@]}" -eq 1 ]
    [[ $output == *run-finished* ]]
    wait
}

@test "a secret of the environment is neither stored nor printed, and the step gets it" {
    export PLANTED='pl4nted secret/value+1'
    cat >p.yml <<'YML'
version: 1
name: secretive
secrets: [PLANTED]
steps:
  - id: use
    uses: shell
    with:
      run: |
        echo "$GIVEN" >&2
        echo "$GIVEN" | base64 >&2
        [ "$GIVEN" = "$PLANTED" ] && touch got
        echo "{\"token\": \"$GIVEN\"}"
      env: {GIVEN: "${{ env.PLANTED }}"}
  - id: wait
    uses: wait
    with: {signal: go, timeout: 1h}
  - id: fail
    uses: shell
    with: {run: "echo \"$PLANTED\" >&2; exit 3"}
YML
    run "$atoll" run p.yml
    echo "$output" >printed
    [ -e got ]
    run "$atoll" signal latest go --data "\"$PLANTED\""
    echo "$output" >>printed
    run "$atoll" run p.yml
    [ "$status" -ne 0 ]
    echo "$output" >>printed
    for command in status "status --json" history "history --json --verbose"; do
        "$atoll" $command >>printed
    done
    encoded=$(printf %s "$PLANTED" | base64)
    run grep -rF -e "$PLANTED" -e "${encoded:0:16}" printed .atoll/state
    [ "$status" -eq 1 ]
    grep -Fq '***' printed
    run "$atoll" run p.yml --var "x=$PLANTED"
    [ "$status" -eq 2 ]
    [[ $output == *'the value of $PLANTED stands in the variables'* ]]
}

@test "history and state verify also read what another machine published" {
    mkdir -p one/.atoll
    pipeline
    printf 'carrier: {to: "dir:%s", every: 1h}\n' "$BATS_TEST_TMPDIR/carrier" | cat p.yml - >one/.atoll/pipeline.yml
    cp -r one two
    "$atoll" run --quiet --repository one
    run "$atoll" history --follow --repository two
    [ "$status" -eq 0 ]
    [[ ${lines[-1]} == *run-finished* ]]
    run "$atoll" state verify --repository two
    [ "$status" -eq 0 ]
    [[ $output == *"is whole." ]]
    [ ! -e two/.atoll/state/state.db ]
}
