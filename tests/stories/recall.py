#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A recall three nodes down the chain: paris gives rabat a piece of information, rabat passes it on to madrid, madrid to lisbon. Paris recalls it.
The recall goes down by itself, each erases what it has or says why it keeps it, paris learns of all of it and holds a certificate that
anybody can verify. A stranger's recall changes nothing.

Broken variants: tests/checks/exchange_broken (unit/core_recall)."""
from story import Node, agree, check, complaint, introduce, must, ok, path, run, until

ROUTE = ("paris", "rabat", "madrid", "lisbon")


def recalls(node, **wanted):
    return [row for row in node.json("recall", "list") if all(row[key] == value for key, value in wanted.items())]


def the(node, **wanted):
    return until(lambda: recalls(node, **wanted), 20, lambda: (node.name, wanted, node.json("recall", "list")))[0]


def provide(node, to, **fields):
    form = {"subject": "navire", "purpose": "drugs", "information": "Il arrive demain.", "language": "fr", **fields}
    return node.id("case", "open", "information", "--handling", "green", "--to", to, *(word for name, value in form.items()
                                                              for word in ("--field", f"{name}={value}")))


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
    complaint(rabat.wasl("case", "open", "information", "--to", "madrid", "--field", "subject=x", "--field", "purpose=drugs",
                         "--field", "information=x", "--field", "language=fr", "--field", "passed_on=" + "0" * 64), 5, "passed on")
    complaint(lisbon.wasl("recall", "open", third, "--measure", "erase", "--ground", "other"), 1, "came from another node")
    asked = must(paris.wasl("recall", "open", first, "--measure", "erase", "--ground", "inaccurate", "--reason", "Faux."))
    lines = asked.out.split()
    check(lines[-2] == "1" and lines[-1] in {row["id"] for row in paris.json("recall", "list")}, "the recall's case is not told:", asked)
    at = {node: the(node, ours=False) for node in (rabat, madrid, lisbon)}
    check([row["message"] for row in at.values()] == [first, second, third], at)
    ok("recalled by its author, a message is recalled by itself three nodes down the chain")

    for node, message in ((paris, first), (rabat, first), (madrid, second), (lisbon, third)):
        check(node.json("message", "show", message)["recalled"]["measure"] == "erase", node.name)
    check("Recalled by its author" in lisbon.ask("message", "show", third), "not said")
    complaint(lisbon.wasl("case", "open", "information", "--to", "madrid", "--field", "subject=x", "--field", "purpose=drugs",
                          "--field", "information=x", "--field", "language=fr", "--field", f"passed_on={third}"), 6, "recalled")
    complaint(rabat.wasl("case", "send", at[rabat]["id"], "done", "--field", "outcome=erased", "--field", "below=done"), 6,
              "wasl recall answer")
    ok("it is marked wherever it is shown, and not passed on any more; no answer is given without doing it")

    complaint(rabat.wasl("recall", "answer", at[rabat]["id"], "--outcome", "restricted"), 1, "what is asked for is to erase")
    must(rabat.wasl("recall", "answer", at[rabat]["id"], "--outcome", "erased"))
    for node, message in ((rabat, first), (rabat, second)):
        shown = node.json("message", "show", message)
        check(shown["erased"] and "information" not in shown["fields"], shown)
    the(paris, outcome="erased", below="pending")
    must(lisbon.wasl("recall", "answer", at[lisbon]["id"], "--outcome", "erased"))
    the(paris, below="pending")
    must(madrid.wasl("recall", "answer", at[madrid]["id"], "--outcome", "kept", "--ground", "evidence_in_proceedings"))
    the(paris, below="kept")
    check(madrid.json("message", "show", second)["fields"]["information"], "madrid keeps it")
    must(madrid.wasl("recall", "answer", at[madrid]["id"], "--outcome", "erased"))
    row = the(paris, below="done")
    check("Carried out by all" in paris.ask("recall", "list"), "not said")
    ok("each erased what it had; what is below, and who kept it for how long, is told up to the author")

    until(lambda: the(paris, id=row["id"])["certificate"], 20, "certified")
    for node, name in ((paris, "held"), (rabat, "given")):
        file = path(f"{name}.wasl-proof")
        until(lambda: node.wasl("recall", "certificate", row["id"], "-o", file).code == 0, 20, "exported")
        shown = must(node.wasl("proof", "verify", file))
        check(first in shown.out and "Certified" in shown.out and "recalled by its author" in shown.out, shown)
    data = bytearray(open(path("held.wasl-proof"), "rb").read())
    place = data.index(b'"opening":"') + 30
    data[place] ^= 1
    open(path("forged.wasl-proof"), "wb").write(data)
    complaint(paris.wasl("proof", "verify", path("forged.wasl-proof")), 7)
    ok("both hold the certificate: the erased leaf with its proof, verified without a node")

    waited(paris, rabat, madrid)
    for node in chain:
        must(node.wasl("register", "check"))


def waited(paris, rabat, madrid):
    message = provide(paris, "rabat")
    own = provide(paris, "rabat")
    paris.settle()
    madrid.stop()
    waiting = provide(rabat, "madrid", passed_on=message)
    must(paris.wasl("recall", "open", message, "--measure", "erase", "--ground", "sent_in_error"))
    row = until(lambda: [r for r in rabat.json("outbox", "list") if r["id"] == waiting and r["state"] == "ended"], 20, "ended")[0]
    check("recalled by its author" in row["reason"], row)
    rabat.stop()
    late = provide(paris, "rabat")
    said = must(paris.wasl("recall", "open", late, "--measure", "erase", "--ground", "sent_in_error"))
    check("Ended before delivery: 1" in said.out, said)
    rabat.start()
    madrid.start()
    for node in (paris, rabat):
        node.settle()
    check(own in rabat.cases() and late not in rabat.cases() and waiting not in madrid.cases(), rabat.cases(), madrid.cases())
    ok("what waits when it is recalled goes to nobody any more")


run(story)
