# SPDX-License-Identifier: Apache-2.0
# The shadow canary as a user meets it: the demo's service with a flag planted into its checksum, a bare origin, and a
# pipeline of the one step. Each decision is seen from outside, as a commit on the origin or as its absence.

setup_file() {
    export ATOLL="${ATOLL_BUILD:-$BATS_TEST_DIRNAME/../../build/release}/atoll"
    export DEMO="$BATS_TEST_DIRNAME/../../ci-templates/demo"
    export GIT_CONFIG_GLOBAL=/dev/null GIT_AUTHOR_NAME=Test GIT_AUTHOR_EMAIL=test@example.org
    export GIT_COMMITTER_NAME=Test GIT_COMMITTER_EMAIL=test@example.org
    export FLAG_FILE=.atoll/rollout/crc32_update.flagd.json
}

setup() {
    cd "$BATS_TEST_TMPDIR"
}

# plant BODY: src/checksum.c with the old function as control and BODY as treatment.
plant() {
    sed -i 's/^crc32_update(uint32_t crc/crc32_update_control(uint32_t crc/' src/checksum.c
    cat >>src/checksum.c <<END

#include <stdlib.h>
#include <string.h>

uint32_t
crc32_update(uint32_t crc, const uint8_t *data, size_t len)
{
    static int state;
    if (state == 0) {
        const char *value = getenv("ATOLL_FLAG_CRC32_UPDATE");
        state = value && strcmp(value, "on") == 0 ? 1 : -1;
    }
    if (state < 0)
        return crc32_update_control(crc, data, len);
    $1
}
END
    sed -i 's/^uint32_t crc32_update(.*/&\nuint32_t crc32_update_control(uint32_t crc, const uint8_t *data, size_t len);/' \
        src/checksum.h
}

# service BODY: ./service with branch atoll/crc32_update on ./origin.git, and a pull request for it.
service() {
    cp -R "$DEMO" service
    git init -q --bare -b main origin.git
    cd service
    rm -rf .git
    make -s clean
    git init -q -b main
    git add -A
    git commit -q -m 'The service'
    git remote add origin "$BATS_TEST_TMPDIR/origin.git"
    git push -q origin main
    git checkout -q -b atoll/crc32_update
    plant "$1"
    mkdir -p .atoll/rollout
    rollout_file >"$FLAG_FILE"
    git add -A
    git commit -q -m 'Make crc32_update faster' -m 'Atoll-Target: src/checksum.c:crc32_update'
    git push -q origin atoll/crc32_update
    COMMIT=$(git rev-parse HEAD)
    git checkout -q main
    git branch -q -D atoll/crc32_update
    mkdir -p ../origin.pull-requests
    PAGE=$BATS_TEST_TMPDIR/origin.pull-requests/atoll-crc32_update.md
    printf -- '---\ntitle: Faster\nstate: open\n---\n<!-- atoll target: src/checksum.c:crc32_update -->\n' >"$PAGE"
    # What is timed asks for checksums alone, so that the function is nearly all of a run.
    grep -aE '^(BLOCK|PART) ' .atoll/traffic/ingest.txt | sed 's/^BLOCK/PART/' >.atoll/traffic/parts.txt
    pipeline .atoll/traffic/parts.txt >.atoll/canary.yml
}

rollout_file() {
    cat <<END
{"\$schema": "https://flagd.dev/schema/v0/flags.json",
 "flags": {"atoll-crc32-update": {
   "state": "ENABLED", "variants": {"treatment": true, "control": false}, "defaultVariant": "control",
   "metadata": {"function": "crc32_update", "file": "src/checksum.c", "stage": 0, "percent": 0.0,
                "lease": 1700000000, "stages": "[1,5,25,50,100]"}}}}
END
}

# pipeline TRAFFIC [QUADS]: an experiment ends as soon as it is sure; QUADS are for a machine that is busy.
pipeline() {
    cat <<END
version: 1
name: canary
steps:
  - id: canary
    uses: canary-experiment
    with:
      run: ./tagd --repeat 100
      traffic: $1
      quads: ${2:-60}
      pull-request:
        function: crc32_update
        file: src/checksum.c
        branch: atoll/crc32_update
        base: main
        commit: $COMMIT
        remote: origin
        url: $PAGE
        rollout_file: $FLAG_FILE
        flag: atoll-crc32-update
        variable: ATOLL_FLAG_CRC32_UPDATE
        evidence:
          winner:
            variant: beef
            benchmark: {share: 0.2}
            holdout: {speedup: 4}
END
}

atoll_run() {
    run "$ATOLL" run .atoll/canary.yml
    echo "$output"
    [ "$status" -eq 0 ]
}

# The commits that the canary made, oldest first.
decisions() {
    git -C "$BATS_TEST_TMPDIR/origin.git" log --reverse --format=%s "$COMMIT..atoll/crc32_update"
}

shipped_flag() {
    git -C "$BATS_TEST_TMPDIR/origin.git" show "atoll/crc32_update:$FLAG_FILE"
}

FAST='static uint32_t table[256];
    if (table[1] == 0)
        for (uint32_t i = 0; i < 256; i++) {
            uint32_t c = i;
            for (int bit = 0; bit < 8; bit++)
                c = c & 1 ? (c >> 1) ^ CRC_POLYNOMIAL : c >> 1;
            table[i] = c;
        }
    crc = ~crc;
    for (size_t i = 0; i < len; i++)
        crc = (crc >> 8) ^ table[(crc ^ data[i]) & 255];
    return ~crc;'

SLOW='volatile uint32_t lost = 0;
    for (int i = 0; i < 3; i++)
        lost += crc32_update_control(crc, data, len);
    (void)lost;
    return crc32_update_control(crc, data, len);'

@test "a faster branch advances by one commit, and says that it was shadow" {
    service "$FAST"
    atoll_run
    [[ "$output" == *"no live users"* ]]
    [ "$(decisions)" = 'Advance crc32_update to stage 1 of 5 (1 %)' ]
    shipped_flag | grep -q '"fractional"'
    shipped_flag | grep -q '"state": "ENABLED"'
    git -C ../origin.git show atoll/crc32_update:.atoll/flags | grep -qx 'atoll-crc32-update = off'
    grep -q '^## Shadow canary: advance$' "$PAGE"
    grep -q 'no live users' "$PAGE"
    # The work tree and main are as they were.
    [ "$(git status --porcelain --untracked-files=no)" = '' ]
    [ "$(git -C ../origin.git rev-parse main)" = "$(git rev-parse main)" ]
}

@test "a wrong answer is rolled back by a commit" {
    service 'return crc32_update_control(crc, data, len) ^ (len == 64);'
    pipeline .atoll/traffic/ingest.txt >.atoll/canary.yml
    atoll_run
    [ "$(decisions)" = 'Roll crc32_update back' ]
    shipped_flag | grep -q '"state": "DISABLED"'
    shipped_flag | grep -q '"reason": "answers differ with the flag on: line '
    grep -q '^## Shadow canary: rollback$' "$PAGE"
    # A later run finds it rolled back, and leaves it so.
    atoll_run
    [ "$(decisions)" = 'Roll crc32_update back' ]
}

@test "a slower branch is rolled back by a commit" {
    service "$SLOW"
    atoll_run
    [ "$(decisions)" = 'Roll crc32_update back' ]
    shipped_flag | grep -q '"reason": "slower: 0\.'
}

@test "a service that is ten per cent slower is rolled back by a commit" {
    service 'volatile uint32_t lost = crc32_update_control(crc, data, len / 8);
    (void)lost;
    return crc32_update_control(crc, data, len);'
    pipeline .atoll/traffic/parts.txt 200 >.atoll/canary.yml
    atoll_run
    [ "$(decisions)" = 'Roll crc32_update back' ]
    shipped_flag | grep -q '"reason": "slower: 0\.'
}

@test "without traffic it holds, and commits nothing" {
    service "$FAST"
    pipeline .atoll/traffic/none.txt >.atoll/canary.yml
    atoll_run
    [ "$(decisions)" = '' ]
    grep -q 'no captured traffic: .atoll/traffic/none.txt is missing' "$PAGE"
    : >.atoll/traffic/none.txt
    atoll_run
    [[ "$output" == *"none.txt is empty"* ]]
    [ "$(decisions)" = '' ]
}

tip() {
    git -C "$BATS_TEST_TMPDIR/origin.git" rev-parse atoll/crc32_update
}

@test "killed at any moment it makes one commit and one note" {
    # Four times slower: what is decided does not hang on a close measurement.
    service "$SLOW"
    local seconds run
    for seconds in 0.3 1 2.5; do
        timeout -s KILL "$seconds" "$ATOLL" run .atoll/canary.yml >killed.log 2>&1 || true
    done
    # Once more at the worst moment: the commit is out, and nothing says so yet.
    "$ATOLL" run .atoll/canary.yml >killed.log 2>&1 3>&- &
    run=$!
    while [ "$(tip)" = "$COMMIT" ] && kill -0 "$run" 2>/dev/null; do
        :
    done
    kill -9 "$run" 2>/dev/null || true
    wait "$run" || true
    # What was killed is finished; what had ended is another run, which leaves a rollout that is rolled back alone.
    atoll_run
    [ "$(decisions)" = 'Roll crc32_update back' ]
    [ "$(grep -c '^## Shadow canary: rollback$' "$PAGE")" -eq 1 ]
    [ "$(grep -c '^## Shadow canary' "$PAGE")" -le 2 ]
}
