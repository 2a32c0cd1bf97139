# SPDX-License-Identifier: Apache-2.0
# The demo's service on its own: that it builds, that its own tests mean something, that its identities hold through
# the protocol, and that its workload makes different functions hot.

setup_file() {
    export DEMO="$BATS_TEST_DIRNAME/../../ci-templates/demo"
    export TAGD="$BATS_FILE_TMPDIR/tagd"
    copy_demo "$TAGD"
    make -s -C "$TAGD" all workload
}

copy_demo() {
    mkdir -p "$1"
    cp -R "$DEMO/." "$1"
    make -s -C "$1" clean
}

setup() {
    cd "$TAGD"
}

teardown() {
    [ -z "${SERVER:-}" ] || kill "$SERVER" 2>/dev/null || true
}

# Fails when the command succeeds: bash lets "! command" pass.
refute() {
    if "$@"; then
        return 1
    fi
}

# The text of $1 bytes, from seed $2: letters and spaces.
text_of() {
    awk -v n="$1" -v seed="$2" 'BEGIN {
        srand(seed)
        for (i = 0; i < n; i++)
            printf "%c", 97 + int(rand() * 26)
    }'
}

# field N: the Nth word of the last line of standard input.
field() {
    tail -n 1 | cut -d ' ' -f "$1"
}

@test "its own tests pass" {
    run make -s test
    [ "$status" -eq 0 ]
    [[ "$output" == *" checks passed, 0 failed"* ]]
    [[ "$output" == *"protocol: passed"* ]]
}

@test "its own tests fail for a fault in any hot function" {
    local faults=(
        "tag.c:c >= 'A' \&\& c <= 'Z':c >= 'A' \&\& c < 'Z'"
        "tag.c:out\[n - 1\] != '_':out[n - 1] != '-'"
        "tag.c:n + 2 > limit:n + 1 > limit"
        "merge.c:(n > 0) + len > out_cap:len > out_cap"
        "merge.c:, n - last) == 0:, n - last) > 0"
        "checksum.c:bit < 8:bit < 7"
        "checksum.c:return crc1 ^ crc2:return crc1 | crc2"
        "checksum.c:\*total = crc32_combine(\*total, crc, len):*total = crc32_combine(crc, *total, len)"
        "murmur3.c:i + 4 <= len:i + 4 < len"
        "murmur3.c:0xc2b2ae35u:0xc2b2ae36u"
        "fibonacci.c:n < 2:n < 1"
    )
    local fault file from to
    copy_demo faulty
    for fault in "${faults[@]}"; do
        IFS=: read -r file from to <<<"$fault"
        sed "s/$from/$to/" "src/$file" >"faulty/src/$file"
        refute cmp -s "src/$file" "faulty/src/$file"
        # A fault that does not build, or never ends, would say nothing about the tests.
        make -s -C faulty tagd tests/test_tagd
        run timeout 600 make -s -C faulty test
        echo "$fault: ${output: -200}"
        [ "$status" -ne 0 ]
        refute [ "$status" -eq 124 ]
        cp "src/$file" "faulty/src/$file"
    done
    run make -s -C faulty test
    [ "$status" -eq 0 ]
    rm -r faulty
}

@test "its own tests pass under sanitizers" {
    copy_demo sanitized
    run make -s -C sanitized test CFLAGS='-O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all'
    rm -r sanitized
    echo "$output"
    [ "$status" -eq 0 ]
}

@test "CC and CFLAGS of the environment are used" {
    printf '#!/bin/sh\necho "$*" >>"%s/compiler.log"\nexec cc "$@"\n' "$TAGD" >compiler
    chmod +x compiler
    CC="$TAGD/compiler" CFLAGS=-O1 make -s all
    grep -q -e '-O1 .*src/tag.c' compiler.log
    make -s all
    printf 'TAG A\n' | ./tagd | grep -qx 'OK a'
}

@test "the checksum of two blocks is that of both in one, however it is worked out" {
    local first second lengths
    for lengths in '0 0' '0 5' '1 1' '7 64' '64 1' '1000 255' '3 16384' '16384 4097'; do
        first=$(text_of "${lengths% *}" 1)
        second=$(text_of "${lengths#* }" 2)
        local whole combined updated parts
        whole=$(printf 'BLOCK %s%s\n' "$first" "$second" | ./tagd | field 2)
        combined=$(printf 'BLOCK %s\nBLOCK %s\n' "$first" "$second" | ./tagd | field 3)
        updated=$(printf 'PART %s\nPART %s\n' "$first" "$second" | ./tagd | field 2)
        parts=$(printf 'BLOCK %s\nPART %s\nEND\n' "$first" "$second" | ./tagd | field 3)
        echo "$lengths: $whole $combined $updated $parts"
        [ "${#whole}" -eq 8 ]
        [ "$combined" = "$whole" ]
        [ "$updated" = "$whole" ]
        [ "$parts" = "$whole" ]
    done
    # The check value of CRC-32, and what gzip says of the same bytes.
    [ "$(printf 'BLOCK 123456789\n' | ./tagd)" = 'OK cbf43926 cbf43926' ]
    local gzipped
    gzipped=$(text_of 5000 3 | gzip -c | tail -c 8 | od -An -N4 -tx4 | tr -d ' ')
    [ "$(printf 'BLOCK %s\n' "$(text_of 5000 3)" | ./tagd | field 2)" = "$gzipped" ]
}

@test "a replay prints what one pass prints, with the totals of all" {
    ./tagd <.atoll/traffic/ingest.txt >once
    ./tagd --repeat 3 <.atoll/traffic/ingest.txt >thrice
    [ "$(wc -l <once)" -eq "$(wc -l <.atoll/traffic/ingest.txt)" ]
    # Only running checksums and totals differ.
    diff <(cut -d ' ' -f 1,2 once | grep -v tags=) <(cut -d ' ' -f 1,2 thrice | grep -v tags=)
    local tags
    tags=$(tail -n 1 once | sed 's/.*tags=\([0-9]*\).*/\1/')
    tail -n 1 thrice | grep -q "tags=$((3 * tags)) "
    refute grep -q '^OK $' once
}

@test "the workload repeats itself for one seed and differs for another" {
    ./workload/workload --seed 5 --records 500 >five
    ./workload/workload --seed 5 --records 500 | cmp - five
    refute sh -c './workload/workload --seed 6 --records 500 | cmp -s - five'
    [ "$(cut -d ' ' -f 1 five | sort -u | tr '\n' ' ' | grep -c 'BLOCK.*HASH.*MERGE.*TAG.*VALUE')" -eq 1 ]
    run ./workload/workload --mix nothing
    [ "$status" -eq 2 ]
}

@test "the captured calls are what a capturing build records" {
    copy_demo recorded
    rm -r recorded/.atoll/captured recorded/.atoll/traffic
    make -s -C recorded capture
    diff -r recorded/.atoll/captured .atoll/captured
    diff -r recorded/.atoll/traffic .atoll/traffic
    rm -r recorded
    [ "$(find .atoll/captured -name '*.jsonl' | wc -l)" -eq 8 ]
    [ -z "$(find .atoll/captured -size +300k)" ]
    refute grep -vhE '^\{"args": \[.*\], "count": [1-9][0-9]*\}$' .atoll/captured/*.jsonl
}

@test "one client after the other is served on a port, each with totals of its own" {
    ./tagd --listen 0 2>port 3>&- &
    SERVER=$!
    local port='' answer
    for _ in $(seq 100); do
        port=$(sed -n 's/.*127\.0\.0\.1://p' port)
        [ -z "$port" ] || break
        sleep 0.1
    done
    for _ in 1 2; do
        exec 9<>"/dev/tcp/127.0.0.1/$port"
        printf 'TAG A b\nSTATS\n' >&9
        read -r -t 50 answer <&9
        [ "$answer" = 'OK a_b' ]
        read -r -t 50 answer <&9
        [[ "$answer" == 'OK tags=1 values=0 '* ]]
        exec 9>&-
    done
    kill "$SERVER"
}

# The hottest functions of tagd under the mix $1, hottest first.
ranking_callgrind() {
    ./workload/workload --mix "$1" --records 4000 >requests
    valgrind --tool=callgrind --callgrind-out-file=callgrind.out ./tagd <requests >/dev/null 2>&1
    callgrind_annotate callgrind.out | grep -a '/tagd\]$' |
        sed -E 's/^.*:([a-z_0-9]+)[^:]*\[.*/\1/' | awk '!seen[$0]++' | head -n 5
}

ranking_perf() {
    ./workload/workload --mix "$1" --records 4000 >requests
    perf record -q -e cpu-clock -F 2000 -o perf.data ./tagd --repeat 100 <requests >/dev/null 2>&1
    perf report -i perf.data --stdio --dsos tagd 2>/dev/null |
        sed -nE 's/^ +[0-9.]+%.*\[\.\] ([a-z_0-9]+).*/\1/p' | awk '!seen[$0]++' | head -n 5
}

@test "another mix makes other functions hot" {
    local rank
    if command -v valgrind >/dev/null && command -v callgrind_annotate >/dev/null; then
        rank=ranking_callgrind
    elif perf record -q -e cpu-clock -o perf.data true >/dev/null 2>&1; then
        rank=ranking_perf
    else
        skip "needs valgrind or perf"
    fi
    $rank ingest >ingest
    $rank merge >merge
    paste ingest merge
    [ "$(wc -l <ingest)" -eq 5 ]
    [ "$(wc -l <merge)" -eq 5 ]
    head -n 1 ingest | grep -q -x 'crc32_combine'
    grep -q -x 'normalize_tag' ingest
    head -n 1 merge | grep -q -x 'merge_tags'
    head -n 2 merge | grep -q -x 'murmur3_32'
    refute cmp -s ingest merge
}
