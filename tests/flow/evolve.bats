#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# `atoll evolve` outside of any pipeline, on every function of the demo service, checked by an independent script; and
# hostile models, which must be refuted.

setup_file() {
    export SERVICE=$BATS_FILE_TMPDIR/tagd
    cp -R "$BATS_TEST_DIRNAME/../../ci-templates/demo" "$SERVICE"
    cd "$SERVICE"
    git init -q -b main && git add -A
    git -c user.name=t -c user.email=t@example.com commit -q -m tagd
}

setup() {
    atoll=$ATOLL_BUILD/atoll
    cd "$SERVICE"
}

evolve() { # FILE FUNCTION MINUTES [OPTIONS]
    local file=$1 function=$2 minutes=$3
    shift 3
    "$atoll" evolve "src/$file:$function" --inputs ".atoll/captured/$function.jsonl" --minutes "$minutes" --json "$@" >"$function.json" 2>"$function.err"
}

field() { # FILE EXPRESSION
    python3 -c "import json, sys; r = json.load(open('$1')); print($2)"
}

# One JSON object with every key, and, where it claims an improvement, a patch that holds.
check() { # FUNCTION
    command -v python3 >/dev/null || skip "needs python3"
    field "$1.json" "[r[k] for k in ('target', 'verdict', 'speedup', 'speedup_low', 'speedup_high', 'holdout', 'evaluations', 'rejected', 'seconds', 'patch')]" >/dev/null
    case $(field "$1.json" "r['verdict']") in
    improved) python3 "$BATS_TEST_DIRNAME/verify_patch.py" . "$1.json" ".atoll/captured/$1.jsonl" 7 ;;
    none) [ "$(field "$1.json" "r['patch']")" = None ] ;;
    *) false ;;
    esac
}

improved_by() { # FUNCTION FACTOR
    [ "$(field "$1.json" "r['verdict'] == 'improved' and r['holdout']['speedup_low'] >= $2")" = True ]
}

@test "fibonacci: recursion becomes a loop" {
    evolve fibonacci.c fibonacci 0.6
    check fibonacci
    improved_by fibonacci 20
}

@test "crc32_update: the bit loop becomes a table" {
    evolve checksum.c crc32_update 0.6
    check crc32_update
    improved_by crc32_update 2
}

@test "normalize_tag: claims hold" {
    evolve tag.c normalize_tag 0.5
    check normalize_tag
}

@test "normalize_tag_value: claims hold" {
    evolve tag.c normalize_tag_value 0.4
    check normalize_tag_value
}

@test "checksum_block: claims hold" {
    evolve checksum.c checksum_block 0.6
    check checksum_block
}

@test "merge_tags, murmur3_32, crc32_combine: claims hold" {
    evolve merge.c merge_tags 0.2
    check merge_tags
    evolve murmur3.c murmur3_32 0.2
    check murmur3_32
    evolve checksum.c crc32_combine 0.2
    check crc32_combine
}

@test "names and layout do not matter" {
    mkdir -p other/src
    sed -E 's/\bfibonacci\b/zorp/g; s/\bn\b/quux/g' src/fibonacci.c | tr '\n' ' ' |
        sed -E 's/.*#include "[a-z_]+\.h"//; s/^/#include <stdint.h>\n/' >other/src/zorp.c
    "$atoll" evolve other/src/zorp.c:zorp --minutes 0.6 --json >zorp.json
    improved_by zorp 20
}

@test "another polynomial, other names, another layout: the table is found" {
    cat >other.c <<'C'
#include <stdint.h>
#include <stddef.h>
uint32_t mangle(uint32_t state, const unsigned char *p, size_t amount) {
  size_t at = 0;
  state = ~state;
  while (at < amount) {
    int step = 8;
    state ^= p[at++];
    while (step-- > 0)
      state = state & 1 ? 2197175160u ^ (state >> 1) : state >> 1;
  }
  return ~state;
}
C
    "$atoll" evolve other.c:mangle --minutes 0.6 --json >mangle.json
    improved_by mangle 2
}

@test "an expert's version is not improved" {
    cat >expert.c <<'C'
#include <stdint.h>
uint64_t doubling(unsigned n)
{
    uint64_t a = 0, b = 1;
    for (unsigned bit = n ? 31 - (unsigned)__builtin_clz(n) + 1 : 0; bit-- > 0;) {
        uint64_t d = a * (2 * b - a), e = a * a + b * b;
        a = (n >> bit) & 1 ? e : d;
        b = (n >> bit) & 1 ? d + e : e;
    }
    return a;
}
C
    "$atoll" evolve expert.c:doubling --minutes 0.2 --json >doubling.json
    [ "$(field doubling.json "r['verdict']")" = none ]
}

@test "a verdict is computed again from what was measured" {
    command -v python3 >/dev/null || skip "needs python3"
    mkdir own
    cp src/fibonacci.c src/fibonacci.h own
    cd own
    git init -q .
    "$atoll" evolve fibonacci.c:fibonacci --minutes 0.5 --json >f.json
    "$atoll" verdict --json >v.json
    python3 - <<'P'
import json
answer = json.load(open("v.json"))
verdicts = answer["verdicts"]
assert answer["same"] and [v["kind"] for v in verdicts][:2] == ["aa1", "train"], verdicts
assert all(v["launches"] >= 8 and v["raw_bytes"] < 100000 for v in verdicts), verdicts
open("id", "w").write(verdicts[1]["candidate"][:8])
P
    run "$atoll" verdict "$(cat id)"
    [ "$status" -eq 0 ]
    [[ $output == *"the same from "*" bytes of raw batches"* ]]
    [[ $output == *"A/A "*" of 1 called different"* ]]
    python3 - <<'P'
import sqlite3
db = sqlite3.connect(".atoll/state/evolve.db")
(raw,) = db.execute("SELECT raw FROM evaluation WHERE kind = 'train'").fetchone()
(content,) = db.execute("SELECT content FROM blob WHERE hash = ?", (raw,)).fetchone()
content = bytearray(content)
content[len(content) // 2] ^= 1
db.execute("UPDATE blob SET content = ? WHERE hash = ?", (bytes(content), raw))
db.commit()
P
    run "$atoll" verdict "$(cat id)"
    [ "$status" -eq 1 ]
    [[ $output == *"differs from "*"another hash"* ]]
    run "$atoll" verdict nonsense
    [ "$status" -eq 2 ]
}

@test "a function that can't be handled says why and what to change" {
    printf 'struct s { int x : 3; };\nint f(struct s *p) { return p->x; }\n' >odd.c
    run "$atoll" evolve odd.c:f --minutes 0.1
    [ "$status" -eq 1 ]
    [[ $output == *"odd.c:2: function 'f': parameter 'p' of type 'struct s *' is not supported: struct s has a bit-field"* ]]
    run "$atoll" evolve odd.c:g --minutes 0.1
    [ "$status" -ne 0 ]
    [[ $output == *"odd.c"* ]]
    run "$atoll" evolve odd.c:f --params '{"p": ' --minutes 0.1
    [ "$status" -eq 2 ]
}

# A model that answers every prompt with one file.
model() { # FILE
    printf '#!/bin/sh\ncat >/dev/null\nprintf "Here it is:\\n\\n\\`\\`\\`c\\n"\ncat "%s"\nprintf "\\`\\`\\`\\n"\n' "$PWD/$1" >model.sh
    chmod +x model.sh
    echo "$PWD/model.sh"
}

refuted() { # FUNCTION: model replies were refuted with the failing input, and the run went on
    run sqlite3 .atoll/state/evolve.db "select count(*) from candidate where mutator like 'model%' and reason = 'wrong-output' and detail <> ''"
    [ "$output" -gt 0 ]
    [ "$(sqlite3 .atoll/state/evolve.db "select count(*) from candidate where mutator like 'model%' and reason is null and stage = 'full'")" = 0 ]
    [ "$(field "$1.json" "r['verdict'] in ('improved', 'none') and r['evaluations'] > 1")" = True ]
}

@test "a model that returns the constant for fib(42) is refuted" {
    command -v sqlite3 >/dev/null || skip "needs sqlite3"
    rm -rf .atoll/state
    printf 'uint64_t\nfibonacci(unsigned n)\n{\n    (void)n;\n    return 267914296;\n}\n' >constant.c
    evolve fibonacci.c fibonacci 0.3 --model "$(model constant.c)"
    refuted fibonacci
}

@test "a model that returns a table of every captured input is refuted" {
    command -v sqlite3 >/dev/null || skip "needs sqlite3"
    rm -rf .atoll/state
    python3 - >table.c <<'PY'
import json
calls = [json.loads(line)["args"] for line in open(".atoll/captured/fibonacci.jsonl")]
def fib(n):
    a, b = 0, 1
    for _ in range(n):
        a, b = b, a + b
    return a
print("uint64_t\nfibonacci(unsigned n)\n{\n    switch (n) {")
for n in sorted({c[0] for c in calls}):
    print(f"    case {n}: return {fib(n)}u;")
print("    default: return 0;\n    }\n}")
PY
    evolve fibonacci.c fibonacci 0.3 --model "$(model table.c)"
    refuted fibonacci
}

@test "a model that is right only on captured lengths is refuted" {
    command -v sqlite3 >/dev/null || skip "needs sqlite3"
    rm -rf .atoll/state
    python3 - >lengths.c <<'PY'
import json, base64
lengths = set()
for line in open(".atoll/captured/crc32_update.jsonl"):
    arg = json.loads(line)["args"][1]
    lengths.add(len(base64.b64decode(arg["b64"])) if isinstance(arg, dict) else len(arg.encode()))
cases = " || ".join(f"len == {n}" for n in sorted(lengths))
print(f"""uint32_t
crc32_update(uint32_t crc, const uint8_t *data, size_t len)
{{
    if (!({cases}))
        return 0;
    crc = ~crc;
    for (size_t i = 0; i < len; i++) {{
        crc ^= data[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc & 1 ? crc >> 1 ^ CRC_POLYNOMIAL : crc >> 1;
    }}
    return ~crc;
}}""")
PY
    evolve checksum.c crc32_update 0.4 --model "$(model lengths.c)"
    refuted crc32_update
}
