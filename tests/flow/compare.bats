#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# `atoll compare`: two commands, two programs that print their times, one function at two revisions. Timings are not
# asserted, verdicts are: equal things are never different, much more work is slower.

setup_file() {
    export FOLDER=$BATS_FILE_TMPDIR
    cd "$FOLDER"
    cat >spin.c <<'C'
#include <stdlib.h>
int main(int argc, char **argv)
{
    volatile unsigned long h = 1;
    for (long i = 0, n = atol(argv[argc - 1]); i < n; i++)
        h = h * 31 + 7;
    return 0;
}
C
    cc -O1 -o spin spin.c
    cp -R "$BATS_TEST_DIRNAME/../../ci-templates/demo" tagd
    cd tagd
    git init -q -b main && git add -A
    git -c user.name=t -c user.email=t@example.com commit -q -m tagd
}

setup() {
    atoll=$ATOLL_BUILD/atoll
    cd "$FOLDER"
}

field() { # EXPRESSION, over the JSON in result.json
    python3 -c "import json; r = json.load(open('result.json')); print($1)"
}

need_python() {
    command -v python3 >/dev/null || skip "needs python3"
}

commit() {
    git -c user.name=t -c user.email=t@example.com commit -q -a -m "$1"
}

# Prints times that differ a little from run to run.
printer() { # FILE FORMAT TIME
    {
        echo '#!/bin/sh'
        echo 'n=$(($$ % 10))'
        case $2 in
        go) echo "echo pkg: x; echo 'goos: linux'; echo \"BenchmarkUp-2 100 $3\$n ns/op 3 B/op\"; echo \"BenchmarkSame-2 100 500\$n ns/op\"" ;;
        google) echo "echo 'Benchmark Time CPU Iterations'; echo \"Up 1 us $3\$n ns 5\"; echo \"Same 1 us 500\$n ns 5\"" ;;
        json) echo "echo \"{\\\"benchmarks\\\": [{\\\"name\\\": \\\"Up\\\", \\\"real_time\\\": 1, \\\"cpu_time\\\": $3\$n}, {\\\"name\\\": \\\"Same\\\", \\\"real_time\\\": 1, \\\"cpu_time\\\": 500\$n}]}\"" ;;
        criterion) echo "echo \"Up   time: [1 ns $3\$n ns 9 s]\"; echo Same; echo \"     time: [1 ns 500\$n ns 9 s]\"" ;;
        esac
    } >"$1"
    chmod +x "$1"
}

@test "the same command, ten times, is never different" {
    for i in 1 2 3 4 5 6 7 8 9 10; do
        run "$atoll" compare --quiet --max-seconds 2 './spin 300000' './spin 300000'
        [ "$status" -eq 0 ] || [ "$status" -eq 11 ]
        [[ $output == equivalent:* || $output == inconclusive:* ]]
    done
}

@test "more work is slower, less is faster" {
    run "$atoll" compare --max-seconds 200 './spin 2000000' './spin 3000000'
    [ "$status" -eq 10 ]
    [[ $output =~ ^"slower: B is "[0-9.]+" % slower than A (ratio 1."[0-9]+", 95 % interval 1."[0-9]+" .. "[0-9.]+", "[0-9]+" launches, "[0-9.]+" s)"$ ]]
    run "$atoll" compare --max-seconds 200 './spin 3000000' './spin 2000000'
    [ "$status" -eq 0 ]
    [[ $output == "faster: B is "*" % faster than A (ratio 0."* ]]
}

@test "JSON has exactly the members that it should" {
    need_python
    run "$atoll" compare --json --max-seconds 200 './spin 2000000' './spin 3000000'
    [ "$status" -eq 10 ]
    echo "$output" >result.json
    [ "$(field "sorted(r)")" = "['aa', 'high', 'launches', 'low', 'ratio', 'seconds', 'verdict']" ]
    [ "$(field "sorted(r['aa'])")" = "['different', 'of']" ]
    [ "$(field "r['verdict']")" = slower ]
    [ "$(field "1 < r['low'] < r['ratio'] < r['high']")" = True ]
}

@test "what waits is compared by the wall clock" {
    run "$atoll" compare --verbose --max-seconds 200 'sleep 0.01' 'sleep 0.05'
    [ "$status" -eq 10 ]
    [[ $output == *"wall clock time"* ]]
}

@test "too little time is inconclusive, and says what would do" {
    run "$atoll" compare --max-seconds 2 'sleep 0.15' 'sleep 0.15'
    [ "$status" -eq 11 ]
    [[ $output == *"a verdict takes at least 8 launches, here about "*" s: --max-seconds "* ]]
}

@test "Ctrl-C ends it without a verdict and without a process" {
    need_python
    "$atoll" compare --json 'sleep 77.01' 'sleep 77.01' >result.json &
    local pid=$!
    for i in $(seq 100); do
        pgrep -f '^sleep 77.01' >/dev/null && break
        sleep 0.1
    done
    kill -TERM "$pid"
    local code=0
    wait "$pid" || code=$?
    [ "$code" -eq 11 ]
    [ "$(field "r['verdict']")" = inconclusive ]
    ! pgrep -f '^sleep 77.01' >/dev/null
}

@test "a shell's words need a shell" {
    for command in 'echo a | cat' 'echo $HOME' 'ls *' 'true; true' 'true >x' 'echo `id`'; do
        run "$atoll" compare "$command" 'true'
        [ "$status" -eq 2 ]
        [[ $output == *"command A: only a shell knows what"*"--shell"* ]]
    done
    run "$atoll" compare --max-seconds 1 "printf '%s|\$*' \"a;b\"" true
    [ "$status" -ne 2 ]
    run "$atoll" compare --max-seconds 1 --shell 'echo a | cat' 'echo a | cat'
    [ "$status" -eq 0 ] || [ "$status" -eq 11 ]
}

@test "commands that fail are named" {
    run "$atoll" compare true 'sh -c "echo dear me >&2; exit 3"'
    [ "$status" -eq 1 ]
    [[ $output == *'command B `sh -c "echo dear me >&2; exit 3"` ended with exit code 3: dear me; --ignore-failure'* ]]
    run "$atoll" compare --max-seconds 1 --ignore-failure true 'sh -c "exit 3"'
    [ "$status" -ne 1 ]
    run "$atoll" compare ./nothing-here true
    [ "$status" -eq 2 ]
    [[ $output == *"command A: starting ./nothing-here: No such file or directory"* ]]
    run "$atoll" compare true nothing-here-at-all
    [ "$status" -eq 2 ]
    [[ $output == *"command B: there is no program nothing-here-at-all"* ]]
    run "$atoll" compare --max-seconds 1 'sleep 50' true
    [ "$status" -eq 1 ]
    [[ $output == *'command A `sleep 50` take longer than the 1 s given'* ]]
}

@test "bad options say what would be right" {
    run "$atoll" compare true
    [ "$status" -eq 2 ]
    [[ $output == *"usage: atoll compare"* ]]
    run "$atoll" compare true true true
    [ "$status" -eq 2 ]
    for margin in 1 -1% 60% x% ''; do
        run "$atoll" compare --within "$margin" true true
        [ "$status" -eq 2 ]
        [[ $output == *"--within"*"such as 1%"* ]]
    done
    for bad in '--alpha 0' '--alpha 0.5' '--max-seconds 0' '--clock sundial' '--format xml' '--stdin nowhere' '--alpha x'; do
        run "$atoll" compare $bad true true
        [ "$status" -eq 2 ]
        [[ $output == *"${bad%% *}"* ]]
    done
    run "$atoll" compare --function f HEAD x.c
    [ "$status" -eq 2 ]
    [[ $output == *"--function NAME REV_A REV_B FILE"* ]]
}

@test "setup runs once, prepare before every run, stdin is read" {
    rm -f setups prepares
    run "$atoll" compare --max-seconds 2 --setup 'echo x >>setups' --prepare 'echo x >>prepares' --stdin spin.c 'grep -q volatile' 'grep -q volatile'
    [ "$status" -eq 0 ] || [ "$status" -eq 11 ]
    [ "$(wc -l <setups)" -eq 1 ]
    [ "$(wc -l <prepares)" -ge 8 ]
    run "$atoll" compare --prepare 'echo no; exit 4' true true
    [ "$status" -eq 1 ]
    [[ $output == *'--prepare `echo no; exit 4` ended with exit code 4: no'* ]]
}

@test "printed times are compared by name, in every format" {
    need_python
    for format in go google json criterion; do
        printer old $format 100
        printer new $format 150
        run "$atoll" compare --max-seconds 200 --format "$([ $format = json ] && echo google || echo $format)" --json ./old ./new
        [ "$status" -eq 10 ]
        echo "$output" >result.json
        [ "$(field "r['verdict']")" = slower ]
        [ "$(field "[b['verdict'] for b in r['benchmarks']]")" = "['slower', 'equivalent']" ]
        [ "$(field "1.4 < r['benchmarks'][0]['ratio'] < 1.6")" = True ]
        [ "$(field "[sorted(b) == ['aa', 'high', 'launches', 'low', 'name', 'ratio', 'seconds', 'verdict'] for b in r['benchmarks']]")" = "[True, True]" ]
        run "$atoll" compare --max-seconds 200 --format auto ./old ./new
        [ "$status" -eq 10 ]
        [[ $output == *slower:*Up*equivalent:*Same* ]]
    done
}

@test "benchmarks of one side only are told, none at all is an error" {
    printer old go 100
    printer new go 150
    echo 'echo BenchmarkNew 1 1 ns/op' >>new
    run "$atoll" compare --format go ./old ./new
    [ "$status" -eq 10 ]
    [[ $output == *"only B has x.BenchmarkNew"* ]]
    run "$atoll" compare --format criterion ./old ./new
    [ "$status" -eq 1 ]
    [[ $output == *'command A `./old` prints no times of benchmarks'* ]]
    printf '#!/bin/sh\necho BenchmarkX 1 zero ns/op\n' >new
    run "$atoll" compare --format go ./old ./new
    [ "$status" -eq 1 ]
    [[ $output == *'command B `./new`: BenchmarkX: "zero" ns/op is no number'* ]]
}

@test "a real Go benchmark" {
    command -v go >/dev/null || skip "needs go"
    mkdir -p gobench && cd gobench
    [ -e go.mod ] || go mod init example.com/bench >/dev/null 2>&1
    for side in old new; do
        [ $side = old ] && n=2000 || n=8000
        cat >x_test.go <<GO
package bench

import "testing"

var sink uint64

func BenchmarkWork(b *testing.B) {
	for i := 0; i < b.N; i++ {
		h := uint64(i)
		for j := 0; j < $n; j++ {
			h = h*31 + uint64(j)
		}
		sink = h
	}
}
GO
        GOFLAGS=-mod=mod go test -c -o $side.test . >/dev/null
    done
    run "$atoll" compare --format auto --max-seconds 200 './old.test -test.bench . -test.benchtime 3ms' './new.test -test.bench . -test.benchtime 3ms'
    [ "$status" -eq 10 ]
    [[ $output == *"slower: example.com/bench.BenchmarkWork"* ]]
}

@test "a function at two revisions: more work in it is slower" {
    need_python
    cd tagd
    # Every character is looked at more than once.
    python3 - <<'PY'
text = open('src/tag.c').read()
old = "        unsigned char c = (unsigned char)in[i];\n        if (n == 0) {"
assert text.count(old) == 1
work = "        for (volatile int again = 0; again < 3; again++)\n            ;\n"
open('src/tag.c', 'w').write(text.replace(old, old.replace("        if (n", work + "        if (n")))
PY
    commit "Look longer"
    run "$atoll" compare --function normalize_tag --max-seconds 200 --json main~1 HEAD src/tag.c
    [ "$status" -eq 10 ]
    echo "$output" >result.json
    [ "$(field "r['verdict'] == 'slower' and r['ratio'] > 1.1")" = True ]
    cd src
    run "$atoll" compare --function normalize_tag --max-seconds 200 HEAD main~1 tag.c
    [ "$status" -eq 0 ]
    [[ $output == *"A: normalize_tag at HEAD ("*"B: normalize_tag at main~1 ("*captured\ calls*faster:* ]]
    git checkout -q ..
}

@test "a function at two revisions: the same is not different, other output is" {
    cd tagd
    run "$atoll" compare --function normalize_tag --max-seconds 6 HEAD . src/tag.c
    [ "$status" -eq 0 ] || [ "$status" -eq 11 ]
    sed -i "s/return (unsigned char)(c - 'A' + 'a');/return c;/" src/tag.c
    mkdir -p "$FOLDER/scratch"
    export TMPDIR=$FOLDER/scratch
    run "$atoll" compare --function normalize_tag HEAD . src/tag.c
    git checkout -q .
    [ "$status" -eq 12 ]
    [[ $output == *"differs: B does not do what A does"*"normalize_tag("*"A gives "*"; B gives "* ]]
    [ -z "$(ls "$TMPDIR")" ]
}

@test "a function's comparison that is interrupted leaves nothing behind" {
    cd tagd
    mkdir -p "$FOLDER/interrupted"
    TMPDIR=$FOLDER/interrupted "$atoll" compare --function normalize_tag --within 0% --max-seconds 100 HEAD HEAD src/tag.c 2>note &
    local pid=$!
    for i in $(seq 300); do
        grep -q 'captured calls' note && break
        sleep 0.1
    done
    [ -n "$(ls "$FOLDER/interrupted")" ]
    kill -INT "$pid" || true
    kill -TERM "$pid"
    local code=0
    wait "$pid" || code=$?
    [ "$code" -eq 143 ] || [ "$code" -eq 130 ]
    [ -z "$(ls "$FOLDER/interrupted")" ]
}

# The Go demo in a repository of its own.
go_tagd() {
    command -v go >/dev/null || skip "needs go"
    [ ! -d go-tagd ] || return 0
    cp -R "$BATS_TEST_DIRNAME/../../ci-templates/demo-go" go-tagd
    cd go-tagd
    git init -q -b main && git add -A
    git -c user.name=t -c user.email=t@example.com commit -q -m tagd
    cd ..
}

@test "a Go function at two revisions: more work in it is slower" {
    need_python
    go_tagd
    cd go-tagd
    sed -i 's/c := lower(tag\[i\])/c := lower(tag[i])\n\t\tfor again := 0; again < 8; again++ {\n\t\t\tc = lower(c)\n\t\t}/' tag.go
    commit "Look longer"
    [ "$(git diff --stat HEAD~1 | wc -l)" -gt 0 ]
    run "$atoll" compare --function NormalizeTag --max-seconds 200 --json HEAD~1 HEAD tag.go
    git reset -q --hard HEAD~1
    [ "$status" -eq 10 ]
    echo "$output" >../result.json
    cd ..
    [ "$(field "r['verdict'] == 'slower' and r['ratio'] > 1.1")" = True ]
}

@test "a Go function at two revisions: the same is not different, other output is" {
    go_tagd
    cd go-tagd
    run "$atoll" compare --function NormalizeTag --max-seconds 6 HEAD . tag.go
    [ "$status" -eq 0 ] || [ "$status" -eq 11 ]
    [[ $output == *"captured calls"* ]]
    sed -i "s/return c - 'A' + 'a'/return c/" tag.go
    mkdir -p "$FOLDER/scratch"
    export TMPDIR=$FOLDER/scratch
    run "$atoll" compare --function NormalizeTag HEAD . tag.go
    git checkout -q .
    [ "$status" -eq 12 ]
    [[ $output == *"differs: B does not do what A does"*"NormalizeTag("*'A gives {"results":["'*'; B gives {"results":["'* ]]
    [ -z "$(ls "$TMPDIR")" ]
}

# Some made-up calls panic: both revisions do so alike.
@test "a Go function that panics on some made-up calls is compared on the others" {
    command -v go >/dev/null || skip "needs go"
    mkdir -p panics && cd panics
    printf 'module example.com/m\n\ngo 1.21\n' >go.mod
    printf 'package m\n\nfunc pick(a []int, i int) int { return a[i] }\n' >pick.go
    git init -q -b main && git add -A
    git -c user.name=t -c user.email=t@example.com commit -q -m one
    run "$atoll" compare --function pick --max-seconds 6 HEAD . pick.go
    [ "$status" -eq 0 ] || [ "$status" -eq 11 ]
    [[ $output == *"made-up calls"* ]]
    sed -i 's/a\[i\]/a[i+1]/' pick.go
    run "$atoll" compare --function pick HEAD . pick.go
    [ "$status" -eq 12 ]
}

@test "a function without captured calls gets made-up ones" {
    mkdir -p plain && cd plain
    cat >sum.c <<'C'
#include <stddef.h>
unsigned sum(const unsigned char *p, size_t n)
{
    unsigned s = 0;
    for (size_t i = 0; i < n; i++)
        s = s * 31 + p[i];
    return s;
}
C
    git init -q -b main && git add -A
    git -c user.name=t -c user.email=t@example.com commit -q -m one
    sed -i 's/s = s \* 31 + p\[i\];/for (volatile int k = 0; k < 4; k++) s += 0; s = s * 31 + p[i]; /; s/i++)$/i++) {/' sum.c
    sed -i 's/p\[i\]; $/p[i]; }/' sum.c
    run "$atoll" compare --function sum --max-seconds 200 HEAD . sum.c
    [ "$status" -eq 10 ]
    [[ $output == *"made-up calls"*"slower:"* ]]
}

@test "errors of revisions name what is wrong" {
    cd tagd
    run "$atoll" compare --function normalize_tag nope HEAD src/tag.c
    [ "$status" -eq 2 ]
    [[ $output == *'revision "nope"'* ]]
    run "$atoll" compare --function normalise_tag HEAD HEAD src/tag.c
    [ "$status" -eq 1 ]
    [[ $output == *"did you mean 'normalize_tag'?"* ]]
    run "$atoll" compare --function normalize_tag HEAD HEAD src/tga.c
    [ "$status" -eq 1 ]
    [[ $output == *"src/tga.c"* ]]
    run "$atoll" compare --function normalize_tag HEAD HEAD src/tag.h
    [ "$status" -eq 2 ]
    [[ $output == *"only functions in C and Go can be compared"* ]]
    run "$atoll" compare --function normalize_tag --inputs nowhere HEAD HEAD src/tag.c
    [ "$status" -eq 2 ]
    [[ $output == *"--inputs nowhere: no such file"* ]]
}
