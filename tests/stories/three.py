#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Three nodes in one case: each message goes to both others, all agree on the case, one may be away meanwhile.

Broken variants: tests/checks/mutants_rules (all parties, same parties, each for itself, together)."""
from story import Node, check, introduce, must, ok, path, run, settle, started, until, wasl


def story():
    rabat, paris = started("rabat", "paris")
    madrid = Node("madrid").start()
    introduce(rabat, madrid)
    introduce(paris, madrid)
    accord = rabat.id("agreement", "propose", "--to", "paris,madrid", "--example")
    settle(rabat)
    paris.id("agreement", "accept", accord)
    settle(rabat, paris, madrid)
    check({row["id"]: row["state"] for row in rabat.json("agreement", "list")}[accord] == "proposed",
          "in force although one party has not accepted")
    rabat.refuses(6, "case", "open", "request", "--to", "madrid", "--field", "subject=s", "--field", "sought=information", "--field", "urgency=normal",
                  "--field", "purpose=drugs", "--field", "question=q", "--field", "language=es", says="to madrid")
    for node in rabat, paris, madrid:
        lacks = node.json("case", "show", accord)["lacks"]
        check([row["type"] for row in lacks] == ["accept"] and len(lacks[0]["parties"]) == 1 and lacks[0]["parties"][0].startswith("madrid"), lacks)
        check("Waits for the consent of madrid" in node.ask("case", "show", accord), "whose consent lacks is not told")
    madrid.id("agreement", "accept", accord)
    settle(rabat, paris, madrid)
    check(rabat.json("case", "show", accord)["lacks"] == [], "all have agreed")
    ok("an agreement of three is in force when all three accepted")
    asked = rabat.wasl("case", "open", "request", "--to", "paris,madrid", "--field", "subject=s", "--field", "sought=information", "--field", "urgency=normal",
                       "--field", "purpose=drugs", "--field", "question=q", "--field", "language=es")
    check(asked.code == 0 and asked.err.startswith("warning: each of paris,madrid"), asked)
    settle(rabat, paris, madrid)
    madrid.kill()
    case = rabat.request((paris, madrid))
    paris_answer = until_there(paris, case)
    rows = {(row["id"], row["to"]): row["state"] for row in rabat.json("outbox", "list")}
    check(rows[case, "paris"] == "receipted" and rows[case, "madrid"] != "receipted", rows)
    madrid.start()
    settle(rabat, paris, madrid)
    check(same_cases_of(case, rabat, paris, madrid) == "partially_answered", "the case is", madrid.cases())
    ok("one that was away comes to the same state, whatever came first")
    each_for_itself(case, rabat, paris, madrid)
    rabat.id("case", "send", case, "close", "--field", "note=merci")
    settle(rabat, paris, madrid)
    check(same_cases_of(case, rabat, paris, madrid) == "closed", "the case is", madrid.cases())
    rabat.ask("proof", "export", case, "-o", path("three.wasl-proof"))
    told = must(wasl("proof", "verify", path("three.wasl-proof"), "--json")).out
    check('"paris"' in told and '"madrid"' in told, "one receiver is not in the evidence:", told)
    must(wasl("proof", "verify", path("three.wasl-proof"), "--card", paris.card(), "--card", madrid.card(), "--card",
              rabat.card()))
    check(paris_answer in [m["id"] for m in madrid.json("case", "show", case)["messages"]], "an answer is missing")
    for node in (rabat, paris, madrid):
        node.sound()
    ok("one file proves it for both receivers")


def each_for_itself(case, rabat, paris, madrid):
    """One's answer is not the other's: neither its state nor its time limit."""
    for node, clocks in ((rabat, ["madrid", "paris"]), (paris, ["paris"]), (madrid, ["madrid"])):
        shown = node.json("case", "show", case)
        check({row["party"]: row["state"] for row in shown["standing"]} == {"paris": "answered", "madrid": "asked"}, shown)
        check(sorted(clock["party"] for clock in shown["clocks"]) == clocks, shown["clocks"])
        for clock in shown["clocks"]:
            check(clock["stopped"] == (clock["party"] == "paris") and clock["running"] != clock["stopped"], clock)
    told = rabat.ask("case", "show", case)
    check("madrid: Asked" in told.replace("\u2068", "").replace("\u2069", ""), told)
    rabat.refuses(6, "case", "send", case, "clarification", "--field", "answer=x", says="possible now")
    madrid.id("case", "send", case, "refuse", "--field", "ground=no_competence", "--field", "reason=non")
    settle(rabat, paris, madrid)
    check(same_cases_of(case, rabat, paris, madrid) == "answered", "the case is", madrid.cases())
    clocks = rabat.json("case", "show", case)["clocks"]
    check(all(clock["stopped"] and not clock["running"] for clock in clocks) and len(clocks) == 2, clocks)
    ok("each asked partner has its own state and time limit; the request is answered when both have said their last word")


def until_there(paris, case):
    until(lambda: case in paris.cases(), 20, "paris has the case although madrid is away")
    return paris.id("case", "send", case, "answer", "--field", "answer=Oui. نعم")


def same_cases_of(case, *known):
    told = [(node.cases().get(case), sorted(m["id"] for m in node.json("case", "show", case)["messages"]))
            for node in known]
    check(all(one == told[0] for one in told), "they tell different stories:", told)
    return told[0][0]


run(story)
