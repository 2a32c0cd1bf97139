#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# atoll sandbox check and run: as the superuser and as somebody else, where namespaces can be made and where not.
bats_require_minimum_version 1.5.0

setup() {
    # Where other users can go, too.
    place=$(mktemp -d /tmp/atoll-flow-XXXXXX)
    chmod 755 "$place"
    install -m 755 "$ATOLL_BUILD/atoll" "$ATOLL_BUILD/atoll-cell" "$place"
    atoll=$place/atoll
    mkdir -m 777 "$place/work"
    cd "$place/work"
}

teardown() {
    cd /
    rm -rf "$place"
}

# The wrapper that takes namespaces away.
wrapper() {
    ${CC:-cc} -O1 -D_GNU_SOURCE -o "$place/without" "$BATS_TEST_DIRNAME/no_namespaces.c"
}

# Everything below runs as nobody.
ordinary=(setpriv --reuid 65534 --regid 65534 --clear-groups)

needs_root() {
    [ "$(id -u)" -eq 0 ] || skip "needs root"
    command -v setpriv >/dev/null || skip "needs setpriv"
}

field() { # NAME of the JSON document in $output
    python3 -c "import json, sys; print(json.load(sys.stdin)$1)" <<<"$output"
}

level() { # the level that COMMAND... reaches
    "$@" "$atoll" sandbox check --json | python3 -c 'import json, sys; print(json.load(sys.stdin)["level"])'
}

needs_level() { # LEVEL COMMAND...
    "${@:2}" "$atoll" sandbox check --level "$1" >/dev/null || skip "needs isolation level $1"
}

# Runs the policy at LEVEL as COMMAND... and looks whether it holds.
holds() {
    local level=$1
    shift
    rm -rf own
    "$@" mkdir own
    run "$@" "$atoll" sandbox run --level "$level" --write own --json -- sh -c 'echo x >own/file && exit 3'
    [ "$status" -eq 3 ]
    [ "$(cat own/file)" = x ]
    run "$@" "$atoll" sandbox run --level "$level" -- cat /proc/self/status
    [[ $output == *$'CapEff:\t0000000000000000'* && $output == *$'NoNewPrivs:\t1'* && $output == *$'Seccomp:\t2'* ]]
    run "$@" "$atoll" sandbox run --level "$level" --write own -- perl -MSocket -e 'socket(S, AF_INET, SOCK_STREAM, 0) or die $!'
    [ "$status" -ne 0 ]
    [[ $output == *"Operation not permitted"* ]]
    run "$@" "$atoll" sandbox run --level "$level" --timeout 300ms --json -- sh -c 'trap "" TERM; setsid sleep 97 & sleep 97'
    [ "$status" -eq 124 ]
    [ "$(field '["limit"]')" = wall ]
    ! pgrep -f '^sleep 97$'
    [ "$level" = guard ] && return
    echo secret >"$place/secret"
    chmod 644 "$place/secret"
    run "$@" "$atoll" sandbox run --level "$level" --write own -- cat "$place/secret"
    [ "$status" -ne 0 ]
    run "$@" "$atoll" sandbox run --level "$level" --write own -- chmod 666 "$place/secret"
    [ "$status" -ne 0 ]
    run "$@" "$atoll" sandbox run --level "$level" --write own -- sh -c "kill -CONT $$ && echo signalled"
    [ "$status" -ne 0 ]
    [ "$level" = fence ] && return
    run "$@" "$atoll" sandbox run --level "$level" --write own -- sh -c 'hostname; ls -d /proc/[0-9]* | wc -l; touch /tmp/mine /dev/shm/mine && ls /tmp/mine'
    [ "${lines[0]}" = atoll ]
    [ "${lines[1]}" -le 5 ]
    [ "${lines[2]}" = /tmp/mine ]
    [ ! -e /tmp/mine ] && [ ! -e /dev/shm/mine ]
}

@test "check lists every part with its level and reason, and how to get what is missing" {
    run "$atoll" sandbox check
    [ "$status" -eq 0 ]
    [[ $output == *"Isolation level: "*"Landlock ABI"* ]]
    for part in no-new-privs no-capabilities seccomp landlock-files landlock-signals file-modes user-ns mount-ns pid-ns proc ipc-ns uts-ns net-ns tmpfs cgroup own-uid; do
        [[ $output == *"$part"* ]]
    done
    run "$atoll" sandbox check --json
    [ "$(field '["parts"][2]["name"]')" = seccomp ]
    wrapper
    run "$place/without" all "$atoll" sandbox check
    [ "$status" -eq 0 ]
    [[ $output == *"mount-ns"*"no"*"needs user-ns"* || $output == *"mount-ns"*"no"*"Operation not permitted"* ]]
    [[ $output == *"To get user-ns, mount-ns"* || $output == *"To get mount-ns, pid-ns"* ]]
    [[ $output == *"GitHub-hosted runners"*"GitLab docker executor"*"self-hosted"* ]]
    run "$place/without" all "$atoll" sandbox check --level cell
    [ "$status" -eq 4 ]
}

@test "run tells how the command ended" {
    run "$atoll" sandbox run -- sh -c 'echo said; exit 7'
    [ "$status" -eq 7 ]
    [ "$output" = said ]
    run "$atoll" sandbox run -- sh -c 'kill -SEGV $$'
    [ "$status" -eq 139 ]
    run --separate-stderr "$atoll" sandbox run --json -- sh -c 'echo said; kill -KILL $$'
    [ "$status" -eq 137 ]
    [ "$stderr" = said ]
    [ "$(field '["exit"]')" = None ]
    [ "$(field '["signal"]')" = 9 ]
    [ "$(field '["limit"]')" = None ]
    run --separate-stderr "$atoll" sandbox run --json --memory 100M -- perl -e '$x = "x" x (1 << 27)'
    [ "$status" -ne 0 ]
    "$atoll" sandbox run --json -- perl -e '$x = "x" x (1 << 27)'
    mkdir -p out
    run --separate-stderr "$atoll" sandbox run --json --write out --disk 1M --timeout 60s -- \
        sh -c 'for i in 1 2 3; do head -c 500000 /dev/zero >out/$i; done; sleep 60'
    [ "$status" -eq 124 ]
    [ "$(field '["limit"]')" = disk ]
    run --separate-stderr "$atoll" sandbox run --json -- true
    [ "$(field '["exit"]')" = 0 ]
    for name in wall_ms cpu_ms max_rss_bytes; do
        [ "$(field "['$name'] > 0")" = True ]
    done
    run "$atoll" sandbox run --profile run -- sh -c 'ls & wait'
    [ "$status" -ne 0 ]
    PLANTED=secret run "$atoll" sandbox run -- env
    [[ $output != *PLANTED* ]]
    head -c 3000000 /dev/zero | tr '\0' x >big
    [ "$("$atoll" sandbox run -- cat big | wc -c)" -eq 3000000 ]
}

@test "wrong words are exit 2, a missing program exit 1" {
    for words in "" "runs -- true" "run" "check more" "run --timeout soon -- true" "run --memory much -- true" "run --disk much -- true" "run --level castle -- true" "run --allow-degraded netns -- true"; do
        run "$atoll" sandbox $words
        [ "$status" -eq 2 ]
    done
    run "$atoll" sandbox run --write /nowhere/at/all -- true
    [ "$status" -eq 1 ]
    [[ $output == *"--write"* ]]
    run "$atoll" sandbox run -- no-such-program
    [ "$status" -eq 1 ]
}

@test "every level that this machine gives holds" {
    for level in guard fence cell; do
        "$atoll" sandbox check --level "$level" >/dev/null || continue
        holds "$level"
    done
}

@test "an ordinary user gets cell by a user namespace" {
    needs_root
    needs_level cell "${ordinary[@]}"
    for level in guard fence cell; do
        holds "$level" "${ordinary[@]}"
    done
    run "${ordinary[@]}" "$atoll" sandbox run --level cell -- id -u
    [ "$output" = 65534 ]
}

@test "an ordinary user without user namespaces gets fence, and is told what is missing" {
    wrapper
    ordinary_here=("$place/without" user)
    [ "$(id -u)" -ne 0 ] || ordinary_here=("${ordinary[@]}" "$place/without" user)
    needs_level fence "${ordinary_here[@]}"
    [ "$(level "${ordinary_here[@]}")" = fence ]
    holds fence "${ordinary_here[@]}"
    run "${ordinary_here[@]}" "$atoll" sandbox run --level cell -- true
    [ "$status" -eq 4 ]
    [[ $output == *"missing: user-ns (Operation not permitted), mount-ns (needs user-ns)"* ]]
    [[ $output == *"on GitHub-hosted runners: "*"apparmor_restrict_unprivileged_userns"* ]]
    [[ $output == *"on GitLab docker executor: "*"on self-hosted: "* ]]
}

@test "without clone flags, mounts and clone3 it is fence, for the superuser and others" {
    wrapper
    needs_level fence "$place/without" all
    [ "$(level "$place/without" all)" = fence ]
    holds guard "$place/without" all
    holds fence "$place/without" all
    run "$place/without" all "$atoll" sandbox run --level cell -- true
    [ "$status" -eq 4 ]
    needs_root
    holds fence "${ordinary[@]}" "$place/without" all
}

@test "an accepted loss is named, and nothing else is lost" {
    wrapper
    needs_level fence "$place/without" all
    degraded=()
    for part in user-ns mount-ns pid-ns proc ipc-ns uts-ns tmpfs; do degraded+=(--allow-degraded "$part"); done
    run "$place/without" all "$atoll" sandbox run --level cell "${degraded[@]}" -- true
    [ "$status" -eq 4 ]
    [[ $output == *"missing: net-ns"* ]]
    [[ $output != *"mount-ns"* ]]
    run --separate-stderr "$place/without" all "$atoll" sandbox run --json --level cell "${degraded[@]}" --allow-degraded net-ns -- true
    [ "$status" -eq 0 ]
    [ "$(field '["level"]')" = cell ]
    [[ $(field '["losses"]') == *"'mount-ns', 'pid-ns', 'proc', 'ipc-ns', 'uts-ns', 'net-ns', 'tmpfs'"* ]]
}

@test "the environment of atoll can't be read by its own user" {
    needs_root
    readable() {
        "${ordinary[@]}" cat "/proc/$1/environ" 2>/dev/null | tr '\0' '\n' | grep -q ^PLANTED=
    }
    PLANTED=secret "${ordinary[@]}" "$atoll" sandbox run -- sh -c 'echo up; exec sleep 98' >up &
    supervisor=$!
    PLANTED=secret "${ordinary[@]}" sleep 98 &
    control=$!
    until [ -s up ] && readable "$control"; do sleep 0.05; done
    run readable "$supervisor"
    kill "$supervisor" "$control"
    [ "$status" -ne 0 ]
}

@test "a pipeline that requires more than there is ends with exit code 4" {
    wrapper
    echo 'int f(int n) { return n + 1; }' >f.c
    printf 'version: 1\nsandbox: {require: cell}\nsteps:\n  - id: b\n    uses: benchmark-generate\n    with: {hotspot: {file: f.c, function: f}}\n' >p.yml
    run "$place/without" all "$atoll" run p.yml
    [ "$status" -eq 4 ]
    [[ $output == *"cell is required; missing: "*"mount-ns"* ]]
    [[ $output == *"on GitLab docker executor: "* ]]
}
