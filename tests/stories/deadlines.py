#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Deadlines: a list by deadline in the time zones of both sides, a pause only on a ground, and what is due soon or overdue
told once, never hidden, whatever is asked for and however often a node starts; and what ended late stays late.

Broken variants: tests/checks/stories_broken (what was told is forgotten)."""
import os
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from story import check, ok, path, programs_at, run, settle, started

HOUR = 3600


def moment(text):
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)


def at_hour(hour, *nodes):
    """All go on so many hours later than now."""
    programs = programs_at(f"later{hour}", hour * HOUR)
    for node in nodes:
        node.stop()
        node.start(programs)


def alarms(node, case):
    return [(alarm["what"], alarm["leaf"]) for alarm in node.json("case", "show", case)["alarms"]]


def story():
    os.chmod(path(), 0o755)
    rabat, paris = started("rabat", "paris")
    rabat.ask("node", "zone", "Africa/Casablanca")
    rabat.ask("partner", "zone", "paris", "Europe/Paris")
    rabat.refuses(1, "node", "zone", "Africa/Atlantis", says="no time zone")
    case, slow = rabat.request("paris", urgency="urgent_direct"), rabat.request("paris")
    settle(rabat, paris)
    listed = rabat.json("case", "list", "--by", "deadline")
    check([row["id"] for row in listed[:2]] == [case, slow], "not by deadline:", listed)
    due = moment(listed[0]["due"])
    check(due - moment(listed[0]["clocks"][0]["receipt"]) == timedelta(hours=8), listed[0])
    text = rabat.ask("case", "show", case)
    for zone in ("Africa/Casablanca", "Europe/Paris"):
        local = due.astimezone(ZoneInfo(zone))
        off = f"{local:%z}"
        check(f"{local:%Y-%m-%d %H:%M:%S} {off[:3]}:{off[3:]} {zone}" in text, zone, text)
    ok("cases by deadline, 8 hours after the receipt, in the time zones of both sides")
    paris.refuses(1, "case", "send", slow, "clarify", "--field", "question=?", says="ground")
    paris.ask("case", "send", slow, "clarify", "--field", "question=?", "--field", "ground=scope_too_wide")
    settle(paris, rabat)
    clock = rabat.json("case", "show", slow)["clocks"][0]
    check(clock["paused"] and clock["ground"] == "scope_too_wide" and clock["paused_by"] == "paris", clock)
    check(moment(clock["paused_since"]) < moment(clock["due"]), clock)
    text = rabat.ask("case", "show", slow)
    check("too wide" in text and "paused since 20" in text, "the ground, or since when, is not shown", text)
    done = rabat.request("paris")
    rabat.ask("case", "send", done, "withdraw")
    settle(rabat, paris)
    for node in (rabat, paris):
        listed = [row["id"] for row in node.json("case", "list", "--by", "deadline")]
        check(listed[:2] == [case, slow] and done in listed, "running, paused, ended:", listed)
    ok("a clock is paused on a ground of the kind alone, which is shown with who paused it and since when; it is listed before what has ended")
    check(alarms(rabat, case) == [], alarms(rabat, case))
    at_hour(7, rabat, paris)
    soon = alarms(rabat, case)
    check([what for what, _ in soon] == ["soon"] and rabat.json("node", "status")["overdue"] == 0, soon)
    at_hour(9, rabat, paris)
    late = alarms(rabat, case)
    check(late == soon + [("overdue", late[-1][1])], late)
    for node in (rabat, paris):
        node.stop()
        node.start(path("later9"))
    check(alarms(rabat, case) == late, "told once more:", alarms(rabat, case), late)
    told = [leaf for leaf in rabat.leaves() if leaf["act"] == "deadline"]
    check([leaf["index"] for leaf in told] == [leaf for _, leaf in late], told)
    check([leaf["reason"].split()[0] for leaf in told] == ["soon", "overdue"], told)
    ok("what is due soon and what is overdue is a leaf, once, also over starts of the node")
    check(rabat.json("node", "status")["overdue"] == 1 and paris.json("node", "status")["overdue"] == 1, "status")
    check("wasl case list --by deadline" in rabat.ask("node", "status"), "what to do next is not said")
    first = rabat.ask("case", "list", "--by", "deadline", "--limit", "1")
    check("OVERDUE" in first and "not shown" not in first and "--after" in first, first)
    rest = rabat.ask("case", "list", "--by", "deadline", "--after", first.split("--after ")[1].split()[0])
    check(case not in rest and slow in rest and "not shown here: 1" in rest, rest)
    for words in (("--state", "clarifying"), ("--kind", "agreement"), ("--limit", "1", "--kind", "agreement")):
        check("not shown here: 1" in rabat.ask("case", "list", *words), words)
    ok("no filter, limit or page hides what is overdue")
    paris.ask("case", "send", case, "answer", "--field", "answer=oui")
    settle(paris, rabat)
    check(rabat.json("node", "status")["overdue"] == 0, "still overdue")
    check("not shown" not in rabat.ask("case", "list", "--state", "clarifying"), "answered, and yet hidden")
    over = rabat.request("paris", urgency="urgent_direct")
    settle(rabat, paris)
    at_hour(18, rabat, paris)
    rabat.ask("case", "send", over, "withdraw")
    settle(rabat, paris)
    for node in (rabat, paris):
        for one in (case, over):
            clock = node.json("case", "show", one)["clocks"][0]
            late = moment(clock["ended"]) - moment(clock["due"])
            check(clock["stopped"] and clock["late_seconds"] == late.total_seconds() >= HOUR - 60, node.name, clock)
            for words in (("show", one), ("list",)):
                check("stopped, late by 1 h" in node.ask("case", *words), node.name, words)
        lates = [cell for cell in node.json("statistics")["cells"] if cell["measure"] == "late"]
        check({cell["detail"] for cell in lates} == {"answer", "withdraw"}, node.name, lates)
    ok("what ended too late stays told as that on both sides, and is counted so, also when its opener withdrew it")
    for node in (rabat, paris):
        node.sound()
    ok("answered late, it is overdue no more, and what was told stays in the register")


run(story)
