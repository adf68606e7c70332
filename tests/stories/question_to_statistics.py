#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""One question from its first word to the published number: asked, clarified while the clock pauses, answered after seven days and yet in
time, closed; counted alike by who asked and who was asked; told by evidence alone, without a node; published without the counts that could
point at somebody.

Broken variants: tests/checks/stories_broken (a pause that moves no deadline, a clock that a clarification does not start again)."""
import csv
import io
import json
import os
from datetime import datetime, timedelta, timezone

from story import check, complaint, must, nodes, ok, path, programs_at, read, run, settle, started, wasl, write

DAY = 86400
LIMIT = timedelta(days=7)
MARK = "Zéphyr-7 · زفير"


def moment(text):
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)


def at_day(day, *known):
    programs = programs_at(f"day{day}", day * DAY)
    for node in known:
        node.stop()
    for node in known:
        node.launch(programs)
    for node in known:
        node.serves()


def send(node, case, kind_of_message, **fields):
    form = {**json.loads(node.ask("kind", "example", "request", kind_of_message)), **fields}
    sent = node.id("case", "send", case, kind_of_message, "--fields", write("form.json", json.dumps(form)))
    settle(*nodes)
    return sent


def clock(node, case):
    return node.json("case", "show", case)["clocks"][0]


def asked_and_answered(rabat, paris):
    """Gives the case and the messages that its time limit depends on."""
    case = rabat.request("paris", subject=MARK, question=MARK)
    settle(rabat, paris)
    first = clock(rabat, case)
    check(moment(first["due"]) - moment(first["receipt"]) == LIMIT and first == clock(paris, case), first, clock(paris, case))
    unclear = send(paris, case, "clarify", ground="scope_too_wide")
    paused = clock(rabat, case)
    check(paused["paused"] and paused["ground"] == "scope_too_wide" and clock(paris, case)["paused"], paused)
    ok("asked: due seven days after the receipt at both; unclear: the clock stands still at both, on a ground")
    at_day(3, rabat, paris)
    clear = send(rabat, case, "clarification", answer=MARK)
    moved = clock(paris, case)
    pause = moment(moved["due"]) - moment(first["due"])
    check(moved["running"] and not moved["paused"] and timedelta(days=3) <= pause < timedelta(days=3, minutes=10), moved)
    check(clock(rabat, case)["due"] == moved["due"], "both sides differ:", moved, clock(rabat, case))
    at_day(8, rabat, paris)
    check(paris.json("node", "status")["overdue"] == 0, "overdue although it was paused")
    answer = send(paris, case, "answer", answer=MARK)
    ended = clock(rabat, case)
    check(ended["stopped"] and not ended["overdue"] and ended == clock(paris, case), ended, clock(paris, case))
    send(rabat, case, "close")
    check({node.cases()[case] for node in (rabat, paris)} == {"closed"}, "not closed at both")
    ok(f"clarified, it is due {pause} later; answered on the eighth day, it was in time; closed at both")
    return case, (case, unclear, clear, answer), ended


def requests_of(node, *words):
    """What a node counts of requests, without whose view it is: {(limit, measure, detail): count}"""
    counted = {}
    for cell in node.json("statistics", *words)["cells"]:
        if cell["section"] == "requests":
            key = cell.get("limit", ""), cell["measure"], cell.get("detail", "")
            counted[key] = counted.get(key, 0) + cell["count"]
    return counted


def by_evidence(rabat, messages, ended):
    """The times that decide, from four files and two cards: no node runs any more."""
    cards, times = [word for node in nodes for word in ("--card", node.card())], []
    for message in messages:
        rabat.ask("proof", "export", message, "-o", path(f"{message}.wasl-proof"))
    for node in nodes:
        node.stop()
    for message in messages:
        shown = json.loads(must(wasl("proof", "verify", path(f"{message}.wasl-proof"), *cards, "--json")).out)
        receiver, = shown["receivers"]
        check(shown["verified"] and shown["message"] == message and shown["author"]["confirmed"] and receiver["confirmed"], shown)
        times.append(moment(receiver["received"]["time"]))
    question, unclear, clear, answer = times
    check(answer - question > LIMIT and answer - question - (clear - unclear) < LIMIT, "not in time by the evidence:", times)
    due = question + LIMIT + (clear - unclear)
    check(due == moment(ended["due"]), "the evidence gives another time limit:", due, ended)
    torn = bytearray(read(path(f"{messages[3]}.wasl-proof")))
    torn[len(torn) // 2] ^= 1
    complaint(wasl("proof", "verify", write("torn.wasl-proof", bytes(torn)), *cards), 7)
    ok("four files of evidence alone give the same time limit, and that it was kept; one with a bit changed does not verify")


def published(node, year, direction):
    made = node.json("statistics", "--publish", year)
    text = must(node.wasl("statistics", "--publish", year)).out
    table = must(node.wasl("statistics", "--publish", year, "--csv")).out
    check(all(cell["count"] is None or cell["count"] >= made["least"] for cell in made["cells"]), made["cells"])
    whole = [cell for cell in made["cells"] if cell["measure"] == "requests" and not {"partner", "month", "limit"} & set(cell)]
    check([(cell["direction"], cell["count"]) for cell in whole] == [(direction, 6)], whole)
    details = [cell for cell in made["cells"] if cell["section"] == "requests" and cell.get("detail", "").startswith(("answer", "refuse"))]
    check(all(cell["count"] is None for cell in details), "six less five is one:", details)
    check({line["count"] for line in csv.DictReader(io.StringIO(table, newline="")) if line["measure"] in ("pauses", "clarified")} <= {":c"},
          table)
    for told in (json.dumps(made, ensure_ascii=False), text, table):
        check(MARK not in told and "Zéphyr" not in told, "content in a published table:", told)
    return {tuple(cell.get(column, "") for column in ("kind", "clock", "limit", "measure", "detail")): cell["count"] for cell in made["cells"]
            if cell["section"] == "requests" and "partner" not in cell and "month" not in cell}


def story():
    os.chmod(path(), 0o755)
    rabat, paris = started("rabat", "paris")
    year = rabat.api("/v1/register/leaves/0")[0]["leaf"].split('"time":"')[1][:4]
    others = [rabat.request("paris") for _ in range(5)]
    settle(rabat, paris)
    for case in others[1:]:
        send(paris, case, "answer")
    send(paris, others[0], "refuse", ground="no_competence")
    case, messages, ended = asked_and_answered(rabat, paris)
    asker, asked = requests_of(rabat, "--partner", "paris"), requests_of(paris, "--partner", "rabat")
    check(asker == asked, "both sides count otherwise:", asker, asked)
    check(asker == {("normal", "requests", ""): 6, ("normal", "in_time", "answer"): 5, ("normal", "in_time", "refuse/no_competence"): 1,
                    ("normal", "pauses", "clarify/scope_too_wide"): 1, ("normal", "clarified", ""): 1}, asker)
    ok("both sides count the same: in time, paused once on its ground, clarified, none late")
    by_evidence(rabat, messages, ended)
    programs = programs_at("next-year", 420 * DAY)
    for node in (rabat, paris):
        node.start(programs)
    tables = [published(rabat, year, "sent"), published(paris, year, "received")]
    check(tables[0] == tables[1], "both publish otherwise:", *tables)
    ok("the year is published alike by both: six requests, and none of the counts that are one")
    for node in (rabat, paris):
        check(node.cases()[case] == "closed", "the case is another one now")
        node.sound()


run(story)
