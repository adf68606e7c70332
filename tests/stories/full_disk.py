#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A full disk, at the sender and at the receiver: said early, one clear sentence each time, nothing lost, nothing half done;
without any room officers still read, export, suspend and end; and it goes on by itself when there is room again.

Broken variant: tests/checks/stories_broken (no room is kept, nothing is kept for the end)."""
import errno
import json
import os
import subprocess

from story import Node, Skip, agree, check, introduce, must, nodes, ok, path, run, same_cases, settle, until, write

ROOM = 160 << 20
FILLER = "filler"


def fill(mount, left):
    """Leaves so much; what nobody could write is left to nobody."""
    name = os.path.join(mount, FILLER)
    if os.path.exists(name):
        os.unlink(name)
    space, zeros = os.statvfs(mount), bytes(1 << 20)
    room = space.f_bavail * space.f_frsize - left
    with open(name, "wb", buffering=0) as file:
        try:
            while left == 0 or room > 0:
                room -= file.write(zeros if left == 0 else zeros[:room])
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise


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


def waits(node, message, *words):
    """The outbox says why it waits; gives the reason."""
    def row():
        found = [row for row in node.json("outbox", "list") if row["id"] == message]
        return found[0]["reason"] if found and all(word in found[0]["reason"] for word in words) else None
    return until(row, 40, lambda: f"{words} in {node.json('outbox', 'list')}")


def tell(mount):
    rabat, paris = Node("rabat").start(), Node("paris", folder=os.path.join(mount, "paris")).start()
    introduce(rabat, paris)
    agree(rabat, paris)
    check(paris.json("node", "status")["disk"] == "warning" and "disk.warning" in paris.said(), paris.said())
    check("make room" in paris.ask("node", "status"), "no warning in the status")
    ok("a disk that gets short is said in the log and in the status")
    fill(mount, 30 << 20)
    size = paris.size()
    form = write("form.json", paris.ask("kind", "example", "request"))
    paris.refuses(1, "case", "open", "request", "--to", "rabat", "--fields", form, says=("MiB", "room"))
    paris.refuses(1, "case", "open", "request", "--to", "rabat", "--fields", form, "--part", form, says="room")
    check(paris.size() == size, "something was half done")
    ok("with little room left, new sends are refused in a sentence")
    first = rabat.request("paris")
    reason = waits(rabat, first, "paris has no room on its disk; tried again in ")
    check(paris.size() == size and first not in paris.cases(), "it was taken nevertheless")
    ok("what comes new is turned away, and the sender is told: " + reason)
    fill(mount, 100 << 20)
    rabat.settle(40)
    big = write("big.bin", os.urandom(24 << 20))
    fill(mount, 70 << 20)
    second = rabat.request("paris", "--part", big)
    waits(rabat, second, "paris has no room")
    space = os.statvfs(mount)
    check(space.f_bavail * space.f_frsize > 50 << 20, "parts ate the room that is kept", space)
    ok("a part stops while there is room for the rest")
    fill(mount, 100 << 20)
    mine = paris.id("case", "open", "request", "--to", "rabat", "--fields", form)
    settle(rabat, paris)
    fill(mount, 0)
    paris.ask("case", "show", first)
    paris.ask("message", "show", first)
    paris.ask("proof", "export", first, "-o", path("proof"))
    paris.ask("partner", "suspend", "rabat", "--reason", "no room")
    paris.ask("partner", "resume", "rabat")
    paris.refuses(1, "case", "send", mine, "withdraw", "--field", "reason=x", says="room")
    third = rabat.request("paris")
    waits(rabat, third, "paris has no room")
    status = paris.wasl("node", "status", "--json")
    check(status.code == 1 and json.loads(status.out)["disk"] == "full" and "the exchange rests" in status.err, status)
    check(paris.process.poll() is None, paris.said())
    for _ in range(100):
        paris.ask("message", "show", first)
    ok("without any room the exchange rests, and officers read, export, suspend and resume")
    paris.stop()
    paris.launch()
    until(lambda: "the exchange rests" in paris.wasl("node", "status").err, 20, paris.said)
    paris.ask("case", "show", first)
    paris.sound()
    ok("it starts without any room")
    os.unlink(os.path.join(mount, FILLER))
    rabat.settle(60)
    settle(rabat, paris)
    check(same_cases(rabat, paris).keys() >= {first, second, third, mine}, "a case is missing")
    part = paris.json("message", "show", second)["parts"][0]
    must(paris.wasl("part", "get", part["sha256"], "-o", path("got")))
    with open(path("got"), "rb") as got, open(big, "rb") as sent:
        check(got.read() == sent.read(), "the part is another")
    paris.id("case", "open", "request", "--to", "rabat", "--fields", form)
    settle(paris)
    check(paris.said().count("disk.full") == 2, "said too often or not at all:\n", paris.said())
    for node in (rabat, paris):
        node.sound()
    ok("with room again everything goes on by itself, whole")


run(story)
