#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Four eyes at a real node: what names a suspect or a victim is held until a second person, who read it, lets it go; nobody lets
go what is his own, by whatever token; law is asked again then; refused and withdrawn ones are gone, and what happened stays.

Broken variants: tests/checks/exchange_broken (unit/core_release, unit/core_law)."""
import json
import os
import time

from story import Node, agree, check, introduce, must, ok, path, read, run, settle, write

SECRET = "فلان الخيالي, vu à Tanger"
LANGUAGES = {"ar": "ينتظر موافقة شخص ثان", "fr": "attend qu'une seconde personne", "en": "nothing was sent yet",
             "es": "espera a que otra persona", "pt": "espera que outra pessoa"}


def person(node, name, roles, label="story"):
    if label == "story":
        node.ask("person", "add", name, "--name", name.title(), "--roles", roles)
    made = must(node.wasl("token", "make", name, "--label", label, "--days", "3"))
    return {"env": {**os.environ, "WASL_TOKEN_FILE": write(f"{name}.{label}", made.out)}}


def acts(node, act):
    return [leaf for leaf in node.leaves() if leaf["act"] == act]


def held(node, number, *words, **who):
    """Nothing is printed that a script could take for an id, and the exit status is its own."""
    done = node.wasl(*words, **who)
    check(done.code == 9 and done.out == "", "not held:", done)
    check(f"release {number} waits for a second person (supervisor)" in done.err, done.err)
    return done.err


def story():
    paris = Node("paris", more=("--owner", "claire", "--owner-name", "Claire Aubry")).start()
    rabat = Node("rabat").start()
    introduce(paris, rabat)
    accord = agree(paris, rabat)
    lina, sara, samir = (person(paris, name, roles) for name, roles in
                         (("lina", "liaison"), ("sara", "liaison,supervisor"), ("samir", "supervisor")))
    again, aude = person(paris, "sara", "", "again"), person(paris, "aude", "auditor")
    form = json.loads(paris.ask("kind", "example", "request"))
    form["persons"] = [{"name": SECRET, "class": "suspect", "fact_or_assessment": "fact", "grading": "4x4:B/3", "as_of": "2020-06-30"}]
    form, part = write("form.json", json.dumps(form)), write("annexe.txt", SECRET)
    words = ("case", "open", "request", "--to", "rabat", "--fields", form, "--part", part)
    explained = paris.ask("law", "explain", "request", "ask", "--to", "rabat", "--purpose", "trafficking", "--personal", "special")
    check("must be released by a second person: supervisor" in explained, explained)

    held(paris, 1, *words, **sara)
    settle(paris, rabat)
    check(len(acts(paris, "held")) == 1 and len(rabat.json("case", "list")) == 1, "it went, or was not written down")
    listed = must(paris.wasl("release", "list", **aude)).out
    check("sara" in listed and SECRET not in listed, listed)
    paris.refuses(6, "release", "show", "1", says="may not", **aude)
    paris.stop()
    paris.start()
    ok("what names a suspect is held, over a restart too; an auditor sees that it waits, and not what it says")

    for who in (sara, again):
        paris.refuses(6, "release", "give", "1", says="another person", **who)
    paris.refuses(6, "release", "give", "1", says="may not", **lina)
    paris.refuses(6, "release", "refuse", "1", "--reason", "x", says="withdraw it", **sara)
    check(not acts(paris, "released"), "released all the same")
    ok("nobody lets go what is his own, by whatever token, and no officer what is another's")

    paris.refuses(6, "release", "give", "1", says="was not read by samir since this node started: read what would go first", **samir)
    shown = must(paris.wasl("release", "show", "1", "--reason", "contrôle", **samir)).out
    check(SECRET in shown and "Waits for its release, under number 1: supervisor" in shown, shown)
    check([leaf["actor"].split()[0] for leaf in acts(paris, "read")] == ["samir"], "no leaf says that he read it")
    case = must(paris.wasl("release", "give", "1", **samir)).out.strip()
    settle(paris, rabat)
    there = rabat.ask("message", "show", case)
    check(SECRET in there and "samir" not in there and "sara" not in there, there)
    rabat.ask("part", "get", rabat.json("message", "show", case)["parts"][0]["sha256"], "-o", path("got"))
    check(read(path("got")).decode() == SECRET, "another part came")
    check("Released by: samir" in paris.ask("message", "show", case), "who released it is not shown")
    released = acts(paris, "released")[0]
    check(released["message"] == case and released["actor"].startswith("samir") and released["subject"] == "supervisor", released)
    ok("whoever decides reads it first, and it goes as it was read; who decided is in our register, and not told to the partner")

    held(paris, 2, *words, **lina)
    message = paris.json("release", "list")["releases"][0]["message"]
    paris.refuses(1, "message", "erase", message, "--reason", "x", says="waits for its release")
    must(paris.wasl("release", "refuse", "2", "--reason", "c'est un témoin", **samir))
    check(SECRET not in paris.ask("message", "show", message), "its content is still there")
    check(acts(paris, "withheld")[0]["reason"] == "c'est un témoin", acts(paris, "withheld"))
    held(paris, 3, *words, **lina)
    paris.refuses(6, "release", "withdraw", "3", says="not your own", **samir)
    must(paris.wasl("release", "withdraw", "3", **lina))
    ok("what is refused or withdrawn is gone, with a leaf and a reason")

    held(paris, 4, *words, **lina)
    said = must(rabat.wasl("agreement", "end", accord, "--reason", "fin")).err
    check("The agreement ends on" in said and "shorter" not in said and "notice" not in said, said)
    settle(paris, rabat)
    lists = [node.json("agreement", "list")[0] for node in (paris, rabat)]
    check(lists[0]["until"] == lists[1]["until"] and not lists[0]["in_force"] and not lists[1]["in_force"], lists)
    paris.refuses(6, "release", "give", "4", says="was ended", **samir)
    check(acts(paris, "denied"), "the refusal by law is no leaf")
    paris.refuses(1, "release", "give", "2", says="waits no longer: it was refused", **samir)
    states = [row["state"] for row in paris.json("release", "list", "--all")["releases"]]
    check(states == ["released", "refused", "withdrawn", "waiting"], states)
    ok("law is asked again when it is to go, with the agreements of that moment")

    example = {**json.loads(paris.ask("kind", "example", "agreement", "propose")), "notice_days": 30}
    held(paris, 5, "agreement", "propose", "--to", "rabat", "--file", write("terms.json", json.dumps(example)), **lina)
    check(len(rabat.json("agreement", "list")) == 1, "one officer alone proposed an agreement")
    must(paris.wasl("release", "show", "5", **samir))
    accord = must(paris.wasl("release", "give", "5", **samir)).out.strip()
    settle(paris, rabat)
    rabat.id("agreement", "accept", accord)
    settle(paris, rabat)
    err = held(paris, 6, "agreement", "end", accord, "--reason", "fin", "--on", time.strftime("%Y-%m-%d", time.gmtime()), **lina)
    check("The agreement ends on" in err and "before the notice that was agreed is over; days agreed: 30" in err, err)
    shown = must(paris.wasl("release", "show", "6", **samir)).out
    check("The agreement ends on" in shown and "before the notice that was agreed is over; days agreed: 30" in shown, shown)
    must(paris.wasl("release", "refuse", "6", "--reason", "trop tôt", **samir))
    check(all(row["in_force"] for node in (paris, rabat) for row in node.json("agreement", "list") if row["id"] == accord), "ended by one")
    ok("an agreement is proposed and ended by two; what is shorter than the notice agreed says so to both of them")

    for number, (language, said) in enumerate(LANGUAGES.items(), 7):
        done = paris.wasl(*words, env={**lina["env"], "LC_ALL": f"{language}.UTF-8"})
        check(done.code == 9 and said in done.err and f"release give {number}" in done.err, language, done.err)
    paris.sound()
    ok("it is said in five languages, and what is stored fits the register")


run(story)
