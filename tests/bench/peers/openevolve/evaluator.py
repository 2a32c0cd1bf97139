# SPDX-License-Identifier: Apache-2.0
# What OpenEvolve calls for each program: the program, which is the demo's file with another function in it, compiled
# with cc and run once over the captured calls; with openevolve-table in BENCH_EVALUATOR nothing of that. Appends to
# BENCH_TIMES when it began and ended, the CPU time of this process at both, that of OpenEvolve's main process at the
# beginning, all in nanoseconds, and whether the program was right.
import glob
import os
import subprocess
import tempfile
import time


def is_right(program_path):
    with tempfile.TemporaryDirectory() as folder:
        binary = os.path.join(folder, "program")
        compiling = ["cc", "-O2", "-std=gnu11", "-I", os.environ["BENCH_DEMO"] + "/src", "-Dnormalize_tag=candidate",
                     "-Dnormalize_tag_value=candidate_value", program_path, os.environ["BENCH_DRIVER"], "-o", binary]
        with open(os.environ["BENCH_LINES"]) as lines:
            return subprocess.run(compiling).returncode == 0 and subprocess.run([binary], stdin=lines).returncode == 0


def main_cpu():
    total = 0
    for path in glob.glob(f"/proc/{os.getppid()}/task/*/schedstat"):
        with open(path) as file:
            total += int(file.read().split()[0])
    return total


def evaluate(program_path):
    begun, cpu, main = time.monotonic_ns(), time.process_time_ns(), main_cpu()
    right = os.environ["BENCH_EVALUATOR"] == "openevolve-table" or is_right(program_path)
    with open(os.environ["BENCH_TIMES"], "a") as times:
        times.write(f"{begun} {time.monotonic_ns()} {cpu} {time.process_time_ns()} {main} {int(right)}\n")
    return {"combined_score": float(right)}
