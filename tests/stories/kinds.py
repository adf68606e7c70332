#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every kind that ships works between two nodes: each of its types is sent as its own example, by whichever side its rules
let, takes effect, and both sides see the same states; a wrong field is refused by its name; nobody's text is missing.

The kind agreement has stories of its own, as have those that need no row (recall, consent, emergency)."""
import json

from story import check, introduce, agree, Node, ok, run, same_cases, settle, write

OWN_STORY = {"agreement", "consent", "emergency", "recall"}
LANGUAGES = {"ar", "fr", "en", "es", "pt"}
CASES_A_KIND = 6  # more than one, as a case ends in one way only


def started_for_all():
    rabat, paris = Node("rabat"), Node("paris")
    for node in (rabat, paris):
        node.launch()
    for node in (rabat, paris):
        node.serves()
    introduce(rabat, paris)
    row = {"id": "1", "kind": "*", "types": ["*"], "purposes": ["*"], "direction": "both", "personal": "special"}
    terms = json.loads(rabat.ask("kind", "example", "agreement"))
    agree(rabat, paris, terms={**terms, "rows": [row]})
    return rabat, paris


def names_what(node, case, type_):
    """The message that a type must name: the one that made the present state."""
    shown = node.json("case", "show", case)
    made = [m["id"] for m in shown["messages"] if m["effective"]]
    return {field["name"]: made[-1] for field in type_["fields"] if field["type"] == "message" and field["required"]}


def sends(node, case, kind, type_):
    form = json.loads(node.ask("kind", "example", kind["name"], type_["name"]))
    form.update(names_what(node, case, type_))
    return node.wasl("case", "send", case, type_["name"], "--fields", write("form.json", json.dumps(form)), "--json")


def step(sides, case, kind, wanted):
    """The first of these types that one of the sides may send now."""
    for type_ in kind["types"]:
        if type_["name"] in wanted and any(sends(node, case, kind, type_).code == 0 for node in sides):
            settle(*sides)
            return type_["name"]
    return None


def walk(rabat, paris, kind, left):
    """One case: what was never sent before is sent as soon as a side may, and, to get there, what this case has not seen."""
    form = write("form.json", rabat.ask("kind", "example", kind["name"], kind["opening"]))
    case = rabat.id("case", "open", kind["name"], "--to", "paris", "--fields", form)
    left.discard(kind["opening"])
    unseen = {type_["name"] for type_ in kind["types"]} - {kind["opening"]}
    settle(rabat, paris)
    sent = True
    while sent and left:
        sent = step((paris, rabat), case, kind, left) or step((paris, rabat), case, kind, unseen - left)
        left.discard(sent)
        unseen.discard(sent)
    for node in (rabat, paris):
        held = [m for m in node.json("case", "show", case)["messages"] if not m["effective"]]
        check(held == [], kind["name"], held)


def has_texts(kind):
    """Each thing of a kind has a text in each language, and no language says another's."""
    def texts(value):
        if isinstance(value, dict):
            if LANGUAGES <= set(value):
                check(set(value) == LANGUAGES and all(value.values()), kind["name"], value)
                yield value
            else:
                for one in value.values():
                    yield from texts(one)
        elif isinstance(value, list):
            for one in value:
                yield from texts(one)
    found = list(texts(kind))
    check(len(found) > 10, kind["name"], len(found))
    for text in found:
        check(any("\u0600" <= letter <= "\u06ff" for letter in text["ar"]) or len(set(text.values())) == 1, kind["name"],
              "is neither Arabic nor a mark that all languages write alike:", text)
        check(not any("\u0600" <= letter <= "\u06ff" for letter in text["fr"] + text["en"] + text["es"] + text["pt"]), text)


def story():
    rabat, paris = started_for_all()
    names = [row["name"] for row in rabat.json("kind", "list")]
    kinds = [rabat.json("kind", "show", name) for name in names]
    for kind in kinds:
        has_texts(kind)
    ok(f"{len(kinds)} kinds, each with its texts in five languages")
    for kind in kinds:
        if kind["name"] in OWN_STORY:
            continue
        left = {type_["name"] for type_ in kind["types"]}
        for _ in range(CASES_A_KIND):
            walk(rabat, paris, kind, left)
            if not left:
                break
        check(not left, kind["name"], "is never sent:", left)
        ok(f"{kind['name']}: each of its {len(kind['types'])} types is sent and takes effect")
    same_cases(rabat, paris)
    form = json.loads(rabat.ask("kind", "example", "threat"))
    rabat.refuses(1, "case", "open", "threat", "--to", "paris", "--fields",
                  write("form.json", json.dumps({**form, "level": "red"})), says=("$.level", "critical"))
    for node in (rabat, paris):
        node.sound()
    ok("both sides have the same cases in the same states, and sound registers")


run(story)
