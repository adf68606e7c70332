#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A clock far off: receipts are marked disputed, law says what is not in force by that clock, time in signatures does not
go back, and nothing is lost.

Broken variants: tests/checks/keeper_broken (time goes back); tests/checks/stories_broken (nothing is disputed)."""
import os

from story import Node, agree, check, introduce, ok, path, programs_at, run, same_cases, settle

DAY = 86400


def row_of(node, message):
    return [row for row in node.json("outbox", "list") if row["id"] == message][0]


def story():
    os.chmod(path(), 0o755)
    rabat, paris = Node("rabat").start(), Node("paris").start()
    introduce(rabat, paris)
    agree(rabat, paris)
    paris.stop()
    paris.start(programs_at("ahead", 2 * DAY))
    case = rabat.request("paris")
    settle(rabat, paris)
    row = row_of(rabat, case)
    check(row["state"] == "receipted" and "disputed" in row["reason"] and str(2 * DAY)[:3] in row["reason"], row)
    answer = paris.id("case", "send", case, "clarify", "--field", "ground=scope_too_wide", "--field",
                      "question=?")
    settle(paris, rabat)
    check("disputed" in row_of(paris, answer)["reason"], "the other side does not see it:", row_of(paris, answer))
    check(any(d["disputed"] for d in rabat.json("message", "show", case)["deliveries"]), "no mark at the message")
    ok("a partner's clock that is two days ahead: the exchange goes on, its receipts are disputed on both sides")
    paris.stop()
    paris.start(programs_at("behind", -2 * DAY))
    paris.refuses(6, "case", "open", "request", "--to", "rabat", "--field", "subject=s", "--field", "sought=information", "--field", "urgency=normal",
                  "--field", "purpose=drugs", "--field", "question=q", "--field", "language=fr", says="only from")
    late = rabat.request("paris")
    settle(rabat, paris)
    check("disputed" in row_of(rabat, late)["reason"], row_of(rabat, late))
    paris.sound()
    ok("set back by four days, its law knows no agreement yet, in a sentence; it still takes in and gives receipts")
    paris.stop()
    paris.start()
    good = paris.request("rabat")
    settle(paris, rabat)
    check(row_of(paris, good)["reason"] == "" and row_of(paris, good)["state"] == "receipted", row_of(paris, good))
    same_cases(rabat, paris)
    for node in (rabat, paris):
        node.sound()
    rabat.ask("proof", "export", late, "-o", path("late.wasl-proof"))
    rabat.ask("proof", "verify", path("late.wasl-proof"))
    ok("with the right clock again all is as before, and what was exchanged meanwhile can be proved")


run(story)
