#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An incoming request is held against what the node holds: the same person in an earlier case, spelled otherwise, a namesake, the same
telephone; told in five languages and without content, each a leaf with its purpose, found no more when it is erased, and nowhere in
the database.

Broken variants: tests/checks/exchange_broken (unit/core_crosscheck)."""
import json
import os

from story import check, ok, run, settle, started, write

ROW = {"class": "suspect", "fact_or_assessment": "fact", "grading": "4x4:B/3", "as_of": "2026-01-01"}
SECRET = "Zoubir El Inventé"
SAID = {"ar": "الاسم وتاريخ الميلاد", "fr": "nom et date de naissance", "en": "name and date of birth", "es": "nombre y fecha de nacimiento",
        "pt": "nome e data de nascimento"}


def opened(node, other, **person):
    form = {**json.loads(node.ask("kind", "example", "request")), "persons": [{**person, **ROW}]}
    return node.id("case", "open", "request", "--to", other.name, "--fields", write("form.json", json.dumps(form)))


def found(node, case):
    return node.json("case", "crosscheck", case, "--reason", "known here?")


def story():
    rabat, paris = started("rabat", "paris")
    before = opened(paris, rabat, name=SECRET, born="1984-02-28", phone="00212 600 00 00 00")
    namesake = opened(paris, rabat, name=SECRET, born="1990-01-01")
    asked = opened(rabat, paris, name="EL INVENTE, zoubir", born="1984-02-28", phone="+212600000000")
    settle(rabat, paris)
    for node in (rabat, paris):
        hits = found(node, asked)
        told = sorted((hit["case"] == before, hit["sort"], hit["born"]) for hit in hits["hits"])
        check(told == [(False, "name", "other"), (True, "name", "same"), (True, "phone", None)] and hits["cases"] == 2, hits)
        check({hit["case"] for hit in hits["hits"]} == {before, namesake} and "Zoubir" not in json.dumps(hits), hits)
    leaf = [leaf for leaf in paris.leaves() if leaf["act"] == "crosscheck"][-1]
    check((leaf["message"], leaf["subject"], leaf["reason"]) == (asked, "hits: 3, cases: 2, values: 3", "known here?"), leaf)
    paris.refuses(2, "case", "crosscheck", asked, says="--reason")
    for language, says in SAID.items():
        said = paris.ask("case", "crosscheck", asked, "--reason", "r", env={**os.environ, "LC_ALL": f"{language}_XX.UTF-8"})
        check(says in said and "Zoubir" not in said, language, said)
    forms = paris.ask("kind", "show", "request", env={**os.environ, "LC_ALL": "fr_XX.UTF-8"})
    check("Recoupé par" in forms and "numéro de téléphone" in forms, "kind show does not say what is looked for", forms)
    ok("the same person and number are found in the earlier case, a namesake is told as one, each look is a leaf")
    paris.ask("message", "erase", before, "--reason", "the purpose has ended")
    check({hit["case"] for hit in found(paris, asked)["hits"]} == {namesake}, found(paris, asked))
    check({hit["case"] for hit in found(rabat, asked)["hits"]} == {before, namesake}, found(rabat, asked))
    for node in (rabat, paris):
        node.sound()
    ok("what was erased is found no more where it was, and the other side keeps its own")


run(story)
