#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The shared picture: sightings of both sides are counted by field, region, week and partner; after thirteen quiet weeks a warning and
some sightings of one field in one region raise an alert, once, on both sides, in the register, as an event and in five languages.

Broken variants: tests/checks/exchange_broken (unit/core_picture)."""
import json
import os

from story import agree, check, introduce, Node, ok, path, programs_at, run, settle, write

WEEK = 7 * 86400
SAID = {"ar": "تنبيهات", "fr": "Alertes", "en": "Alerts", "es": "Alertas", "pt": "Alertas"}
QUIET = 13


def opened(node, kind, other, **fields):
    form = {**json.loads(node.ask("kind", "example", kind)), **fields}
    return node.id("case", "open", kind, "--to", other.name, "--fields", write("form.json", json.dumps(form)))


def at_week(week, *nodes):
    programs = programs_at(f"week{week}", week * WEEK)
    for node in nodes:
        node.stop()
    for node in nodes:
        node.start(programs)


def picture(node, *words):
    return node.json("picture", *words)


def rows(node, by):
    return {row["code"]: (row["cases"], row["before"]) for row in picture(node, "--by", by)["rows"]}


def story():
    os.chmod(path(), 0o755)
    rabat, paris = Node("rabat"), Node("paris")
    for node in (rabat, paris):
        node.launch()
    for node in (rabat, paris):
        node.serves()
    introduce(rabat, paris)
    terms = json.loads(rabat.ask("kind", "example", "agreement"))
    agree(rabat, paris, terms={**terms, "until": "2036-01-01", "rows": [
        {"id": "1", "kind": "*", "types": ["*"], "purposes": ["*"], "direction": "both", "personal": "special"}]})
    opened(rabat, "sighting", paris, purpose="drugs", region="strait_of_gibraltar")
    opened(paris, "threat", rabat, purpose="drugs", region="strait_of_gibraltar")
    settle(rabat, paris)
    for node in (rabat, paris):
        check(rows(node, "field") == {"drugs": (2, 0)}, rows(node, "field"))
        check(rows(node, "partner") == {"rabat": (1, 0), "paris": (1, 0)}, rows(node, "partner"))
        check([row["cases"] for row in picture(node, "--by", "week")["rows"]] == [2], picture(node))
        check(picture(node, "--kind", "threat")["rows"] == [{"code": "drugs", "cases": 1, "before": 0}], picture(node))
        check("Strait of Gibraltar" in node.ask("picture", "--by", "region"), node.ask("picture", "--by", "region"))
    rabat.refuses(1, "picture", "--by", "colour", says="field, region, week or partner")
    rabat.refuses(1, "picture", "--from", "yesterday", says="a day as")
    ok("cases are counted by field, region, week and partner on both sides, from headers alone")

    at_week(QUIET + 1, rabat, paris)
    for _ in range(2):
        opened(rabat, "sighting", paris, purpose="drugs", region="strait_of_gibraltar")
    opened(paris, "threat", rabat, purpose="drugs", region="strait_of_gibraltar")
    settle(rabat, paris)
    check(picture(paris)["alerts"] == [] and paris.json("node", "status")["alerts"] == 0, picture(paris))
    for _ in range(2):
        opened(paris, "sighting", rabat, purpose="drugs", region="strait_of_gibraltar")
    settle(rabat, paris)
    for node in (rabat, paris):
        alerts = picture(node)["alerts"]
        check(len(alerts) == 1 and (alerts[0]["kind"], alerts[0]["series"], alerts[0]["cases"], alerts[0]["most"]) ==
              ("sighting", "drugs/strait_of_gibraltar", 3, 2), alerts)
        leaves = [leaf for leaf in node.leaves() if leaf["act"] == "alert"]
        check(len(leaves) == 1 and leaves[0]["subject"] == "sighting drugs/strait_of_gibraltar", leaves)
        check(node.json("node", "status")["alerts"] == 1, "not in the status")
        labels = next(code["label"] for each in node.json("kind", "show", "sighting")["lists"] if each["name"] == "purpose"
                      for code in each["codes"] if code["code"] == "drugs")
        for language, words in SAID.items():
            said = node.ask("picture", env={**os.environ, "LC_ALL": f"{language}_XX.UTF-8"})
            check(words in said and labels[language] in said, language, said)
        node.sound()
    ok("more than the range is an alert, told once on both sides: by a leaf, in the status and in five languages")


run(story)
