#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A node of root and a node of an ordinary user exchange; keys are readable by the keeper alone; a node's folder may lie
where only root can enter, and have a long name.

Broken variants: tests/checks/keeper_broken (a key that others can read); what each process may do when it is taken over is
tried by tests/checks/confinement.py and tests/unit/link_confine.c."""
import os
import stat

from story import NOBODY, Node, agree, check, complaint, introduce, ok, path, run, same_cases, settle, wasl

KEEPER = 1719000001


def owners(node):
    """{path in the node's folder: (owner, mode)}"""
    found = {}
    for top, folders, files in os.walk(node.dir):
        for name in folders + files:
            status = os.lstat(os.path.join(top, name))
            if not stat.S_ISSOCK(status.st_mode):
                found[os.path.relpath(os.path.join(top, name), node.dir)] = (status.st_uid, stat.S_IMODE(status.st_mode))
    return found


def keys_are_the_keepers(node, keeper):
    rights = owners(node)
    keys = [name for name in rights if name.startswith("keeper/")]
    check(len(keys) >= 4, "where are the keys?", sorted(rights))
    for name in keys + ["keeper"]:
        owner, mode = rights[name]
        check(owner == keeper and mode & 0o077 == 0, name, "belongs to", owner, "with", oct(mode))
    # A certificate is shown to everybody who connects.
    open_to_all = [name for name, (_, mode) in rights.items() if mode & 0o077 and name not in ("node.card", "wasl.conf", "gate/tls.crt")]
    check(not open_to_all, "others can read", open_to_all)
    check(os.stat(node.dir).st_mode & 0o077 == 0, "others can enter the folder")


def story():
    root = os.geteuid() == 0
    closed = path("closed")
    os.mkdir(closed, 0o700)
    deep = os.path.join(closed, *["d" * 60] * 3)
    os.makedirs(deep, 0o700)
    if root:
        own = path("own")
        os.mkdir(own, 0o755)
        os.chown(own, NOBODY, NOBODY)
    rabat = Node("rabat", folder=os.path.join(deep, "rabat")).start()
    paris = Node("paris", folder=path("own", "paris"), user=NOBODY).start() if root else Node("paris").start()
    check(len(rabat.dir) > 180, "the path is not long enough to show anything")
    introduce(rabat, paris)
    agree(rabat, paris)
    case = rabat.request("paris")
    settle(rabat, paris)
    rabat.kill()
    rabat.start()
    paris.stop()
    paris.start()
    paris.id("case", "send", case, "clarify", "--field", "ground=scope_too_wide", "--field",
                      "question=?")
    settle(paris, rabat)
    check(same_cases(rabat, paris)[case][0] == "clarifying", rabat.cases())
    ok("a long path below a folder that only its owner can enter" + (", and a node of an ordinary user" if root else ""))
    keys_are_the_keepers(rabat, KEEPER if root else os.geteuid())
    keys_are_the_keepers(paris, NOBODY if root else os.geteuid())
    ok("keys belong to the keeper alone, and nothing but card and settings is open to others")
    if root:
        complaint(wasl("case", "list", node=paris.dir, user=NOBODY - 1), 1)
        check(paris.wasl("case", "list").code == 0, "its owner is not served")
        complaint(wasl("case", "list", node=rabat.dir, user=NOBODY), 1)
        ok("only the folder's owner and root are served")
    for node in (rabat, paris):
        node.sound()


run(story)
