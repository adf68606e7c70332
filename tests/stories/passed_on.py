#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What paris gave, rabat passes on to madrid with one command: fields, files, marks. Without the consent of paris it says which command asks
for it, which is typed as it stands. One file is kept for both messages, as long as one of them is here, and saved once; and when paris recalls what
it gave, that goes down and all is erased.

Broken variants: tests/checks/exchange_broken (unit/core_passon), tests/checks/stories_broken (passed_on)."""
import json
import os
import re
import time

from story import ON_SERVER, Node, agree, check, introduce, must, ok, path, read, run, settle, until, wasl, write

TOMORROW = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 86400))


def files(node):
    return os.listdir(os.path.join(node.dir, "core", "parts"))


def saved(node):
    """How many parts a backup of it holds, verified."""
    must(node.wasl("backup", "create", "-o", path("saved"), "--to", path("public")))
    return json.loads(must(wasl("backup", "verify", path("saved"), "--key", path("secret"), "--json")).out)["parts"]


def story():
    paris, rabat, madrid = (Node(name).launch() for name in ("paris", "rabat", "madrid"))
    for node in (paris, rabat, madrid):
        node.serves()
    introduce(paris, rabat)
    introduce(rabat, madrid)
    agree(paris, rabat)
    agree(rabat, madrid)
    made = must(wasl("backup", "key", "-o", path("secret")))
    write("public", re.search(r"wasl-backup\+\S+", made.out).group(0) + "\n")
    write("plan.txt", "le quai numéro 7\n" * 100)
    first = paris.id("case", "open", "information", "--to", "rabat", "--handling", "amber no_judicial_use", "--grading", "4x4:B2",
                     "--part", path("plan.txt"), *(word for field in ("subject=navire", "purpose=drugs", "information=Il arrive demain.",
                                                                     "language=fr") for word in ("--field", field)))
    settle(paris, rabat)
    before = rabat.size()
    said = rabat.refuses(6, "message", "pass-on", first, "--to", "madrid", says="needs the consent of paris")
    check("denied" in [leaf["act"] for leaf in rabat.leaves(before)], "the refusal is no leaf")
    line = re.search(r"wasl (consent ask .*) asks for it", said).group(1).replace("DATE", TOMORROW).split()
    case = rabat.id(*line)
    settle(rabat, paris)
    paris.id("consent", "give", case)
    settle(paris, rabat)
    passed = rabat.id("message", "pass-on", first, "--to", "madrid", "--field", "subject=Pour Madrid")
    settle(rabat, madrid)
    shown = madrid.json("message", "show", passed)
    check(shown["fields"] == {"subject": "Pour Madrid", "purpose": "drugs", "information": "Il arrive demain.", "language": "fr",
                              "passed_on": first}, shown)
    check((shown["handling"], shown["grading"]) == ("amber no_judicial_use", "4x4:B/2"), shown)
    part = shown["parts"][0]
    check(part["name"] == "plan.txt", part)
    must(madrid.wasl("part", "get", part["sha256"], "-o", path("got.txt")))
    check(read(path("got.txt")) == read(path("plan.txt")), "another file came")
    ok("one command passes on fields, files and marks; without consent it says the words that ask for it")

    check(len(files(rabat)) == 1, files(rabat))
    check(ON_SERVER or saved(rabat) == 1, "the file that two messages share is saved twice")
    must(rabat.wasl("message", "erase", first, "--reason", "nous ne gardons que la transmission"))
    check(len(files(rabat)) == 1, "the file of what passes it on is gone")
    must(rabat.wasl("part", "get", part["sha256"], "--message", passed, "-o", path("kept.txt")))
    check(read(path("kept.txt")) == read(path("plan.txt")), "another file is kept")
    rabat.sound()
    must(paris.wasl("recall", "open", first, "--measure", "erase", "--ground", "sent_in_error"))
    for node in (rabat, madrid):
        row = until(lambda at=node: [row for row in at.json("recall", "list") if not row["ours"]], 20, node.name)[0]
        must(node.wasl("recall", "answer", row["id"], "--outcome", "erased"))
        check(until(lambda at=node: files(at) == [], 20, f"{node.name} keeps a file"), files(node))
    until(lambda: paris.json("recall", "list")[0]["below"] == "done", 20, "told up")
    rabat.refuses(5, "message", "pass-on", passed, "--to", "madrid", says="was erased on")
    ok("two messages share a file, saved once and erased with the last of them; a recall goes down to both")
    for node in (paris, rabat, madrid):
        node.sound()


run(story)
