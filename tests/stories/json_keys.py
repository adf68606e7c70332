#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The command line as scripts rely on it: `--json` prints one document with the fixed keys, ids stand alone on a line, all
else goes to stderr; texts are in five languages, and people read theirs.

Broken variant: any key renamed in src/core/show*.c or src/cli."""
import json
import os

from story import BIN, ID, check, must, ok, path, read, run, settle, started, wasl, write

LANGUAGES = {"ar", "fr", "en", "es", "pt"}


def keys(document, *wanted):
    for row in document if isinstance(document, list) else [document]:
        check(set(wanted) <= set(row), "keys", set(wanted) - set(row), "are missing in", row)
    check(document != [], "nothing in the list")
    return document


def texts(value, where):
    """Every label is there in every language."""
    if isinstance(value, dict):
        if LANGUAGES & set(value):
            check(set(value) == LANGUAGES and all(value.values()), where, "is not in five languages:", value)
        for key, inner in value.items():
            texts(inner, f"{where}.{key}")
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            texts(inner, f"{where}[{number}]")


def read_only(rabat, case):
    head = keys(rabat.json("register", "head"), "origin", "size", "root")
    check(ID.fullmatch(head["root"]) and head["origin"].startswith("wasl/rabat/"), head)
    keys(rabat.json("register", "show", "0"), "index", "leaf", "opening")
    rabat.json("register", "check")
    check(keys(rabat.json("node", "status"), "name", "register")["name"] == "rabat", "another name")
    check(all(ID.fullmatch(row["hash"]) for row in keys(rabat.json("kind", "list"), "name", "hash")), "kind list")
    shipped = {row["name"] for row in rabat.json("kind", "list")}
    check({"agreement", "consent", "emergency", "erasure", "information", "recall", "request"} <= shipped, "a kind is not shipped", shipped)
    for kind in ("agreement", "request"):
        texts(rabat.json("kind", "show", kind), kind)
    keys(rabat.json("partner", "list"), "name", "fingerprint", "state")
    keys(rabat.json("case", "list"), "id", "kind", "state")
    check(len(rabat.json("case", "list", "--limit", "1")) == 1, "--limit does not limit")
    keys(rabat.json("agreement", "list"), "id", "state")
    keys(rabat.json("outbox", "list"), "id", "case", "to", "state", "reason")
    shown = keys(rabat.json("case", "show", case), "id", "kind", "state", "messages")
    check(shown["id"] == case == keys(rabat.json("message", "show", case), "id", "parts")["id"], "another case")
    clock = shown["clocks"][0]
    check(clock["running"] and clock["due"] > clock["started"], "no clock runs:", clock)
    must(rabat.wasl("outbox", "wait", "--json"))
    card = json.loads(must(wasl("card", "show", "--json", rabat.card())).out)
    check(isinstance(keys(card, "name", "fingerprint")["fingerprint"], str), card)
    listed = must(wasl("-n", rabat.dir, "--json", "case", "list")).out
    check(json.loads(listed) == rabat.json("case", "list"), "--json before the command differs")


def examples(rabat, paris):
    """Each message type's example is a valid form, and the opening's is covered by the agreement's example."""
    for kind in ("request", "agreement"):
        for type_ in rabat.json("kind", "show", kind)["types"]:
            check(isinstance(rabat.json("kind", "example", kind, type_["name"]), dict), kind, type_["name"])
    write("ask.json", rabat.ask("kind", "example", "request"))
    check(rabat.json("kind", "example", "request") == json.loads(read(path("ask.json"))), "an example changes")
    case = rabat.id("case", "open", "request", "--to", "paris", "--fields", path("ask.json"), "--part", path("ask.json"))
    settle(rabat, paris)
    for author, type_ in ((paris, "clarify"), (rabat, "clarification"), (paris, "partial_answer"), (paris, "answer"),
                          (rabat, "close")):
        write("more.json", author.ask("kind", "example", "request", type_))
        author.id("case", "send", case, type_, "--fields", path("more.json"))
        settle(author, rabat, paris)
    check(rabat.cases()[case] == "closed", "the case is", rabat.cases()[case])


def story():
    rabat, paris = started("rabat", "paris")
    opened = json.loads(must(rabat.wasl("case", "open", "request", "--json", "--to", "paris", "--fields",
                                        write("form.json", rabat.ask("kind", "example", "request")))).out)
    case = keys(opened, "id")["id"]
    settle(rabat, paris)
    read_only(rabat, case)
    ok("every document has its fixed keys")
    examples(rabat, paris)
    ok("every example is a valid form")
    check(must(wasl("case", "list", env={**os.environ, "WASL_NODE": rabat.dir})).out, "WASL_NODE does not count")
    for language, word in (("ar_MA.UTF-8", "الملف"), ("fr_FR.UTF-8", "Dossier"), ("es_ES.UTF-8", "Expediente"),
                           ("pt_PT.UTF-8", "Processo"), ("C.UTF-8", "Case")):
        said = must(rabat.wasl("case", "list", env={**os.environ, "LC_ALL": language})).out
        check(word.lower() in said.lower() and case in said, language, "says", said)
    ok("people read it in their language")
    file = path("case.wasl-proof")
    rabat.json("proof", "export", case, "-o", file)
    keys(json.loads(must(wasl("proof", "verify", file, "--json")).out), "message", "case", "author", "receivers")
    rabat.json("case", "export", case, path("files"))
    message = paris.json("case", "show", case)["messages"][0]
    check(message["fields"]["question"], "the content is not shown:", message)
    part = rabat.json("message", "show", [c["id"] for c in rabat.json("case", "list")][0])
    must(rabat.wasl("partner", "suspend", "paris", "--json", "--reason", "x"))
    check(rabat.json("partner", "list")[0]["state"] == "suspended" and rabat.json("partner", "resume", "paris")["state"] ==
          "active", part)
    help_ = must(wasl("help")).out
    for words in ("node init", "card export", "case open", "outbox end", "proof verify"):
        check(words in help_ and must(wasl("help", *words.split())).out.startswith(f"wasl {words}"), "no help for", words)
    check(os.access(os.path.join(BIN, "wasld"), os.X_OK), "wasld")
    ok("and every command has its help")


run(story)
