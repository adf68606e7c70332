#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An emergency transfer: the one way around a missing row. By a named person, on a ground from a closed list, with a reason, told to
the other side, which sees the ground in the leaf that proves the message; with a clock of its own, which a follow-up ends that must be
true; counted, reviewed, and never a way around a suspension, an originator, or a role.

Broken variants: tests/checks/exchange_broken (core/emergency.c, core/build.c, core/ended.c), tests/checks/mutants_rules (law/emergency.c)."""
import json
import os

from story import Node, agree, check, introduce, ok, path, programs_at, run, settle

HOUR = 3600
GROUND = ("--emergency", "vital_interests", "--reason", "Personne en danger de mort. شخص في خطر.")


def words(to, *more):
    return ("case", "open", "information", "--to", to, "--field", "subject=alerte", "--field", "purpose=missing_person",
            "--field", "information=Elle est au port.", "--field", "language=fr", *more)


def acts(node, begin):
    return [leaf["act"] for leaf in node.leaves(begin)]


def emergencies(node):
    return [leaf for leaf in node.leaves() if leaf["act"] == "emergency"]


def refused(rabat, paris):
    for more, says in ((("--emergency", "convenience", "--reason", "x"), "vital_interests, immediate_threat or essential_interests"),
                       (("--emergency", "vital_interests", "--reason", " "), "say the reason")):
        rabat.refuses(1, *words("paris", *more), says=says)
    rabat.refuses(2, *words("paris", "--emergency", "vital_interests"), says="--reason is missing")
    rabat.refuses(2, *words("paris", "--reason", "x"), says="--reason goes with --emergency")
    rabat.refuses(6, "case", "open", "emergency", "--to", "paris", "--field", "message=" + "0" * 64, "--field",
                  "ground=vital_interests", "--field", "officer=x", "--field", "reason=x", says="the node itself writes it")
    rabat.ask("person", "add", "tools", "--name", "Outils", "--roles", "integrator")
    token = rabat.ask("token", "make", "tools", "--label", "outil", "--days", "1").split()[-1]
    before = rabat.size()
    answer = rabat.wasl(*words("paris", *GROUND), env={**os.environ, "WASL_TOKEN": token})
    check(answer.code == 6 and "no program" in answer.err and acts(rabat, before) == [], answer)
    rabat.ask("partner", "suspend", "paris")
    rabat.refuses(6, *words("paris", *GROUND), says="suspended")
    rabat.ask("partner", "resume", "paris")
    settle(rabat, paris)
    ok("no other ground, no reason, a program, a notice by hand, a suspended partner: refused")


def sent(rabat, paris):
    rabat.refuses(6, *words("paris"), says="no row")
    answer = rabat.wasl(*words("paris", *GROUND))
    check(answer.code == 0 and "no row covers it, to: paris" in answer.err and "within 72 hours" in answer.err, answer)
    message = answer.out.strip()
    settle(rabat, paris)
    leaf = [leaf for leaf in rabat.leaves() if leaf["act"] == "sent" and leaf["message"] == message][0]
    check(leaf["clause"] == "emergency/vital_interests", leaf)
    told = emergencies(rabat)[0]
    check((told["message"], told["subject"]) == (message, "vital_interests") and told["actor"], told)
    here = emergencies(paris)[0]
    check((here["message"], here["subject"], here["actor"]) == (message, "vital_interests", "") and
          not [leaf for leaf in paris.leaves() if leaf["act"] == "fault"], paris.leaves())
    shown = paris.json("message", "show", message)["emergency"]
    check(shown["ground"] == "vital_interests" and shown["state"] == "open", shown)
    notice = paris.json("case", "show", shown["case"])
    fields = notice["messages"][0]["fields"]
    check(fields["reason"] == GROUND[3] and fields["officer"] == told["actor"].split()[0] and fields["message"] == message, fields)
    for node in (rabat, paris):
        text = node.ask("message", "show", message)
        check("Emergency transfer, no row covers it: Vital interests of a person" in text, text)
        check("law.emergency" in node.said(), "no line of the log")
        check(node.json("case", "list", "--by", "deadline")[0]["id"] == shown["case"], "not by deadline")
    ok("the clause says it, both registers do, and the other side reads ground, reason and who answers for it")
    return message, shown["case"]


def ordinary(rabat, paris):
    answer = rabat.wasl(*rabat.request_words("paris"), *GROUND)
    check(answer.code == 0 and "a row covers it" in answer.err, answer)
    settle(rabat, paris)
    leaf = [leaf for leaf in rabat.leaves() if leaf["act"] == "sent" and leaf["message"] == answer.out.strip()][0]
    check(leaf["clause"].endswith("/1"), leaf)
    ok("what a row covers goes as any other message, and that is said")


def waits(rabat, paris):
    paris.stop()
    message = rabat.id(*words("paris", *GROUND))
    paris.start()
    settle(rabat, paris)
    check(message in paris.cases(), "law of the hand-over stopped it")
    ok("it is an emergency at the hand-over still")
    return paris.json("message", "show", message)["emergency"]["case"], message


def together(rabat, paris):
    paris.stop()
    message = rabat.id(*words("paris", *GROUND))
    notice = rabat.json("message", "show", message)["emergency"]["case"]
    rabat.refuses(6, "outbox", "end", notice, "--reason", "x", says="wasl outbox end " + message + " ends both")
    rabat.refuses(6, "recall", "open", notice, "--measure", "erase", "--ground", "other", says="not followed up yet")
    rabat.ask("outbox", "end", message, "--reason", "erreur")
    check({row["id"]: row["state"] for row in rabat.json("outbox", "list") if row["id"] in (message, notice)} ==
          {message: "ended", notice: "ended"}, rabat.json("outbox", "list"))
    paris.start()
    settle(rabat, paris)
    check(not {message, notice} & set(paris.cases()), "one of both arrived")
    ok("an emergency and its notice end together, and never the notice alone")


def followed(rabat, paris, message, case, late):
    paris.refuses(6, "emergency", "resolve", case, "--basis", "authority_informed", "--authority", "x", says="only")
    for basis, code, says in (("recalled", 6, "recalled is not so"), ("row_in_force", 6, "row_in_force is not so"),
                              ("authority_informed", 1, "say which authority"), ("forgotten", 1, "basis")):
        rabat.refuses(code, "emergency", "resolve", case, "--basis", basis, says=says)
    for node in (rabat, paris):
        node.refuses(6, "message", "erase", case, "--reason", "x", says="is not erased before")
    rabat.ask("emergency", "resolve", case, "--basis", "authority_informed", "--authority", "Cour d'appel", "--note", "par écrit")
    settle(rabat, paris)
    for node in (rabat, paris):
        shown = node.json("case", "show", case)
        check(shown["state"] == "followed_up" and shown["clocks"][0]["stopped"], shown)
        check(shown["messages"][1]["fields"]["authority"] == "Cour d'appel", shown["messages"][1])
    rabat.ask("recall", "open", message, "--measure", "erase", "--ground", "purpose_ended")
    settle(rabat, paris)
    rabat.refuses(6, "emergency", "resolve", case, "--basis", "recalled", says="paris has not answered yet")
    paris.ask("recall", "answer", paris.json("recall", "list")[0]["id"], "--outcome", "erased")
    settle(rabat, paris)
    rabat.ask("emergency", "resolve", case, "--basis", "recalled")
    ok("a follow-up ends the clock, both sides see it, and it says nothing that is not so")
    programs = programs_at("later", 73 * HOUR)
    for node in (rabat, paris):
        node.stop()
        node.start(programs)
    for node in (rabat, paris):
        alarms = node.json("case", "show", late)["alarms"]
        check([alarm["what"] for alarm in alarms] == ["overdue"], alarms)
        check(node.json("case", "list", "--by", "deadline")[0]["id"] == late, "not first")
    settle(rabat, paris)
    ok("what nobody followed up is overdue at both sides, once, and first in the list")


def counted(rabat, paris, agreement):
    cells = rabat.json("statistics")["cells"]
    number = lambda **key: sum(cell["count"] for cell in cells if all(cell.get(k) == v for k, v in key.items()))
    check(number(section="acts", measure="emergency", detail="vital_interests", partner="paris", kind="information") == 3, cells)
    check(number(section="requests", kind="emergency", direction="sent", measure="overdue") == 1, cells)
    check(number(section="requests", kind="emergency", direction="sent", measure="in_time", partner="paris") == 1, cells)
    review = rabat.json("agreement", "review", agreement)["emergencies"]
    check(len(review) == 1 and review[0]["count"] == 3 and "ground vital_interests, from rabat to paris" in review[0]["sent"], review)
    check("Sent as an emergency, for want of a row" in rabat.ask("agreement", "review", agreement), "not told")
    row = {"id": "1", "kind": "*", "types": ["*"], "purposes": ["*"], "direction": "both"}
    agree(rabat, paris, terms={**json.loads(rabat.ask("kind", "example", "agreement")), "rows": [row]})
    ok("emergencies are counted by partner, kind and ground, in time or late, and the review of the agreement names them")


def story():
    os.chmod(path(), 0o755)
    rabat, paris = (Node(name).launch() for name in ("rabat", "paris"))
    for node in (rabat, paris):
        node.serves()
    introduce(rabat, paris)
    row = {"id": "1", "kind": "request", "types": ["*"], "purposes": ["*"], "direction": "both"}
    agreement = agree(rabat, paris, terms={**json.loads(rabat.ask("kind", "example", "agreement")), "rows": [row]})
    refused(rabat, paris)
    message, case = sent(rabat, paris)
    ordinary(rabat, paris)
    together(rabat, paris)
    late, second = waits(rabat, paris)
    followed(rabat, paris, message, case, late)
    counted(rabat, paris, agreement)
    rabat.ask("emergency", "resolve", late, "--basis", "row_in_force")
    settle(rabat, paris)
    check(paris.json("message", "show", second)["emergency"]["state"] == "followed_up", "not followed up")
    ok("an agreement that covers it now ends it, too, late as it is")


run(story)
