#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Personal data is reviewed: six months after nothing came any more a case is due, told once and listed; a person who still needs it
says so by name, and is asked again when he said; who does not erases it, and the proof of what was exchanged remains.

Broken variants: tests/checks/exchange_broken (unit/core_review)."""
import json
import os

from story import check, must, ok, path, programs_at, run, settle, started, wasl

DAY = 86400
SAID = {"ar": "وجبت مراجعة المعطيات الشخصية منذ", "fr": "Données personnelles à réexaminer depuis le", "en": "Personal data to be reviewed since",
        "es": "Datos personales por revisar desde el", "pt": "Dados pessoais por reexaminar desde"}


def at_day(day, node):
    programs = programs_at(f"later{day}", day * DAY)
    node.stop()
    node.start(programs)


def due(node):
    return [row["id"] for row in node.json("case", "review", "--due")]


def told(node):
    return [leaf["message"] for leaf in node.leaves() if leaf["act"] == "deadline" and leaf["subject"] == "review"]


def story():
    os.chmod(path(), 0o755)
    rabat, paris = started("rabat", "paris")
    kept, gone = rabat.request("paris"), rabat.request("paris")
    settle(rabat, paris)
    listed = paris.json("case", "review")
    check(sorted(row["id"] for row in listed) == sorted((kept, gone)) and due(paris) == [], listed)
    check(all(not row["review"]["overdue"] and row["review"]["reviewed"] is None for row in listed), listed)
    paris.refuses(2, "case", "review", kept, "--reason", "still needed", says="--keep")
    at_day(180, paris)
    check(due(paris) == [] and told(paris) == [], "due before its time")
    at_day(182, paris)
    check(sorted(due(paris)) == sorted((kept, gone)) and sorted(told(paris)) == sorted((kept, gone)), due(paris))
    for language, words in SAID.items():
        check(words in paris.ask("case", "show", kept, "--bare", env={**os.environ, "LC_ALL": f"{language}_XX.UTF-8"}), language)
    ok("what is due for review is told once by a leaf, listed, and said in five languages")

    said = paris.ask("case", "review", kept, "--keep", "--reason", "the inquiry goes on")
    check("Review recorded" in said, said)
    check(due(paris) == [gone], due(paris))
    leaf = [leaf for leaf in paris.leaves() if leaf["act"] == "reviewed"]
    check(len(leaf) == 1 and leaf[0]["message"] == kept and leaf[0]["actor"] and leaf[0]["reason"] == "the inquiry goes on", leaf)
    reviewed = paris.json("case", "show", kept, "--bare")["review"]["reviewed"]
    check(reviewed["by"] == leaf[0]["actor"] and reviewed["next"] == leaf[0]["subject"], reviewed)
    check("the inquiry goes on" in paris.ask("case", "review"), "not in the list")
    counted = {cell["measure"]: cell["count"] for cell in paris.json("statistics")["cells"] if cell["section"] == "acts"}
    check(counted["reviewed"] == 1, counted)
    ok("who still needs it says so by name and with a reason, which the register keeps and statistics count")

    paris.ask("message", "erase", gone, "--reason", "not needed any more")
    check(due(paris) == [] and paris.json("case", "show", gone, "--bare")["review"] is None, "erased, and yet due")
    paris.refuses(1, "case", "review", gone, "--keep", "--reason", "x", says="its content was erased")
    proof = path("gone.wasl-proof")
    must(paris.wasl("proof", "export", gone, "-o", proof))
    check(json.loads(must(wasl("proof", "verify", proof, "--json")).out)["content"] is False, "content in the proof")
    at_day(364, paris)
    check(due(paris) == [kept] and told(paris).count(kept) == 2 and told(paris).count(gone) == 1, told(paris))
    paris.sound()
    ok("what is not needed is erased and due no more, its proof remains; what was kept is due again when the review said")


run(story)
