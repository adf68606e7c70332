#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Statistics: what a node counts of its register is what anybody counts who reads its leaves and cases; a year that is over is
published without its small counts, and never twice in two ways.

Broken variants: tests/checks/mutants_rules (law's counting), tests/checks/exchange_broken (core's)."""
import collections
import csv
import datetime
import io
import json
import os

from story import Node, agree, check, introduce, must, ok, path, programs_at, run, settle

COLUMNS = ("section", "direction", "partner", "month", "kind", "clock", "limit", "measure", "detail")
LENGTHS = {"urgent_direct": 8 * 3600, "urgent_indirect": 3 * 86400, "normal": 7 * 86400}
STOPS, RESUMES = ("answer", "refuse", "withdraw", "close"), ("clarification", "partial_answer")


def seconds(text):
    return int(datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%S%z").timestamp())


def send(node, case, kind_of_message, *words):
    """With the fields of the kind's own example, but for these."""
    file = path("fields.json")
    with open(file, "w", encoding="utf-8") as out:
        out.write(node.ask("kind", "example", "request", kind_of_message))
    return node.id("case", "send", case, kind_of_message, "--fields", file, *words)


# --- the same counted from `register show` and `case show`, by other rules of the same law

class Recount:
    def __init__(self, node, made, others):
        self.node, self.made, self.cells = node, made, collections.Counter()
        self.names = {other["origin"]: other["name"] for other in made["partners"]}
        self.us = made["register"]["origin"]
        self.messages, self.cases, self.late = {}, {}, collections.defaultdict(list)
        size = made["register"]["size"]
        leaves = node.api(*(f"/v1/register/leaves/{i}" for i in range(size)))
        for case in node.stories():
            self.cases[case["id"]] = case
            for message in case["messages"]:
                self.messages[message["id"]] = (case, message)
        check(len(self.names) == others, self.names)
        for leaf in leaves:
            self.leaf(json.loads(leaf["leaf"]), leaf["opening"])
        for row, lates in self.late.items():
            lates.sort()
            self.cells[row + ("late_median", "")] = lates[(len(lates) - 1) // 2]
            self.cells[row + ("late_longest", "")] = lates[-1]

    def leaf(self, leaf, opening):
        act, month = leaf["act"], leaf["time"][:7]
        partner = next((self.names[opening[end]] for end in ("to", "from") if opening.get(end) in self.names), "")
        case, message = self.messages.get(opening.get("message"), (None, None))
        kind, detail = case["kind"] if case else "", ""
        if act == "denied":
            kind, detail = opening["subject"].split("/")[0], opening["subject"]
        if act in ("refused", "fault"):
            detail = opening["reason"].split(":")[0]
        self.cells["acts", "", partner, month, kind, "", "", act, detail] += 1
        if act not in ("sent", "received"):
            return
        self.cells["messages", act, partner, month, kind, "", "", act, message["type"]] += 1
        delivery = next((d for d in message["deliveries"] if d["to"] == partner), None)
        if act == "sent":
            self.cells["messages", act, partner, month, kind, "", "", delivery["state"], ""] += 1
        if message["type"] == "ask":
            self.request(("requests", act, partner, month, kind, "answer", message["fields"]["urgency"]), case, message,
                         self.node.name if act == "received" else partner, partner, delivery)

    def received(self, message, other):
        if message["arrival"] is not None:
            return message["arrival"]["received"]
        return next((d["received"] for d in message["deliveries"] if d["to"] == other), None)

    def request(self, row, case, ask, asked, other, delivery):
        self.cells[row + ("requests", "")] += 1
        began = self.received(ask, other)
        if began is None:
            self.cells[row + ("not_received", delivery["state"])] += 1
            return
        due, paused, clarified = seconds(began) + LENGTHS[ask["fields"]["urgency"]], None, False
        for message in case["messages"]:
            at = self.received(message, other)
            if not message["effective"] or message["author"] not in (ask["author"], asked) or at is None:
                continue
            name = "/".join([message["type"], *filter(None, [message["fields"].get("ground")])])
            if message["type"] in STOPS:
                late = 0 if paused is not None else seconds(at) - due
                how = "late" if late > 0 else "ended_by_asker" if message["author"] == ask["author"] else "in_time"
                self.cells[row + (how, name)] += 1
                if how == "late":
                    self.late[row].append(late)
                break
            if message["type"] == "clarify" and paused is None:
                paused, clarified = seconds(at), True
                self.cells[row + ("pauses", name)] += 1
            elif message["type"] in RESUMES and paused is not None:
                due, paused = due + max(0, seconds(at) - paused), None
        else:
            how = "paused" if paused is not None else "overdue" if due < seconds(self.made["at"]) else "running"
            self.cells[row + (how, "")] += 1
        if clarified:
            self.cells[row + ("clarified", "")] += 1


def cells_of(made):
    return {tuple(cell.get(column, "") for column in COLUMNS): cell["count"] for cell in made["cells"]}


def same(node, others):
    made = node.json("statistics")
    told, counted = cells_of(made), dict(Recount(node, made, others).cells)
    differ = {key: (told.get(key), counted.get(key)) for key in told.keys() | counted.keys()
              if told.get(key) != counted.get(key)}
    check(not differ, node.name, "counts otherwise (told, counted again):", differ)
    check(sum(count for key, count in told.items() if key[0] == "acts") == made["register"]["size"], "leaves left out")
    return told


def total(cells, measure, detail=None):
    return sum(count for key, count in cells.items()
               if key[0] == "requests" and key[7] == measure and detail in (None, key[8]))


def story():
    os.chmod(path(), 0o755)
    rabat, paris, madrid = Node("rabat"), Node("paris"), Node("madrid")
    for node in (rabat, paris, madrid):
        node.launch()
    for node in (rabat, paris, madrid):
        node.serves()
    introduce(rabat, paris, madrid)
    rabat.refuses(6, *rabat.request_words("paris"))  # no agreement yet
    agree(rabat, paris, madrid)
    both = rabat.request((paris, madrid), urgency="urgent_direct")
    answered, refused, asked, withdrawn = (rabat.request("paris") for _ in range(4))
    late = rabat.request("paris", urgency="urgent_direct")
    settle(rabat, paris, madrid)
    send(paris, answered, "answer")
    send(paris, refused, "refuse", "--field", "ground=no_competence")
    send(paris, asked, "clarify")
    send(madrid, both, "answer")
    rabat.id("case", "send", withdrawn, "withdraw")
    settle(rabat, paris, madrid)
    for node in (rabat, paris):  # nine hours later
        node.stop()
    for node, name in ((rabat, "r"), (paris, "p")):
        node.start(programs_at(f"later-{name}", 9 * 3600))
    send(rabat, asked, "clarification")
    settle(rabat)
    send(paris, late, "answer")
    settle(paris)
    madrid.stop()
    rabat.request("madrid")
    rabat.ask("outbox", "end", rabat.request("madrid"), "--reason", "asked by telephone")
    told = same(rabat, 2)
    check(total(told, "requests") == 9 and total(told, "in_time") == 3 and total(told, "late", "answer") == 1, told)
    check(total(told, "in_time", "refuse/no_competence") == 1 and total(told, "ended_by_asker") == 1, told)
    check(total(told, "clarified") == 1 and total(told, "overdue") == 1 and total(told, "running") == 1, told)
    check(total(told, "not_received", "waiting") == 1 and total(told, "not_received", "ended") == 1, told)
    check(3000 < total(told, "late_longest") < 4800, told)
    check(sum(count for key, count in told.items() if key[7] == "voided") == 1, "a number given up is not counted:", told)
    check(total(same(paris, 2), "requests") == 6, "the asked side counts its own")
    ok("both sides' numbers are those that others count from leaves and cases, by asked party, with grounds and lateness")
    lines = list(csv.DictReader(io.StringIO(rabat.wasl("statistics", "--partner", "madrid", "--csv").out, newline="")))
    check({line["partner"] for line in lines} == {"madrid"} and sum(int(line["count"]) for line in lines
                                                                    if line["measure"] == "requests") == 3, lines)
    arabic = must(rabat.wasl("statistics", "--kind", "request", env={**os.environ, "LC_ALL": "ar_MA.UTF-8"})).out
    check("أجيب عنها في الأجل" in arabic and "عدم الاختصاص" in arabic, arabic)
    acts = {cell["measure"] for cell in rabat.json("statistics")["cells"] if cell["section"] == "acts"}
    for language in ("ar", "fr", "es", "pt"):  # acts in the reader's words, not by the names that leaves have
        said = must(rabat.wasl("statistics", env={**os.environ, "LC_ALL": f"{language}.UTF-8"})).out
        check("written" in acts and not [act for act in acts if f"    {act}:" in said or f"    {act} " in said], language, acts, said)
    rabat.refuses(2, "statistics", "--csv", "--json", says="not both")
    rabat.refuses(1, "statistics", "--from", "yesterday", says="YYYY-MM-DD")
    rabat.refuses(5, "statistics", "--partner", "nobody", says="no partner")
    ok("as CSV, and in Arabic with the kind's own words")
    published(rabat)


def published(rabat):
    year = rabat.api("/v1/register/leaves/0")[0]["leaf"].split('"time":"')[1][:4]
    rabat.refuses(6, "statistics", "--publish", year, says="can be published from")
    rabat.refuses(1, "statistics", "--publish", year, "--partner", "paris", says="computed from the other")
    rabat.stop()
    rabat.start(programs_at("next-year", 400 * 86400))
    made = rabat.json("statistics", "--publish", year)
    check(all(cell["count"] is None or cell["count"] >= 5 for cell in made["cells"]), made["cells"])
    text = must(rabat.wasl("statistics", "--publish", year)).out
    check("withheld" in text and ",:c\r\n" in must(rabat.wasl("statistics", "--publish", year, "--csv")).out, text)
    check([cell["count"] for cell in made["cells"] if cell["measure"] == "requests" and "limit" not in cell
           and "partner" not in cell and "month" not in cell] == [9], made["cells"])
    ok("a year that is over: its total, none of its small counts")
    nothing_else(rabat, year, made, text)


def outside(value, path=""):
    """Each number, and each text as long as a hash, that stands outside the cells."""
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, member in members:
        if key != "cells":
            yield from outside(member, f"{path}.{key}")
    if isinstance(value, int) and not isinstance(value, bool) or isinstance(value, str) and len(value) >= 40:
        yield path, value


def nothing_else(node, year, made, text):
    """All leaves of a year less the acts shown are the acts hidden: no member says how many leaves there are."""
    check(dict(outside(made)) == {".published": int(year), ".least": 5}, "outside the cells:", dict(outside(made)))
    check(set(made) == {"done", "from", "to", "at", "published", "least", "register", "cells"}, sorted(made))
    check(set(made["register"]) == {"origin"}, made["register"])
    whole = node.json("statistics", "--from", f"{year}-01-01", "--to", f"{year}-12-31")
    check(whole["register"]["leaves"] > 10 and whole["register"]["root"][:12] not in text, "the text names the head:", text)
    node.ask("case", "show", next(iter(node.cases())))  # a leaf more
    check(node.json("statistics")["register"]["size"] > whole["register"]["size"], "no leaf was added")
    check(node.json("statistics", "--publish", year) == made, "another answer about the same year")
    ok("no other member says how many leaves there are, and the whole answer is the same for whoever asks")


run(story)
