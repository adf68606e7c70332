#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A joint operation of two leads: proposed under an agreement that lasts as long, reviewed, activated by both through four eyes, phases
that begin with the go of both, tasks with their own day, log and decisions, an extension by both, an exhibit from hand to hand; after
its period only what suspends, ends and reports; closed by both, and the evaluation that closing opens.

Broken variants: tests/checks/exchange_broken (unit/core_itemclocks), tests/checks/mutants_rules (unit/law_period)."""
import json
import os
from datetime import datetime, timedelta, timezone

from story import Node, agree, check, introduce, must, ok, path, programs_at, run, same_cases, settle, write

NOW = datetime.now(timezone.utc)
DAYS_LATER = 3


def day(number):
    return f"{NOW + timedelta(days=number):%Y-%m-%d}"


def midnight(number):
    return day(number) + "T00:00:00Z"


def second(node):
    """A supervisor beside the owner."""
    node.ask("person", "add", "samir", "--name", "Samir", "--roles", "supervisor")
    made = must(node.wasl("token", "make", "samir", "--label", "story", "--days", "9"))
    return {"env": {**os.environ, "WASL_TOKEN_FILE": write(f"samir.{node.name}", made.out)}}


def started_both():
    made = [Node("rabat", more=("--owner", "amal", "--owner-name", "Amal")), Node("paris", more=("--owner", "claire", "--owner-name", "Claire"))]
    for node in made:
        node.launch()
    for node in made:
        node.serves()
    introduce(*made)
    row = {"id": "7", "kind": "operation", "types": ["*"], "purposes": ["*"], "direction": "both"}
    terms = json.loads(made[0].ask("kind", "example", "agreement"))
    agree(*made, terms={**terms, "rows": [row], "from": day(-1), "until": day(5)})
    return made


def sent(node, case, type_, *more):
    """Its example, with these fields instead."""
    form = json.loads(node.ask("kind", "example", "operation", type_))
    form.update(more[0] if more else {})
    return ("case", "send", case, type_, "--fields", write("form.json", json.dumps(form)))


def sends(node, case, type_, *more):
    return node.id(*sent(node, case, type_, *more))


def released(node, who, case, type_, *more):
    done = node.wasl(*sent(node, case, type_, *more))
    check(done.code == 9, "not held:", done)
    number = str(node.json("release", "list")["releases"][0]["number"])
    must(node.wasl("release", "show", number, "--reason", "to decide", **who))
    must(node.wasl("release", "give", number, **who))


def state(node, case):
    return node.json("case", "show", case)["state"]


def item(node, case, id_):
    return next(one for one in node.json("case", "items", case)["items"] if one["id"] == id_)


def begun(rabat, paris):
    form = {**json.loads(rabat.ask("kind", "example", "operation", "propose")), "from": day(0)}
    words = ("case", "open", "operation", "--to", "paris", "--fields")
    rabat.refuses(6, *words, write("form.json", json.dumps({**form, "to": day(5)})),
                  says=("which has the row 7, ends on " + midnight(5), "before the period of the case does", midnight(6)))
    case = rabat.id(*words, write("form.json", json.dumps({**form, "to": day(1)})))
    settle(rabat, paris)
    shown = paris.json("case", "show", case)
    check((shown["from"], shown["to"]) == (midnight(0), midnight(2)), "another period:", shown["from"], shown["to"])
    check("Period: " in paris.ask("case", "show", case), "the period is not shown")
    check("Time limit for the legal review: due " in paris.ask("case", "list"), "which clock it is is not said")
    sends(paris, case, "legal_review")
    settle(rabat, paris)
    check(state(rabat, case) == state(paris, case) == "agreed", "not agreed after the legal review")
    ok("no operation without an agreement to its last day; one that is covered passes its legal review")
    return case


def activated(rabat, paris, seconds, case):
    phase = sends(rabat, case, "phase", {"from": day(0), "to": day(1)})
    settle(rabat, paris)
    paris.refuses(6, *sent(paris, case, "phase_go", {"phase": phase}), says="not possible in the state agreed of the case")
    released(rabat, seconds[0], case, "activate")
    settle(rabat, paris)
    check(state(paris, case) == "agreed", "one alone activated it")
    released(paris, seconds[1], case, "activate")
    settle(rabat, paris)
    check(state(rabat, case) == state(paris, case) == "active", "not active")
    for node, type_, becomes in ((rabat, "phase_go", "planned"), (paris, "phase_no_go", "planned"), (rabat, "phase_go", "planned"),
                                 (paris, "phase_go", "running")):
        sends(node, case, type_, {"phase": phase})
        settle(rabat, paris)
        check(item(rabat, case, phase)["state"] == item(paris, case, phase)["state"] == becomes, type_, becomes)
    ok("both activate it, each through four eyes; a phase runs with the go of both, and a no begins it anew")


def worked(rabat, paris, case):
    done, late = (sends(rabat, case, "task", {"to": "paris", "due": day(when)}) for when in (0, 1))
    settle(rabat, paris)
    check(not item(paris, case, late)["clocks"] and "due " not in paris.ask("case", "items", case, "--item", "task"), "due unaccepted")
    for task in (done, late):
        sends(paris, case, "task_accept", {"task": task})
    settle(rabat, paris)
    for node in (rabat, paris):
        clock = item(node, case, late)["clocks"][0]
        check((clock["party"], clock["due"], clock["running"]) == ("paris", midnight(2), True), clock)
    check(paris.json("case", "list", "--by", "deadline")[0]["due"] == midnight(1), "the list of who owes it lacks it")
    check(rabat.json("case", "list", "--by", "deadline")[0]["due"] != midnight(1), "what another owes is in our list")
    check("due " + day(1) in paris.ask("case", "items", case, "--item", "task"), "no deadline in the table")
    sends(paris, case, "task_done", {"task": done})
    settle(rabat, paris)
    check(all(item(node, case, done)["clocks"][0]["stopped"] for node in (rabat, paris)), "done, and still due")
    for node in (rabat, paris):
        sends(node, case, "log")
        sends(node, case, "decision")
    exhibit = sends(rabat, case, "exhibit")
    settle(rabat, paris)
    for node, type_, becomes in ((rabat, "exhibit_hand_over", "in_transfer"), (paris, "exhibit_receive", "held")):
        sends(node, case, type_, {"exhibit": exhibit})
        settle(rabat, paris)
        check(item(rabat, case, exhibit)["state"] == becomes, type_)
    ok("tasks are due, once accepted, by their own day where they are owed; log, decisions and an exhibit from hand to hand")
    return late


def extended(rabat, paris, seconds, case):
    for node, to in ((rabat, 5), (paris, 6)):
        node.refuses(6, *sent(node, case, "extend", {"from": day(0), "to": day(to)}), says=("ends on " + midnight(5), midnight(to + 1)))
    released(paris, seconds[1], case, "extend", {"from": day(0), "to": day(3)})
    settle(rabat, paris)
    check(rabat.json("case", "show", case)["to"] == midnight(2), "extended by one alone")
    released(rabat, seconds[0], case, "extend", {"from": day(0), "to": day(2)})
    settle(rabat, paris)
    for node in (rabat, paris):
        check(node.json("case", "show", case)["to"] == midnight(3), "not what both said")
    explain = ("law", "explain", "operation", "decision", "--to", "paris")
    told = rabat.ask(*explain, "--case", case)
    check("7" in told and told == rabat.ask(*explain, "--case", case, "--purpose", "drugs"), told)
    rabat.refuses(1, *explain, "--case", case, "--purpose", "terrorism", says="that of the case is drugs")
    rabat.refuses(2, *explain, says=("--purpose", "--case"))
    ok("both extend it, to what both said and no further than the agreement lasts")


def over(rabat, paris, case, late):
    later = programs_at("later", DAYS_LATER * 86400)
    rabat.stop()
    rabat.start(later)
    sends(paris, case, "decision")  # by a clock that is behind
    settle(rabat, paris)
    faults = [leaf for leaf in rabat.leaves() if leaf["act"] == "fault"]
    check(faults and "the period of this case ended on " + midnight(3) in faults[-1]["reason"], "no fault:", faults)
    sends(rabat, case, "log")
    settle(rabat, paris)
    check("Date not to be relied on: after it came here" in paris.ask("case", "show", case), "a time to come is not shown")
    paris.stop()
    paris.start(later)
    for node in (rabat, paris):
        for type_, more in (("decision", {}), ("task", {"to": "self", "due": day(9)})):
            node.refuses(6, *sent(node, case, type_, more), says=("the period of this case ended on " + midnight(3), "extend it"))
        told = node.wasl("law", "explain", "operation", "decision", "--to", {"rabat": "paris"}.get(node.name, "rabat"), "--purpose",
                         "drugs", "--case", case)
        check("the period of the case has ended" in told.out, told)
        told = [alarm for alarm in node.json("case", "show", case)["alarms"] if alarm.get("item") == late]
        check([alarm["what"] for alarm in told][-1:] == ["overdue"], "the task is overdue and was not told:", told)
    check("OVERDUE" in paris.ask("case", "items", case, "--item", "task"), "no overdue task")
    sends(rabat, case, "suspend")
    sends(paris, case, "log")
    settle(rabat, paris)
    paris.refuses(6, *sent(paris, case, "resume"), says="the period of this case ended")
    ok("after its period a message is refused, and a partner's is put on record; suspending and the log still go")


def closed(rabat, paris, case):
    sends(rabat, case, "close")
    settle(rabat, paris)
    check(state(paris, case) == "suspended", "closed by one alone")
    check(all(clock["name"] != "review" for clock in paris.json("case", "show", case)["clocks"]), "due before both closed it")
    sends(paris, case, "close")
    settle(rabat, paris)
    clocks = {clock["name"]: clock for clock in paris.json("case", "show", case)["clocks"]}
    check(state(rabat, case) == "closed" and clocks["review"]["running"], "no review after closing:", clocks)
    check(not any(clock["running"] for one in rabat.json("case", "items", case)["items"] for clock in one["clocks"]), "still due")
    for node in (paris, rabat):  # also who closed it last
        check(state(rabat, case) == "closed", "one evaluation takes the other's place")
        sends(node, case, "evaluate")
        node.refuses(6, *sent(node, case, "evaluate"), says="evaluate: ")
        settle(rabat, paris)
    check(state(rabat, case) == state(paris, case) == "evaluated", "not evaluated")
    same_cases(rabat, paris)
    for node in (rabat, paris):
        node.sound()
    phase = next(one["id"] for one in rabat.json("case", "items", case)["items"] if one["item"] == "phase")
    sends(paris, case, "phase_end", {"phase": phase})
    settle(rabat, paris)
    check(item(rabat, case, phase)["state"] == "ended", "the phase runs on for ever")
    same_cases(rabat, paris)
    ok("both close it, which ends what was due and opens the evaluation; both nodes tell the same")


def story():
    os.chmod(path(), 0o755)
    rabat, paris = started_both()
    seconds = [second(node) for node in (rabat, paris)]
    case = begun(rabat, paris)
    activated(rabat, paris, seconds, case)
    late = worked(rabat, paris, case)
    extended(rabat, paris, seconds, case)
    over(rabat, paris, case, late)
    closed(rabat, paris, case)


run(story)
