#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A partner whose program checks nothing sends Paris what he likes as STIX: the largest there is and one octet more, too many objects, too many
values, depths, ids that are none. Each is kept as it came, says why it is not listed, and what stands behind it is. What is humanitarian, of an
exercise or for named readers is found by nobody whom it is not for; what is recalled or erased by nobody; a worker that is killed, and a node put
back from its backup, lose nothing.

Broken variants: tests/checks/exchange_broken (unit/core_stix, unit/core_lane), tests/checks/cli_broken (unit/wire_stix)."""
import json
import os
import signal

from story import ON_SERVER, Node, agree, check, heard, introduce, must, ok, path, run, settle, until, wasl, write

UUID = "8e2e2d2b-17d4-4cbf-938f-{:012x}"
LARGEST, OBJECTS, VALUES = 32 << 20, 8192, 1 << 20
ROW = {"types": ["*"], "purposes": ["*"], "direction": "both", "personal": "special"}
MARK = "marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed"  # TLP:RED of STIX 2.1


def an_object(type_, number, **more):
    return {"type": type_, "spec_version": "2.1", "id": f"{type_}--{UUID.format(number)}", **more}


def bundle(*objects):
    return json.dumps({"type": "bundle", "id": "bundle--" + UUID.format(0), "objects": objects}).encode()


def around(inside):
    """A bundle of one object, number 9, which has this in it."""
    return bundle(an_object("file", 9, x="@")).replace(b'"@"', inside)


def hostile():
    """name -> (octets, why it is not listed, or None)"""
    sound = bundle(an_object("url", 1))
    return {
        "more.stix": (sound.ljust(LARGEST + 1), f"STIX: it has more than {LARGEST} octets"),
        "objects.stix": (bundle(*(an_object("file", n) for n in range(OBJECTS + 1))), f"STIX: {OBJECTS + 1} objects, and a bundle is listed up to"),
        "values.stix": (around(b"[" + b"{}," * VALUES + b"0]"), "values, and STIX is checked up to 1048576"),
        "deep.stix": (around(b"[" * 100 + b"]" * 100), "nested deeper than 32 levels"),
        "keys.stix": (around(b'{"a":1,"a":2}'), "a key stands twice"),
        "id.stix": (bundle(an_object("url", 1), {"type": "url", "id": "url--1"}), "STIX: $.objects[1].id: must be url--UUID"),
        "other.stix": (bundle({"type": "url", "id": "file--" + UUID.format(1)}), "STIX: $.objects[0].id: must be url--UUID"),
        "cut.stix": (sound[:-1], "STIX: its type says JSON, but it is none: octet"),
        "none.stix": (b"", "STIX: its type says JSON, but it is none: octet 0"),
        "largest.stix": (sound.ljust(LARGEST), None),
        "deepest.stix": (around(b"[" * 28 + b"]" * 28), None),
        "references.stix": (around(b"[" + b'"r",' * 250000 + b'"r"]'), None),
        "twice.stix": (bundle(an_object("malware", 2, modified="2026-11-21T08:00:00.5Z", name="b"),
                              an_object("malware", 2, modified="2026-11-21T08:00:00Z", name="a"),
                              an_object("tool", 3, modified="9999-12-31T23:59:59Z", revoked=True), an_object("tool", 4, modified="ZZ"),
                              an_object("report", 5, object_marking_refs=[MARK])), None)}


def post(node, target, body, media="application/json"):
    head, _, answer = heard(node.door("POST", target, body, media=media)).partition(b"\r\n\r\n")
    check(head.split()[1] == b"200", head, answer[:500])
    return json.loads(answer)


def unlooked(node, files, kind="request", **more):
    """A case with these parts, which are said to be STIX, and which nobody looked into before they left."""
    parts = [{"stage": post(node, f"/v1/parts?name={name}&type=application/stix%2Bjson&as_is=true", octets, "application/octet-stream")["stage"],
              "name": name, "type": "application/stix+json"} for name, octets in files.items()]
    fields = json.loads(node.ask("kind", "example", kind))
    return post(node, "/v1/cases", {"kind": kind, "to": ["paris"], "fields": fields, "parts": parts, **more})["id"]


def looked(node, *lane):
    return until(lambda: node.json("stix", "count", *lane)["waiting"] == 0, 20, lambda: node.said())


def found(node, type_, number, *more):
    return [row["message"] for row in node.json("stix", "find", f"{type_}--{UUID.format(number)}", *more)["objects"]]


def gone(node, message, type_, number):
    """It is in no list, in no count, and no search finds it."""
    check(found(node, type_, number) == [], "found")
    check(node.json("stix", "list", "--message", message)["objects"] == [], "listed")
    check(type_ not in {row["type"] for row in node.json("stix", "count")["types"]}, "counted")


def put_back(node):
    """Its data is lost while parts wait, and comes back from a backup."""
    key = write("public", must(wasl("backup", "key", "-o", path("secret"))).out)
    must(node.wasl("backup", "create", "-o", path("saved"), "--to", key))
    node.kill()
    os.rename(os.path.join(node.dir, "core"), path("gone"))
    must(wasl("backup", "restore", path("saved"), node.dir, "--key", path("secret")))
    node.start()


def halted(rabat, paris):
    """Two parts come while the worker of Paris stands still."""
    os.kill(worker := paris.children()["worker"], signal.SIGSTOP)
    late = unlooked(rabat, {"d.stix": bundle(an_object("note", 10)), "e.stix": bundle(an_object("opinion", 11))})
    settle(rabat, paris)
    check("Parts still to be looked into: 2" in paris.ask("stix", "list", "--message", late), "what waits is not said")
    return worker, late


def story():
    rabat, paris = Node("rabat").launch(), Node("paris").launch()
    for node in (rabat, paris):
        node.serves()
    introduce(rabat, paris)
    terms = json.loads(rabat.ask("kind", "example", "agreement"))
    agree(rabat, paris, terms={**terms, "rows": [{"id": "1", "kind": "*", **ROW}, {"id": "2", "kind": "tracing", **ROW}]})

    files = hostile()
    case = unlooked(rabat, {name: octets for name, (octets, why) in files.items()})
    settle(rabat, paris)
    for node in (rabat, paris):
        looked(node)
    shown = {part["name"]: part["stix"] for part in paris.json("message", "show", case)["parts"]}
    for name, (octets, why) in files.items():
        check(why in shown[name]["why"] if why else shown[name] == {"objects": 4 if name == "twice.stix" else 1, "why": ""}, name, shown[name])
    counts = paris.json("stix", "count")
    check((counts["unread"], counts["parts"], counts["objects"]) == (9, 4, 7), counts)
    ok(f"{len(files)} bundles of a hostile partner: what is too much for the index says so, and what stands behind it is listed")

    rows = {row["id"].split("--")[0]: row["modified"] for row in paris.json("stix", "list", "--limit", "100")["objects"]}
    check(rows["malware"] == "2026-11-21T08:00:00.5Z", "not its newest version", rows)
    check([row["modified"] for row in paris.json("stix", "list", "--type", "tool")["objects"]] == ["9999-12-31T23:59:59Z", ""], rows)
    ok("of one object twice the newest version; what is no moment is none")

    apart = unlooked(rabat, {"a.stix": bundle(an_object("campaign", 6))}, "tracing")
    unlooked(rabat, {"b.stix": bundle(an_object("grouping", 7))}, exercise=True)
    unlooked(rabat, {"c.stix": bundle(an_object("identity", 8))}, "hostile")
    settle(rabat, paris)
    looked(paris)
    looked(paris, "--lane", "humanitarian")
    check(found(paris, "campaign", 6) == [] and found(paris, "campaign", 6, "--lane", "humanitarian") == [apart], "the wall")
    types = [{row["type"] for row in paris.json("stix", "count", *lane)["types"]} for lane in ((), ("--lane", "humanitarian"))]
    check(types[1] == {"campaign"} and not types[0] & {"campaign", "grouping", "identity"}, types)
    check(found(paris, "grouping", 7) == found(paris, "identity", 8) == [], "of an exercise, or for named readers")
    ok("what is humanitarian is found on its side alone; what an exercise made up or named readers read by no search")

    must(paris.wasl("message", "erase", case, "--reason", "no longer needed"))
    gone(paris, case, "malware", 2)
    check(paris.json("stix", "count")["types"] == [] and paris.json("stix", "count")["unread"] == 0, "something is left")
    ok("what is erased is in no list, no count and no search")

    worker, late = halted(rabat, paris)
    os.kill(worker, signal.SIGKILL)
    until(lambda: paris.children().get("worker", worker) != worker and paris.wasl("stix", "count").code == 0, 20, paris.said)
    looked(paris)
    check(found(paris, "note", 10) == found(paris, "opinion", 11) == [late], "lost with the worker")
    ok("the worker is killed over a part: what waits is said, and looked into again")

    if not ON_SERVER:  # which has tools of its own
        _, waits = halted(rabat, paris)
        put_back(paris)
        looked(paris)
        check(found(paris, "note", 10) == [waits, late] and found(paris, "malware", 2) == [], "not as it was")
        must(paris.wasl("message", "erase", waits, "--reason", "no longer needed"))
        ok("put back from its backup, the node lists what was listed, what waited, and nothing that was erased")

    must(rabat.wasl("recall", "open", late, "--measure", "erase", "--ground", "inaccurate", "--reason", "Faux."))
    asked = until(lambda: paris.json("recall", "list"), 20, "recalled")[0]["id"]
    for node in (rabat, paris):
        row = node.json("stix", "list", "--message", late)["objects"][0]
        check(row["recalled"]["measure"] == "erase" and "Recalled by its author" in node.ask("stix", "list"), node.name, row)
    must(paris.wasl("recall", "answer", asked, "--outcome", "erased"))
    gone(paris, late, "note", 10)
    paris.sound()
    ok("what its author recalled says so until it is erased, and then is in no list, count or search")


run(story)
