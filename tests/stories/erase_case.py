#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A case that is over is erased whole at one node: neither a word of its content nor of its headers is left in the node's folder (database, log,
parts, what the processes wrote), nor in one restored from a backup of after; what was sent and received is proved without it, the
partner's copy is his, and a backup from before is cleared again.

Broken variants: tests/checks/exchange_broken (unit/core_clear)."""
import json
import os
import shutil

from story import check, must, not_on_a_server, ok, path, programs_at, run, settle, started, until, wasl, write

WHY = "the matter is closed and nobody needs it"
CANARY = "jacaranda-4711-violette"


def verified(node, message):
    file = path(f"{node.name}-{message[:8]}.wasl-proof")
    node.ask("proof", "export", message, "-o", file)
    said = json.loads(must(wasl("proof", "verify", file, "--json")).out)
    check(said["header"] is False and said["content"] is False and said["message"] == message and said["receivers"], said)
    check("erased whole" in must(wasl("proof", "verify", file)).out, "what is not there is not said")
    with open(file, "rb") as bytes_of:
        return bytes_of.read()


def folder_holds(folder, words):
    """Which of these stands in any file below it, as text or as the bytes of a hash."""
    found = []
    for place, _, names in os.walk(folder):
        for name in names:
            file = os.path.join(place, name)
            if not os.path.isfile(file):
                continue
            with open(file, "rb") as bytes_of:
                whole = bytes_of.read()
            found += [(os.path.relpath(file, folder), word) for word in words if word.encode() in whole]
            found += [(os.path.relpath(file, folder), word) for word in words if len(word) == 64 and bytes.fromhex(word) in whole]
    return found


def story():
    not_on_a_server("a database on a server is another folder; unit/core_clear runs there")
    paris, rabat = started("paris", "rabat")
    file = write("file.txt", (CANARY + "\n") * 40000)
    case = rabat.request("paris", "--part", file, subject=CANARY)
    settle(paris, rabat)
    answer = paris.id("case", "send", case, "answer", "--field", f"answer={CANARY}")
    settle(paris, rabat)
    rabat.id("case", "send", case, "close")
    settle(paris, rabat)
    messages = [row["id"] for row in paris.json("case", "show", case)["messages"]]
    check(len(messages) == 3 and answer in messages, messages)
    headers = [json.loads(paris.json("message", "show", message)["header"]) for message in messages]
    hashes = [header["part0"] for header in headers]
    kept = rabat.request("paris", subject="stays")
    settle(paris, rabat)
    check(folder_holds(paris.dir, hashes), "the headers were never there: nothing would be shown by their absence")
    made = must(wasl("backup", "key", "-o", path("secret")))
    public = write("public", made.out)
    must(paris.wasl("backup", "create", "-o", path("before"), "--to", public))

    paris.refuses(1, "case", "erase", kept, "--reason", WHY, says="goes on")
    paris.refuses(2, "case", "erase", case, says="--reason")
    check("erased whole" in paris.ask("case", "erase", case, "--reason", WHY), "nothing is said")
    for words in (("case", "show", case), ("message", "show", answer), ("case", "show", case[:10])):
        paris.refuses(5, *words, says=("erased whole on", WHY))
    paris.refuses(5, "case", "erase", case, "--reason", WHY, says="erased whole on")
    check(case not in paris.ask("case", "list", "--json") and kept in paris.ask("case", "list", "--json"), "the list")
    check(rabat.json("case", "show", case)["state"] == "closed", "the partner's copy is his")
    leaf = [leaf for leaf in paris.leaves() if leaf["act"] == "cleared"]
    check([(one["message"], one["n"], one["reason"]) for one in leaf] == [(case, 3, WHY)], leaf)
    paris.sound()
    rabat.sound()
    ok("a case that is over is gone whole, and every command that names it says when, by whom and why")

    words = [CANARY, *hashes]
    for message in messages:
        proof = verified(paris, message)
        check(not [word for word in words if word.encode() in proof], "the evidence has more than it may")
    ok("what was sent and received is proved without header or content, offline")

    check(folder_holds(paris.dir, words) == [], folder_holds(paris.dir, words))
    paris.stop()
    shutil.rmtree(os.path.join(paris.dir, "core"))
    must(wasl("backup", "restore", path("before"), paris.dir, "--key", path("secret")))
    must(wasl("node", "epoch", paris.dir, "--leaves-lost"))
    paris.start()
    paris.refuses(5, "case", "show", case, says="before this database was put back")
    check(paris.json("case", "show", kept)["state"] == "asked", "too much")
    check(folder_holds(paris.dir, words) == [], folder_holds(paris.dir, words))
    paris.sound()
    ok("a backup from before is cleared again before anything is served")


    paris.stop()
    paris.start(programs_at("later", 31 * 86400))
    until(lambda: [key["number"] for key in paris.json("key", "list")["keys"] if key["type"] == "epoch"] == [2], 40,
          "what is kept is under a new epoch key, and the old one is destroyed")
    check(folder_holds(paris.dir, words) == [], folder_holds(paris.dir, words))
    must(paris.wasl("backup", "create", "-o", path("after"), "--to", public))
    paris.stop()
    check(folder_holds(paris.dir, words) == [], folder_holds(paris.dir, words))
    shutil.copytree(paris.dir, path("restored"))
    shutil.rmtree(os.path.join(path("restored"), "core"))
    must(wasl("backup", "restore", path("after"), path("restored"), "--key", path("secret")))
    check(folder_holds(path("restored"), words) == [], folder_holds(path("restored"), words))
    ok("not a word of it is left in the node's folder, nor in one restored from a backup made since")


run(story)
