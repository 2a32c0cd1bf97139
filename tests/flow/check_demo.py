#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""check_demo.py BUILD DEMO FACTOR...

Whether a demo did what it is there for: DEMO is the folder that `run-demo` or `run-demo-go` filled. Of its last run,
for each FACTOR another function was proven faster by it or more on the holdout, by the lower end of the interval; at
least one pull request was opened; the shadow canary decided. Prints what it saw; ends with 1 when something is
missing."""
import json
import os
import subprocess
import sys

DECISIONS = ("advance", "rollback", "hold")


def items(status, uses):
    """The outputs of the items of the step that uses this."""
    return [step["outputs"] or {} for step in status["steps"] if step["uses"] == uses and step["role"] == "item"]


def main():
    build, demo = sys.argv[1:3]
    factors = sorted((float(word) for word in sys.argv[3:]), reverse=True)
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
    reached = sorted(proven.values(), reverse=True) + [0] * len(factors)
    for factor, low in zip(factors, reached):
        if low < factor:
            missing.append(f"another function proven at least {factor:g}x faster")

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
