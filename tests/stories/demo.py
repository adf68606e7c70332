#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What `make run` does, twice, and `make stop`: a newcomer's first minute, with its second act, a request that law holds back, and its third, help after an
earthquake."""
import json
import os
import re
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
             json.loads(must(wasl("case", "list", "--json", node=path("demo", name))).out)
             if "madrid" not in case["parties"]} for name in ("rabat", "paris")]


ACTS = ("--- the case as rabat sees it", "--- the case as paris sees it", "\nThe evidence verifies.\n", "\n=== Second act: ",
        "Law holds it back, and nothing leaves:\n\n    wasl: no row {kind request, type ask, purpose cybercrime, from rabat to madrid}",
        "the refusal is on record: leaf ", "Until rabat accepts, the request is refused as before",
        "the wider agreement is in force on both sides", "the same request passes, and rabat holds the receipt of madrid",
        "To madrid: may go, covered by article 1.15 (", "madrid is stopped", "\n=== Third act: ",
        "nobody arrives before he was accepted", "\n\n    wasl: ", "rabat accepts two of the teams", "each step is receipted by rabat",
        "--- the offers, as rabat sees them", "--- what is needed still, line by line", "--- both nodes keep running; try:", "Stop them with: make stop")


def told_in_order(said):
    """All acts, and what the second one says is what the registers of both sides hold."""
    at = 0
    for line in ACTS:
        found = said.find(line, at)
        check(found >= 0, "not said, or not in its place:", line, "\n", said)
        at = found + len(line)
    rabat, leaf = path("demo", "rabat"), re.search(r"on record: leaf (\d+) of", said).group(1)
    shown = json.loads(must(wasl("register", "show", leaf, "--json", node=rabat)).out)
    check(json.loads(shown["leaf"])["act"] == "denied" and "cybercrime" in shown["opening"]["reason"], shown)
    must(wasl("node", "status", node=path("demo", "madrid")), 1)
    sent = [row for row in json.loads(must(wasl("outbox", "list", "--json", node=rabat)).out) if row["to"] == "madrid"]
    check(sent and all(row["state"] == "receipted" for row in sent), "something is under way to madrid:", sent)


def story():
    try:
        said, seconds = demo("start")
        check(seconds < 60, "it took", seconds)
        told_in_order(said)
        first = cases()
        check(first[0] == first[1] and len(first[0]) >= 2, "the two sides differ:", first)
        ok(f"two nodes, one exchange, and a request that passes once its agreement is widened, in {seconds:.1f} s")
        half_heard()
        again = cases()
        check(again[0] == again[1] and set(first[0]) < set(again[0]), "the second run did not add a case:", again)
        told_in_order(demo("start")[0])
        ok("it works when run again, and the second act begins anew")
    finally:
        demo("stop")
    for name in ("rabat", "paris"):
        must(wasl("node", "status", node=path("demo", name)), 1)
    demo("stop")
    ok("stopped, and stopping again does no harm")


run(story)
