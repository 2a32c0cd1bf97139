# SPDX-License-Identifier: Apache-2.0
# Runs that are killed, interrupted, doubled or older than their state: what was committed is never done again, and
# what can't go on says why.

setup_file() {
    local top="$BATS_TEST_DIRNAME/../.."
    export BUILD="${ATOLL_BUILD:-$top/build/release}"
    export BASE="$BATS_FILE_TMPDIR/base"
    "$top/ci-templates/run-demo" --build "$BUILD" --into "$BASE" --prepare >"$BATS_FILE_TMPDIR/prepare" 2>&1
}

setup() {
    PATH="$BUILD:$PATH"
    cd "$BATS_TEST_TMPDIR" || return 1
}

teardown() {
    [ -z "${STARTED:-}" ] || kill -9 -- "-$STARTED" 2>/dev/null || true
}

# A repository whose pipeline tells which steps ran; `second` waits for the file `go`.
slow_pipeline() {
    git init -q repository
    cd repository || return 1
    git -c user.name=A -c user.email=a@example.com commit -q --allow-empty -m first
    mkdir .atoll
    cat >.atoll/pipeline.yml <<EOF
version: 1
name: slow
steps:
  - id: first
    uses: shell
    with:
      run: echo first >>$BATS_TEST_TMPDIR/ran
  - id: second
    uses: shell
    needs: [first]
    with:
      run: |
        echo second >>$BATS_TEST_TMPDIR/ran
        i=0
        while [ \$i -lt 600 ]; do
            [ ! -e $BATS_TEST_TMPDIR/go ] || exit 0
            sleep 0.5
            i=\$((i + 1))
        done
        exit 1
EOF
}

# Starts `atoll run` in a process group of its own, and waits until `second` runs.
start_slow() {
    setsid atoll run >"$BATS_TEST_TMPDIR/output" 2>&1 3>&- &
    STARTED=$!
    for _ in $(seq 1000); do
        ! grep -q second "$BATS_TEST_TMPDIR/ran" 2>/dev/null || return 0
        sleep 0.1
    done
    cat "$BATS_TEST_TMPDIR/output"
    return 1
}

# The exit code of what start_slow started.
wait_slow() {
    local code=0
    wait "$STARTED" || code=$?
    STARTED=
    return "$code"
}

@test "killed 20 times, a deterministic run ends as one that was not" {
    run python3 "$BATS_TEST_DIRNAME/kill_demo.py" --build "$BUILD" --base "$BASE" --kills 20 --seed "${KILL_SEED:-1}"
    echo "$output"
    [ "$status" -eq 0 ]
    [[ "$output" == *"with 20 kills: "* ]]
}

@test "killed 10 times, a normal run has the same steps and effects" {
    run python3 "$BATS_TEST_DIRNAME/kill_demo.py" --build "$BUILD" --base "$BASE" --kills 10 --seed "${KILL_SEED:-1}" \
        --mode normal
    echo "$output"
    [ "$status" -eq 0 ]
    [[ "$output" == *"with 10 kills: "* ]]
}

@test "a run ends at once for SIGTERM, and the next one goes on with it" {
    slow_pipeline
    start_slow
    run atoll status --json
    [ "$status" -eq 0 ]
    [[ "$output" == *'"status": "running"'* ]]
    kill -TERM "$STARTED"
    local began=$SECONDS code=0
    wait_slow || code=$?
    [ "$code" -ne 0 ]
    [ "$code" -lt 128 ]
    [ $((SECONDS - began)) -le 60 ]
    cat "$BATS_TEST_TMPDIR/output"
    grep -q 'was interrupted; the next `atoll run` goes on with it' "$BATS_TEST_TMPDIR/output"
    for _ in $(seq 100); do
        run pgrep -f "$BATS_TEST_TMPDIR/"
        [ "$status" -ne 1 ] || break
        sleep 0.1
    done
    [ "$status" -eq 1 ]
    touch "$BATS_TEST_TMPDIR/go"
    run atoll run
    echo "$output"
    [ "$status" -eq 0 ]
    run atoll status --json
    [[ "$output" == *'"status": "succeeded"'* ]]
    [ "$(tr '\n' ' ' <"$BATS_TEST_TMPDIR/ran")" = 'first second second ' ]
    run atoll history
    [ "$(grep -c run-started <<<"$output")" -eq 1 ]
    [ "$(grep -c run-resumed <<<"$output")" -eq 1 ]
}

@test "of two runs at the same time the second is refused, and the first goes on" {
    slow_pipeline
    start_slow
    run atoll run
    echo "$output"
    [ "$status" -eq 5 ]
    [[ "$output" == *"is held by process $STARTED"* ]]
    touch "$BATS_TEST_TMPDIR/go"
    wait_slow
    [ "$(tr '\n' ' ' <"$BATS_TEST_TMPDIR/ran")" = 'first second ' ]
}

@test "a state of a newer atoll is refused and left as it is" {
    slow_pipeline
    touch "$BATS_TEST_TMPDIR/go"
    atoll run
    python3 - .atoll/state/state.db <<EOF
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
db.execute("INSERT INTO migration SELECT noun, max(version) + 1, 0 FROM migration WHERE noun = 'engine'")
db.commit()
EOF
    local command
    for command in run status; do
        run atoll "$command"
        echo "$output"
        [ "$status" -eq 4 ]
        [[ "$output" == *newer* ]]
    done
    [ "$(wc -l <"$BATS_TEST_TMPDIR/ran")" -eq 2 ]
}
