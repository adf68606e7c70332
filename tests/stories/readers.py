#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A hostile act that Rabat reports to Madrid is read by who is named for its case, at both, and by nobody else: not by whoever has a role that reads cases,
not by the supervisor who names, not by a tool; and nobody, named or not, exports it, proves it to others or passes it on.

Broken variants: tests/checks/exchange_broken (unit/core_readers)."""
import json
import os

from story import Node, agree, check, introduce, must, ok, path, run, settle, write

SECRET = "رأى الحارس السيارة نفسها ثلاث مرات قرب المقر"
ROW = {"id": "1", "kind": "*", "types": ["*"], "purposes": ["*"], "direction": "both", "personal": "special"}
NOBODY = {"ar": "لم يُخوَّل أحد", "fr": "personne n'est encore habilité", "en": "nobody is named", "es": "nadie está habilitado",
          "pt": "ninguém está ainda habilitado"}


def person(node, name, role):
    node.ask("person", "add", name, "--name", name.title(), "--roles", role)
    made = must(node.wasl("token", "make", name, "--label", "story", "--days", "3"))
    return {"env": {**os.environ, "WASL_TOKEN_FILE": write(f"{node.name}-{name}.token", made.out)}}


def reads(node, case, **who):
    for words in (("case", "show", case), ("message", "show", case)):
        check(SECRET in must(node.wasl(*words, **who)).out, words)


def reads_nothing(node, case, sha256, **who):
    for words in (("case", "show", case), ("message", "show", case), ("part", "get", sha256, "--message", case, "-o", path("no"))):
        said = node.refuses(6, *words, says="is for the persons who are named for it", **who)
        check(SECRET not in said, said)
    node.refuses(5, "part", "get", sha256, "-o", path("no"), says="no part with this hash is here", **who)
    bare = must(node.wasl("case", "show", case, "--bare", **who)).out
    check(case in bare and SECRET not in bare, bare)


def gives_nothing_out(node, case, sha256, **who):
    for words in (("case", "export", case, path("no")), ("proof", "export", case, "-o", path("no")),
                  ("message", "pass-on", case, "--to", "madrid", "--field", "subject=s", "--field", "purpose=espionage")):
        said = node.refuses(6, *words, says="nobody gives it out", **who)
        check(SECRET not in said and not os.path.exists(path("no")), said)


def story():
    rabat, madrid = Node("rabat"), Node("madrid")
    for node in (rabat, madrid):
        node.launch()
    for node in (rabat, madrid):
        node.serves()
    introduce(rabat, madrid)
    terms = json.loads(rabat.ask("kind", "example", "agreement"))
    agree(rabat, madrid, terms={**terms, "rows": [ROW]})
    lina, omar, samir, ines = (person(rabat, *who) for who in (("lina", "liaison"), ("omar", "operations"), ("samir", "supervisor"),
                                                               ("ines", "integrator")))
    form = write("report.json", json.dumps({**json.loads(rabat.ask("kind", "example", "hostile")), "facts": SECRET}))
    words = ("case", "open", "hostile", "--to", "madrid", "--fields", form, "--part", write("plan.txt", SECRET))
    rabat.refuses(6, *words, says="which is a tool", **ines)
    case = rabat.id(*words, **lina)
    settle(rabat, madrid)
    reads(rabat, case, **lina)
    sha256 = json.loads(must(rabat.wasl("case", "show", case, "--json", **lina)).out)["messages"][0]["parts"][0]["sha256"]
    must(rabat.wasl("part", "get", sha256, "-o", path("plan-got.txt"), **lina))
    size = rabat.size()
    for who in (omar, samir, ines, {}):
        reads_nothing(rabat, case, sha256, **who)
    check(rabat.size() == size, "a refusal is a leaf")
    ok("who opened the case reads it; other officers, the supervisor, the owner and a tool see that it is there and nothing of it")

    for who in (lina, omar, {}):
        gives_nothing_out(rabat, case, sha256, **who)
    ok("nobody exports it, proves it to others or passes it on, named or not")

    change = ("reader",), (case, "omar", "--reason", "leads the inquiry")
    rabat.refuses(6, "reader", "add", case, "samir", "--reason", "curious", says="nobody names himself", **samir)
    rabat.refuses(6, *change[0], "add", *change[1], says="supervisor", **lina)
    must(rabat.wasl(*change[0], "add", *change[1], **samir))
    reads(rabat, case, **omar)
    reads_nothing(rabat, case, sha256, **samir)
    listed = json.loads(must(rabat.wasl("reader", "list", case, "--json", **samir)).out)
    check([(one["person"], one["state"]) for one in listed["readers"]] == [("lina", "open"), ("omar", "open")], listed)
    must(rabat.wasl(*change[0], "remove", *change[1], **samir))
    reads_nothing(rabat, case, sha256, **omar)
    for words in ("message", "case"):
        rabat.refuses(6, words, "erase", case, "--reason", "away with it", says="nobody else erases it by hand", **samir)
    told = [(leaf["actor"], leaf["subject"], leaf["reason"]) for leaf in rabat.leaves() if leaf["act"] == "reader"]
    check(told == [("lina (token 1)", "lina", "named: opened the case"), ("samir (token 3)", "omar", "named: leads the inquiry"),
                   ("samir (token 3)", "omar", "removed: leads the inquiry")], told)
    rabat.ask("person", "close", "lina")
    rabat.refuses(6, "case", "show", case, says="not known here", **lina)
    ok("a supervisor names and takes away, never himself, each by a leaf; who leaves is out at once")

    reads(madrid, case)
    added = must(madrid.wasl("person", "add", "ruth", "--name", "Ruth", "--roles", "liaison")).err
    check("cases with named readers" in added and "such cases: 1" in added, added)
    made = must(madrid.wasl("token", "make", "ruth", "--label", "story", "--days", "3"))
    ruth = {"env": {**os.environ, "WASL_TOKEN_FILE": write("madrid-ruth.token", made.out)}}
    madrid.refuses(6, "case", "show", case, says=("there is no supervisor here beside", "an administrator adds one"))
    reads_nothing(madrid, case, sha256)
    reads_nothing(madrid, case, sha256, **ruth)
    for language, said in NOBODY.items():
        listed = must(madrid.wasl("reader", "list", case, env={**os.environ, "LC_ALL": f"{language}.UTF-8"}))
        check(said in listed.err, language, listed.err)
    madrid.ask("reader", "add", case, "ruth", "--reason", "conduit l'enquête")
    reads(madrid, case, **ruth)
    must(madrid.wasl("case", "send", case, "assess", "--fields", write("assess.json", madrid.ask("kind", "example", "hostile", "assess")), **ruth))
    settle(rabat, madrid)
    check(json.loads(must(rabat.wasl("case", "show", case, "--bare", "--json")).out)["state"] == "assessed", "the assessment did not come")
    ok("where it came to, its owner reads until the node knows persons; then who is named")
    for node in (rabat, madrid):
        node.sound()


run(story)
