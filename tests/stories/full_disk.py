#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A full disk, at the sender and at the receiver: one clear sentence, nothing lost, nothing half done, and it goes on when
there is room again.

Broken variant: tests/checks/stories_broken (no room is kept)."""
import os
import subprocess
import time

from story import Node, Skip, agree, check, introduce, must, nodes, ok, path, run, same_cases, settle, until, write

ROOM = 120 << 20
FILLER = "filler"


def fill(mount, left):
    space = os.statvfs(mount)
    size = space.f_bavail * space.f_frsize - left
    with open(os.path.join(mount, FILLER), "ab") as file:
        os.posix_fallocate(file.fileno(), file.tell(), size)


def story():
    if os.geteuid() != 0:
        raise Skip("only root can mount a small disk")
    mount = path("disk")
    os.mkdir(mount)
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={ROOM}", "none", mount], capture_output=True, check=False)
    if done.returncode != 0:
        raise Skip("mounting is forbidden here: " + done.stderr.decode().strip())
    try:
        tell(mount)
    finally:
        for node in nodes:
            node.kill()
        subprocess.run(["umount", "-l", mount], check=False)


def tell(mount):
    rabat, paris = Node("rabat").start(), Node("paris", folder=os.path.join(mount, "paris")).start()
    introduce(rabat, paris)
    agree(rabat, paris)
    fill(mount, 30 << 20)
    size = paris.size()
    form = write("form.json", paris.ask("kind", "example", "request"))
    paris.refuses(1, "case", "open", "request", "--to", "rabat", "--fields", form, says=("MiB", "room"))
    paris.refuses(1, "case", "open", "request", "--to", "rabat", "--fields", form, "--part", form, says="room")
    check(paris.size() == size, "something was half done")
    ok("with little room left, new sends are refused in a sentence")
    first = rabat.request("paris")
    rabat.settle(20)
    ok("what partners send is still taken in")
    fill(mount, 0)
    big = write("big.bin", os.urandom(24 << 20))
    second = rabat.request("paris", "--part", big)
    until(lambda: [row for row in rabat.json("outbox", "list") if row["id"] == second and row["reason"]], 40,
          "the outbox says why it waits")
    row = [row for row in rabat.json("outbox", "list") if row["id"] == second][0]
    check(row["state"] in ("waiting", "under_way"), row)
    ok("without any room nothing is acknowledged, and the sender sees why: " + row["reason"])
    os.unlink(os.path.join(mount, FILLER))
    # A node that could not write may have given up; its administrator starts it again.
    time.sleep(1)
    if paris.wasl("node", "status").code != 0:
        paris.kill()
        paris.start()
    rabat.settle(60)
    settle(rabat, paris)
    check(same_cases(rabat, paris).keys() >= {first, second}, "a case is missing")
    part = paris.json("message", "show", second)["parts"][0]
    must(paris.wasl("part", "get", part["sha256"], "-o", path("got")))
    with open(path("got"), "rb") as got, open(big, "rb") as sent:
        check(got.read() == sent.read(), "the part is another")
    paris.id("case", "open", "request", "--to", "rabat", "--fields", form)
    settle(paris)
    for node in (rabat, paris):
        node.sound()
    ok("with room again everything goes on by itself, whole")


run(story)
