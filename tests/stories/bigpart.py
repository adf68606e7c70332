#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A part of 256 MiB (1 GiB in make soak) goes in chunks with constant memory, beside a small message that it does not
delay; the receiver is killed in the middle and the transfer goes on where it was.

Broken variant: tests/checks/stories_broken makes the transfer begin again (src/core/parts.c), which the count of bytes on
the line shows."""
import hashlib
import os
import re
import time

from line import Line
from story import PORT, SOAK, Node, agree, check, introduce, must, ok, path, read, run, settle, until, wasl

SIZE = (1024 if SOAK else 256) << 20
PIECE = 1 << 20
MOST_KIB = 96 << 10  # resident, of any process at its peak


def make(file):
    """A file in which no two MiB are alike; gives its hash."""
    noise, whole = os.urandom(PIECE), hashlib.sha256()
    with open(file, "wb") as out:
        for number in range(SIZE // PIECE):
            piece = number.to_bytes(8, "big") + noise[8:]
            whole.update(piece)
            out.write(piece)
    return whole.hexdigest()


def hash_of(file):
    whole = hashlib.sha256()
    with open(file, "rb") as content:
        while piece := content.read(PIECE):
            whole.update(piece)
    return whole.hexdigest()


def held(node):
    """Bytes in the node's folder."""
    total = 0
    for top, _, names in os.walk(os.path.join(node.dir, "core")):
        for name in names:
            try:
                total += os.lstat(os.path.join(top, name)).st_size
            except OSError:
                continue
    return total


def peaks(node):
    found = {}
    for role, pid in node.children().items():
        match = re.search(rb"VmHWM:\s+(\d+) kB", read(f"/proc/{pid}/status"))
        found[role] = int(match.group(1)) if match else 0
    return found


def story():
    rabat, paris = Node("rabat").start(), Node("paris", address=f"127.0.0.1:{PORT + 7}").start()
    line = Line(PORT + 7, paris.port)
    line.start()
    introduce(rabat, paris)
    agree(rabat, paris)
    sha256, before = make(path("big.bin")), held(paris)
    began = time.monotonic()
    case = rabat.request("paris", "--part", path("big.bin"))
    ok(f"{SIZE >> 20} MiB taken in by rabat in {time.monotonic() - began:.1f} s")
    until(lambda: held(paris) > before + SIZE // 4, 120, "a quarter of the part is at paris")
    small = rabat.request("paris", subject="small")
    until(lambda: small in paris.cases(), 10, "the small message overtakes the large part")
    check(case not in paris.cases(), "the large part was already there: this test was too slow")
    ok("a small message is not delayed by the large part")
    until(lambda: held(paris) > before + SIZE // 2, 120, "half of the part is at paris")
    high = peaks(paris)
    paris.kill()
    check([row["state"] for row in rabat.json("outbox", "list") if row["id"] == case][0] in ("waiting", "under_way"),
          "receipted although the part is not there")
    had = held(paris)
    paris.start()
    rabat.settle(240)
    check(line.passed < SIZE + SIZE // 4, f"it began again: {line.passed >> 20} MiB were sent")
    ok(f"resumed at {(had - before) >> 20} MiB, {line.passed >> 20} MiB sent in all, receipted after {time.monotonic() - began:.1f} s")
    part = paris.json("message", "show", case)["parts"][0]
    check(part["sha256"] == sha256 and part["size"] == SIZE, "another part:", part)
    paris.ask("part", "get", sha256, "-o", path("got"))
    check(hash_of(path("got")) == sha256, "the bytes are others")
    largest = []
    for node, peak in (("paris before", high), ("paris", peaks(paris)), ("rabat", peaks(rabat))):
        check(len(peak) == 5 and max(peak.values()) < MOST_KIB, node, "takes too much memory (KiB):", peak)
        largest += peak.values()
    ok(f"byte for byte; the largest process took {max(largest) >> 10} MiB")
    rabat.ask("proof", "export", case, "-o", path("big.wasl-proof"))
    must(wasl("proof", "verify", path("big.wasl-proof")))
    settle(rabat, paris)
    paris.sound()
    ok("the evidence with the large part verifies")


run(story)
