#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Only a named person takes a message off the outbox, with a reason; the partner learns that the number is void, and
numbering goes on.

Broken variants: tests/checks/exchange_broken (a void that nobody notes, an ended message stays in its author's case)."""
from story import check, ok, path, run, settle, started


def story():
    rabat, paris = started("rabat", "paris")
    paris.kill()
    first = rabat.request("paris", subject="first")
    wrong = rabat.request("paris", subject="sent in error")
    last = rabat.request("paris", subject="last")
    rabat.refuses(2, "outbox", "end", wrong)
    rabat.refuses(5, "outbox", "end", "0" * 64, "--reason", "x")
    check({row["state"] for row in rabat.json("outbox", "list") if row["id"] in (first, wrong, last)} <=
          {"waiting", "under_way"}, "something was ended without a reason")
    before = rabat.size()
    rabat.ask("outbox", "end", wrong, "--reason", "erreur de destinataire")
    row = [row for row in rabat.json("outbox", "list") if row["id"] == wrong][0]
    check(row["state"] == "ended" and "erreur de destinataire" in row["reason"], row)
    ended, voided = rabat.leaves(before)[:2]
    check(ended["act"] == "ended" and ended["actor"] and ended["reason"] == "erreur de destinataire", ended)
    check(voided["act"] == "voided" and voided["message"] == wrong, voided)
    ok("ended by name and with a reason, which are leaves")
    rabat.kill()
    rabat.start()
    paris.start()
    rabat.settle(40)
    settle(rabat, paris)
    check(first in paris.cases() and last in paris.cases() and wrong not in paris.cases(), "paris has", paris.cases())
    sent = {leaf["message"]: leaf["n"] for leaf in rabat.leaves() if leaf["act"] == "sent"}
    check(sent[last] == sent[wrong] + 1 == sent[first] + 2, "numbers:", sent)
    later = rabat.request("paris", subject="later")
    settle(rabat, paris)
    check(later in paris.cases(), "nothing goes any more")
    check([row["state"] for row in rabat.json("outbox", "list") if row["id"] in (first, last, later)] ==
          ["receipted"] * 3, "not all is receipted")
    rabat.refuses(5, "outbox", "end", later, "--reason", "too late", says="nothing to end")
    rabat.refuses(1, "proof", "export", wrong, "-o", path("never.wasl-proof"), says="no receipt of it will ever come")
    ok("the number is void, and the others go on")
    for node in (rabat, paris):
        node.sound()


run(story)
