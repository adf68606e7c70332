#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An earthquake: a request for assistance in lines of need, twelve offers of three partners, of which four are accepted, one in part.
What is needed against what is offered, accepted, on its way, there and home again is right at every step and the same at all nodes;
nobody mobilises before he was accepted, one team turns back, and each offer is settled.

Broken variants: tests/checks/exchange_broken, those of balance.c and balancecheck.c, at unit/core_balance."""
import json
import os

from story import check, must, ok, run, settle, started, write

COLUMNS = ("needed", "offered", "accepted", "under_way", "arrived", "left", "missing", "surplus")
NEEDS = {"L1": ("usar_medium", 4, "teams"), "L2": ("shelter", 500, "tents"), "L3": ("field_hospital", 2, "hospitals")}
# who offers what: (line, quantity) and so on
OFFERS = [("paris", [("L1", 1)]), ("paris", [("L2", 300), ("L3", 1)]), ("madrid", [("L1", 2)]), ("madrid", [("L2", 250)]),
          ("lisbon", [("L1", 1)]), ("lisbon", [("L3", 2)]), ("paris", [("L1", 3)]), ("madrid", [("L3", 1)]),
          ("lisbon", [("L2", 100)]), ("paris", [("L2", 50)]), ("madrid", [("L1", 1)]), ("lisbon", [("L1", 1)])]


def table(lines, full=True):
    rows = [{"line": line, "quantity": quantity} for line, quantity in lines]
    return [{**row, "resource": NEEDS[row["line"]][0], "unit": NEEDS[row["line"]][2]} for row in rows] if full else rows


def form(node, kind, name, **fields):
    filled = json.loads(node.ask("kind", "example", kind, name))
    return write("form.json", json.dumps({**filled, **fields}))


def send(node, case, name, **fields):
    return node.id("case", "send", case, name, "--fields", form(node, "assistance", name, **fields))


def needs(lines):
    return [{"line": line, "resource": what, "quantity": quantity, "unit": unit, "priority": "urgent"}
            for line, (what, quantity, unit) in lines.items()]


def balance(nodes, case, **expected):
    """Each line as (needed, offered, accepted, on the way, arrived, left, missing, surplus), at all nodes."""
    settle(*nodes)
    for node in nodes:
        (told,) = node.json("case", "balance", case)["balances"]
        found = {line["line"]: tuple(line[column] for column in COLUMNS) for line in told["lines"]}
        check(found == expected and told["unread"] == told["unclear"] == 0, node.name, "has", found, "instead of", expected)


def story():
    nodes = rabat, paris, madrid, lisbon = started("rabat", "paris", "madrid", "lisbon")
    named = {node.name: node for node in nodes}
    case = rabat.id("case", "open", "assistance", "--to", "paris,madrid,lisbon", "--fields",
                    form(rabat, "assistance", "request", needs=needs(NEEDS)))
    balance(nodes, case, L1=(4, 0, 0, 0, 0, 0, 4, 0), L2=(500, 0, 0, 0, 0, 0, 500, 0), L3=(2, 0, 0, 0, 0, 0, 2, 0))
    offers = []
    for name, lines in OFFERS:
        offers.append(send(named[name], case, "offer", lines=table(lines)))
    balance(nodes, case, L1=(4, 9, 0, 0, 0, 0, 4, 0), L2=(500, 700, 0, 0, 0, 0, 500, 0), L3=(2, 4, 0, 0, 0, 0, 2, 0))
    stranger = [{**table([("L1", 1)])[0], "line": "L9"}]
    paris.refuses(1, "case", "send", case, "offer", "--fields", form(paris, "assistance", "offer", lines=stranger),
                  says=("L9 is no line of what is needed", "L1, L2, L3"))
    paris.refuses(1, "case", "send", case, "offer", "--fields", form(paris, "assistance", "offer", lines=[{**table([("L1", 1)])[0], "resource": "shelter"}]),
                  says="L1 is for usar_medium in what is needed, not for shelter")
    rabat.refuses(1, "case", "send", case, "amend", "--fields", form(rabat, "assistance", "amend", needs=needs({"L1": ("shelter", 4, "teams")})),
                  says="L1 is for usar_medium: keep that, or give shelter a line of its own")
    ok("twelve offers of three partners stand against the lines of need, and one for a line that nobody needs is refused")

    paris.refuses(6, "case", "send", case, "mobilise", "--field", f"offer={offers[0]}", "--field", "at=2026-01-01T00:00:00Z",
                  says=("is made", "offer_withdraw"))
    rabat.refuses(1, "case", "send", case, "accept_in_part", "--fields",
                  form(rabat, "assistance", "accept_in_part", offer=offers[1], lines=table([("L2", 400)], False)),
                  says=("L2 has 300", "not 400"))
    for offer in (offers[0], offers[2], offers[5]):
        send(rabat, case, "accept", offer=offer)
    send(rabat, case, "accept_in_part", offer=offers[1], lines=table([("L2", 200)], False))
    for offer in (offers[3], offers[4]):
        send(rabat, case, "decline", offer=offer)
    settle(rabat)
    send(lisbon, case, "offer_withdraw", offer=offers[8])
    balance(nodes, case, L1=(4, 5, 3, 0, 0, 0, 1, 0), L2=(500, 50, 200, 0, 0, 0, 300, 0), L3=(2, 1, 2, 0, 0, 0, 0, 0))
    ok("nobody mobilises what was not accepted; of what is accepted in part that part counts, and no more than was offered")

    send(rabat, case, "amend", needs=needs({"L1": ("usar_medium", 2, "teams"), "L4": ("power", 3, "generators")}))
    for number, offer, node in ((0, offers[0], paris), (1, offers[1], paris), (2, offers[2], madrid)):
        send(node, case, "mobilise", offer=offer)
        send(node, case, "depart", offer=offer)
        send(node, case, "reach_border", offer=offer)
    balance(nodes, case, L1=(2, 5, 0, 3, 0, 0, 0, 1), L2=(500, 50, 0, 200, 0, 0, 300, 0), L3=(2, 1, 2, 0, 0, 0, 0, 0),
            L4=(3, 0, 0, 0, 0, 0, 3, 0))
    paris.refuses(1, "case", "send", case, "arrive", "--field", f"offer={offers[0]}", "--field", "at=2026-01-01T00:00:00Z",
                  says="must not be earlier than depart.at")
    send(paris, case, "arrive", offer=offers[0])
    send(paris, case, "arrive", offer=offers[1])
    send(madrid, case, "turn_back", offer=offers[2])
    send(rabat, case, "sitrep")
    balance(nodes, case, L1=(2, 5, 0, 0, 1, 0, 1, 0), L2=(500, 50, 0, 0, 200, 0, 300, 0), L3=(2, 1, 2, 0, 0, 0, 0, 0),
            L4=(3, 0, 0, 0, 0, 0, 3, 0))
    ok("an amendment says what changes, and who turned back is missing again")

    for offer in (offers[0], offers[1]):
        for name in ("operate", "demobilise", "home", "settle"):
            send(paris, case, name, offer=offer)
    send(madrid, case, "settle", offer=offers[2])
    last = {"L1": (2, 5, 0, 0, 0, 1, 1, 0), "L2": (500, 50, 0, 0, 0, 200, 300, 0), "L3": (2, 1, 2, 0, 0, 0, 0, 0),
            "L4": (3, 0, 0, 0, 0, 0, 3, 0)}
    balance(nodes, case, **last)
    states = {item["id"]: item["state"] for item in lisbon.json("case", "items", case, "--item", "offer")["items"]}
    check([states[offers[i]] for i in (0, 1, 2, 5)] == ["settled", "settled", "turned_back", "accepted"], states)
    rabat.stop()
    rabat.start()
    balance(nodes, case, **last)
    for language, words in {"ar": "الناقص", "fr": "Manque", "en": "Missing", "es": "Falta", "pt": "Em falta"}.items():
        told = must(rabat.wasl("case", "balance", case, env={**os.environ, "LC_ALL": f"{language}.UTF-8"})).out
        check(words in told and "L2" in told, language, told)
    leaf = [leaf for leaf in rabat.leaves() if leaf["act"] == "read"][-1]
    check((leaf["subject"], leaf["reason"]) == (case, "case.balance"), leaf)
    send(rabat, case, "close")
    settle(*nodes)
    for name in ("mobilise", "depart"):
        lisbon.refuses(6, "case", "send", case, name, "--fields", form(lisbon, "assistance", name, offer=offers[5]),
                      says=("not possible in the state closed",))
    send(lisbon, case, "offer_withdraw", offer=offers[5])
    settle(*nodes)
    for node in nodes:
        check(node.json("case", "show", case, "--bare")["state"] == "closed", node.name)
        node.sound()
    ok("home again and settled; the balance outlives a restart, is told in five languages and read under a leaf; nobody sets out when it is closed")


run(story)
