#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An agreement is widened: a send that it does not cover is refused, explained and seen in its review; an amendment, accepted by
both, lets it pass, and the clause names the new terms. The files are those of examples/, with what the two say of themselves: what
paris sends leaves the European Union under the row that names an instrument.

Broken variants: tests/checks/exchange_broken lets an amendment count before all accepted it."""
import json
import os

from story import ROOT, Node, agree, check, introduce, ok, run, settle, write

EXAMPLES = os.path.join(ROOT, "examples")


def load(name):
    with open(os.path.join(EXAMPLES, name), encoding="utf-8") as file:
        terms = json.load(file)
    return {**terms, "regimes": [{"party": "rabat", "regime": "third_country"}, {"party": "paris", "regime": "led"}]}


def explained(node, *words):
    answers = node.json("law", "explain", "request", "ask", "--to", "paris", *words)
    check(len(answers) == 1 and answers[0]["to"] == "paris", "one answer for paris expected:", answers)
    return answers[0]


def story():
    rabat, paris = Node("rabat").launch(), Node("paris").launch()
    rabat.serves()
    paris.serves()
    introduce(rabat, paris)
    none = explained(rabat, "--purpose", "drugs")
    check(not none["allowed"] and none["agreements"] == [] and "no agreement between them" in none["why"], none)
    accord = agree(rabat, paris, terms=load("agreement-security.json"))
    drugs = explained(rabat, "--purpose", "drugs")
    check(drugs["allowed"] and drugs["clause"] == accord + "/1.2" and drugs["row"]["retention_days"] == 1825, drugs)
    rabat.request("paris", purpose="drugs")
    special = explained(rabat, "--purpose", "drugs", "--personal", "special")
    check([a["lacks"] for a in special["agreements"]] == [["personal"]], special)
    ok("the thirteen fields of cooperation are thirteen rows, each with its class of personal data")
    for language, says in (("C", "may not go: no row in force covers it"), ("C", "no row {kind request, type ask, purpose cybercrime"), ("ar_MA.UTF-8", "لا يجوز")):
        text = rabat.ask("law", "explain", "request", "ask", "--to", "paris", "--purpose", "cybercrime",
                         env={**os.environ, "LC_ALL": language})
        check(says in text, "not said in plain words:", text)
    missing = explained(rabat, "--purpose", "cybercrime")
    check([(a["standing"], a["lacks"]) for a in missing["agreements"]] == [("in_force", ["purpose"])], missing)
    for _ in range(2):
        rabat.refuses(6, *rabat.request_words("paris", purpose="cybercrime"), says="purpose cybercrime")
    ok("a field that is not in it is refused, and explain says which column is short")
    review = rabat.json("agreement", "review", accord)
    check([(u["clause"], u["count"]) for u in review["used"]] == [(accord + "/1.2", 1)], review["used"])
    check([r["count"] for r in review["refused"]] == [2] and "cybercrime" in review["refused"][0]["wanted"], review["refused"])
    text = rabat.ask("agreement", "review", accord)
    check("article 1.2: 1 ×" in text and "article 1.13: never used" in text and "purpose cybercrime" in text, text)
    ok("the review shows each row with its use, and what was refused for want of one")
    settle(rabat, paris)
    amendment = paris.id("agreement", "amend", accord, "--file",
                         write("amendment.json", json.dumps(load("amendment-civil-protection-cyber.json"))))
    settle(paris)
    rabat.refuses(6, *rabat.request_words("paris", purpose="cybercrime"), says="no such row")
    check(rabat.cases()[accord] == "amending", "not being amended")
    rabat.refuses(1, "agreement", "accept", accord, says=f"--terms {amendment}")
    rabat.refuses(1, "agreement", "accept", accord, "--terms", accord, says="do not stand")
    rabat.refuses(2, "agreement", "accept", accord, "--terms", "the newest", says="--terms is 64 lowercase hex digits")
    rabat.id("agreement", "accept", accord, "--terms", amendment[:12])
    settle(rabat, paris)
    sent = rabat.request("paris", purpose="cybercrime")
    answered = paris.request("rabat", purpose="civil_protection")
    settle(rabat, paris)
    wider = write("wider.json", json.dumps(load("agreement-security.json")))
    rabat.refuses(6, "agreement", "counter", accord, "--file", wider, says="counter")
    rabat.refuses(5, "agreement", "amend", sent, "--file", wider, says="is no agreement")
    clauses = {leaf["message"]: leaf["clause"] for node in (rabat, paris) for leaf in node.leaves() if leaf["act"] == "sent"}
    check(clauses[sent] == f"{accord}@{amendment}/1.15" and clauses[answered] == f"{accord}@{amendment}/1.14 transfer instrument", clauses)
    check(explained(rabat, "--purpose", "cybercrime")["clause"] == clauses[sent], "explain says another clause")
    ok("accepted by both and by its id, the amendment lets the refused send pass, and the clause names its terms")
    for node in (rabat, paris):
        node.sound()


run(story)
