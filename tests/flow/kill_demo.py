#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the demo's pipeline, shortened, and kills it again and again.

kill_demo.py --build DIR --base DIR --mode deterministic|normal --kills N --seed N

DIR of --base is what `run-demo --prepare` made. The whole process group of `atoll run` gets SIGKILL at moments spread
over all steps, some of them as soon as a branch of the bare remote moved; after each, `atoll run` goes on. What was
called is counted from outside: in the log of a compiler wrapper and in that of a fake model command, against what the
state says was committed, or in flight, at each kill. Prints what it found wrong, a line each, and ends with 1; else
ends with 0.
"""
import argparse
import collections
import hashlib
import json
import os
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

FUNCTIONS = ("fibonacci", "crc32_update")
PATIENCE_S = 900
GONE_WITHIN_S = 30

PIPELINE = """version: 1
name: optimise-tagd
sandbox:
  require: guard
steps:
  - id: profile
    uses: profile-fetch
    with:
      source: .atoll/profile/*
      min-share: 0.001
  - id: benchmark
    uses: benchmark-generate
    for-each: ${{ steps.profile.outputs.hotspots }}
    if: ${{ %(wanted)s }}
    with:
      hotspot: ${{ item }}
      captured: .atoll/captured/${{ item.function }}.jsonl
      cc: %(dir)s/compiler
      write: [%(dir)s/log]
  - id: evolve
    uses: island-evolve
    for-each: ${{ steps.benchmark.outputs.items }}
    if: ${{ item.status == 'ready' }}
    with:
      benchmark: ${{ item.benchmark }}
      minutes: 1
      evaluations: 24
      models:
        - provider: command
          command: %(dir)s/model
  - id: prove
    uses: correctness-test
    for-each: ${{ steps.evolve.outputs.items }}
    if: ${{ item.verdict == 'improved' }}
    with:
      winner: ${{ item.winner }}
      random: 200
      test: make test
  - id: publish
    uses: open-pull-request
    for-each: ${{ steps.prove.outputs.items }}
    if: ${{ item.verdict == 'proven' }}
    with:
      evidence: ${{ item.evidence }}
      base: main
      test: make test
  # Answers that show the flag differ: the rollout is rolled back, by a commit.
  - id: canary
    uses: canary-experiment
    for-each: ${{ steps.publish.outputs.items }}
    if: ${{ item.pull_request }}
    with:
      pull-request: ${{ item.pull_request }}
      run: ./tagd && echo $ATOLL_FLAG_FIBONACCI $ATOLL_FLAG_CRC32_UPDATE
      traffic: .atoll/traffic/ingest.txt
      min-cpu-seconds: 0
"""

# Logs the sum of the sources, and what they are compiled to; keeps the sources.
COMPILER = r"""#!/bin/sh
here=%(dir)s
copy=$here/log/sources/$$
for word; do case $word in -*) ;; *.c) cat -- "$word" ;; esac; done >"$copy"
sum=$(sha256sum <"$copy" | cut -c 1-16)
case " $* " in *" -fsanitize="*) sum=${sum}-sanitized ;; esac
mv "$copy" "$here/log/sources/$sum"
echo "begin $sum $*" >>"$here/log/compiler"
exec cc "$@"
"""

# The reply is another program for each prompt, and right.
MODEL = r"""#!/bin/sh
here=%(dir)s
prompt=$(cat)
sum=$(printf %%s "$prompt" | sha256sum | cut -c 1-16)
number=$(printf %%d "0x$(echo "$sum" | cut -c 1-6)")
echo "begin $sum" >>"$here/log/model"
sleep 0.05
echo '```c'
case $prompt in
*crc32_update*)
    echo "uint32_t crc32_update(uint32_t crc, const uint8_t *data, size_t len) { crc = ~crc;"
    echo "    if (len == $number) len = $number;"
    echo "    while (len-- > 0) { crc ^= *data++;"
    echo "        for (int bit = 0; bit < 8; bit++) crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320u : 0u); }"
    echo "    return ~crc; }"
    ;;
*)
    echo "uint64_t fibonacci(unsigned n) { uint64_t a = 0, b = 1;"
    echo "    if (n == $number) n = $number;"
    echo "    while (n-- > 0) { uint64_t next = a + b; a = b; b = next; } return a; }"
    ;;
esac
echo '```'
echo "end $sum" >>"$here/log/model"
"""


def write(path, text, mode=0o644):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    os.chmod(path, mode)


def lines(path):
    if not os.path.exists(path):
        return []
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read().splitlines()


def git(directory, *words):
    return subprocess.run(["git", "-C", directory, *words], check=True, capture_output=True, text=True).stdout


class Site:
    """A copy of the prepared demo with its own remote, compiler, model, logs and binaries."""

    def __init__(self, base, build, name, mode):
        self.dir = os.path.join(os.path.realpath(base), name)
        shutil.rmtree(self.dir, ignore_errors=True)
        os.makedirs(os.path.join(self.dir, "log/sources"))
        self.repository, self.remote = os.path.join(self.dir, "tagd"), os.path.join(self.dir, "origin.git")
        for part in ("tagd", "origin.git"):
            shutil.copytree(os.path.join(base, part), os.path.join(self.dir, part), symlinks=True)
        git(self.repository, "remote", "set-url", "origin", self.remote)
        for binary in ("atoll", "atoll-cell"):
            shutil.copy2(os.path.join(build, binary), self.dir)
        self.mode, self.kills, self.problems = mode, 0, []
        self.lives = []  # the activities of the state as each kill left them
        functions = FUNCTIONS if mode == "deterministic" else FUNCTIONS[:1]
        wanted = " || ".join(f"item.function == '{function}'" for function in functions)
        values = {"dir": self.dir, "wanted": wanted}
        write(os.path.join(self.repository, ".atoll/pipeline.yml"), PIPELINE % values)
        write(os.path.join(self.dir, "compiler"), COMPILER % values, 0o755)
        write(os.path.join(self.dir, "model"), MODEL % values, 0o755)
        self.state = os.path.join(self.repository, ".atoll/state/state.db")

    # ---- the run

    def start(self):
        words = [os.path.join(self.dir, "atoll"), "run", "--mode", self.mode]
        words += ["--seed", "1"] if self.mode == "deterministic" else []
        with open(os.path.join(self.dir, "output"), "a", encoding="utf-8") as output:
            return subprocess.Popen(
                words, cwd=self.repository, stdout=output, stderr=output, stdin=subprocess.DEVNULL, start_new_session=True
            )

    def finish(self, process):
        try:
            code = process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            code = f"no end within {PATIENCE_S} s"
        if code != 0:
            said = [line for line in lines(os.path.join(self.dir, "output")) if re.search("[Ff]ail|error", line)]
            self.problems.append(f"atoll run: {code}: {' | '.join(said[-5:])}")
        return code == 0

    def kill(self, process):
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        self.kills += 1
        left = self.processes()
        deadline = time.monotonic() + GONE_WITHIN_S
        while left and time.monotonic() < deadline:
            time.sleep(0.002)
            left = self.processes()
        if left:
            self.problems.append(f"kill {self.kills} left processes behind: {left}")
        for log in ("compiler", "model"):
            with open(os.path.join(self.dir, "log", log), "a", encoding="utf-8") as file:
                file.write("KILL\n")
        self.lives.append(self.activities())

    def processes(self):
        """Processes that run a binary of this site, in its folders, or with its paths as arguments."""
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/stat", "rb") as file:
                    if file.read().rpartition(b")")[2].split()[0] in (b"Z", b"X"):
                        continue
                with open(f"/proc/{pid}/cmdline", "rb") as file:
                    told = file.read().replace(b"\0", b" ").decode(errors="replace")
                places = [os.readlink(f"/proc/{pid}/{link}") for link in ("exe", "cwd")]
            except OSError:
                continue
            if self.dir + "/" in " ".join([told, *(place + "/" for place in places)]):
                found.append(f"{pid} {told[:120]}")
        return found

    # ---- the state

    def rows(self, sql, *params):
        if not os.path.exists(self.state):
            return []
        try:
            db = sqlite3.connect(f"file:{self.state}?mode=ro", uri=True, timeout=1)
            try:
                return db.execute(sql, params).fetchall()
            finally:
                db.close()
        except sqlite3.OperationalError:
            return []

    def activities(self):
        """{(step, name, key): (attempts, whether it is committed)}, read from a copy: recovery is the next run's work."""
        if not os.path.exists(self.state):
            return {}
        with tempfile.TemporaryDirectory() as folder:
            for end in ("", "-wal"):
                if os.path.exists(self.state + end):
                    shutil.copy(self.state + end, os.path.join(folder, "state.db" + end))
            db = sqlite3.connect(os.path.join(folder, "state.db"))
            try:
                rows = db.execute("SELECT step, name, key, attempts, committed_ns IS NOT NULL FROM activity").fetchall()
            except sqlite3.OperationalError:  # killed before the tables were there
                rows = []
            finally:
                db.close()
        return {tuple(row[:3]): (row[3], bool(row[4])) for row in rows}

    def in_flight(self, activity):
        """At how many kills it was begun and not committed."""
        return sum(1 for life in self.lives if activity in life and not life[activity][1])

    def facts(self, step):
        """How much of a step is committed."""
        found = self.rows(
            "SELECT (SELECT count(*) FROM activity WHERE step = ?1 AND committed_ns IS NOT NULL)"
            " + (SELECT count(*) FROM effect WHERE step = ?1 AND status = 'confirmed')"
            " + (SELECT count(*) FROM recorded WHERE step = ?1)",
            step,
        )
        return found[0][0] if found else 0

    def step_status(self, step):
        found = self.rows("SELECT status FROM step WHERE key = ? ORDER BY run DESC LIMIT 1", step)
        return found[0][0] if found else "pending"

    def branch(self, function):
        path = os.path.join(self.remote, "refs/heads/atoll", function)
        return "".join(lines(path))


# ---- moments


class Committed:
    """A while after so many facts of a step were committed."""

    def __init__(self, step, count, delay_s):
        self.step, self.count, self.delay_s = step, count, delay_s

    def wait(self, site, process):
        while process.poll() is None:
            status = site.step_status(self.step)
            if status not in ("pending", "running") or (status == "running" and site.facts(self.step) >= self.count):
                time.sleep(self.delay_s)
                return process.poll() is None
            time.sleep(0.002)
        return False

    def __str__(self):
        return f"{self.delay_s * 1000:.0f} ms after {self.count} facts of {self.step}"


class Pushed:
    """As soon as a branch of the remote moved. The supervisor is held up meanwhile, so that it can't confirm."""

    def __init__(self, function):
        self.function = function

    def wait(self, site, process):
        before = site.branch(self.function)
        effect = f"{'rollout' if before else 'push'}:%:atoll/{self.function}:%"
        while site.branch(self.function) == before:
            if process.poll() is not None:
                return False
            if site.rows("SELECT 1 FROM effect WHERE status = 'intended' AND key LIKE ?", effect):
                process.send_signal(signal.SIGSTOP)
                time.sleep(0.1)
                if site.branch(self.function) == before:
                    process.send_signal(signal.SIGCONT)
                    time.sleep(0.001)
        return True

    def __str__(self):
        return f"at the push of {self.function}"


class Written:
    """As soon as the file is there that a step writes before it commits."""

    def __init__(self, path):
        self.path = path

    def wait(self, site, process):
        while not os.path.exists(os.path.join(site.repository, self.path)):
            if process.poll() is not None:
                return False
        return True

    def __str__(self):
        return f"at the writing of {self.path}"


def moments(reference, site, count, seed):
    """In the order of the run: every step at least once, the pushes, the rest in the long steps."""
    draw = random.Random(seed)
    functions = FUNCTIONS if site.mode == "deterministic" else FUNCTIONS[:1]
    order = ["profile"] + [
        f"{step}[{function}]" for step in ("benchmark", "evolve", "prove", "publish", "canary") for function in functions
    ]
    if site.mode != "deterministic":
        order.remove("profile")
    pushes = {f"publish[{function}]": Pushed(function) for function in functions}
    pushes |= {f"canary[{function}]": Pushed(function) for function in functions}
    evolving = [step for step in order if step.startswith("evolve")]
    steps = order + draw.choices(evolving, k=count - len(order) - len(pushes) - 1)
    found = []
    for step in order:
        if step == "benchmark[fibonacci]":
            found.append(Written(".atoll/benchmarks/fibonacci.yml"))
        facts = [draw.randrange(max(reference.facts(step), 1)) for _ in range(steps.count(step))]
        last = len(facts) - 1
        for i, committed in enumerate(sorted(facts)):
            # What comes before a push has to come early.
            early = step in pushes and i == last
            found.append(Committed(step, 0 if early else committed, draw.uniform(0, 0.1)))
        if step in pushes:
            found.append(pushes[step])
    return found


# ---- what is compared


def learn_names(site):
    """What is named anew in every run, and the word that stands for it."""
    site.names = {site.dir: "DIR"}
    for oid in git(site.remote, "rev-list", "--all", "--not", "main").split():
        site.names |= {oid: "COMMIT", oid[:12]: "COMMIT"}
    for (run,) in site.rows("SELECT id FROM run"):
        site.names[run] = "RUN"


def plain(site, text):
    for name, word in site.names.items():
        text = text.replace(name, word)
    return re.sub(r"Date: .*|index [0-9a-f]+\.\.[0-9a-f]+.*|20\d\d-\d\d-\d\dT[0-9:.]+Z", "", text)


MEASURED = {"noise_floor", "started", "ended", "seconds", "cpu_seconds", "lease", "attempt", "run", "cpu_before"}


def stripped(site, value):
    """Without times, paths, ids of commits, and what only a measurement says."""
    if isinstance(value, dict):
        return {key: stripped(site, inner) for key, inner in value.items() if key not in MEASURED}
    if isinstance(value, list):
        return [stripped(site, inner) for inner in value]
    if isinstance(value, str):
        return plain(site, re.sub(r", [0-9.]+ ns a call, noise [0-9.]+ %", "", value))
    return value


def status(site):
    words = [os.path.join(site.dir, "atoll"), "status", "--json"]
    said = subprocess.run(words, cwd=site.repository, capture_output=True, text=True, check=True).stdout
    return stripped(site, json.loads(said))


def branches(site):
    """What the branches say, without figures that are measured and times."""
    names = git(site.remote, "for-each-ref", "--format=%(refname)").split()
    volatile = re.compile(r"speedup: |spread: |ns_per_call: |[Ll]ease|expires|until")
    found = {}
    for name in names:
        text = plain(site, git(site.remote, "log", "-p", "--format=%B", f"main..{name}"))
        found[name] = [line for line in text.splitlines() if not volatile.search(line)]
    return found


def candidates(site):
    columns = "step, sequence, id, parent, island, generation, mutator, technique, code_hash, stage, reason, speedup"
    return site.rows(f"SELECT {columns} FROM candidate ORDER BY step, sequence, id")


def effects(site):
    return sorted(plain(site, f"{key} {end}") for key, end in site.rows("SELECT key, status FROM effect"))


def tell_difference(site, what, expected, found):
    if expected == found:
        return
    one, two = (json.dumps(value, indent=1, sort_keys=True).splitlines() for value in (expected, found))
    odd = next((i for i, (a, b) in enumerate(zip(one, two)) if a != b), min(len(one), len(two)))
    site.problems.append(f"{what} differ: {one[odd:odd + 3]} became {two[odd:odd + 3]}")


def compare(reference, site):
    learn_names(reference)
    learn_names(site)
    tell_difference(site, "status", status(reference), status(site))
    tell_difference(site, "branches", branches(reference), branches(site))
    tell_difference(site, "candidates", candidates(reference), candidates(site))
    tell_difference(site, "effects", effects(reference), effects(site))


# ---- what is counted


def counted(site, log, wanted):
    """How often each sum was begun, and how often it was the last thing begun when a kill came."""
    begun, cut, last = collections.Counter(), collections.Counter(), None
    for line in lines(os.path.join(site.dir, "log", log)):
        words = line.split(" ", 2)
        if words[0] == "KILL":
            cut[last] += 1
            last = None
        elif words[0] == "begin":
            last = words[1]
            if wanted(line):
                begun[last] += 1
    return begun, cut


def is_variant(site):
    """Calls that the search makes for a variant: not for the baseline and its shim, which every process needs."""
    shared = {line.split(" ", 2)[1] for line in lines(os.path.join(site.dir, "log/compiler")) if "/benchmark_" in line}

    def wanted(line):
        words = line.split(" ", 2)
        return "/evolve_" in words[2] and re.search(" -c |/oracle/", words[2]) and words[1] not in shared

    return wanted


def sums_of_variants(site):
    """{sum: [activity that compiles it]} of the search: a variant is the whole file with the function replaced."""
    texts = {}
    for name in os.listdir(os.path.join(site.dir, "log/sources")):
        with open(os.path.join(site.dir, "log/sources", name), encoding="utf-8", errors="replace") as file:
            texts[name] = file.read()
    final, found = site.activities(), collections.defaultdict(list)
    rows = site.rows("SELECT c.step, c.id, c.parent, c.file, b.content FROM candidate c JOIN blob b ON b.hash = c.source")
    roots = {step: (file, plain_text(text)) for step, _, parent, file, text in rows if parent is None}
    for step, id_, _, _, text in rows:
        file, root = roots[step]
        before, after = "\n".join(lines(os.path.join(site.repository, file))).split(root)
        whole = before + plain_text(text) + after
        users = [(step, "evaluate", id_), (step, "holdout", id_)]
        users += [activity for activity in final if activity[:2] == (step, "measure") and activity[2].endswith("/" + id_)]
        # Only the look at the winner before its holdout duet is with sanitizers.
        sanitized = [(step, "holdout", id_)]
        for sum_, source in texts.items():
            if source.startswith(whole.rstrip()) and source[len(whole.rstrip()) :].lstrip().startswith("extern void *const"):
                wanted = sanitized if sum_.endswith("-sanitized") else users
                found[sum_] += [activity for activity in wanted if activity in final]
    for activity in final:
        if activity[1] == "oracle":
            # The key is the sum of the question, which is compiled together with a driver.
            for sum_, source in texts.items():
                ends = [match.end() for match in re.finditer(r"    return y;\n}\n", source)]
                sums = [hashlib.sha256(source[:end].encode()).hexdigest() for end in ends]
                if any(activity[2].startswith(full[:32]) for full in sums):
                    found[sum_].append(activity)
    return found


def plain_text(content):
    return content.decode(errors="replace") if isinstance(content, bytes) else content


def sums_of_prompts(site, begun):
    """{sum: [activity that asked]}: a reply holds the first six digits of the prompt's sum, as a number."""
    found = collections.defaultdict(list)
    rows = site.rows(
        "SELECT a.step, a.name, a.key, b.content FROM activity a JOIN blob b ON b.hash = json_extract(a.result, '$.reply')"
        " WHERE a.name = 'model'"
    )
    for step, name, key, reply in rows:
        number = int(re.search(r"== (\d+)\)", plain_text(reply)).group(1))
        for sum_ in begun:
            if sum_.startswith(f"{number:06x}"):
                found[sum_].append((step, name, key))
    return found


def count_against_state(site, log, begun):
    """What was committed was called once for it; a kill repeats a call only where it found it in flight."""
    users = sums_of_prompts(site, begun) if log == "model" else sums_of_variants(site)
    again = sum(max(0, times - len(users[sum_])) for sum_, times in begun.items())
    print(f"{log}: for {sum(len(users[sum_]) for sum_ in begun)} committed activities, {again} calls again after a kill")
    for sum_, times in begun.items():
        allowed = sum(1 + site.in_flight(activity) for activity in users[sum_])
        if times > allowed:
            told = [" ".join(activity) for activity in users[sum_]]
            site.problems.append(f"{log}: {sum_} was called {times} times, {allowed} for what is committed: {told}")


def count_attempts(site):
    """What was committed at a kill is never begun again; of each kind a step has at most one thing in flight."""
    final = site.activities()
    for number, life in enumerate(site.lives, 1):
        for activity, (attempts, committed) in life.items():
            if committed and final.get(activity) != (attempts, True):
                site.problems.append(f"{activity} was committed at kill {number}, and begun again")
        flying = collections.Counter(activity[:2] for activity, (_, committed) in life.items() if not committed)
        site.problems += [f"kill {number} found {count} of {kind} in flight" for kind, count in flying.items() if count > 1]
    for activity, (attempts, _) in final.items():
        if attempts > 1 + site.in_flight(activity):
            site.problems.append(f"{activity} was begun {attempts} times, in flight at {site.in_flight(activity)} kills")


def count_calls(reference, site):
    for log, wanted in (("model", lambda line: True), ("compiler", is_variant(site))):
        begun, cut = counted(site, log, wanted)
        usual = counted(reference, log, wanted)[0]
        again = sum(cut[sum_] for sum_ in begun)
        print(f"{log}: {sum(begun.values())} calls, {sum(usual.values())} without a kill, {again} cut by a kill")
        if not begun:
            site.problems.append(f"the log of the {log} has no calls")
        count_against_state(site, log, begun)
        if site.mode != "deterministic":
            continue  # another search each time
        # A model's reply is committed, so it is asked for once. An object file is not: what a killed worker was in the
        # middle of (a duet, a verdict) starts with the compilation of its variant again, at most one a kill.
        allowed = site.kills if log == "compiler" else 0
        for sum_, times in begun.items():
            over = times - usual[sum_] - cut[sum_]
            if over <= 0:
                continue
            allowed -= over
            if allowed < 0:
                site.problems.append(
                    f"{log}: {sum_} was called {times} times; {usual[sum_]} without a kill, {cut[sum_]} were in flight"
                )


def count_remote(site, functions):
    found = sorted(git(site.remote, "for-each-ref", "--format=%(refname:short)").split())
    expected = sorted(["main"] + [f"atoll/{function}" for function in functions])
    if found != expected:
        site.problems.append(f"branches of the remote: {found}, not {expected}")
        return
    for function in functions:
        made = len(git(site.remote, "rev-list", f"main..atoll/{function}").split())
        if made != 2:
            site.problems.append(f"atoll/{function} has {made} commits, not that of the pull request and the rollback")
    objects = git(site.remote, "cat-file", "--batch-all-objects", "--batch-check=%(objecttype)").split()
    reachable = len(git(site.remote, "rev-list", "--all").split())
    if objects.count("commit") != reachable:
        site.problems.append(f"{objects.count('commit')} commits on the remote, {reachable} of them in branches")
    requests = sorted(os.listdir(os.path.join(site.dir, "origin.pull-requests")))
    if requests != sorted(f"atoll-{function}.md" for function in functions):
        site.problems.append(f"pull requests: {requests}")


def count_steps(site, functions):
    """Every step ended well, once; nothing is half done."""
    runs = site.rows("SELECT status FROM run")
    if runs != [("succeeded",)]:
        site.problems.append(f"runs: {runs}")
    for step in ("evolve", "prove", "publish", "canary"):
        for function in functions:
            if site.step_status(f"{step}[{function}]") != "succeeded":
                site.problems.append(f"{step}[{function}]: {site.step_status(f'{step}[{function}]')}")
    odd = site.rows("SELECT step, name, key FROM activity WHERE committed_ns IS NULL")
    odd += site.rows("SELECT key FROM effect WHERE status <> 'confirmed'")
    if odd:
        site.problems.append(f"not committed: {odd}")
    if site.rows("PRAGMA integrity_check") != [("ok",)]:
        site.problems.append("the state is damaged")


def run_with_kills(given, reference, seed):
    """The killed site at the end of its run, and how many kills came between push and confirm."""
    site = Site(given.base, given.build, f"killed-{given.mode}", given.mode)
    began = time.monotonic()
    cut_pushes = 0
    for moment in moments(reference, site, given.kills, seed):
        process = site.start()
        if not moment.wait(site, process):
            site.finish(process)
            print(f"the run ended before a kill {moment}")
            break
        site.kill(process)
        intended = site.rows("SELECT count(*) FROM effect WHERE status = 'intended'")
        between = isinstance(moment, Pushed) and intended and intended[0][0] > 0
        cut_pushes += between
        print(f"kill {site.kills} {moment}{', before it was confirmed' if between else ''}", flush=True)
    else:
        site.finish(site.start())
    print(f"with {site.kills} kills: {time.monotonic() - began:.1f} s; {cut_pushes} between push and confirm")
    return site, cut_pushes


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", required=True)
    parser.add_argument("--base", required=True)
    parser.add_argument("--mode", choices=("deterministic", "normal"), default="deterministic")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    functions = FUNCTIONS if given.mode == "deterministic" else FUNCTIONS[:1]

    reference = Site(given.base, given.build, f"unkilled-{given.mode}", given.mode)
    began = time.monotonic()
    if not reference.finish(reference.start()):
        print("\n".join(reference.problems))
        return 1
    print(f"without a kill: {time.monotonic() - began:.1f} s")

    # A push is confirmed within milliseconds: other moments, once, where these came too late for one.
    for seed in (given.seed, given.seed + 1):
        site, cut_pushes = run_with_kills(given, reference, seed)
        if site.problems or (cut_pushes > 0 and site.kills == given.kills):
            break
    if site.kills != given.kills:
        site.problems.append(f"{site.kills} kills, not {given.kills}")
    if cut_pushes == 0:
        site.problems.append("no kill came between push and confirm")
    left = site.processes()
    if left:
        site.problems.append(f"left behind: {left}")
    if not any("atoll run:" in problem for problem in site.problems):
        count_steps(site, functions)
        count_remote(site, functions)
        count_attempts(site)
        count_calls(reference, site)
        if given.mode == "deterministic":
            compare(reference, site)
    for problem in site.problems:
        print(f"WRONG: {problem}")
    return 1 if site.problems else 0


if __name__ == "__main__":
    sys.exit(main())
