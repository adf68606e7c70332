#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What one organisation asks another one to do: to say who somebody is, where he is, to arrest him on the papers of a court, to search its
records, to hand over evidence. Each with what it needs, unclear or answered in part, refused on a ground, and the report of what came of it,
which both see alike and which stops the time limit.

Broken variants: tests/checks/stories_broken (what stops a time limit leaves it running)."""
import json

from story import check, must, nodes, ok, path, run, settle, started, write

PERSON = {"name": "Rui Exemplo", "class": "suspect", "fact_or_assessment": "fact", "grading": "4x4:B/2", "as_of": "2026-01-01"}
PAPER = {"reference": "118/2026", "paper": "arrest_warrant", "authority": "Tribunal de Porto-Novo (inventé)", "issued": "2026-01-05"}
ARREST = {"sought": "arrest", "persons": [PERSON], "papers": [PAPER], "offence": "Traite d'êtres humains", "provisions": "art. 448-1 et suivants",
          "penalty": "10 ans au plus", "surrender": "extradition_will_be_requested"}


def form(**fields):
    sent = {"subject": "demande", "urgency": "normal", "purpose": "trafficking", "question": "Qui ? من؟", "facts": "Faits inventés.", "language": "fr"}
    return write("form.json", json.dumps({**sent, **fields}))


def ask(rabat, *more, **fields):
    case = rabat.id("case", "open", "request", "--to", "paris", "--fields", form(**fields), *more)
    settle(*nodes)
    return case


def send(node, case, type_of_message, **fields):
    message = node.id("case", "send", case, type_of_message, "--fields", write("form.json", json.dumps(fields)))
    settle(*nodes)
    return message


def same(rabat, paris, case, state):
    """Both say the same of it; its only clock."""
    here, there = (node.json("case", "show", case) for node in (rabat, paris))
    check(here["state"] == there["state"] == state and here["clocks"] == there["clocks"], here, there)
    return here["clocks"][0]


def needs(rabat):
    for fields, says in [({}, ["$.sought", "missing"]), ({"sought": "extradition"}, ["$.sought", "arrest", "whereabouts"]),
                         ({"sought": "whereabouts"}, ["$.persons", "sought is whereabouts"]), ({"sought": "records"}, ["$.records", "sought is records"]),
                         ({**ARREST, "papers": []}, ["$.papers"]), ({key: value for key, value in ARREST.items() if key != "papers"}, ["$.papers", "arrest"]),
                         ({**ARREST, "papers": [{**PAPER, "issued": "2999-01-01"}]}, ["$.papers[0].issued", "today"])]:
        rabat.refuses(1, "case", "open", "request", "--to", "paris", "--fields", form(**fields), says=says)
    ok("each request says what it seeks, and is refused with the field where what that needs is not there: an arrest without its legal papers")


def story():
    rabat, paris = started("rabat", "paris")
    needs(rabat)

    warrant = path("warrant.pdf")
    with open(warrant, "wb") as file:
        file.write(b"%PDF-1.4 a warrant, made up\n")
    arrest = ask(rabat, "--part", warrant, **ARREST)
    check(same(rabat, paris, arrest, "asked")["running"])
    send(paris, arrest, "clarify", ground="facts_insufficient", question="Quel jour ?")
    check(same(rabat, paris, arrest, "clarifying")["paused"])
    send(rabat, arrest, "clarification", answer="Le 3 janvier.")
    send(paris, arrest, "partial_answer", answer="Il est recherché depuis ce matin.", still_to_come="L'arrestation.")
    check(same(rabat, paris, arrest, "partially_answered")["running"])
    shown = json.loads(must(paris.wasl("case", "show", arrest, "--json")).out)
    check(shown["messages"][0]["fields"]["papers"] == [PAPER] and len(shown["messages"][0]["parts"]) == 1, shown["messages"][0])
    done = {"outcome": "arrested", "report": "Arrêté sans incident.", "done_on": "2026-01-09", "authority": "Brigade de recherche", "place": "Lyon"}
    paris.refuses(1, "case", "send", arrest, "result", "--fields", write("form.json", json.dumps(done)), says=["$.custody", "outcome is arrested"])
    send(paris, arrest, "result", **done, custody="Parquet de Lyon")
    check(not same(rabat, paris, arrest, "answered")["running"])
    send(rabat, arrest, "close", use="used")
    same(rabat, paris, arrest, "closed")
    ok("an arrest, with its warrant as a file: unclear, begun, carried out; the report of the result stops the time limit at both")

    outcomes = {"identification": {"outcome": "identified", "persons": [PERSON]}, "whereabouts": {"outcome": "located", "place": "Lyon"},
                "records": {"outcome": "records_given"},
                "evidence": {"outcome": "evidence_handed_over", "place": "Lyon", "exhibits": [{"what": "Un téléphone", "handed_to": "Un officier"}]}}
    more = {"whereabouts": {"persons": [PERSON]}, "records": {"records": "vehicles"},
            "evidence": {"exhibits": [{"what": "Un téléphone", "mark": "S-4"}], "papers": [{**PAPER, "paper": "letter_of_request"}]}}
    for sought, outcome in outcomes.items():
        case = ask(rabat, sought=sought, **more.get(sought, {}))
        send(paris, case, "result", report="Voir ci-joint.", done_on="2026-01-09", authority="Bureau central", **outcome)
        check(not same(rabat, paris, case, "answered")["running"])
        told = rabat.json("case", "show", case)["messages"][1]["fields"]
        check(told["outcome"] == outcome["outcome"], told)
    ok("who somebody is, where he is, what a register holds, and evidence handed over: each asked, done and reported")

    refused = ask(rabat, **ARREST)
    send(paris, refused, "refuse", ground="not_an_offence_here", reason="Le fait n'est pas punissable.")
    check(not same(rabat, paris, refused, "refused")["running"])
    send(paris, refused, "result", outcome="not_arrested", report="Il n'est plus sur le territoire.")
    same(rabat, paris, refused, "answered")
    ok("refused on a ground; what came of it can be reported all the same")


run(story)
