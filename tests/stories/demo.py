#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What `make run` does, twice, and `make stop`: a newcomer's first minute."""
import json
import os
import subprocess
import time

from story import BIN, ROOT, check, must, ok, path, run, wasl


def demo(word):
    began = time.monotonic()
    done = subprocess.run([os.path.join(ROOT, "ci", "demo"), word, path("demo")], stdin=subprocess.DEVNULL, check=False,
                          capture_output=True, timeout=90, env={**os.environ, "WASL_BIN": BIN})
    said = done.stdout.decode() + done.stderr.decode()
    check(done.returncode == 0, "ci/demo", word, "ended with", done.returncode, "\n", said)
    return said, time.monotonic() - began


def half_heard():
    """As `make run | head -1`: what was begun is finished, and nothing of Python is shown."""
    process = subprocess.Popen([os.path.join(ROOT, "ci", "demo"), "start", path("demo")], stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ, "WASL_BIN": BIN})
    process.stdout.readline()
    process.stdout.close()
    said = process.stderr.read().decode()
    check(process.wait(90) == 0 and said == "", "its reader went away, and it said:", said)


def cases():
    return [{case["id"]: case["state"] for case in
             json.loads(must(wasl("case", "list", "--json", node=path("demo", name))).out)} for name in ("rabat", "paris")]


def story():
    try:
        said, seconds = demo("start")
        check(seconds < 60, "it took", seconds)
        check("verif" in said.lower() and "stop" in said, "nothing of a proof, or of how to stop it:", said)
        first = cases()
        check(first[0] == first[1] and len(first[0]) >= 2, "the two sides differ:", first)
        ok(f"two nodes, one exchange, in {seconds:.1f} s")
        half_heard()
        again = cases()
        check(again[0] == again[1] and set(first[0]) < set(again[0]), "the second run did not add a case:", again)
        ok("it works when run again")
    finally:
        demo("stop")
    for name in ("rabat", "paris"):
        must(wasl("node", "status", node=path("demo", name)), 1)
    demo("stop")
    ok("stopped, and stopping again does no harm")


run(story)
