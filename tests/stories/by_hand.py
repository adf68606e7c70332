#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""No network between them: agreement, request with a part of several records, answer and receipts go in files that people
carry. Files get lost, come twice, come late, come damaged; then the line opens beside them. Nothing has effect twice.

Broken variant: tests/checks/stories_broken (a file's answers are not written)."""
import os
import shutil

from story import Node, check, introduce, must, ok, path, read, run, same_cases, settle, write

OUT = "in a file made at"


def carry(one, other, name="stick"):
    """A file from one to the other; what its import says."""
    file = path(name)
    must(one.wasl("consignment", "export", "--to", other.name, file))
    return other.json("consignment", "import", file)


def states(node):
    return {row["id"]: row["state"] for row in node.json("outbox", "list")}


def story():
    rabat = Node("rabat", address="127.0.0.1:9").start()  # nobody is there: the line stays dead
    paris = Node("paris", address="127.0.0.1:9").start()
    introduce(rabat, paris)
    proposed = must(rabat.wasl("agreement", "propose", "--to", "paris", "--example"))
    check("covers all kinds but the humanitarian ones" in proposed.err, proposed)
    terms = proposed.out.strip()
    told = carry(rabat, paris)
    check(told["from"] == "rabat" and told["messages"] == told["taken"] == 1, told)
    paris.id("agreement", "accept", terms)
    carry(paris, rabat)
    carry(rabat, paris)
    for node in (rabat, paris):
        check([row["state"] for row in node.json("agreement", "list")] == ["in_force"], node.name)
    check(set(states(rabat).values()) == {"receipted"}, states(rabat))
    ok("an agreement came into force over three files")

    large = write("large.bin", os.urandom(5 * 1048576 + 17))
    case = rabat.request("paris", "--part", large, "--part", write("small.txt", "petit · صغير"))
    lost = path("lost")
    must(rabat.wasl("consignment", "export", "--to", "paris", lost))
    row = [row for row in rabat.json("outbox", "list") if row["id"] == case][0]
    check(row["state"] in ("waiting", "under_way") and OUT in row["reason"], row)  # it is tried over the network too
    size = rabat.size()
    told = carry(rabat, paris)
    check(told["taken"] == 1 and told["records"] == 7, told)
    check(rabat.size() == size + 1, "a file is one leaf")
    again = paris.json("consignment", "import", path("stick"))
    check(again["taken"] == 0 and again["messages"] == 1, again)
    older = paris.json("consignment", "import", lost)
    check(older["older"] and older["taken"] == 0, older)
    sha256 = {part["name"]: part["sha256"] for part in paris.json("message", "show", case)["parts"]}
    must(paris.wasl("part", "get", sha256["large.bin"], "-o", path("got")))
    check(read(path("got")) == read(large), "another part came out")
    check([leaf["act"] for leaf in paris.leaves() if leaf.get("message") == case] == ["received"], "received once")
    ok("a part of six records came by file; the same file twice and an older one have no second effect")

    answer = paris.id("case", "send", case, "answer", "--fields",
                      write("answer.json", paris.ask("kind", "example", "request", "answer")))
    first = path("first")
    must(paris.wasl("consignment", "export", "--to", "rabat", first))  # lost on its way
    carry(paris, rabat)
    check(states(rabat)[case] == "receipted", states(rabat))
    check(rabat.json("consignment", "import", first)["older"], "an older file is said to be one")
    carry(rabat, paris)
    check(states(paris)[answer] == "receipted", states(paris))
    same_cases(rabat, paris)
    must(rabat.wasl("proof", "export", case, "-o", path("by-hand.wasl-proof")))
    must(rabat.wasl("proof", "verify", path("by-hand.wasl-proof"), "--card", paris.card(), "--card", rabat.card()))
    ok("receipts and cosignatures came back by file, and the proof verifies")

    bytes_ = read(path("stick"))
    for name, content, words in (("cut", bytes_[:-40], ("not copied whole",)), ("flipped", bytes_[:99] + bytes([bytes_[99] ^ 1]) + bytes_[100:], ("hash",)),
                                 ("longer", bytes_ + b"x", ("behind its end",)), ("text", b"hello, world", ("WASLCAR1",)), ("empty", b"", ("not copied whole",))):
        paris.refuses(1 if name == "text" else 7, "consignment", "import", write(name, content), says=(name, *words))
    rabat.refuses(6, "consignment", "import", path("stick"), says=("for the node", "carry it there"))
    rabat.refuses(5, "consignment", "export", "--to", "madrid", path("no"), says="madrid")
    check(not os.path.exists(path("no")), "something was left")
    ok("files that are cut, changed, for somebody else or none at all are refused")

    third = Node("madrid", address="127.0.0.1:9").start()
    third.trust(paris)
    third.id("agreement", "propose", "--to", "paris", "--example")
    must(third.wasl("consignment", "export", "--to", "paris", path("stranger")))
    size = paris.size()
    paris.refuses(5, "consignment", "import", path("stranger"), says="no partner")
    check(paris.size() == size, "a stranger's file wrote a leaf")
    paris.ask("partner", "suspend", "rabat")
    must(rabat.wasl("consignment", "export", "--to", "paris", path("stick")))
    paris.refuses(6, "consignment", "import", path("stick"), says="suspended")
    paris.refuses(6, "consignment", "export", "--to", "rabat", path("stick"), says="suspended")
    paris.ask("partner", "resume", "rabat")
    ok("a stranger's and a suspended partner's files are refused")
    rabat.sound()
    paris.sound()
    mixed()


def mixed():
    """The line is open, and files are carried beside it."""
    rabat, paris = Node("tanger").start(), Node("lyon").start()
    introduce(rabat, paris)
    terms = rabat.id("agreement", "propose", "--to", "lyon", "--example")
    settle(rabat, paris)
    paris.id("agreement", "accept", terms)
    settle(rabat, paris)
    file, held = path("mixed"), path("held")
    sent = []
    for turn in range(6):
        sent.append(rabat.request("lyon", subject=f"n° {turn}"))
        must(rabat.wasl("consignment", "export", "--to", "lyon", file))
        if turn == 0:
            shutil.copy(file, held)
        must(paris.wasl("consignment", "import", file))
        must(paris.wasl("consignment", "export", "--to", "tanger", file))
        must(rabat.wasl("consignment", "import", file))
    must(paris.wasl("consignment", "import", held))
    settle(rabat, paris)
    received = [leaf["message"] for leaf in paris.leaves() if leaf["act"] == "received"]
    check(all(received.count(case) == 1 for case in sent), "received", received)
    check(set(states(rabat).values()) == {"receipted"}, states(rabat))
    check(not [p for p in rabat.json("partner", "list") + paris.json("partner", "list") if p["trouble"]], "trouble")
    check(not [leaf for leaf in rabat.leaves() + paris.leaves() if leaf["act"] == "fault"], "a fault")
    same_cases(rabat, paris)
    rabat.sound()
    paris.sound()
    ok("files beside an open line: each message once, each receipt there")


run(story)
