#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A missing person is traced between Rabat and Madrid, for the family and for nobody else: the record with its consent and its end, what is
found, the family told. And the wall around it is tried from each side: each attempt gets one plain sentence, or finds nothing.

Broken variants: tests/checks/exchange_broken (unit/core_lane)."""
import datetime
import json
import os

from story import Node, agree, check, introduce, must, ok, path, run, settle, write

ROW = {"types": ["*"], "purposes": ["*"], "direction": "both", "personal": "special"}
SECRET = "آخر اتصال هاتفي قبل الإبحار"
DIVIDED = ("never joined with anything else",)


def person(node, name, *words):
    node.ask("person", "add", name, "--name", name.title(), "--roles", "liaison,supervisor,auditor", *words)
    made = must(node.wasl("token", "make", name, "--label", "story", "--days", "3"))
    return {"env": {**os.environ, "WASL_TOKEN_FILE": write(f"{node.name}-{name}.token", made.out)}}


def traced(rabat, madrid):
    """From the record of a missing person to the family that is told."""
    form = json.loads(rabat.ask("kind", "example", "tracing"))
    check(form["search_by_partner"] is True and form["keep_until"] and form["record_id"], form)
    form["last_seen"] = SECRET
    rabat.refuses(1, "case", "open", "tracing", "--to", "madrid", "--fields",
                  write("none.json", json.dumps({**form, "search_by_partner": False})), says="$.search_by_partner")
    rabat.refuses(1, "case", "open", "tracing", "--to", "madrid", "--fields",
                  write("none.json", json.dumps({k: v for k, v in form.items() if k != "keep_until"})), says="$.keep_until")
    case = rabat.id("case", "open", "tracing", "--to", "madrid", "--fields", write("seek.json", json.dumps(form)))
    settle(rabat, madrid)
    for type_ in ("note", "found"):
        madrid.ask("case", "send", case, type_, "--fields", write("form.json", madrid.ask("kind", "example", "tracing", type_)))
        settle(rabat, madrid)
    shown = rabat.json("case", "show", case)
    check(shown["state"] == "found" and shown["messages"][-1]["type"] == "found", shown["state"])
    check(SECRET in json.dumps(madrid.json("case", "show", case), ensure_ascii=False), "the record did not come")
    rabat.ask("case", "send", case, "close", "--field", "note=أُخبرت الأسرة. La famille est informée.")
    settle(rabat, madrid)
    check(madrid.json("case", "show", case)["state"] == "closed", "madrid")
    return case


def counted(rabat, madrid):
    """Counts of a period are said once: no second table of it tells by its difference what the first one hides."""
    case = rabat.id("case", "open", "migration_group", "--to", "madrid",
                    "--fields", write("group.json", rabat.ask("kind", "example", "migration_group")))
    form = json.loads(rabat.ask("kind", "example", "migration_group", "statistics"))
    rabat.ask("case", "send", case, "statistics", "--fields", write("counts.json", json.dumps(form)))
    settle(rabat, madrid)
    said = rabat.json("case", "show", case)["messages"][-1]["id"]
    again = {**form, "from": form["to"], "to": str(datetime.date.fromisoformat(form["to"]) + datetime.timedelta(27))}
    for node, fields in (rabat, form), (madrid, again):
        node.refuses(6, "case", "send", case, "statistics", "--fields", write("counts.json", json.dumps(fields)),
                     says=f"its period overlaps with that of {said[:12]}…, from {form['from']} to {form['to']}")


def reviewed(rabat, accords, lina, hana):
    """The rows are law, which both read; what they were used for, and what was refused, each learns of his own side."""
    for who, kind, untold in (lina, "request", [[], ["2"]]), (hana, "tracing", [["1"], []]):
        for accord, row, rows in zip(accords, ("1", "2"), untold):
            review = json.loads(must(rabat.wasl("agreement", "review", accord, "--json", **who)).out)
            check([one["id"] for one in review["rows"]] == [row] and review["untold"] == rows, review)
            check([one["clause"] for one in review["used"]] == ([] if rows else [f"{accord}/{row}"]), review["used"])
            check(all(f"kind {kind}," in one["wanted"] for one in review["refused"]), kind, review["refused"])
            told = must(rabat.wasl("agreement", "review", accord, **who)).out
            check(("use not told" in told) == bool(rows) and ("kind tracing" in told) == (who is hana), told)


def ids(answer):
    return [row["id"] for row in json.loads(must(answer).out)]


def story():
    rabat, madrid = Node("rabat"), Node("madrid")
    for node in (rabat, madrid):
        node.launch()
    for node in (rabat, madrid):
        node.serves()
    introduce(rabat, madrid)
    terms = json.loads(rabat.ask("kind", "example", "agreement"))
    accords = [agree(rabat, madrid, terms={**terms, "rows": [{"id": "1", "kind": "*", **ROW}]})]
    seek = write("seek.json", rabat.ask("kind", "example", "tracing"))
    rabat.refuses(6, "case", "open", "tracing", "--to", "madrid", "--fields", seek, says="kind tracing")
    ok("a row about all kinds is not about what is humanitarian")
    accords.append(agree(rabat, madrid, terms={**terms, "rows": [{"id": "2", "kind": "tracing", **ROW}]}))
    case = traced(rabat, madrid)
    ok("a missing person is sought with the family's consent, found, the family told")

    request = rabat.request("madrid", question="Connu ?")
    settle(rabat, madrid)
    rabat.refuses(6, "message", "pass-on", case, "--to", "madrid", "--field", "subject=s", "--field", "purpose=drugs", says=DIVIDED)
    form = json.loads(rabat.ask("kind", "example", "crisis"))
    rabat.refuses(6, "case", "open", "crisis", "--to", "madrid", "--fields",
                  write("crisis.json", json.dumps({**form, "linked": case})), says=DIVIDED)
    ok("it is not passed on, and no case of another kind names it")

    lists = rabat.wasl("case", "list", "--json"), rabat.wasl("case", "list", "--lane", "humanitarian", "--json")
    check(request in ids(lists[0]) and case not in ids(lists[0]), lists[0])
    check(ids(lists[1]) == [case], lists[1])
    for lane, kind in ((), "request"), (("--lane", "humanitarian"), "tracing"):
        kinds = {cell["kind"] for cell in rabat.json("statistics", *lane)["cells"] if cell.get("kind")} - {"agreement"}
        check(kinds == {kind}, lane, kinds)
    rabat.refuses(1, "events", "--count", "1", "--lane", "x" * 17, says="lane: enforcement, humanitarian or civil")
    ok("one list and one table show one side")

    agree(rabat, madrid, terms={**terms, "rows": [{"id": "3", "kind": "migration_group", **ROW}]})
    counted(rabat, madrid)
    ok("counts of a period are said once, by whichever party")

    said = must(rabat.wasl("person", "add", "aude", "--name", "Aude", "--roles", "auditor")).err
    check("sees nothing of the other side" in said and ": law enforcement, civil" in said and "--lanes humanitarian" in said, said)
    lina, hana = person(rabat, "lina"), person(rabat, "hana", "--lanes", "humanitarian")
    rabat.refuses(6, "person", "add", "both", "--name", "B", "--roles", "integrator", "--lanes", "humanitarian,enforcement",
                  says="nobody works on both sides of the wall")
    rabat.refuses(6, "person", "lanes", "hana", "--lanes", "enforcement", says="stays on his side of the wall")
    check("humanitaire" in must(rabat.wasl("person", "list", env={**os.environ, "LC_ALL": "fr_FR.UTF-8"})).out, "the lane has no French")
    ok("a person, and so a token, is on one side and stays there")

    for who, theirs, others in (lina, request, case), (hana, case, request):
        for words in (("case", "show"), ("message", "show"), ("proof", "export"), ("case", "export"), ("case", "items")):
            more = {"proof": ("-o", os.devnull), "case": (path("out"),)}[words[0]] if "export" in words else ()
            rabat.refuses(5, *words, others, *more, says="here", **who)
        check(theirs in ids(rabat.wasl("case", "list", "--json", **who)), "the own case is not listed")
        check(others not in ids(rabat.wasl("case", "list", "--json", **who)), "the other side is listed")
        rows = json.loads(must(rabat.wasl("outbox", "list", "--json", **who)).out)
        check(others not in json.dumps(rows), "the outbox tells of the other side")
    for words in (("case", "list"), ("statistics",), ("events", "--count", "1")):
        rabat.refuses(6, *words, "--lane", "humanitarian", says="lina works in the lanes enforcement, civil", **lina)
    rabat.refuses(6, "case", "open", "tracing", "--to", "madrid", "--fields", seek, says="is humanitarian", **lina)
    rabat.refuses(6, *rabat.request_words("madrid"), says="is enforcement", **hana)
    told = [json.loads(must(rabat.wasl("register", "show", str(n), "--json", **lina)).out) for n in range(rabat.size())]
    check(any(leaf["hidden"] for leaf in told) and case not in json.dumps(told), "the register tells lina of the case")
    check(not any((leaf["opening"] or {}).get("subject", "").startswith("tracing/") for leaf in told), "it tells her what law refused there")
    reviewed(rabat, accords, lina, hana)
    ok("who works on one side finds nothing of the other: no case, no message, no file, no proof, no leaf")
    for node in (rabat, madrid):
        node.sound()


run(story)
