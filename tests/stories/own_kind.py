#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A ministry writes a kind of case of its own, as docs/kinds.md says, and uses it without a new release: added while the node
runs, refused in one sentence by a partner who lacks it or holds another one, exchanged when both have the same file; version 2
beside version 1, whose cases go on; and away again when no case is of it. The larger example, a controlled delivery, goes its way
too, with what docs/kinds.md says is easily meant otherwise.

Broken variants: tests/checks/exchange_broken, those of kindkept.c and kinds.c, at unit/core_kinds."""
import hashlib
import json
import os

from story import ROOT, check, must, ok, read, run, settle, started, wasl, write

EXAMPLE = os.path.join(ROOT, "examples", "kinds", "vehicle_check")
DELIVERY = os.path.join(ROOT, "examples", "kinds", "controlled_delivery")
chefs = {}  # the token of each node's second person
FORM = ("--field", "purpose=organised_crime", "--field", "plate=12345-A-6")


def files(name, version, **changes):
    """The example of docs/kinds.md, with another version and other words."""
    kind, labels = (json.loads(read(EXAMPLE + suffix)) for suffix in (".json", ".labels.json"))
    kind["version"] = labels["version"] = version
    for key, text in changes.items():
        labels["texts"][key]["en"] = text
    file = write(name + ".json", json.dumps(kind, ensure_ascii=False))
    write(name + ".labels.json", json.dumps(labels, ensure_ascii=False))
    return file


def row_of(node, version):
    found = [row for row in node.json("kind", "list") if (row["name"], row["version"]) == ("vehicle_check", version)]
    return found[0] if found else None


def page():
    """The file that the page shows is the file of the example, octet for octet."""
    text = read(os.path.join(ROOT, "docs", "kinds.md")).decode()
    check(text.split("```json\n")[1].split("```")[0].encode() == read(EXAMPLE + ".json"), "docs/kinds.md shows another file")


def written():
    """What a newcomer is told, without a node: all faults at once, what is probably not meant, and labels to fill in."""
    told = must(wasl("kind", "check", EXAMPLE + ".json")).out
    check("sound" in told and "Allowed" not in told, told)
    kind = json.loads(read(EXAMPLE + ".json"))
    kind["types"][0]["fields"][1]["personal"] = "none"
    kind["lists"]["purpose"].pop()
    doubtful = write("doubtful.json", json.dumps(kind))
    found = json.loads(must(wasl("kind", "check", doubtful, EXAMPLE + ".labels.json", "--json"), 1).out)
    check(not found["sound"] and ["code.purpose.other: surplus" in fault for fault in found["faults"]] == [True], found)
    check(any("plate looks like personal data" in doubt for doubt in found["warnings"]) and
          any("lacks other" in doubt for doubt in found["warnings"]), found)
    kind["types"][1]["fields"][0]["type"] = "colour"
    kind["version"] = 0
    del kind["types"][0]["fields"][0]["list"]
    wrong = write("wrong.json", json.dumps(kind))
    answer = wasl("kind", "check", wrong, EXAMPLE + ".labels.json")
    must(answer, 1)
    check(all(place in answer.out for place in ("$.version", "$.types[0].fields[0].list", "$.types[1].fields[0].type")), answer)
    for language, says in (("fr", "type : $.types[0].fields[0].list : manque"), ("ar", "النوع: $.version: القيمة من 1 إلى "),
                           ("es", "tipo: $.types[1].fields[0].type: debe ser una de las "), ("pt", "tipo: $.version: tem de ir de 1 a ")):
        said = wasl("kind", "check", wrong, EXAMPLE + ".labels.json",
                    env={**os.environ, "LC_ALL": f"{language}.UTF-8"})
        check(says in said.out, f"{language}: {said.out}")
    empty = json.loads(must(wasl("kind", "labels", EXAMPLE + ".json")).out)["texts"]
    full = json.loads(read(EXAMPLE + ".labels.json"))["texts"]
    check(empty.keys() == full.keys() and empty["type.ask"]["ar"] == "", empty)
    check(empty["code.purpose.drugs"] == full["code.purpose.drugs"], "the words of a common list are not taken over")
    again = must(wasl("kind", "labels", EXAMPLE + ".json", EXAMPLE + ".labels.json")).out
    check(json.loads(again)["texts"] == full, "what was filled in is not kept")
    ok("all faults of a file at once, what is probably not meant, and labels to fill in")


def story():
    page()
    written()
    rabat, paris = started("rabat", "paris")
    rabat.refuses(5, "case", "open", "vehicle_check", "--to", "paris", *FORM, says="wasl kind list")
    told = rabat.ask("kind", "add", EXAMPLE + ".json")
    digest = hashlib.sha256(read(EXAMPLE + ".json")).hexdigest()
    check(told.startswith(f"vehicle_check 1  {digest}"), told)
    row = row_of(rabat, 1)
    check(row["added"] and row["opens"] and row["hash"] == digest and row["label"]["ar"] == "التحقق من مركبة", row)
    check("vehicle_check" in rabat.ask("kind", "list") and "12345-A-6" in rabat.ask("kind", "example", "vehicle_check"), told)
    shown = rabat.ask("kind", "show", "vehicle_check")
    check("Registration number" in shown and "seen_on: not after today" in shown, shown)
    for kind, said in (("event", ("Owed from: task_accept", "At least: 2 d")), ("hostile", ("Lowest mark: red",)), ("assistance", ("at: not before depart.at",)),
                       ("migration_group", ("(without parts)", "Periods that do not overlap: statistics (from / to)"))):
        shown = rabat.ask("kind", "show", kind)
        check(all(words in shown for words in said), kind, said, shown)
    leaf = [leaf for leaf in rabat.leaves() if leaf["act"] == "kind"]
    check(len(leaf) == 1 and leaf[0]["subject"] == "vehicle_check 1" and leaf[0]["reason"] == "added", leaf)
    ok("a kind of one's own is there at once, and the register says who brought it")

    lacking(rabat, paris, digest)
    both(rabat, paris)
    versions(rabat, paris)
    programs(rabat)
    delivery(rabat, paris)
    for node in (rabat, paris):
        node.sound()
    ok("the registers are sound")


def refusal(node, case):
    settle(node)
    (row,) = [row for row in node.json("outbox", "list") if row["id"] == case]
    check(row["state"] == "refused", row)
    return row["reason"]


def lacking(rabat, paris, digest):
    """The sentence says which hash he knows, and what to do."""
    case = rabat.id("case", "open", "vehicle_check", "--to", "paris", *FORM)
    why = refusal(rabat, case)
    check(digest in why and "no version of the kind vehicle_check" in why and "wasl kind add" in why, why)
    other = write("other.json", read(EXAMPLE + ".json") + b"\n")
    held = paris.json("kind", "add", other, EXAMPLE + ".labels.json")["hash"]
    case = rabat.id("case", "open", "vehicle_check", "--to", "paris", *FORM)
    why = refusal(rabat, case)
    check(digest in why and held in why and "version 1" in why and "wasl kind add" in why, why)
    paris.refuses(1, "kind", "add", EXAMPLE + ".json", says=(held, "higher version"))
    paris.ask("kind", "remove", "vehicle_check")
    check(row_of(paris, 1) is None, "it was not removed")
    ok("a partner without the same file refuses, and says which he has")


def both(rabat, paris):
    paris.ask("kind", "add", EXAMPLE + ".json")
    case = rabat.id("case", "open", "vehicle_check", "--to", "paris", *FORM)
    settle(rabat)
    paris.id("case", "send", case, "answer", "--field", "finding=reported_stolen")
    settle(rabat, paris)
    for node in (rabat, paris):
        shown = node.json("case", "show", case)
        check((shown["state"], shown["kind_version"]) == ("answered", 1), shown)
        check([clock["name"] for clock in shown["clocks"]] == ["answer"] and shown["clocks"][0]["stopped"], shown["clocks"])
    check("Reported stolen" in rabat.ask("case", "show", case), "the labels are not used")
    paris.refuses(1, "kind", "remove", "vehicle_check", "1", says="a case here is of version 1")
    ok("with the same file on both sides a case goes its way, with its clock and its words")


def versions(rabat, paris):
    first = rabat.id("case", "open", "vehicle_check", "--to", "paris", *FORM)
    settle(rabat)
    second = files("two", 2, **{"state.answered": "Dealt with"})
    for node in (rabat, paris):
        node.ask("kind", "add", second)
        check(row_of(node, 2)["opens"] and not row_of(node, 1)["opens"], node.json("kind", "list"))
    later = rabat.id("case", "open", "vehicle_check", "--to", "paris", *FORM)
    settle(rabat)
    for node in (rabat, paris):
        node.stop()
        node.start()
    for case in (first, later):
        paris.id("case", "send", case, "answer", "--field", "finding=nothing_known")
    settle(rabat, paris)
    for node in (rabat, paris):
        shown = [node.json("case", "show", case) for case in (first, later)]
        check([(case["state"], case["kind_version"]) for case in shown] == [("answered", 1), ("answered", 2)], shown)
    check("Dealt with" in rabat.ask("case", "show", later) and "Dealt with" not in rabat.ask("case", "show", first),
          "a case is shown in the words of another version")
    again = files("again", 2, **{"state.answered": "Settled"})
    check("texts" in rabat.ask("kind", "add", again), "the same kind with other labels")
    check("Settled" in rabat.ask("case", "show", later), "corrected words are not shown")
    rabat.refuses(1, "kind", "remove", "vehicle_check", says="say which one")
    third = files("three", 3)
    rabat.ask("kind", "add", third)
    rabat.ask("kind", "remove", "vehicle_check", "3")
    check(row_of(rabat, 2)["opens"] and row_of(rabat, 3) is None, rabat.json("kind", "list"))
    ok("two versions stand side by side, over a restart too, each case with its own")


def programs(rabat):
    """The program's own are not to be replaced; an older version of one may stand beside it."""
    kind, labels = (json.loads(read(os.path.join(ROOT, "kinds", "deconfliction" + suffix))) for suffix in (".json", ".labels.json"))
    for name, version in (("request", 1), ("request", 7), ("agreement", 1), ("recall", 2)):
        kind["name"], kind["version"] = labels["kind"], labels["version"] = name, version
        kind["needs_row"] = name == "request"
        own = write("own.json", json.dumps(kind)), write("own.labels.json", json.dumps(labels))
        said = rabat.refuses(1, "kind", "add", *own)
        check("program's own" in str(said), said)
    rabat.refuses(5, "kind", "remove", "request", says="program's own")
    rabat.refuses(1, "kind", "add", write("broken.json", "{"), EXAMPLE + ".labels.json", says="not well-formed JSON")
    check(not rabat.json("node", "status")["unsound"], "a wrong file is told as if it were kept")
    ok("the program's own kinds stay what they are, and a wrong file is refused with its place")


def released(node, *words):
    """Submitted by the node's owner, read and let go by a second person."""
    must(node.wasl(*words), 9)
    number = node.json("release", "list")["releases"][-1]["number"]
    who = {"env": {**os.environ, "WASL_TOKEN_FILE": write(f"chef.{node.name}", chefs[node.name])}}
    node.ask("release", "show", number, **who)
    return node.id("release", "give", number, **who)


def delivery(rabat, paris):
    """A hand-over, an interruption that both have to lift, who wrote it too, a seizure, and an evaluation that both owe."""
    told = must(wasl("kind", "check", DELIVERY + ".json")).out
    check("sound" in told and "Allowed" not in told, told)
    for node in (rabat, paris):
        node.ask("kind", "add", DELIVERY + ".json")
        node.ask("person", "add", "chef", "--name", "Chef", "--roles", "supervisor")
        chefs[node.name] = must(node.wasl("token", "make", "chef", "--label", "story", "--days", "3")).out

    def form(type_, **fields):
        filled = json.loads(rabat.ask("kind", "example", "controlled_delivery", type_)) | fields
        return write("form.json", json.dumps(filled))

    def sent(node, type_, how=None, **fields):
        """By the node's owner; so that both have it before the next."""
        words = ("case", "send", case, type_, "--fields", form(type_, **fields))
        message = (how or type(node).id)(node, *words)
        settle(rabat, paris)
        return message

    def state():
        (found,) = {node.json("case", "show", case)["state"] for node in (rabat, paris)}
        return found

    told = rabat.ask("kind", "show", "controlled_delivery")
    check("Period: departs / arrives (reroute)" in told and "after the period: refuse, withdraw," in told, told)
    case = released(rabat, "case", "open", "controlled_delivery", "--to", "paris", "--fields", form("request"))
    settle(rabat)
    sent(paris, "accept", released)
    relay = sent(rabat, "plan_hand_over", receiver="paris")
    check("Ready for the hand-over: paris: due" in rabat.ask("case", "items", case), "which clock is due is not told")
    rabat.refuses(6, "case", "send", case, "hand_over", "--field", f"hand_over={relay}", says="planned")
    sent(rabat, "begin")
    sent(paris, "ready", hand_over=relay)
    sent(paris, "interrupt")
    check(state() == "interrupted", state())
    sent(rabat, "resume")
    rabat.refuses(6, "case", "send", case, "resume", says="agreed already")
    check(state() == "interrupted", "who interrupted was not asked")
    check("an agreement alone" in paris.ask("case", "show", case, "--bare"), "what only agrees is shown as if it had moved the case")
    sent(rabat, "interrupt")
    sent(paris, "resume")
    check(state() == "interrupted", "a consent that was taken back counts")
    sent(rabat, "resume")
    agree = [m["agrees"] for m in rabat.json("case", "show", case)["messages"] if m["type"] == "resume"]
    check(agree == [True, True, False], agree)
    sent(rabat, "hand_over", hand_over=relay)
    sent(paris, "take_over", hand_over=relay)
    second = sent(rabat, "plan_hand_over", receiver="paris")
    seizure = sent(paris, "seize")
    end = sent(rabat, "close")
    check(state() == "closed", state())
    for node in (rabat, paris):
        sent(node, "evaluate", evaluation=end)
        sent(node, "result", released, seizure=seizure)
    sent(paris, "call_off", hand_over=second)
    sent(rabat, "archive")
    check(state() == "archived", state())
    for node in (rabat, paris):
        stands = {i["id"]: i["state"] for i in node.json("case", "items", case, "--item", "hand_over")["items"]}
        check(stands == {relay: "taken_over", second: "called_off"}, stands)
    ok("a controlled delivery: a relay, an interruption that all have to lift, what both owe afterwards")


run(story)
