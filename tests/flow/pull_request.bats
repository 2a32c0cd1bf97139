#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What open-pull-request publishes: a branch that a maintainer would merge, nothing twice, nothing of a person's touched.

# Publishing is what is tested here, not measuring: recorded costs, so that no verdict depends on a clock.
atoll_run() {
    "$ATOLL_BUILD/atoll" run pipeline.yml --quiet --mode deterministic --seed 1
}

setup_file() {
    export HOUSE=$BATS_FILE_TMPDIR
    "$BATS_TEST_DIRNAME/../../ci-templates/run-demo" --build "$ATOLL_BUILD" --into "$HOUSE/demo" --prepare --profiler recorded
    cd "$HOUSE/demo/tagd"
    cat >pipeline.yml <<'YML'
version: 1
name: one-function
steps:
  - id: benchmark
    uses: benchmark-generate
    with: {file: src/fibonacci.c, function: fibonacci, captured: .atoll/captured/fibonacci.jsonl}
  - id: evolve
    uses: island-evolve
    with: {benchmark: "${{ steps.benchmark.outputs.benchmark }}", evaluations: 24}
  - id: prove
    uses: correctness-test
    with: {winner: "${{ steps.evolve.outputs.winner }}", test: make test, random: 50}
  - id: publish
    uses: open-pull-request
    with: {evidence: "${{ steps.prove.outputs.evidence }}", test: make test}
YML
    atoll_run
}

setup() {
    atoll=$ATOLL_BUILD/atoll
    cd "$HOUSE/demo/tagd"
    origin=$HOUSE/demo/origin.git
    request=$HOUSE/demo/origin.pull-requests/atoll-fibonacci.md
}

# Fails when the command succeeds: bash lets "! command" pass.
refute() {
    if "$@"; then
        return 1
    fi
}

checkout() {
    rm -rf "$BATS_TEST_TMPDIR/branch"
    git clone -q -b atoll/fibonacci "$origin" "$BATS_TEST_TMPDIR/branch"
    cd "$BATS_TEST_TMPDIR/branch"
}

@test "the branch passes its tests with the flag off and on" {
    checkout
    make -s test >/dev/null
    make -s clean
    ATOLL_FLAG_FIBONACCI=on make -s test >/dev/null
}

@test "with the treatment's body replaced by abort() only the flag-on suite fails" {
    command -v python3 >/dev/null || skip "needs python3"
    checkout
    python3 - <<'PY'
import re
text = open("src/fibonacci.c").read()
at = text.index("fibonacci_treatment(unsigned n)")
brace = text.index("{", at)
open("src/fibonacci.c", "w").write("#include <stdlib.h>\n" + text[: brace + 1] + "\n    abort();" + text[brace + 1 :])
PY
    make -s test >/dev/null
    run env ATOLL_FLAG_FIBONACCI=on make -s test
    [ "$status" -ne 0 ]
}

@test "the flag file switches, and its lease switches back" {
    command -v python3 >/dev/null || skip "needs python3"
    checkout
    python3 - <<'PY'
text = open("src/fibonacci.c").read()
at = text.index("{", text.index("fibonacci_treatment(unsigned n)"))
open("src/fibonacci.c", "w").write("#include <stdlib.h>\n" + text[: at + 1] + "\n    abort();" + text[at + 1 :])
PY
    make -s tagd
    # The control answers; the treatment aborts.
    ask() { echo "RETRY 7" | ATOLL_FLAG_FILE=$PWD/flags ./tagd >/dev/null 2>&1; }
    printf 'atoll-fibonacci = off\n' >flags
    ask
    printf '# on for good\natoll-fibonacci = on\n' >flags
    refute ask
    printf 'atoll-fibonacci = on until 4102444800\n' >flags
    refute ask
    printf 'atoll-fibonacci = on until 1000\n' >flags
    ask
    printf 'atoll-fibonacci = on since ever\n' >flags
    ask
    printf 'atoll-fibonacc = on\natoll-fibonaccii = on\n' >flags
    ask
}

@test "the old function stays word for word, and what surrounds it too" {
    checkout
    git diff main...HEAD -- src/fibonacci.c >/dev/null 2>&1 || git fetch -q origin main:main
    grep -q '^fibonacci_control(unsigned n)' src/fibonacci.c
    grep -q 'return fibonacci_control(n - 1) + fibonacci_control(n - 2);' src/fibonacci.c
    grep -A 3 'if (atoll_flag_fibonacci())' src/fibonacci.c | tr -s '\n ' ' ' |
        grep -q 'return fibonacci_treatment(n); return fibonacci_control(n); }'
    cc -Wall -Wextra -Wconversion -Werror -Isrc -c src/fibonacci.c -o /dev/null 2>err || cc -Wall -Wextra -Wconversion -Werror -Isrc -c src/fibonacci.c -o "$BATS_TEST_TMPDIR/x.o"
}

@test "the rollout file is off, staged and leased; the pull request tells the evidence first" {
    command -v python3 >/dev/null || skip "needs python3"
    checkout
    python3 - <<'PY'
import json
flag = json.load(open(".atoll/rollout/fibonacci.flagd.json"))["flags"]["atoll-fibonacci"]
assert flag["state"] == "ENABLED" and flag["defaultVariant"] == "control", flag
assert flag["variants"] == {"treatment": True, "control": False}, flag
assert "targeting" not in flag or flag["targeting"] == {}, flag
assert flag["metadata"]["lease"] > 1700000000 and flag["metadata"]["stage"] == 0, flag
PY
    grep -q '^atoll-fibonacci = off$' .atoll/flags
    git log -1 --format=%B | grep -q '^Atoll-Target: src/fibonacci.c:fibonacci$'
    grep -q '<!-- atoll target: src/fibonacci.c:fibonacci -->' "$request"
    [ "$(grep -n 'speed-up on holdout' "$request" | cut -d: -f1)" -lt "$(grep -n '<details>' "$request" | head -n 1 | cut -d: -f1)" ]
}

@test "a second run finds what is there and publishes nothing twice" {
    before=$(git -C "$origin" for-each-ref)
    atoll_run
    [ "$(git -C "$origin" for-each-ref | wc -l)" -eq "$(wc -l <<<"$before")" ]
    [ "$(git -C "$origin" rev-list --count main..atoll/fibonacci)" -eq 1 ]
    [ "$(ls "$HOUSE/demo/origin.pull-requests" | wc -l)" -eq 1 ]
}

@test "a person's commit on the branch is never overwritten" {
    checkout
    git -c user.name=p -c user.email=p@example.com commit -q --allow-empty -m "mine"
    git push -q origin HEAD
    tip=$(git rev-parse HEAD)
    cd "$HOUSE/demo/tagd"
    run atoll_run
    [ "$status" -eq 1 ]
    [[ $output == *"has a commit that is not atoll's"* ]]
    [ "$(git -C "$origin" rev-parse atoll/fibonacci)" = "$tip" ]
    git -C "$origin" update-ref -d refs/heads/atoll/fibonacci
}

@test "what a person closed stays closed" {
    sed -i 's/^state: .*/state: closed/' "$request"
    atoll_run
    grep -q '^state: closed$' "$request"
    "$atoll" status --json | grep -q closed-by-person
    refute git -C "$origin" rev-parse -q --verify atoll/fibonacci
}

# publishing NAME=VALUE..: a pipeline that only publishes, with the evidence that the last run found.
publishing() {
    python3 - "$atoll" "$HOUSE/evidence.json" "$@" >publish.yml <<'PY'
import json, os, subprocess, sys
atoll, kept, inputs = sys.argv[1], sys.argv[2], dict(word.split("=") for word in sys.argv[3:])
if not os.path.exists(kept):
    status = json.loads(subprocess.run([atoll, "status", "--json"], capture_output=True, check=True).stdout)
    prove = next(step for step in status["steps"] if step["id"] == "prove")
    json.dump(prove["outputs"]["evidence"], open(kept, "w"))
print("version: 1\nname: publish\nsteps:\n  - id: publish\n    uses: open-pull-request\n    with:")
print("      evidence: " + json.dumps(json.load(open(kept))))
for name, value in inputs.items():
    print("      %s: %s" % (name, value))
PY
}

# ends STATUS: the last run's step publish said so.
ends() {
    "$atoll" status --json | grep -qE "\"status\": ?\"$1\"" || {
        "$atoll" status --json
        return 1
    }
}

@test "changes that are not committed stay at home" {
    command -v python3 >/dev/null || skip "needs python3"
    rm "$request"
    echo '/* secret */' >>src/fibonacci.c
    publishing again=true
    run "$atoll" run publish.yml --quiet
    git checkout -q src/fibonacci.c
    [ "$status" -eq 1 ]
    [[ $output == *"src/fibonacci.c has changes that are not committed; commit or stash them"* ]]
    ! git -C "$origin" rev-parse -q --verify atoll/fibonacci
}

@test "a rollout goes on where it stands, and what was rolled back is not offered again" {
    command -v python3 >/dev/null || skip "needs python3"
    publishing again=true
    "$atoll" run publish.yml --quiet
    ends open
    tip=$(git -C "$origin" rev-parse atoll/fibonacci)
    publishing
    sleep 1.1 # made again within the same second it would be the same commit
    "$atoll" run publish.yml --quiet
    ends unchanged
    [ "$(git -C "$origin" rev-parse atoll/fibonacci)" = "$tip" ]
    checkout
    sed -i 's/"ENABLED"/"DISABLED"/; s/"metadata": {/&"reason": "it was slower",/' .atoll/rollout/fibonacci.flagd.json
    GIT_AUTHOR_DATE='1800000000 +0000' GIT_COMMITTER_DATE='1800000000 +0000' git -c user.name=atoll -c user.email=atoll@localhost \
        commit -q -a -m "Roll fibonacci back" -m "Atoll-Target: src/fibonacci.c:fibonacci"
    git push -q origin HEAD
    tip=$(git rev-parse HEAD)
    cd "$HOUSE/demo/tagd"
    publishing draft=false
    "$atoll" run publish.yml --quiet
    ends retired
    "$atoll" status --json | grep -q 'it was slower'
    [ "$(git -C "$origin" rev-parse atoll/fibonacci)" = "$tip" ]
}

@test "an amended commit is a person's, though it keeps the trailers" {
    command -v python3 >/dev/null || skip "needs python3"
    checkout
    git reset -q --hard HEAD~1
    git -c user.name=p -c user.email=p@example.com commit -q --amend --no-edit
    git push -q -f origin HEAD
    tip=$(git rev-parse HEAD)
    cd "$HOUSE/demo/tagd"
    publishing again=true draft=false
    run "$atoll" run publish.yml --quiet
    [ "$status" -eq 1 ]
    [[ $output == *"has a commit that is not atoll's (${tip:0:12}"* ]]
    [ "$(git -C "$origin" rev-parse atoll/fibonacci)" = "$tip" ]
}

@test "a function whose pull request a person closed is not searched again" {
    command -v python3 >/dev/null || skip "needs python3"
    sed -i 's/^state: .*/state: closed/' "$request"
    publishing
    "$atoll" run publish.yml --quiet
    ends closed-by-person
    sed '/- id: prove/,$d' pipeline.yml >search.yml
    "$atoll" run search.yml --quiet
    "$atoll" status --json | grep -q 'not searched: a person closed its pull request'
}

# on_main TEXT FILE: somebody else appends a line to a file of the base branch.
on_main() {
    rm -rf "$BATS_TEST_TMPDIR/other"
    git clone -q -b main "$origin" "$BATS_TEST_TMPDIR/other"
    echo "$1" >>"$BATS_TEST_TMPDIR/other/$2"
    git -C "$BATS_TEST_TMPDIR/other" -c user.name=p -c user.email=p@example.com commit -qam "$1"
    git -C "$BATS_TEST_TMPDIR/other" push -q origin main
}

@test "a base branch that moved is noticed: the change is made and tested there, or left alone" {
    command -v python3 >/dev/null || skip "needs python3"
    git -C "$origin" update-ref -d refs/heads/atoll/fibonacci
    rm -f "$request"
    on_main '# moved' Makefile
    publishing again=true
    "$atoll" run publish.yml --quiet
    ends base-moved
    refute git -C "$origin" rev-parse -q --verify atoll/fibonacci
    publishing again=true "test=make test"
    "$atoll" run publish.yml --quiet
    ends open
    [ "$(git -C "$origin" rev-parse atoll/fibonacci~1)" = "$(git -C "$origin" rev-parse main)" ]
    git -C "$origin" update-ref -d refs/heads/atoll/fibonacci
    rm -f "$request"
    on_main '/* moved */' src/fibonacci.c
    publishing again=true "test=make test"
    "$atoll" run publish.yml --quiet
    ends base-moved
    refute git -C "$origin" rev-parse -q --verify atoll/fibonacci
}
