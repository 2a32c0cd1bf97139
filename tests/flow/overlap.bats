#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Triggers that meet an unfinished run of another commit or another pipeline.

setup() {
    atoll=$ATOLL_BUILD/atoll
    cd "$BATS_TEST_TMPDIR"
    git init -q -b main house
    cd house
    mkdir .atoll
    cat >.atoll/pipeline.yml <<'YML'
version: 1
name: waits
overlap: supersede
steps:
  - {id: first, uses: shell, with: {run: cat word}}
  - {id: go, uses: wait, with: {signal: go}}
  - {id: last, uses: shell, with: {run: 'echo "word=$(cat word)" >>$ATOLL_OUTPUT; git rev-parse HEAD'}}
YML
    commit one
    first=$(git rev-parse HEAD)
}

# commit WORD: the source moves on.
commit() {
    echo "$1" >word
    git add -A
    git -c user.name=p -c user.email=p@example.com commit -qm "$1"
}

policy() {
    sed -i "s/^overlap: .*/overlap: $1/" .atoll/pipeline.yml
}

# runs WHAT..: one line a run, latest first, is STATUS and the commit's first digits.
runs() {
    "$atoll" list --json | tr -d ' \n' | grep -oE '"status":"[a-z]+","commit":"[0-9a-f]{7}' |
        sed -E 's/"status":"([a-z]+)","commit":"(.*)/\1 \2/' | diff - <(printf '%s\n' "$@")
}

@test "supersede: a new commit ends the unfinished run" {
    "$atoll" run --quiet
    commit two
    run "$atoll" run
    [ "$status" -eq 0 ]
    [[ $output == *"another source commit is run now"* ]]
    runs "waiting $(git rev-parse --short HEAD)" "superseded ${first:0:7}"
}

@test "skip: the unfinished run goes on, in its own source" {
    policy skip
    commit one-again
    first=$(git rev-parse HEAD)
    "$atoll" run --quiet
    commit two
    run "$atoll" run
    [[ $output == *"is skipped"* ]]
    "$atoll" signal latest go
    "$atoll" run --quiet
    runs "succeeded ${first:0:7}"
    "$atoll" status --json | tr -d ' \n' | grep -q '"word":"one-again"'
    [ "$(git worktree list | wc -l)" -eq 1 ]
    [ "$(git branch | wc -l)" -eq 1 ]
    [ "$(cat word)" = two ]
}

@test "skip: a clone without the run's commit says what is missing" {
    policy skip
    commit one-again
    "$atoll" run --quiet
    commit two
    git clone -q --depth 1 "file://$PWD" ../shallow
    run "$atoll" run --repository ../shallow --state "$PWD/.atoll/state/state.db" ../shallow/.atoll/pipeline.yml
    [ "$status" -eq 1 ]
    [[ $output == *"is not in this clone"* ]]
}

@test "buffer-one: a run for the latest commit follows the unfinished one, once" {
    policy buffer-one
    commit one-again
    first=$(git rev-parse HEAD)
    "$atoll" run --quiet
    commit two
    "$atoll" run --quiet
    commit three
    "$atoll" run --quiet
    "$atoll" signal latest go
    "$atoll" run --quiet
    runs "waiting $(git rev-parse --short HEAD)" "succeeded ${first:0:7}"
    "$atoll" signal latest go
    "$atoll" run --quiet
    runs "succeeded $(git rev-parse --short HEAD)" "succeeded ${first:0:7}"
}

@test "a changed pipeline starts a new run and says what changed, whatever the policy" {
    policy skip
    "$atoll" run --quiet
    sed -i 's/signal: go/signal: start/' .atoll/pipeline.yml
    echo '  - {id: more, uses: shell, with: {run: "true"}}' >>.atoll/pipeline.yml
    run "$atoll" run
    [ "$status" -eq 0 ]
    [[ $output == *"the pipeline changed (step go: with.signal; step more is new)"* ]]
}
