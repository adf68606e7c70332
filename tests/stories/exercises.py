#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Rabat and Paris train a night of which both hope that it never comes: the case is marked from the first message on, wherever
somebody looks, in his language; what is real and what is an exercise answer, name, hide and count each other nowhere.

Broken variants: tests/checks/exchange_broken (unit/core_exercise)."""
import json
import os

from story import Node, agree, check, introduce, must, ok, path, run, settle, write

ROW = {"id": "1", "kind": "*", "types": ["*"], "purposes": ["*"], "direction": "both", "personal": "special"}
LINES = {"ar": "تمرين تمرين تمرين", "fr": "EXERCICE EXERCICE EXERCICE", "en": "EXERCISE EXERCISE EXERCISE",
         "es": "EJERCICIO EJERCICIO EJERCICIO", "pt": "EXERCÍCIO EXERCÍCIO EXERCÍCIO"}


def ids(node, *words):
    return [row["id"] for row in node.json("case", "list", *words)]


def shown(node, *words):
    """Before and behind what is shown, in each language; and in one language alone."""
    for language, line in LINES.items():
        out = must(node.wasl(*words, env={**os.environ, "LC_ALL": f"{language}.UTF-8"})).out.strip().splitlines()
        check(line in out[0] and line in out[-1], words, language, out[0], out[-1])


def story():
    rabat, paris = Node("rabat"), Node("paris")
    for node in (rabat, paris):
        node.launch()
    for node in (rabat, paris):
        node.serves()
    introduce(rabat, paris)
    terms = json.loads(rabat.ask("kind", "example", "agreement"))
    agree(rabat, paris, terms={**terms, "rows": [ROW]})
    form = write("sighting.json", rabat.ask("kind", "example", "sighting"))
    case = rabat.id("case", "open", "sighting", "--to", "paris", "--fields", form, "--exercise")
    settle(rabat, paris)
    for node in (rabat, paris):
        shown(node, "case", "show", case)
        shown(node, "message", "show", case)
    listed = must(paris.wasl("case", "list", "--exercise")).out
    check("EXERCISE" in listed, listed)
    ok("the exercise says so before and behind all that is shown of it, in five languages")

    real = rabat.id("case", "open", "sighting", "--to", "paris", "--fields", form)
    settle(rabat, paris)
    for node in (rabat, paris):
        check(case not in ids(node) and real in ids(node), "the list of what is real")
        check(ids(node, "--exercise") == [case], "the list of exercises")
        check(case not in ids(node, "--by", "deadline") and ids(node, "--by", "deadline", "--exercise") == [case], "by deadline")
    outbox = must(rabat.wasl("outbox", "list")).out
    check("EXERCISE" in outbox, outbox)
    ok("a list shows the one or the other")

    rabat.refuses(6, "case", "send", case, "close", says="is an exercise, and nothing real is answered there")
    rabat.refuses(6, "case", "send", real, "close", "--exercise", says="is real, and this was meant for an exercise")
    crisis = json.loads(rabat.ask("kind", "example", "crisis"))
    for named, words in (case, ()), (real, ("--exercise",)):
        linked = write("crisis.json", json.dumps({**crisis, "linked": named}))
        rabat.refuses(6, "case", "open", "crisis", "--to", "paris", "--fields", linked, *words, says="never joined with what is real")
    ok("who answers says which he means, and nothing names the other")

    folder, proof = path("exported"), path("drill.wasl-proof")
    paris.ask("case", "export", case, folder)
    for place in folder, os.path.join(folder, "messages", case):
        with open(os.path.join(place, "EXERCISE.txt"), encoding="utf-8") as file:
            check(file.read().splitlines() == list(LINES.values()), "the mark beside what was exported")
    paris.ask("case", "export", real, os.path.join(os.path.dirname(folder), "real"))
    check(sorted(os.listdir(os.path.join(os.path.dirname(folder), "real"))) == ["case.json", "messages"], "of what is real")
    emptied = os.path.join(os.path.dirname(folder), "emptied")
    os.mkdir(emptied)
    for into, at, names in (emptied, case, ["EXERCISE.txt", "case.json", "messages"]), (emptied + "2", real, ["case.json", "messages"]):
        os.makedirs(into, exist_ok=True)
        paris.ask("case", "export", at, into)
        check(sorted(os.listdir(into)) == names, into, os.listdir(into))
    check(json.load(open(os.path.join(folder, "case.json"), encoding="utf-8"))["exercise"] is True, "case.json")
    paris.ask("proof", "export", case, "-o", proof)
    shown(paris, "proof", "verify", proof)
    check(json.loads(must(paris.wasl("proof", "verify", proof, "--json")).out)["exercise"] is True, "the evidence as JSON")
    ok("what is exported, and its evidence, say so too")

    cells = rabat.json("statistics", "--kind", "sighting")["cells"]
    sent = [cell["count"] for cell in cells if (cell["section"], cell["measure"]) == ("messages", "sent")]
    check(sent == [1], sent)
    counted = sum(row["cases"] for row in paris.json("picture", "--kind", "sighting")["rows"])
    check(counted == 1, counted)
    marked = {**os.environ, "LC_ALL": "fr.UTF-8"}
    for drill, id_of, note in (True, case, "EXERCICE EXERCICE EXERCICE\n"), (False, real, ""):
        words = ("--exercise",) if drill else ()
        passed = must(rabat.wasl("message", "pass-on", id_of, "--to", "paris", "--field", "subject=Nuit", env=marked))
        check(passed.err == note, passed)
        check(rabat.json("case", "show", passed.out.strip())["exercise"] is drill, "what passes it on")
        sent = must(rabat.wasl("case", "send", id_of, "close", *words, env=marked))
        check(sent.err == note, sent)
        recall = must(rabat.wasl("recall", "open", passed.out.strip(), "--measure", "correct", "--ground", "inaccurate", "--correction",
                                 "Deux", env=marked))
        check(recall.err == note, recall)
        settle(rabat, paris)
        asked = recall.out.split()[-1]
        answer = must(paris.wasl("recall", "answer", asked, "--outcome", "corrected", env=marked))
        check(answer.err == note, answer)
        withdrawn = must(rabat.wasl("recall", "withdraw", asked, "--reason", "Juste", env=marked))
        check(withdrawn.err == note, withdrawn)
    ok("who sends, passes on, recalls or answers is told so in his language, and scripts read an id all the same")
    settle(rabat, paris)
    check(paris.json("case", "show", case)["state"] == "closed", "the exercise goes on as the real one would")
    ok("it is counted nowhere, and goes on as the real one would")
    for node in (rabat, paris):
        node.sound()


run(story)
