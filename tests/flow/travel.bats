#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Runs whose machine goes away: the state travels through a carrier, and another clone goes on.

setup() {
    atoll=$ATOLL_BUILD/atoll
    cd "$BATS_TEST_TMPDIR"
    log=$BATS_TEST_TMPDIR/log
    git init -q -b main one
    mkdir one/.atoll
    git init -q --bare carrier.git
}

# machines SPEC LEASE: three clones of a pipeline that works, waits for the signal `go` and works on.
machines() {
    cat >one/.atoll/pipeline.yml <<YML
version: 1
name: travels
carrier: {to: "$1", every: 1s, lease: $2}
steps:
  - {id: first, uses: shell, with: {run: "echo first >>$log; sleep \${SLOW:-0}"}}
  - {id: go, uses: wait, with: {signal: go}}
  - {id: last, uses: shell, with: {run: "echo last \${{ steps.go.outputs.data }} >>$log"}}
YML
    git -C one add -A
    git -C one -c user.name=p -c user.email=p@example.com commit -qm pipeline
    git clone -q one two
    git clone -q one three
}

on() {
    local machine=$1
    shift
    "$atoll" "$@" --repository "$machine"
}

# begin MACHINE N ..: starts a run whose first step takes long, up to the N-th time that this step is begun.
begin() {
    local machine=$1 times=$2
    shift 2
    SLOW=60 "$atoll" run --quiet --repository "$machine" "$@" 3>&- &
    owner=$!
    until [ "$(grep -c first "$log" 2>/dev/null)" -ge "$times" ] 2>/dev/null; do sleep 0.1; done
}

# The run that was begun ended, with $status.
ends() {
    status=0
    wait "$owner" || status=$?
}

# Fails when the command succeeds: bash lets "! command" pass.
refute() {
    if "$@"; then
        return 1
    fi
}

# goes_on SPEC: a run begun on one machine, which is deleted, ends on two others, and a signal that was sent while
# nobody worked is delivered once.
goes_on() {
    machines "$1" 1h
    on one run --quiet
    rm -rf one
    on two signal latest go --data 7
    on three list --json | tr -d ' \n' | grep -q '"status":"waiting"'
    on three run --quiet
    printf 'first\nlast 7\n' | diff - "$log"
    on two status --json | tr -d ' \n' | grep -q '"status":"succeeded"'
    on two history | grep -c signal-received | grep -qx 1
    # What two had of the run was no work of its own, and nothing is set aside.
    refute ls two/.atoll/state/*.stale-*
}

@test "through a folder" { goes_on "dir:$BATS_TEST_TMPDIR/carrier"; }

@test "through a ref of a git repository" { goes_on "git:$BATS_TEST_TMPDIR/carrier.git#refs/atoll/state"; }

@test "a state that is worked on elsewhere is left alone until the lease is over or is taken over" {
    machines "dir:$BATS_TEST_TMPDIR/carrier" 1h
    begin one 1
    run on two run --quiet
    [ "$status" -eq 5 ]
    [[ $output == *"another machine ("*") works on the state"*"--take-over"* ]]
    on two status | grep -q 'running'
    on two run --quiet --take-over
    on two status | grep -q 'waiting'
    # The one that lost it stops at its next publication and says why.
    ends
    [ "$status" -eq 1 ]
    printf 'first\nfirst\n' | diff - "$log"
}

@test "on SIGTERM the state is published, and another machine goes on at once" {
    machines "dir:$BATS_TEST_TMPDIR/carrier" 1h
    begin one 1
    begun=$(date +%s)
    kill -TERM "$owner"
    ends
    [ $(($(date +%s) - begun)) -le 20 ]
    rm -rf one
    on two run --quiet
    on two status | grep -q 'waiting'
}

@test "a machine that dies without a word is outlived by its lease" {
    machines "dir:$BATS_TEST_TMPDIR/carrier" 3s
    begin one 1
    kill -KILL "$owner"
    ends
    # On its own machine nobody waits for the lease.
    on one run --quiet
    on one status | grep -q 'waiting'
    begin one 3 --seed 9
    kill -KILL "$owner"
    ends
    rm -rf one
    until on two run --quiet; do
        [ $? -eq 5 ]
        sleep 0.5
    done
    on two status | grep -q 'waiting'
}

@test "work that was never published is told and kept, not merged" {
    machines "dir:$BATS_TEST_TMPDIR/carrier" 1h
    on one run --quiet
    on one run --quiet --carrier ''
    on one signal latest go --data 1 --carrier ''
    on one run --quiet --carrier ''
    on two run --quiet
    run on one run
    [ "$status" -eq 0 ]
    [[ $output == *"is kept in "*".stale-"*" and is not used"* ]]
    ls one/.atoll/state/*.stale-*
    on one status | grep -q 'waiting'
}

@test "two states that do not belong together are not mixed" {
    machines "dir:$BATS_TEST_TMPDIR/carrier" 1h
    on one run --quiet
    on two run --quiet --carrier ''
    run on two run --quiet
    [ "$status" -eq 1 ]
    [[ $output == *"is another state than the one published in"* ]]
}

@test "a carrier that is misspelt is told" {
    machines "folder:/tmp" 1h
    run on one run
    [ "$status" -eq 2 ]
    [[ $output == *"dir:PATH"* ]]
    [ ! -e "$log" ]
}

@test "export and import carry a state in one file" {
    machines "dir:$BATS_TEST_TMPDIR/carrier" 1h
    on one run --quiet --carrier ''
    on one export state.tar.zst --carrier ''
    tar --zstd -tf state.tar.zst | diff - <(printf 'manifest.json\nstate.db\n')
    on two import state.tar.zst
    on two status --carrier '' | grep -q waiting
    run on two import state.tar.zst
    [ "$status" -eq 1 ]
    [[ $output == *"there is a state already"* ]]
    on two import state.tar.zst --replace
    head -c 100 state.tar.zst >short.tar.zst
    run on three import short.tar.zst
    [ "$status" -ne 0 ]
    [ ! -e three/.atoll/state/state.db ]
}

# dies SPEC AFTER: a machine that runs six steps of half a second is killed and deleted after AFTER seconds; another one ends the run.
# No step starts before what came before it is published, so only the step in flight can be done twice.
dies() {
    rm -rf one two three "$log"
    git init -q -b main one
    mkdir one/.atoll
    {
        printf 'version: 1\nname: dies\ncarrier: {to: "%s", every: 1h, lease: 1h}\nsteps:\n' "$1"
        for i in 1 2 3 4 5 6; do
            printf '  - {id: s%s, uses: shell, publish: before, with: {run: "sleep 0.5; echo s%s >>%s; echo n=%s >>$ATOLL_OUTPUT"}}\n' \
                $i $i "$log" $i
        done
    } >one/.atoll/pipeline.yml
    git -C one add -A
    git -C one -c user.name=p -c user.email=p@example.com commit -qm pipeline
    git clone -q one two
    "$atoll" run --quiet --repository one 3>&- &
    owner=$!
    sleep "$2"
    kill -KILL "$owner" || true
    ends
    until rm -rf one; do sleep 0.1; done # what the kill reaches a moment later
    on two run --quiet --take-over
    on two status --json | tr -d ' \n' | grep -oE '"n":"[0-9]"' | sort -u | wc -l | grep -qx 6
    [ "$(sort -u "$log" | wc -l)" -eq 6 ]
    [ "$(sort "$log" | uniq -d | wc -l)" -le 1 ]
    [ "$(sort "$log" | uniq -c | awk '$1 > 2' | wc -l)" -eq 0 ]
}

@test "a machine is deleted at any moment: the run ends elsewhere, and what is done twice is the publish window" {
    for after in 0.1 0.4 0.9 1.5 2.3; do
        rm -rf carrier carrier.git
        git init -q --bare carrier.git
        dies "dir:$BATS_TEST_TMPDIR/carrier" $after
        dies "git:$BATS_TEST_TMPDIR/carrier.git#refs/atoll/state" $after
    done
}

@test "steps do not see the credential that writes the state" {
    machines "dir:$BATS_TEST_TMPDIR/carrier" 1h
    printf '  - {id: env, uses: shell, needs: [], with: {run: "env >%s"}}\n' "$log.env" >>one/.atoll/pipeline.yml
    ATOLL_STATE_TOKEN=very-secret-token on one run --quiet
    [ -s "$log.env" ]
    refute grep -q very-secret-token "$log.env"
    refute grep -rq very-secret-token one/.atoll/state carrier
}
