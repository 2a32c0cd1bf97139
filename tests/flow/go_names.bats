#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The Go demo's functions in another house: every name is another one, nothing is laid out as gofmt would have it, the
# checksum has another polynomial. What makes them faster must be found by what the code does, never by what it is called.

setup_file() {
    command -v go >/dev/null || skip "needs go"
    command -v python3 >/dev/null || skip "needs python3"
    export CAPTURED="$BATS_TEST_DIRNAME/../../ci-templates/demo-go/.atoll/captured" HOUSE=$BATS_FILE_TMPDIR/house
    export GOTOOLCHAIN=local GOPROXY=off
    cd "$BATS_FILE_TMPDIR"
    go run "$BATS_TEST_DIRNAME/rename.go" "$BATS_TEST_DIRNAME/../../ci-templates/demo-go" "$HOUSE" >names
    cd "$HOUSE"
    git init -q -b main && git add -A
    git -c user.name=t -c user.email=t@example.com commit -q -m other
}

setup() {
    cd "$HOUSE"
}

field() { # FILE EXPRESSION
    python3 -c "import json; r = json.load(open('$1')); print($2)"
}

other() { # NAME
    sed -n "s/^$1 //p" ../names
}

evolve() { # FILE FUNCTION MINUTES
    local file name
    file=$(other "$1") name=$(other "$2")
    [ -n "$file" ] && [ -n "$name" ]
    "$ATOLL_BUILD/atoll" evolve "$file.go:$name" --inputs "$CAPTURED/$2.jsonl" --minutes "$3" --json >"../$2.json" 2>"../$2.err" ||
        { cat "../$2.err" && return 1; }
    echo "$2 as $name: $(field "../$2.json" "r['verdict'], r['holdout'], r['seconds']")"
}

# A short search finds it; on a busy machine a longer one.
improves() { # FILE FUNCTION FACTOR
    local minutes
    for minutes in 0.3 1; do
        evolve "$1" "$2" "$minutes"
        [ "$(field "../$2.json" "r['verdict'] == 'improved' and r['holdout']['speedup'] >= $3")" != True ] || return 0
    done
    return 1
}

@test "no name of the demo is left, nothing is formatted, and the package still builds" {
    [ "$(wc -l <../names)" -gt 60 ]
    # One letter may be a character; texts stay what they are.
    awk 'length($1) > 1 { print $1 }' ../names >../old
    [ "$(wc -l <../old)" -gt 50 ]
    [ "$(sed 's/"[^"]*"//g' ./*.go | grep -cwFf ../old)" -eq 0 ]
    [ "$(gofmt -l . | wc -l)" -eq "$(ls ./*.go | wc -l)" ]
    go vet .
}

@test "UpdateChecksum by another name" {
    improves checksum UpdateChecksum 2
}

@test "NormalizeTag by another name" {
    improves tag NormalizeTag 1.2
}
