#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Bad input of every sort: one clear sentence that names the place, the right exit code, and nothing half done: not a
leaf, not a case.

Broken variants: each check of a parser has a sample in tests/corpus that it must refuse."""
import json
import os

from story import Node, check, complaint, must, ok, path, run, settle, started, wasl, write

NONE = "0" * 64


def forms(good):
    """(what, bytes of a --fields file, words of the complaint)"""
    person = {"name": "x", "born": "1984-02-30", "class": "suspect", "fact_or_assessment": "fact", "grading": "4x4:A/1", "as_of": "2026-01-01"}
    changed = [
        ("unknown field", {"sujet": "x"}, ["sujet"]),
        ("unknown code", {"urgency": "soon"}, ["urgency", "normal"]),
        ("wrong date", {"persons": [person]}, ["born", "date"]),
        ("unknown column", {"persons": [{**person, "born": "1984-02-28", "shoe": "44"}]}, ["persons[0]", "unknown column"]),
        ("a number for a text", {"subject": 7}, ["subject"]),
        ("text too long", {"subject": "ش" * 301}, ["subject", "300"]),
        ("message too long", {"question": "x" * 40000}, ["question", "32768"]),
        ("empty", {"question": ""}, ["question"]),
        ("direction overridden", {"question": "ab\u202ecd"}, ["question", "character 3", "U+202E"]),
        ("two lines in a subject", {"subject": "طلب\nDemande"}, ["subject", "character 4", "one line"]),
        ("an isolate left open", {"subject": "\u2066x"}, ["subject", "character 1", "U+2066"]),
    ]
    text = json.dumps(good, ensure_ascii=False)
    for what, change, words in changed:
        yield what, json.dumps({**good, **change}, ensure_ascii=False).encode(), words
    yield "missing field", json.dumps({k: v for k, v in good.items() if k != "question"}).encode(), ["question", "missing"]
    yield "not JSON", b"subject: x", ["form.json", "line 1"]
    yield "cut off", text.encode()[:-20], ["form.json"]
    yield "not UTF-8", text.encode("utf-8").replace("ط".encode(), b"\xd8 ", 1), ["form.json", "UTF-8"]
    yield "empty file", b"", ["form.json"]
    yield "an array", b"[]", ["form.json", "object"]
    yield "too deep", b'{"subject":' + b"[" * 100 + b"]" * 100 + b"}", ["form.json", "deep"]
    yield "key twice", b'{"subject":"a","subject":"b"}', ["form.json", "twice", "line 1"]
    yield "NUL", text.replace('"normal"', '"nor\\u0000mal"').encode(), ["form.json"]
    yield "too large", b'{"subject":"' + b"x" * (3 << 20) + b'"}', ["form.json", "bytes"]


def commands(good):
    """(exit code, words of the complaint, the command)"""
    opening = ("case", "open", "request", "--fields", good)
    yield 5, ["madrid"], opening + ("--to", "madrid")
    yield 2, ["--to"], opening
    yield 2, ["--to"], opening + ("--to", "")
    yield 2, ["--to"], opening + ("--to", "paris,")
    yield 1, ["paris"], opening + ("--to", "paris,paris")
    yield 5, ["rabat"], opening + ("--to", "rabat")
    yield 2, ["--field"], opening + ("--to", "paris", "--field", "subject")
    yield 2, ["subject"], opening + ("--to", "paris", "--field", "subject=a", "--field", "subject=b")
    yield 1, ["sujet"], opening + ("--to", "paris", "--field", "sujet=a")
    yield 5, ["nowhere.json"], ("case", "open", "request", "--to", "paris", "--fields", path("nowhere.json"))
    yield 5, ["nowhere.bin"], opening + ("--to", "paris", "--part", path("nowhere.bin"))
    yield 1, ["ordinary file"], opening + ("--to", "paris", "--part", path())
    yield 1, ["character 6", "U+200F", "--part-name"], opening + ("--to", "paris", "--part", write("aperç\u200f.txt", "x"))
    yield 1, ["character 1", "U+0009"], opening + ("--to", "paris", "--part", good, "--part-name", "\ta")
    yield 2, ["--part-name"], opening + ("--to", "paris", "--part-name", "a", "--part", good)
    yield 2, ["--part-name"], opening + ("--to", "paris", "--part", good, "--part-name", "a", "--part-name", "b")
    yield 5, ["invasion"], ("case", "open", "invasion", "--to", "paris", "--fields", good)
    yield 5, ["invasion"], ("kind", "show", "invasion")
    yield 5, ["invasion"], ("kind", "example", "invasion")
    yield 5, ["dance"], ("kind", "example", "request", "dance")
    yield 2, [], ()
    yield 2, ["dance"], ("dance",)
    yield 2, ["case dance"], ("case", "dance")
    yield 2, ["--dance"], ("case", "list", "--dance")
    yield 2, ["--limit"], ("case", "list", "--limit", "x")
    for limit in "0", "101", "100000":
        yield 1, ["limit", "1 to 100"], ("stix", "list", "--limit", limit)
    yield 1, ["limit", "from 1"], ("case", "list", "--by", "deadline", "--limit", "0")
    yield 1, ["limit", "from 1"], ("case", "review", "--limit", "0")
    yield 2, ["surplus"], ("case", "list", "surplus")
    yield 2, [], ("case", "show")
    yield 2, ["hex"], ("case", "show", "xyz")
    yield 2, ["--timeout"], ("outbox", "wait", "--timeout", "soon")
    yield 2, ["--reason"], ("outbox", "end", NONE)
    for words in (("case", "show"), ("message", "show"), ("part", "get"), ("proof", "export"), ("agreement", "accept")):
        yield 5, [], words + (NONE,) + (("-o", path("out")) if words[0] in ("part", "proof") else ())
    if not os.path.islink(path("link")):
        os.symlink(path("out"), path("link"))
    for special in (path("link"), os.path.dirname(path("link"))):  # links, folders and devices are never replaced
        yield 1, ["ordinary file", special], ("part", "get", NONE, "-o", special)
    yield 5, [], ("case", "send", NONE, "answer", "--field", "answer=x")
    yield 5, [], ("case", "export", NONE, path("exported"))
    yield 5, ["99999"], ("register", "show", "99999")
    yield 2, [], ("register", "show", "-1")
    yield 5, [], ("partner", "suspend", "madrid")
    yield 2, ["--example"], ("agreement", "propose", "--to", "paris")


def agreements(good):
    row = good["rows"][0]
    yield {"rows": []}, ["rows"]
    yield {"rows": [{**row, "condition": "x"}]}, ["rows[0]", "unknown column"]
    yield {"rows": [row, row]}, ["same id"]
    yield {"rows": [{**row, "direction": "sideways"}]}, ["direction"]
    yield {"until": "2026-02-30T00:00:00Z"}, ["until"]
    yield {"from": "2031-01-01T00:00:00Z", "until": "2030-01-01T00:00:00Z"}, ["until", "earlier than from"]


def cards(rabat):
    stranger = Node("lisboa")
    card = open(stranger.card(), encoding="utf-8").read()
    words = json.loads(wasl("card", "show", path("lisboa.card"), "--json").out)["fingerprint"]
    log = json.loads(card)["log"]
    for what, text, code in (("not JSON", "x", 1), ("cut", card[:-3], 1), ("empty", "", 1),
                             ("another key", card.replace(log, log[:-3] + ("A" if log[-3] != "A" else "B") + log[-2:]), 7),
                             ("another name", card.replace('"lisboa"', '"madrid"'), 1)):
        file = write("bad.card", text)
        complaint(wasl("card", "show", file), code, "bad.card")
        rabat.refuses(code, "partner", "add", file, "--fingerprint", words, says="bad.card")
    file = write("good.card", card)
    rabat.refuses(6, "partner", "add", file, "--fingerprint", " ".join(words.split()[::-1]), says="fingerprint")
    rabat.refuses(6, "partner", "add", file, "--fingerprint", "", says="fingerprint")
    must_show = rabat.wasl("partner", "add", file)
    check(must_show.code == 2 and words in must_show.out, "it shows the fingerprint and waits for it:", must_show)
    rabat.refuses(6, "partner", "add", rabat.card(), "--fingerprint",
                  json.loads(wasl("card", "show", rabat.card(), "--json").out)["fingerprint"])
    check([p["name"] for p in rabat.json("partner", "list")] == ["paris"], "a partner was added")


def story():
    rabat, paris = started("rabat", "paris")
    settle(rabat, paris)
    good = json.loads(rabat.ask("kind", "example", "request"))
    file = write("form.json", json.dumps(good))
    before = rabat.size(), rabat.cases()
    failed = []

    def attempt(what, act):
        try:
            act()
        except AssertionError as error:
            failed.append(f"{what}: {error}")

    for what, content, words in forms(good):
        write("form.json", content)
        attempt(what, lambda: rabat.refuses(1, "case", "open", "request", "--to", "paris", "--fields", file, says=words))
    ok("no bad form is taken")
    write("form.json", json.dumps(good))
    for code, words, command in commands(file):
        attempt(" ".join(command), lambda: rabat.refuses(code, *command, says=words))
    ok("no bad command does anything")
    proposal = json.loads(rabat.ask("kind", "example", "agreement"))
    for change, words in agreements(proposal):
        terms = write("terms.json", json.dumps({**proposal, **change}))
        attempt(str(change), lambda: rabat.refuses(1, "agreement", "propose", "--to", "paris", "--file", terms, says=words))
    ok("no agreement that law could not read is proposed")
    attempt("cards", lambda: cards(rabat))
    check(not failed, f"{len(failed)} differ:\n" + "\n".join(failed))
    ok("no bad card is taken")
    check((rabat.size(), rabat.cases()) == before, "something was half done:", rabat.leaves(before[0]))
    check(not os.path.exists(path("out")) and not os.path.exists(path("exported")), "a refused command left a file")
    complaint(wasl("case", "list"), 2, "-n DIR")
    for words, said in (((), "no command"), (("case",), "open, send"), (("case", "shut"), "open, send"), (("help", "cases"), "cases")):
        complaint(wasl(*words), 2, said)
    for words in (("--help",), ("help",), ("case", "-h"), ("help", "case"), ("case", "open", "--help"), ("--version",)):
        check(must(wasl(*words)).out.startswith("wasl ") and not must(wasl(*words)).err, "help that is asked for:", words)
    complaint(wasl("case", "list", node=path("nowhere")), 5, "nowhere")
    complaint(wasl("node", "status", node=path("nowhere")), 5, "nowhere")
    rabat.id("case", "open", "request", "--to", "paris", "--fields", file)
    settle(rabat, paris)
    ok("nothing is half done, and what is right still goes")


run(story)
