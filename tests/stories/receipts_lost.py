#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The line takes consignments there and loses the receipts on the way back. The same messages are sent again, have no
second effect, and get the receipts they had; a line that is only slow or cut anywhere else does no harm either.

Broken variants: tests/checks/exchange_broken (a number is taken twice, no pause after a failure)."""
import random
import time

from line import Line
from story import PORT, Node, agree, check, introduce, ok, run, same_cases, settle


def story():
    seed = random.SystemRandom().randrange(1 << 32)
    print(f"# seed {seed}")
    rabat = Node("rabat").start()
    paris = Node("paris", address=f"127.0.0.1:{PORT + 7}").start()
    line = Line(PORT + 7, paris.port)
    line.start()
    introduce(rabat, paris)
    agree(rabat, paris)
    line.loses = 3
    case = rabat.request("paris", question="س" * 8000)
    rabat.settle(40)
    check(line.lost == 3, "the line lost", line.lost, "answers, 3 were wanted")
    settle(rabat, paris)
    received = [leaf["message"] for leaf in paris.leaves() if leaf["act"] == "received"]
    check(received.count(case) == 1, "received", received.count(case), "times")
    check(len(paris.json("case", "show", case)["messages"]) == 1, "the message is twice in the case")
    ok("three times sent, the receipts lost on the way back, once received")
    line.cuts = [random.Random(seed + n).randrange(200, 60000) for n in range(5)]  # some in a handshake, some in a consignment
    sent = [case] + [rabat.request("paris", question="?" * 9000) for _ in range(12)]
    rabat.settle(60)
    check(line.cut >= 3, "the line was cut only", line.cut, "times")
    ok(f"12 messages over a line that was cut {line.cut} times")
    received = [leaf["message"] for leaf in paris.leaves() if leaf["act"] == "received"]
    check([message for message in received if message in sent] == sent, "not once each and in order:", received)
    check(same_cases(rabat, paris).keys() >= set(sent), "cases are missing")
    size = paris.size()
    time.sleep(0.5)
    check(paris.size() == size, "paris does not come to rest")
    for node in (rabat, paris):
        node.sound()
    ok("each is there once and in order")


run(story)
