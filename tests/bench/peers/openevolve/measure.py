# SPDX-License-Identifier: Apache-2.0
# measure.py DEMO FOLDER ITERATIONS EVALUATOR: OpenEvolve with its own settings, one evaluation at a time, on the demo's
# normalize_tag, and FOLDER/replies.jsonl as a model that answers at once. Writes FOLDER/EVALUATOR.ms, one line an
# evaluation, "own work cpu" in milliseconds: the time since the evaluation before it, the evaluator, and the CPU time of
# both of its processes without the evaluator.
# EVALUATOR: openevolve compiles and runs (evaluator.py), openevolve-table says at once that all is right.
import asyncio
import itertools
import json
import os
import sys

from openevolve.config import Config, LLMModelConfig
from openevolve.controller import OpenEvolve
from openevolve.llm.base import LLMInterface


def read_programs():
    """The demo's file with the function of each reply in it: OpenEvolve's programs are files."""
    with open(os.environ["BENCH_DEMO"] + "/src/tag.c") as file:
        source = file.read()
    begin = source.index("size_t\nnormalize_tag(")
    end = source.index("\n}\n", begin) + len("\n}\n")
    with open(os.environ["BENCH_REPLIES"]) as replies:
        functions = [json.loads(reply).removeprefix("```c\n").removesuffix("```\n") for reply in replies]
    return [source[:begin] + function + source[end:] for function in functions]


class Replies(LLMInterface):
    """The recorded replies, in order, over and over."""

    def __init__(self):
        self.replies = itertools.cycle(f"```c\n{program}```\n" for program in read_programs())

    async def generate(self, prompt, **kwargs):
        return next(self.replies)

    async def generate_with_context(self, system_message, messages, **kwargs):
        return next(self.replies)


def make_replies(settings):
    return Replies()


def write_inputs(demo, folder):
    """The initial program, which is the first reply, and the captured texts, one a line."""
    with open(f"{folder}/program.c", "w") as file:
        file.write(read_programs()[0])
    with open(f"{demo}/.atoll/captured/normalize_tag.jsonl") as calls, open(f"{folder}/lines", "w") as lines:
        texts = [json.loads(call)["args"][0] for call in calls]
        lines.writelines(text.replace("\n", " ") + "\n" for text in texts if isinstance(text, str))


def settings(iterations):
    model = LLMModelConfig(name="replies", init_client=make_replies, weight=1.0)
    config = Config(max_iterations=iterations, diff_based_evolution=False, language="c", file_suffix=".c")
    config.log_level = "ERROR"
    config.llm.models = [model]
    config.llm.evaluator_models = [model]
    config.evaluator.cascade_evaluation = False
    return config


def write_figures(path):
    with open(os.environ["BENCH_TIMES"]) as file:
        times = [tuple(map(int, line.split())) for line in file]
    if not all(right for *_, right in times):
        sys.exit("an evaluation of OpenEvolve's failed")
    with open(path, "w") as file:
        for before, (begun, ended, cpu, _, main_cpu, _) in itertools.pairwise(times):
            figures = begun - before[1], ended - begun, cpu - before[3] + main_cpu - before[4]
            file.write(" ".join(f"{figure / 1e6:.4f}" for figure in figures) + "\n")


def main(demo, folder, iterations, evaluator):
    here = os.path.dirname(os.path.abspath(__file__))
    os.environ.update(BENCH_DEMO=demo, BENCH_EVALUATOR=evaluator, BENCH_TIMES=f"{folder}/{evaluator}.times",
                      BENCH_REPLIES=f"{folder}/replies.jsonl", BENCH_LINES=f"{folder}/lines",
                      BENCH_DRIVER=f"{here}/driver.c")
    write_inputs(demo, folder)
    evolution = OpenEvolve(f"{folder}/program.c", f"{here}/evaluator.py", settings(int(iterations)),
                           f"{folder}/{evaluator}")
    asyncio.run(evolution.run())
    write_figures(f"{folder}/{evaluator}.ms")


if __name__ == "__main__":
    main(*sys.argv[1:])
