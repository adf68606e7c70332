#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Law before wire: without an agreement in force that has a row for it, nothing leaves; the missing row is named and the
refusal is a leaf. Missing, proposed, not yet and no longer in force, without the row, suspended, ended.

Broken variants: tests/checks/mutants_rules takes each condition of src/law/decide.c out, one at a time;
tests/checks/exchange_broken lets law be asked once only, or never."""
import json
import os
import time

from story import Node, agree, check, introduce, ok, run, settle, until, write


def moment(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + seconds))


def denied(node, partner, *says, fields="form.json"):
    """The send is refused with these words, and the refusal is the only new leaf."""
    before = node.size()
    text = node.refuses(6, "case", "open", "request", "--to", partner, "--fields", fields, says=says)
    after = node.leaves(before)
    check([leaf["act"] for leaf in after] == ["denied"], "other leaves:", after)
    check(after[0]["subject"] == "request/ask" and after[0]["reason"].split(": ", 1)[1] == text[len("wasl: "):],
          "the leaf says something else:", after[0], text)
    return text


def story():
    rabat, paris = Node("rabat").start(), Node("paris").start()
    introduce(rabat, paris)
    form = write("form.json", rabat.ask("kind", "example", "request"))
    row = ("kind request", "type ask", "purpose trafficking", "from rabat to paris")
    denied(rabat, "paris", *row, "no agreement", fields=form)
    ok("no agreement: refused, the missing row is named, and that is a leaf")
    proposal = json.loads(rabat.ask("kind", "example", "agreement"))
    case = rabat.id("agreement", "propose", "--to", "paris", "--example")
    settle(rabat)
    check({a["id"]: a["state"] for a in paris.json("agreement", "list")}[case] == "proposed", "not proposed")
    denied(rabat, "paris", *row, "not accepted", fields=form)
    rabat.id("case", "send", case, "withdraw", "--field", "reason=autre texte")
    settle(rabat)
    ok("an agreement that is only proposed permits nothing")
    narrow = {**proposal, "rows": [{"id": "4.2", "kind": "request", "types": ["ask"], "purposes": ["drugs"],
                                    "direction": "from_proposer"}]}
    agree(rabat, paris, terms=narrow)
    denied(rabat, "paris", *row, "no such row", fields=form)
    denied(paris, "rabat", "from paris to rabat", "no such row", fields=form)
    request = rabat.request("paris", purpose="drugs")
    settle(rabat, paris)
    clause = [leaf["clause"] for leaf in rabat.leaves() if leaf["act"] == "sent" and leaf["message"] == request][0]
    check(clause.endswith("/4.2"), "the clause is", clause)
    before = paris.size()
    paris.refuses(6, "case", "send", request, "answer", "--field", "answer=oui", says="type answer")
    check("denied" in [leaf["act"] for leaf in paris.leaves(before)], "an answer without a row left no leaf")
    ok("a row covers its kind, type, purpose and direction, and no other")
    soon, until_then = 4, 7
    timed = {**proposal, "from": moment(soon), "until": moment(until_then)}
    began = time.monotonic()
    agree(rabat, paris, terms=timed)
    check(time.monotonic() - began < soon - 1, "this machine is too slow for the next step")
    denied(rabat, "paris", *row, "only from", fields=form)
    time.sleep(max(0, soon + 0.5 - (time.monotonic() - began)))
    rabat.id("case", "open", "request", "--to", "paris", "--fields", form)
    settle(rabat)
    time.sleep(max(0, until_then + 1 - (time.monotonic() - began)))
    denied(rabat, "paris", *row, "expired on", fields=form)
    ok("an agreement is in force from its first second to its last, and not outside")
    never_used(rabat, paris, proposal, form)
    whole = agree(rabat, paris)
    rabat.id("case", "open", "request", "--to", "paris", "--fields", form)
    settle(rabat, paris)
    rabat.ask("partner", "suspend", "paris", "--reason", "essai")
    denied(rabat, "paris", "suspended", fields=form)
    check([p["state"] for p in rabat.json("partner", "list")] == ["suspended"], "not shown as suspended")
    rabat.ask("partner", "resume", "paris")
    rabat.id("case", "open", "request", "--to", "paris", "--fields", form)
    settle(rabat, paris)
    ok("nothing goes to a suspended partner, until it is resumed")
    waits = waiting_when_ended(rabat, paris, whole)
    denied(paris, "rabat", "from paris to rabat", fields=form)
    denied(rabat, "paris", *row, fields=form)
    ok("an agreement that was ended permits nothing; the other side's end stops what still waited: " + waits["reason"])
    for node in (rabat, paris):
        node.sound()


def never_used(rabat, paris, proposal, form):
    """A stricter row behind one that covers as much: said to who proposes it, who asks and who reviews; not refused."""
    wide = {"id": "1", "kind": "request", "types": ["*"], "purposes": ["*"], "direction": "both"}
    strict = {"id": "2", "kind": "request", "types": ["ask"], "purposes": ["*"], "direction": "from_proposer", "approval": "supervisor"}
    says = "article 2: can never be used, for all that it covers is covered before it by article 1"
    case = agree(rabat, paris, terms={**proposal, "rows": [wide, strict]})
    for node in (rabat, paris):
        check(says.replace("article 2: ", "article 2: never used; ") in node.ask("agreement", "review", case), "not in the review")
        check(node.json("agreement", "review", case)["unused_rows"] == [{"row": "2", "hidden_by": "1"}], "not in JSON")
    explain = ("law", "explain", "request", "ask", "--to", "paris", "--purpose", "terrorism")
    check(says in rabat.ask(*explain), rabat.ask(*explain))
    check(rabat.json(*explain)[0]["unused_rows"] == [{"row": "2", "hidden_by": "1"}], "not in JSON")
    check("never" not in rabat.ask("law", "explain", "request", "answer", "--to", "paris", "--purpose", "terrorism"), "not about an answer")
    amended = rabat.wasl("case", "send", case, "amend", "--fields", write("amend.json", json.dumps({**proposal, "rows": [strict, wide]})))
    check(amended.code == 0 and "never" not in amended.err, "the other way round both are used:", amended.err)
    settle(rabat, paris)
    again = paris.wasl("case", "send", case, "amend", "--fields", write("amend.json", json.dumps({**proposal, "rows": [wide, strict]})))
    check(again.code == 0 and says in again.err, "nothing was said:", again.err)
    fr = rabat.ask("agreement", "review", case, env={**os.environ, "LC_ALL": "fr_FR.UTF-8"})
    check("ne sert jamais, car tout ce qu'il couvre est déjà couvert par l'article 1" in fr, fr)
    settle(rabat, paris)
    rabat.id("case", "send", case, "end", "--field", "reason=autre texte")
    settle(rabat, paris)
    ok("a row that one before it leaves nothing to cover is named, when it is proposed, asked about and reviewed")


def waiting_when_ended(rabat, paris, agreement):
    """Law is asked again at hand-over: what waits while its agreement is ended does not leave."""
    paris.kill()
    waits = rabat.request("paris", purpose="terrorism")
    rabat.id("case", "send", agreement, "end", "--field", "reason=dénonciation")
    paris.start()
    until(lambda: row_of(rabat, waits)["state"] in ("refused", "ended", "receipted"), 30, "the outbox decides")
    row = row_of(rabat, waits)
    check(row["state"] == "refused" and "no-legal-basis" in row["reason"], "what waited without a legal basis is", row)
    settle(rabat, paris)
    check({a["id"]: a["state"] for a in paris.json("agreement", "list")}[agreement] == "ended", "paris does not know")
    check(waits not in paris.cases(), "it left although its agreement was ended")
    return row


def row_of(node, message):
    return [row for row in node.json("outbox", "list") if row["id"] == message][0]


run(story)
