#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""check_demo.py BUILD DEMO

Whether the demo did what it is there for: DEMO is the folder that `run-demo` filled. Of its last run, at least two
functions were proven twice as fast or more on the holdout, by the lower end of the interval; at least one pull request
was opened; the shadow canary decided. Prints what it saw; ends with 1 when something is missing."""
import json
import os
import subprocess
import sys

FASTER_BY = 2
FUNCTIONS_NEEDED = 2
DECISIONS = ("advance", "rollback", "hold")


def items(status, uses):
    """The outputs of the items of the step that uses this."""
    return [step["outputs"] or {} for step in status["steps"] if step["uses"] == uses and step["role"] == "item"]


def main():
    build, demo = sys.argv[1:3]
    words = [os.path.join(build, "atoll"), "status", "--json", "--repository", os.path.join(demo, "tagd")]
    status = json.loads(subprocess.run(words, check=True, capture_output=True, text=True).stdout)
    missing = []
    if status["status"] != "succeeded":
        missing.append(f"the run: {status['status']}")

    proven = {
        item["function"]: item["evidence"]["winner"]["holdout"]["speedup_low"]
        for item in items(status, "correctness-test")
        if item.get("verdict") == "proven"
    }
    for function, low in proven.items():
        print(f"proven {function}: at least {low:.2f}x on the holdout")
    if sum(low >= FASTER_BY for low in proven.values()) < FUNCTIONS_NEEDED:
        missing.append(f"{FUNCTIONS_NEEDED} functions proven at least {FASTER_BY}x faster")

    folder = os.path.join(demo, "origin.pull-requests")
    requests = sorted(os.listdir(folder)) if os.path.isdir(folder) else []
    print(f"pull requests: {', '.join(requests)}")
    if not any(name.endswith(".md") for name in requests):
        missing.append("a pull request")

    decided = [item for item in items(status, "canary-experiment") if item.get("decision") in DECISIONS]
    for item in decided:
        print(f"canary {item['function']}: {item['decision']}")
    if not decided:
        missing.append("a decision of the canary")

    for what in missing:
        print(f"MISSING: {what}")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
