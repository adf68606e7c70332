#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A recall is taken back three nodes down the chain: paris gave rabat a piece of information, rabat passed it on to madrid, madrid to lisbon. Paris
recalls it, lisbon erases what it has, and then it turns out that the information was right. Nobody else is asked any more, the mark is gone
everywhere, and what lisbon erased stays erased, with its certificate.

Broken variants: tests/checks/exchange_broken (unit/core_withdrawn)."""
from story import Node, agree, check, complaint, introduce, must, ok, run, until

ROUTE = ("paris", "rabat", "madrid", "lisbon")


def recalls(node, **wanted):
    return [row for row in node.json("recall", "list") if all(row[key] == value for key, value in wanted.items())]


def the(node, **wanted):
    return until(lambda: recalls(node, **wanted), 20, lambda: (node.name, wanted, node.json("recall", "list")))[0]


def provide(node, to, *more, **fields):
    form = {"subject": "navire", "purpose": "drugs", "information": "Il arrive demain.", "language": "fr", **fields}
    words = (word for name, value in form.items() for word in ("--field", f"{name}={value}"))
    return node.id("case", "open", "information", "--handling", "green", "--to", to, *words, *more)


def story():
    chain = [Node(name).launch() for name in ROUTE]
    paris, rabat, madrid, lisbon = chain
    for node in chain:
        node.serves()
    for one, other in zip(chain, chain[1:]):
        introduce(one, other)
        agree(one, other)
    first = provide(paris, "rabat")
    paris.settle()
    second = provide(rabat, "madrid", passed_on=first)
    rabat.settle()
    third = provide(madrid, "lisbon", passed_on=second)
    madrid.settle()
    must(paris.wasl("recall", "open", first, "--measure", "erase", "--ground", "inaccurate"))
    at = {node: the(node, ours=False) for node in (rabat, madrid, lisbon)}
    must(lisbon.wasl("recall", "answer", at[lisbon]["id"], "--outcome", "erased"))
    until(lambda: the(madrid, ours=True)["certificate"], 20, "certified")
    complaint(rabat.wasl("recall", "withdraw", at[rabat]["id"], "--reason", "x"), 1, "who alone withdraws it")
    complaint(madrid.wasl("recall", "withdraw", the(madrid, ours=True)["id"], "--reason", "x"), 6, "by itself when that one is")
    complaint(paris.wasl("case", "send", the(paris)["id"], "withdraw"), 6, "wasl recall withdraw")
    complaint(paris.wasl("recall", "withdraw", the(paris)["id"]), 2, "--reason")
    must(paris.wasl("recall", "withdraw", the(paris)["id"], "--reason", "C'était exact."))
    for node in chain:
        until(lambda: all(row["state"] == "withdrawn" and not row["overdue"] for row in recalls(node)), 20, node.name)
    check("C'était exact." in lisbon.ask("case", "show", at[lisbon]["id"]), "the words are not told")
    check("Withdrawn" in rabat.ask("recall", "list"), rabat.ask("recall", "list"))
    ok("taken back by its author, a recall is taken back by itself three nodes down the chain, with the reason")

    for node, message in ((paris, first), (rabat, first), (madrid, second), (lisbon, third)):
        check(node.json("message", "show", message)["recalled"] is None, node.name)
    check(madrid.json("message", "show", second)["fields"]["information"], "madrid keeps it")
    shown = lisbon.json("message", "show", third)
    check(shown["erased"] and "information" not in shown["fields"], shown)
    check([one["sound"] for one in madrid.json("message", "show", third)["certificates"]] == [True], "the certificate is gone")
    complaint(rabat.wasl("recall", "answer", at[rabat]["id"], "--outcome", "erased"), 1, "was withdrawn by its author")
    again = provide(madrid, "lisbon", passed_on=second)
    madrid.settle()
    check(lisbon.json("message", "show", again)["fields"]["information"], "not passed on")
    ok("the mark is gone and it is passed on again; what was erased meanwhile stays erased, and certified")
    for node in chain:
        must(node.wasl("register", "check"))


run(story)
