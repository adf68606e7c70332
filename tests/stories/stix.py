#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A STIX bundle goes from Rabat to Paris: its objects are listed, found and counted at both nodes, by the worker of each; what the
worker cannot list is said in plain words; a node that is killed meanwhile goes on; what is erased is found no more.

Broken variants: tests/checks/exchange_broken (unit/core_stix), tests/checks/gate_broken."""
import contextlib
import json
import os
import sqlite3

from story import ON_SERVER, check, ok, run, settle, started, until, write

UUID = "8e2e2d2b-17d4-4cbf-938f-98ee46b3cd{:02x}"


def an_object(type_, number):
    return {"type": type_, "spec_version": "2.1", "id": f"{type_}--{UUID.format(number)}", "created": "2026-11-20T08:00:00Z",
            "modified": f"2026-11-{number % 28 + 1:02d}T08:00:00Z"}


def bundle(name, *objects):
    return write(name, json.dumps({"type": "bundle", "id": "bundle--" + UUID.format(0), "objects": objects}))


def types(node):
    return {row["type"]: row["objects"] for row in node.json("stix", "count")["types"]}


def story():
    rabat, paris = started("rabat", "paris")
    first = bundle("first.json", an_object("indicator", 1), an_object("malware", 2), an_object("indicator", 3))
    second = bundle("second.stix", an_object("indicator", 1), an_object("url", 4))
    message = rabat.request("paris", "--part", first, question="Connu ?")
    settle(rabat, paris)
    for node in (rabat, paris):
        until(lambda: types(node) == {"indicator": 2, "malware": 1}, 20, lambda: types(node))
    row = paris.json("stix", "find", f"malware--{UUID.format(2)}")["objects"][0]
    check(row["message"] == message and row["case"] == message and row["part"] == "first.json", row)
    check(row["modified"] == "2026-11-03T08:00:00Z", row)
    ok("what is in a part is listed, found and counted where it was sent and where it came")

    broken = write("broken.stix", json.dumps({"type": "report"}))
    other = rabat.request("paris", "--part", broken, question="Et ceci ?")
    rabat.request("paris", "--part", second, question="Encore ?")
    settle(rabat, paris)
    paris.kill()
    paris.start()
    until(lambda: types(paris) == {"indicator": 3, "malware": 1, "url": 1}, 20, lambda: types(paris))
    check("STIX: its type says STIX, but it is no bundle" in paris.ask("message", "show", other), paris.ask("message", "show", other))
    check(paris.json("stix", "count")["unread"] == 1, "unread")
    check(len(paris.json("stix", "find", f"indicator--{UUID.format(1)}")["objects"]) == 2, "find")
    ok("a killed node goes on, and what cannot be listed says why and stops nobody")

    if not ON_SERVER:  # where unit/core_stix does the same
        paris.stop()
        with contextlib.closing(sqlite3.connect(os.path.join(paris.dir, "core", "core.db"))) as base:
            for table in ("stix_parts", "stix_types", "stix_ids", "stix_counts"):
                base.execute(f"DELETE FROM {table}")
            base.commit()
        paris.start()
        check(paris.json("stix", "count")["types"] == [], "the index is not empty")
        told = paris.wasl("register", "check")
        check(told.code == 1 and told.out.count("its part 1 is STIX, and is not in the index of STIX objects") == 3, told)
        until(lambda: types(paris) == {"indicator": 3, "malware": 1, "url": 1}, 20, lambda: types(paris))
        paris.sound()
        ok("what the index has lost is missed by the check of the register, and listed again")

    many = [{"type": "file", "id": f"file--8e2e2d2b-17d4-4cbf-938f-98ee46b3{n:04x}"} for n in range(4000)]
    rabat.request("paris", "--part", bundle("many.stix", *many), question="Tout ceci ?")
    settle(rabat, paris)
    until(lambda: types(paris).get("file") == 4000, 20, lambda: types(paris))
    check(len(paris.json("stix", "find", many[2345]["id"])["objects"]) == 1, "one of many")
    ok("of a large part each object")

    before = types(paris)
    check(paris.json("stix", "again") == {"messages": 4, "parts": 4}, "again")
    paris.kill()
    paris.start()
    check("4 (Messages: 4)" in paris.ask("stix", "again"), "again, after a crash")
    until(lambda: types(paris) == before, 20, lambda: types(paris))
    check(paris.json("stix", "count")["unread"] == 1, "unread")
    paris.sound()
    ok("made anew, over a crash in the middle, the index is as it was")

    paris.ask("message", "erase", paris.json("stix", "list", "--type", "file")["objects"][0]["message"], "--reason", "too many")
    page = paris.json("stix", "list", "--limit", "3")
    rest = paris.json("stix", "list", "--limit", "3", "--after", page["next"])
    ids = [row["id"] for row in page["objects"] + rest["objects"]]
    check(len(page["objects"]) == 3 and len(ids) == 5 and len(set(ids)) == 4, ids)
    check([row["id"] for row in paris.json("stix", "list", "--case", message, "--type", "malware")["objects"]] ==
          [f"malware--{UUID.format(2)}"], "case")
    paris.refuses(1, "stix", "find", "malware--7", says="id: the id of a STIX object")
    paris.refuses(1, "stix", "list", "--type", "Malware", says="type: ")
    ok("page by page, of one case, and one sentence for what is no id")

    paris.ask("message", "erase", message, "--reason", "no longer needed")
    check(types(paris) == {"indicator": 1, "url": 1}, types(paris))
    check(paris.json("stix", "find", f"malware--{UUID.format(2)}")["objects"] == [], "found though erased")
    check("الكائن" in paris.ask("stix", "list", env={**os.environ, "LC_ALL": "ar_MA.UTF-8"}), "no Arabic")
    ok("what is erased is neither found nor counted any more")
    for node in (rabat, paris):
        node.sound()


run(story)
