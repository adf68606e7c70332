#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What people are told when something stands still: who suspended whom, at both ends; why a message has no effect; which part
of which message is damaged; which character of a name nobody sees; that a name is taken.

Broken variants: tests/checks/exchange_broken (a damaged part is not remembered); the rest are words."""
import glob
import os

from story import Node, check, must, ok, path, read, run, settle, started, until, write


def reason(node, message):
    return [row["reason"] for row in node.json("outbox", "list") if row["id"] == message][0]


def suspended(rabat, paris):
    paris.ask("partner", "suspend", "rabat", "--reason", "audit")
    waiting = rabat.request("paris")
    until(lambda: "paris has suspended the exchange with rabat" in reason(rabat, waiting), 20,
          lambda: reason(rabat, waiting))
    trouble = [row["trouble"] for row in paris.json("partner", "list") if row["name"] == "rabat"][0]
    check(trouble == "paris has suspended the exchange with rabat: wasl partner resume rabat lets it go on", trouble)
    form = write("form.json", paris.ask("kind", "example", "request"))
    paris.refuses(6, "case", "open", "request", "--to", "rabat", "--fields", form, says=trouble)
    paris.ask("partner", "resume", "rabat")
    settle(rabat, paris)
    ok("both ends say who suspended whom: " + trouble)
    return waiting


def ended(rabat, paris, case):
    paris.kill()
    message = rabat.id("case", "send", case, "withdraw", "--field", "reason=x")
    rabat.ask("outbox", "end", message, "--reason", "error")
    paris.start()
    settle(rabat, paris)
    for words in (("case", "show", case), ("message", "show", message, "--json")):
        until(lambda: "nobody took it" in rabat.ask(*words), 40, lambda: rabat.ask(*words))
    ok("an ended message says why it has no effect")


def damaged(rabat, paris):
    good = write("annexe.bin", os.urandom(3 << 20))
    case = rabat.request("paris", "--part", good)
    settle(rabat, paris)
    sha256 = paris.json("message", "show", case)["parts"][0]["sha256"]
    name, = glob.glob(os.path.join(paris.dir, "core", "parts", "*"))
    with open(name, "r+b") as file:
        file.seek(2 << 20)
        octet = file.read(1)
        file.seek(2 << 20)
        file.write(bytes([octet[0] ^ 1]))
    said = paris.refuses(1, "part", "get", sha256, "-o", path("got"),
                         says=("part 1 of message " + case, "damaged on this node's disk", "register check", "ask rabat"))
    check(not os.path.exists(path("got")), "half a file is left")
    ok(said)


def named(rabat, paris):
    hidden = write("inv\u202efdp.exe", "x")
    said = rabat.refuses(1, "case", "open", "request", "--to", "paris", "--field", "subject=x", "--part", hidden,
                         says=("character 4 is U+202E", "--part-name"))
    case = rabat.request("paris", "--part", hidden, "--part-name", "a:b, c.exe", "--part", write("plain.txt", "y"))
    check([part["name"] for part in rabat.json("message", "show", case)["parts"]] == ["a:b, c.exe", "plain.txt"], "other names")
    ok(said)


def taken(rabat):
    other = Node("paris", place=7, folder=path("other"))
    text = read(os.path.join(other.dir, "node.card"))
    card = write("other.card", text)
    words = must(other.wasl("card", "show", card, "--json")).out
    fingerprint = words.split('"fingerprint":"')[1].split('"')[0]
    said = rabat.refuses(1, "partner", "add", card, "--fingerprint", fingerprint,
                         says=("a partner named paris already", "another name"))
    ok(said)


def story():
    rabat, paris = started("rabat", "paris")
    case = suspended(rabat, paris)
    ended(rabat, paris, case)
    damaged(rabat, paris)
    named(rabat, paris)
    settle(rabat, paris)
    for words in (("case", "send", case, "nope", "--field", "x=y"), ("kind", "example", "request", "nope")):
        rabat.refuses(5, *words, says=("no message of the type nope", "wasl kind show request"))
    ok("an unknown type of message is not found, wherever it is named")
    taken(rabat)


run(story)
