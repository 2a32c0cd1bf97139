#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The demo's functions in another house: every name is another one, all stands in a line, the checksum has another
# polynomial. What makes them faster must be found by what the code does, never by what it is called.

setup_file() {
    command -v python3 >/dev/null || skip "needs python3"
    export CAPTURED="$BATS_TEST_DIRNAME/../../ci-templates/demo/.atoll/captured" HOUSE=$BATS_FILE_TMPDIR
    "$BATS_TEST_DIRNAME/rename.py" "$BATS_TEST_DIRNAME/../../ci-templates/demo/src" "$HOUSE/src" >"$HOUSE/names"
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

evolve() { # FILE FUNCTION MINUTES
    local name
    name=$(sed -n "s/^$2 //p" names)
    [ -n "$name" ]
    "$ATOLL_BUILD/atoll" evolve "src/$1:$name" --inputs "$CAPTURED/$2.jsonl" --minutes "$3" --json >"$2.json" 2>"$2.err" ||
        { cat "$2.err" && return 1; }
    echo "$2 as $name: $(field "$2.json" "r['verdict'], r['holdout']")"
}

# A short search finds it; on a busy machine a longer one.
improves() { # FILE FUNCTION FACTOR
    local minutes
    for minutes in 0.4 1; do
        evolve "$1" "$2" "$minutes"
        [ "$(field "$2.json" "r['verdict'] == 'improved' and r['holdout']['speedup_low'] >= $3")" != True ] || return 0
    done
    return 1
}

@test "no name of the demo is left, and the functions still build" {
    [ "$(wc -l <names)" -gt 60 ]
    # One letter may be a character.
    awk 'length($1) > 1 { print $1 }' names >old
    [ "$(wc -l <old)" -gt 50 ]
    [ "$(cat src/*.[ch] | grep -v '^#include' | grep -cwFf old)" -eq 0 ]
    cd "$BATS_TEST_TMPDIR"
    cc -Wall -Wextra -Werror -c "$HOUSE"/src/*.c
}

@test "crc32_update by another name" {
    improves checksum.c crc32_update 2
}

@test "normalize_tag by another name" {
    improves tag.c normalize_tag 1.3
}

@test "normalize_tag_value by another name" {
    improves tag.c normalize_tag_value 1.3
}

@test "merge_tags by another name" {
    improves merge.c merge_tags 1.3
}

@test "murmur3_32 by another name" {
    improves murmur3.c murmur3_32 1.3
}

@test "checksum_block by another name: improved or left alone" {
    evolve checksum.c checksum_block 0.4
    [ "$(field checksum_block.json "r['verdict'] in ('improved', 'none')")" = True ]
}
