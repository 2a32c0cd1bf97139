#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""verify_patch.py REPOSITORY RESULT.json CALLS.jsonl [SEED]

An independent look at what `atoll evolve --json` claims, sharing no code with atoll: applies the patch to a fresh copy of
the demo service, builds both, compares their outputs on inputs of its own, times both on the captured calls, and exits 1
unless the measured speed-up reaches the lower end of the claimed interval (less a tenth, for another layout of the
binary) in one of five rounds. Each round builds both anew in a layout of its own, the same for both: one layout alone,
or a minute in which other programs run, says little."""
import base64
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile

DECLARATIONS = {
    "normalize_tag": ("tag.h", ["in", "n0", "out", "cap"], "size_t"),
    "normalize_tag_value": ("tag.h", ["in", "n0", "out", "cap"], "size_t"),
    "merge_tags": ("merge.h", ["in", "n0", "in", "n2", "out", "cap"], "size_t"),
    "crc32_update": ("checksum.h", ["u32", "in", "n1"], "uint32_t"),
    "crc32_combine": ("checksum.h", ["u32", "u32", "u32"], "uint32_t"),
    "checksum_block": ("checksum.h", ["in", "n0", "total"], "uint32_t"),
    "murmur3_32": ("murmur3.h", ["in", "n0", "u32"], "uint32_t"),
    "fibonacci": ("fibonacci.h", ["u32"], "uint64_t"),
}
TOLERANCE = 0.9
ROUNDS = 5


def as_bytes(value):
    return base64.b64decode(value["b64"]) if isinstance(value, dict) else value.encode()


def read_calls(path, roles):
    calls = []
    for line in open(path):
        args = json.loads(line)["args"]
        call = []
        for role, arg in zip(roles, args):
            if role == "in":
                call.append(as_bytes(arg))
            elif role == "total":
                call.append(arg[0])
            elif role in ("u32", "cap"):
                call.append(arg)
            else:
                call.append(None)
        calls.append(call)
    return calls


def own_inputs(calls, roles, rng):
    """Calls that nobody captured: cut, spliced, repeated and noisy buffers, other numbers."""
    made = []
    for _ in range(400):
        call = []
        a, b = rng.choice(calls), rng.choice(calls)
        for role, x, y in zip(roles, a, b):
            if role == "in":
                x = bytearray(x[: rng.randint(0, len(x))] + y[rng.randint(0, len(y)) :])
                for _ in range(rng.randint(0, 4)):
                    if x:
                        x[rng.randrange(len(x))] = rng.randrange(256)
                call.append(bytes(x) * rng.choice([1, 1, 1, 3]))
            elif role == "cap":
                call.append(rng.choice([x, 0, 1, rng.randint(0, x + 8)]))
            elif role in ("u32", "total"):
                call.append(rng.choice([x, y, 0, 1]) if "in" not in roles else rng.choice([x, y, 0, rng.getrandbits(32)]))
            else:
                call.append(None)
        made.append(call)
    return made


def c_bytes(data):
    return "{" + "".join(f"{b}," for b in data) + "0}"


def harness(function, header, roles, result, calls):
    text = ['#include <stdint.h>', '#include <stdio.h>', '#include <stdlib.h>', '#include <string.h>', '#include <time.h>', f'#include "{header}"']
    table = []
    for i, call in enumerate(calls):
        row = []
        for k, (role, value) in enumerate(zip(roles, call)):
            if role == "in":
                text.append(f"static const unsigned char b{i}_{k}[] = {c_bytes(value)};")
                row += [f"b{i}_{k}", str(len(value))]
            else:
                row += ["0", str(value or 0)]
        table.append("{" + ",".join(row) + "}")
    fields = "".join(f"const unsigned char *p{k}; size_t v{k};" for k in range(len(roles)))
    text.append(f"static const struct {{ {fields} }} calls[] = {{ {','.join(table)} }};")
    names = []
    for k, role in enumerate(roles):
        names.append({"in": f"(const void *)c->p{k}", "out": "(void *)out", "cap": f"c->v{k}", "u32": f"(uint32_t)c->v{k}",
                      "total": "&total"}.get(role) or f"c->v{role[1:]}")
    set_total = next((f"total = (uint32_t)c->v{k};" for k, r in enumerate(roles) if r == "total"), "")
    out_digest = "for (size_t k = 0; k < (size_t)r; k++) d = (d ^ out[k]) * 1099511628211u;" if "out" in roles else ""
    text.append(f"""
int main(int argc, char **argv)
{{
    static unsigned char out[1 << 22];
    uint32_t total = 0;
    size_t n = sizeof(calls) / sizeof(calls[0]);
    uint64_t d = 14695981039346656037u;
    for (size_t i = 0; i < n; i++) {{
        __typeof__(&calls[0]) c = &calls[i];
        {set_total}
        {result} r = {function}({', '.join(names)});
        d = (d ^ (uint64_t)r) * 1099511628211u;
        d = (d ^ total) * 1099511628211u;
        {out_digest}
    }}
    long rounds = argc > 1 ? atol(argv[1]) : 0;
    struct timespec a, b;
    volatile uint64_t sink = 0;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &a);
    for (long k = 0; k < rounds; k++)
        for (size_t i = 0; i < n; i++) {{
            __typeof__(&calls[0]) c = &calls[i];
            {set_total}
            sink += (uint64_t){function}({', '.join(names)});
        }}
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &b);
    printf("%016llx %.9f\\n", (unsigned long long)d, (double)(b.tv_sec - a.tv_sec) + 1e-9 * (double)(b.tv_nsec - a.tv_nsec));
    return 0;
}}""")
    return "\n".join(text)


def draw_layout(rng):
    """Where functions begin, and in which order the files are linked."""
    return [f"-falign-functions={rng.choice([1, 16, 32, 64, 128])}"], rng.getrandbits(32)


def build(tree, work, name, source, layout=((), 0)):
    path = os.path.join(work, name + ".c")
    open(path, "w").write(source)
    sources = [os.path.join(tree, "src", f) for f in sorted(os.listdir(os.path.join(tree, "src"))) if f.endswith(".c") and f != "main.c"]
    binary = os.path.join(work, name)
    flags, order = layout
    files = [path] + sources
    if order:
        random.Random(order).shuffle(files)
    subprocess.run(["cc", "-O2", "-w", "-std=gnu11", *flags, "-I", os.path.join(tree, "src"), "-o", binary, *files], check=True)
    return binary


def run(binary, rounds):
    digest, seconds = subprocess.run([binary, str(rounds)], check=True, capture_output=True, text=True).stdout.split()
    return digest, float(seconds)


def speedup(a, b, claimed):
    """The median of nine times a over b, each b between two a."""
    rounds = 1
    while run(a, rounds)[1] < 0.05:
        rounds *= 2
    more = rounds * max(1, int(claimed / 2))
    ratios = []
    for _ in range(9):
        first, second, third = run(a, rounds)[1], run(b, more)[1] / (more / rounds), run(a, rounds)[1]
        ratios.append((first + third) / 2 / second)
    return statistics.median(ratios)


def main():
    repository, result_path, calls_path = sys.argv[1:4]
    rng = random.Random(int(sys.argv[4]) if len(sys.argv) > 4 else 1)
    result = json.load(open(result_path))
    function = result["target"].split(":")[1]
    header, roles, kind = DECLARATIONS[function]
    work = tempfile.mkdtemp()
    try:
        before, after = os.path.join(work, "before"), os.path.join(work, "after")
        for tree in (before, after):
            shutil.copytree(repository, tree, ignore=shutil.ignore_patterns("state", "profile"))
        subprocess.run(["git", "apply", "-"], cwd=after, input=result["patch"], text=True, check=True)
        calls = read_calls(calls_path, roles)
        own = own_inputs(calls, roles, rng)
        digests = [run(build(t, work, "own" + n, harness(function, header, roles, kind, own)), 0)[0] for t, n in ((before, "a"), (after, "b"))]
        if digests[0] != digests[1]:
            sys.exit(f"{function}: outputs differ on own inputs")
        low = result["holdout"]["speedup_low"]
        for number in range(ROUNDS):
            layout = draw_layout(rng) if number > 0 else ((), 0)
            source = harness(function, header, roles, kind, calls)
            a, b = (build(t, work, "time" + n, source, layout) for t, n in ((before, "a"), (after, "b")))
            measured = speedup(a, b, result["holdout"]["speedup"])
            print(f"{function}: claimed at least {low:.2f}x, measured {measured:.2f}x in round {number + 1}")
            if measured >= TOLERANCE * low:
                break
        else:
            sys.exit(f"{function}: the claim does not hold")
    finally:
        shutil.rmtree(work)


main()
