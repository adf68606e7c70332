#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Persons with roles at a real node: the owner acts as a named person, a liaison officer works by a token, the administrator and the
auditor read no content by any command, and who leaves is out at once, while what she did stays to be read with her name.

Broken variants: tests/checks/exchange_broken (unit/core_people)."""
import json
import os

from story import Node, agree, check, introduce, must, ok, path, run, settle, write

SECRET = "ne doit être lu que par qui de droit"
LANGUAGES = {"ar": "ضابط اتصال", "fr": "officier de liaison", "en": "liaison officer", "es": "oficial de enlace", "pt": "oficial de ligação"}


def person(node, name, roles, **more):
    """Added, with a token in a file of her own; gives what a command of hers needs."""
    node.ask("person", "add", name, "--name", f"{name.title()} ب", "--roles", roles, *more.get("words", ()))
    made = must(node.wasl("token", "make", name, "--label", "story", "--days", "3"))
    check(made.out.startswith("wasl-token-") and len(made.out.splitlines()) == 1 and "once" in made.err, made)
    return {"env": {**os.environ, "WASL_TOKEN_FILE": write(f"{name}.token", made.out)}}


def story():
    paris = Node("paris", more=("--owner", "claire", "--owner-name", "Claire Aubry", "--zone", "Europe/Paris")).start()
    rabat = Node("rabat").start()
    introduce(paris, rabat)
    agree(paris, rabat)
    shown = paris.json("person", "show", "claire")["persons"][0]
    check(shown["owner"] and shown["state"] == "open" and len(shown["roles"]) == 6, shown)
    check(any(leaf["act"] == "partner" and leaf["actor"].startswith("claire (user ") for leaf in paris.leaves()), "claire is in no leaf")
    check(rabat.json("person", "list")["persons"] == [], "rabat has named nobody")
    said = rabat.wasl("person", "list")
    check(said.code == 0 and "nobody is named yet" in said.err and "person add PERSON" in said.err, said)
    check("what is humanitarian he sees no more from then on" in said.err, said)
    check("nobody is named yet" not in paris.wasl("person", "list").err, "claire is named")
    zones = [(leaf["subject"], leaf["reason"], leaf["actor"]) for leaf in paris.leaves() if leaf["act"] == "zone"]
    check(zones == [("node", "Europe/Paris", "")], "the zone of node init:", zones)
    ok("the owner acts as the person who was named when the node was made")

    lina = person(paris, "lina", "liaison", words=("--unit", "Bureau 3"))
    aude = person(paris, "aude", "auditor")
    adil = person(paris, "adil", "administrator")
    part = write("annexe.txt", SECRET)
    case = paris.id(*paris.request_words("rabat", "--part", part, subject="sujet", question=SECRET), **lina)
    settle(paris, rabat)
    sha256 = json.loads(must(paris.wasl("case", "show", case, "--json", **lina)).out)["messages"][0]["parts"][0]["sha256"]
    must(paris.wasl("part", "get", sha256, "-o", path("got.txt"), "--reason", "dossier 7 · ملف", **lina))
    must(paris.wasl("proof", "export", case, "-o", path("case.wasl-proof"), "--reason", "tribunal", **lina))
    acts = [(leaf["act"], leaf["actor"], leaf["subject"]) for leaf in paris.leaves() if leaf["act"] in ("read", "exported")]
    check({act for act, actor, subject in acts if actor == "lina (token 1)" and subject == case} == {"read", "exported"}, acts)
    reasons = [leaf.get("reason") for leaf in paris.leaves()]
    check("part: dossier 7 · ملف" in reasons and "tribunal" in reasons, "a purpose is in no leaf", reasons)
    ok("what is read and exported is a leaf with the person, her token and the message")

    long = "م" * 500  # 1,000 bytes, and 3,000 of a target
    must(paris.wasl("message", "show", case, "--reason", long, **lina))
    check([leaf["reason"] for leaf in paris.leaves() if leaf["act"] == "read"][-1] == long, "a reason was cut")
    paris.refuses(2, "message", "show", case, "--reason", long + "x", says="1 to 1000 bytes", **lina)
    paris.refuses(1, "token", "make", "--label", "a\u202eb", "--days", "1", says="U+202E", **lina)
    paris.refuses(1, "person", "add", "x", "--name", "a\u202eb", "--roles", "auditor", says="U+202E")
    same = paris.id(*paris.request_words("rabat", "--part", part), **lina)  # the same file in another case
    settle(paris, rabat)
    read = lambda: [leaf["subject"] for leaf in paris.leaves() if leaf["act"] == "read" and leaf.get("reason") == "part: of this one"]
    for message in (case, same):
        must(paris.wasl("part", "get", sha256, "-o", path("got.txt"), "--message", message, "--reason", "of this one", **lina))
        check(read()[-1] == message, read(), message)
    must(paris.wasl("message", "erase", same, "--reason", "over", **lina))
    paris.refuses(5, "part", "get", sha256, "-o", path("no"), "--message", same, says="erased", **lina)
    must(paris.wasl("part", "get", sha256, "-o", path("got.txt"), **lina))
    paris.refuses(2, "part", "get", sha256, "-o", path("no"), "--message", "none&bare=1", says="first digits", **lina)
    begin = paris.size()
    must(paris.wasl("case", "export", case, path("whole"), "--reason", "procureur", **lina))
    acts = [(leaf["act"], leaf["subject"], leaf["reason"]) for leaf in paris.leaves(begin)]
    check(acts == [("exported", case, "procureur")] * 2 + [("exported", case, "part: procureur")], acts)
    ok("a file that came with two messages is read of the one that was said; what is exported is a leaf that says so")

    before = paris.size()
    for who in (aude, adil):
        for words in (("case", "show", case), ("message", "show", case), ("part", "get", sha256, "-o", path("no")),
                      ("part", "stix", sha256), ("proof", "export", case, "-o", path("no")), ("case", "export", case, path("no")),
                      paris.request_words("rabat"), ("message", "erase", case, "--reason", "x"), ("outbox", "end", case, "--reason", "x")):
            text = paris.refuses(6, *words, says="may not", **who)
            check(SECRET not in text, text)
        bare = must(paris.wasl("case", "show", case, "--bare", **who)).out
        check(case in bare and SECRET not in bare, bare)
    check(paris.size() == before and not os.path.exists(path("no")), "something was read or written")
    for words in (("register", "show", "2"), ("person", "list"), ("token", "list"), ("outbox", "list")):
        must(paris.wasl(*words, **aude))
    paris.refuses(6, "key", "rotate", "--tls", says="may not", **aude)
    paris.refuses(6, "person", "roles", "adil", "--roles", "administrator,liaison", says="nobody gives himself a role", **adil)
    paris.refuses(6, "person", "close", "claire", says="person owner", **adil)
    paris.refuses(6, "token", "make", "lina", "--label", "x", "--days", "1", says="lina reads content, and whoever holds a token", **adil)
    ok("administrator and auditor read no content by any command; the auditor sees every act, and nobody gives himself a role")

    ines, omar = person(paris, "ines", "integrator"), person(paris, "omar", "operations")
    binds = "binds this node, is for the roles liaison, supervisor, operations, and ines has integrator"
    rows = write("terms.json", paris.ask("kind", "example", "agreement", "propose"))
    paris.refuses(6, "case", "open", "agreement", "--to", "rabat", "--fields", rows, says=binds, **ines)
    law = next(case["id"] for case in paris.json("case", "list") if case["kind"] == "agreement")
    paris.refuses(6, "case", "send", law, "end", says=binds, **ines)
    must(paris.wasl(*paris.request_words("rabat"), **ines))
    paris.refuses(6, "recall", "answer", case, "--outcome", "erased", says="an answer that erases is for the roles liaison, supervisor", **omar)
    ok("a tool binds the node to nothing, and who is not to erase does not erase by the answer to a recall")

    must(paris.wasl("case", "list", **lina))
    must(paris.wasl("person", "close", "lina", "--reason", "muted", **adil))
    paris.refuses(6, "case", "list", says="not known here, or it is over", **lina)
    paris.stop()
    paris.start()
    paris.refuses(6, "case", "list", says="not known here, or it is over", **lina)
    check(any(leaf["act"] == "read" and leaf["actor"] == "lina (token 1)" for leaf in paris.leaves()), "what she did is gone")
    last = [leaf for leaf in paris.leaves() if leaf["act"] == "person"][-1]
    check((last["actor"], last["subject"], last["reason"]) == ("adil (token 3)", "lina", "closed: muted"), last)
    paris.refuses(1, "person", "add", "lina", "--name", "x", "--roles", "liaison", says="never given twice")
    paris.refuses(6, "case", "list", says="holds no token", env={**os.environ, "WASL_TOKEN": "two words"})
    for variable in ("WASL_TOKEN", "WASL_TOKEN_FILE"):  # whoever lost it does not become the owner
        paris.refuses(6, "case", "list", says=f"{variable} holds no token", env={**os.environ, variable: ""})
    paris.sound()
    ok("who leaves is out at once, also after a restart; what she did stays, and so does her name")

    for language, said in LANGUAGES.items():
        listed = must(paris.wasl("person", "list", env={**os.environ, "LC_ALL": f"{language}.UTF-8"})).out
        check(said in listed, language, listed)
    ok("roles are said in five languages")


run(story)
