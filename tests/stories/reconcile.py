#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Both sides compare what was sent and held, number by number: equal after an exchange with answers, an ended message and
a restart; unreachable, it says so; and what somebody changed in one database is named at both nodes.

Broken variant: tests/checks/exchange_broken (what became of numbers is not compared)."""
import os
import sqlite3

from story import ON_SERVER, check, cluster, ok, run, settle, started, write


def compared(node):
    return node.json("partner", "list")[0]["reconciled"]


def change_a_receipt(node):
    """One digit of the commitment in the first receipt that the stopped node holds."""
    if ON_SERVER:
        cluster().ask(node.database, """WITH first AS (SELECT delivery, position('commitment":"'::bytea in leaf) + 12 AS digit
            FROM receipts ORDER BY delivery LIMIT 1) UPDATE receipts r SET leaf = set_byte(leaf, digit,
            CASE get_byte(leaf, digit) WHEN 48 THEN 49 ELSE 48 END) FROM first WHERE r.delivery = first.delivery""")
        return
    database = sqlite3.connect(os.path.join(node.dir, "core", "core.db"))
    entry, leaf = database.execute("SELECT delivery, leaf FROM receipts ORDER BY delivery LIMIT 1").fetchone()
    digit = leaf.index(b'commitment":"') + 13
    database.execute("UPDATE receipts SET leaf = ? WHERE delivery = ?",
                     (leaf[:digit] + (b"1" if leaf[digit:digit + 1] == b"0" else b"0") + leaf[digit + 1:], entry))
    database.commit()
    database.close()


def story():
    rabat, paris = started("rabat", "paris")
    check(compared(rabat)["time"] is None, compared(rabat))
    case = rabat.request("paris")
    rabat.settle()
    paris.id("case", "send", case, "answer", "--fields",
             write("answer.json", paris.ask("kind", "example", "request", "answer")))
    settle(rabat, paris)
    sizes = rabat.size(), paris.size()
    check("equal" in rabat.ask("partner", "reconcile", "paris"), "it does not say that both are equal")
    check((rabat.size(), paris.size()) == (sizes[0] + 1, sizes[1] + 1), "a comparison is a statement of each, a leaf")
    for node in (rabat, paris):
        told = compared(node)
        check(told["equal"] and told["time"] and told["difference"] == "", node.name, told)
        statement = [leaf for leaf in node.leaves() if leaf["act"] == "statement"][-1]
        check(statement["given"] == statement["known"] > 0 and statement["taken"] == statement["answered"] > 0, statement)
    check(rabat.json("partner", "reconcile", "paris", "--all")["equal"], "from the beginning")
    ok("both hold the other's statement, and it is equal")

    rabat.refuses(5, "partner", "reconcile", "madrid", says="madrid")
    paris.stop()
    rabat.request("paris", subject="later")
    rabat.refuses(8, "partner", "reconcile", "paris", "--timeout", 3, says="paris")
    ok("a partner that is away is said to be")

    change_a_receipt(paris)
    paris.start()
    settle(rabat, paris)
    said = rabat.refuses(1, "partner", "reconcile", "paris", "--all", says=("do not hold the same", "number 1"))
    check(";" not in said.split("same:")[1], "only one number differs:", said)
    paris.refuses(1, "partner", "reconcile", "rabat", "--all", says=("number 1", "another leaf"))
    check("number 1" in compared(rabat)["difference"], compared(rabat))
    ok("a receipt that was changed at one side is named at both")


run(story)
