#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every kind that ships works between two nodes: it is opened, and each of its types is sent once as its own example where its
rules let one of the sides; what is sent takes effect on both, items included. unit/core_shipped walks every path of each.

The kind agreement has stories of its own, as have those that need no row (recall, consent, emergency, erasure)."""
import json

from story import check, introduce, agree, Node, ok, run, same_cases, settle, write

LANGUAGES = {"ar", "fr", "en", "es", "pt"}


def started_for_all():
    rabat, paris = Node("rabat"), Node("paris")
    for node in (rabat, paris):
        node.launch()
    for node in (rabat, paris):
        node.serves()
    introduce(rabat, paris)
    row = {"types": ["*"], "purposes": ["*"], "direction": "both", "personal": "special"}
    terms = json.loads(rabat.ask("kind", "example", "agreement"))
    # a star stands for all kinds but those that are humanitarian, each of which is named
    humane = [kind["name"] for kind in rabat.json("kind", "list") if rabat.json("kind", "show", kind["name"]).get("lane") == "humanitarian"]
    agree(rabat, paris, terms={**terms, "rows": [{"id": str(i), "kind": kind, **row} for i, kind in enumerate(["*", *humane])]})
    return rabat, paris


def named(shown, type_):
    """What a form of this type must name: an item that it may move now, or the message that made the case's state."""
    values = {}
    for field in type_["fields"]:
        if field["type"] == "message" and field["required"]:
            fitting = [item["id"] for item in shown["items"] if type_["name"] in item["possible"]]
            if field.get("item") and not fitting:
                return None
            values[field["name"]] = fitting[-1] if field.get("item") else shown["made_by"]
    return values


def sends(node, case, kind, type_):
    shown = node.json("case", "show", case)
    values = named(shown, type_) if type_["name"] in shown["possible"] else None
    if values is None or type_["release"] != "none":  # a second person is another story
        return False
    form = {**json.loads(node.ask("kind", "example", kind["name"], type_["name"])), **values}
    node.ask("case", "send", case, type_["name"], "--fields", write("form.json", json.dumps(form)))
    return True


def walk(rabat, paris, kind):
    """One case, one message of each type that is possible when its turn comes; how many there were."""
    form = write("form.json", rabat.ask("kind", "example", kind["name"], kind["opening"]))
    case = rabat.id("case", "open", kind["name"], "--to", "paris", "--fields", form)
    sent = 1
    for type_ in kind["types"]:
        settle(rabat, paris)
        sent += any(sends(node, case, kind, type_) for node in (paris, rabat))
    settle(rabat, paris)
    for node in (rabat, paris):
        shown = node.json("case", "show", case)
        check(len(shown["messages"]) == sent and all(m["effective"] for m in shown["messages"]), kind["name"], shown)
    return sent


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
    check(len(found) > 5, kind["name"], len(found))
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
        if kind["needs_row"]:
            sent = walk(rabat, paris, kind)
            check(sent > 1, kind["name"], "nothing is possible after it was opened")
            ok(f"{kind['name']}: {sent} messages, each takes effect on both sides")
    same_cases(rabat, paris)
    form = json.loads(rabat.ask("kind", "example", "threat"))
    rabat.refuses(1, "case", "open", "threat", "--to", "paris", "--fields",
                  write("form.json", json.dumps({**form, "level": "red"})), says=("$.level", "critical"))
    for node in (rabat, paris):
        node.sound()
    ok("both sides have the same cases in the same states, and sound registers")


run(story)
