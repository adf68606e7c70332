#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Two nodes send to each other at once, hundreds of messages each way: each arrives once, in order, with its receipt.

Broken variants: tests/checks/exchange_broken (a number is taken twice, an effect before its predecessor)."""
import threading
import time

from story import SOAK, check, ok, run, same_cases, settle, started

EACH = 1000 if SOAK else 150


def story():
    rabat, paris = started("rabat", "paris")
    sent, troubles = {rabat.name: [], paris.name: []}, []

    def send(author, to):
        try:
            for number in range(EACH // 3):
                case = author.request(to.name, subject=f"{author.name} {number}")
                more = author.id("case", "send", case, "withdraw", "--field", "reason=x" * (number % 7 + 1))
                other = author.request(to.name, subject=f"{author.name} {number} b", question="س" * (1 << number % 13))
                sent[author.name] += [case, more, other]
        except Exception as error:  # told by the main thread
            troubles.append(error)

    began = time.monotonic()
    threads = [threading.Thread(target=send, args=pair) for pair in ((rabat, paris), (paris, rabat))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    check(not troubles, *troubles)
    settle(rabat, paris)
    count = sum(map(len, sent.values()))
    ok(f"{count} messages both ways in {time.monotonic() - began:.1f} s")
    for author, to in ((rabat, paris), (paris, rabat)):
        states = {row["id"]: row["state"] for row in author.json("outbox", "list")}
        check({states.get(message) for message in sent[author.name]} == {"receipted"}, author.name, "lacks receipts")
        received = [leaf["message"] for leaf in to.leaves() if leaf["act"] == "received"]
        own = set(sent[author.name])
        check([message for message in received if message in own] == sent[author.name], to.name, "has another order")
        check(len(received) == len(set(received)), to.name, "received something twice")
    ok("each arrived once, in the order in which it was sent")
    states = [state for state, _ in same_cases(rabat, paris).values()]
    check(states.count("withdrawn") == count // 3 and states.count("asked") == count // 3, "other states:", states)
    for node in (rabat, paris):
        node.sound()
    size = [node.size() for node in (rabat, paris)]
    time.sleep(1)
    check(size == [node.size() for node in (rabat, paris)], "idle nodes do not come to rest")
    ok("both tell the same story, and come to rest")


run(story)
