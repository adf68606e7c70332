#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Real reports in Arabic and published STIX bundles travel as parts: byte for byte, receipted, their objects counted. A
bundle of wrong shape does not leave, and the error names the place.

Broken variants: the samples of tests/corpus/wire_stix, each held to be refused or taken by tests/unit/wire_stix.c."""
import collections
import glob
import hashlib
import json
import os

from story import ROOT, Skip, check, must, ok, path, read, run, settle, started, write

DATA = os.path.join(ROOT, "..", "shared", "data")
UUID = "11111111-2222-4333-8444-555555555555"


def send(rabat, files):
    """One request with all of them as parts."""
    return rabat.request("paris", *(word for file in files for word in ("--part", file)))


def arrived(paris, case, files):
    parts = paris.json("message", "show", case)["parts"]
    check([part["name"] for part in parts] == [os.path.basename(file) for file in files], "other parts:", parts)
    for part, file in zip(parts, files):
        content = read(file)
        check(part["sha256"] == hashlib.sha256(content).hexdigest() and part["size"] == len(content), "other bytes:", part)
        paris.ask("part", "get", part["sha256"], "-o", path("got"))
        check(read(path("got")) == content, part["name"], "is not the same")
    return parts


def refused_bundles(rabat):
    good = {"type": "bundle", "id": f"bundle--{UUID}", "objects": [{"type": "indicator", "id": f"indicator--{UUID}"}]}
    wrong = [({**good, "id": "bundle-1"}, "$.id"), ({**good, "objects": []}, "$.objects"),
             ({**good, "objects": good["objects"] + [7]}, "$.objects[1]"),
             ({**good, "objects": [{"id": f"indicator--{UUID}"}]}, "$.objects[0].type"),
             ({**good, "objects": [{"type": "indicator", "id": f"malware--{UUID}"}]}, "$.objects[0].id")]
    size = rabat.size()
    for bundle, place in wrong:
        file = write("wrong.json", json.dumps(bundle))
        rabat.refuses(1, "case", "open", "request", "--to", "paris", "--fields", path("form.json"), "--part", file,
                      says=("wrong.json", place))
    check(rabat.size() == size, "a refused bundle left something in the register")
    ok(f"{len(wrong)} bundles of wrong shape are refused with their place, and nothing is half done")
    answer = must(rabat.wasl("case", "open", "request", "--to", "paris", "--fields", path("form.json"), "--part",
                             write("odd.json", json.dumps({**good, "objects": good["objects"] * 2}))))
    check("$.objects[1]" in answer.err and answer.out.strip(), "an id that repeats is only warned of:", answer)
    marked = must(rabat.wasl("case", "open", "request", "--to", "paris", "--fields", path("form.json"), "--part",
                             write("mark.json", b"\xef\xbb\xbf" + json.dumps(good).encode())))
    check("byte order mark" in marked.err, "a byte order mark is not said:", marked)
    ok("what real bundles get wrong is warned of and sent")


def cut_short(rabat, paris):
    """What says that it is JSON and is none does not leave, unless the sender says that he means it so."""
    opening = ("case", "open", "request", "--to", "paris", "--fields", path("form.json"))
    size = rabat.size()
    for name, content, words in (("cut.json", '{"type":"bundle"', ("octet 16", "$.type")), ("cut.stix", "", ("octet 0",)),
                                 ("lines.json", '{"a":1}\n{"b":2}\n', ("line 2", "behind the document")),
                                 ("wide.json", "{}".encode("utf-16"), ("octet 0",))):
        file = write(name, content)
        rabat.refuses(1, *opening, "--part", file, says=(name, "--part-as-is", *words))
        check(rabat.size() == size, "a refused part left something in the register")
    files = [path("cut.json"), path("lines.json"), write("own.json", json.dumps({"type": "bundle", "mine": 1}))]
    case = rabat.id(*opening, *(word for file in files for word in ("--part-as-is", file)))
    settle(rabat)
    check({part["type"] for part in arrived(paris, case, files)} == {"application/octet-stream"}, "it was looked into")
    deep = "[" * 200 + "]" * 200
    files = [write("deep.json", deep), write("twice.json", '{"a":1,"a":2}'), write("big.json", "[1" + "0" * 400 + "]"),
             write("map.geojson", '{"type":"FeatureCollection","features":[]}'), write("cut.txt", '{"type":"bundle"')]
    case = send(rabat, files)
    settle(rabat)
    arrived(paris, case, files)
    ok("JSON that was cut short does not leave unless it is meant so; ordinary documents always do")


def story():
    reports = sorted(glob.glob(os.path.join(DATA, "reports", "*.ar.txt")))
    bundles = sorted(glob.glob(os.path.join(DATA, "stix", "*.json")))
    rabat, paris = started("rabat", "paris")
    write("form.json", rabat.ask("kind", "example", "request"))
    refused_bundles(rabat)
    cut_short(rabat, paris)
    if not reports or not bundles:
        raise Skip("the reports and bundles that lie beside the sources are not there")
    check(len(reports) == 5 and len(bundles) == 4, "five reports and four bundles were expected:", reports, bundles)
    cases = [send(rabat, reports), send(rabat, bundles), send(rabat, [reports[0]] + bundles[:1])]
    settle(rabat, paris)
    arrived(paris, cases[0], reports)
    parts = arrived(paris, cases[1], bundles)
    ok("all reports and bundles arrived byte for byte")
    check({row["state"] for row in rabat.json("outbox", "list")} == {"receipted"}, "not all is receipted")
    for part, file in zip(parts, bundles):
        told = paris.json("part", "stix", part["sha256"])
        counted = collections.Counter(thing["type"] for thing in json.loads(read(file))["objects"])
        check(told["stix"] and told["types"] == dict(counted), part["name"], "other objects:", told)
    ok("the objects of each bundle are listed by type")
    arrived(paris, cases[2], [reports[0]] + bundles[:1])
    for number, case in enumerate(cases):
        rabat.ask("proof", "export", case, "-o", path(f"{number}.wasl-proof"))
        must(rabat.wasl("proof", "verify", path(f"{number}.wasl-proof")))
    paris.ask("case", "export", cases[0], path("files"))
    found = {hashlib.sha256(read(os.path.join(top, name))).digest() for top, _, names in os.walk(path("files"))
             for name in names}
    check({hashlib.sha256(read(file)).digest() for file in reports} <= found, "case export left something out")
    paris.sound()
    ok("a case's files can be exported, and everything is in the evidence")


run(story)
