#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The line takes consignments there and loses the receipts on the way back. The same messages are sent again, have no
second effect, and get the receipts they had; a line that is only slow or cut anywhere else does no harm either.

Broken variants: a number taken twice (number_again in src/core/incoming.c), held by tests/unit/core_exchange.c."""
import random
import socket
import threading
import time

from story import PORT, Node, agree, check, introduce, ok, run, same_cases, settle

HANDSHAKE = 6000  # bytes a client says before its first consignment is out; ours here are larger


class Line(threading.Thread):
    """Between a node's published address and the node. `loses`: what comes back is swallowed once a consignment went
    there. `cuts`: how many bytes go there before each of the next cuts."""

    def __init__(self, port, to):
        super().__init__(daemon=True)
        self.listener = socket.create_server(("127.0.0.1", port))
        self.to, self.loses, self.cuts, self.lost, self.cut = to, 0, [], 0, 0

    def run(self):
        while True:
            near, _ = self.listener.accept()
            try:
                far = socket.create_connection(("127.0.0.1", self.to))
            except OSError:
                near.close()
                continue
            state = {"there": 0}
            for source, sink, back in ((near, far, False), (far, near, True)):
                threading.Thread(target=self.pass_on, args=(source, sink, back, state), daemon=True).start()

    def due(self, size):
        """True when the line is to be cut now."""
        if not self.cuts:
            return False
        self.cuts[-1] -= size
        if self.cuts[-1] > 0:
            return False
        self.cuts.pop()
        self.cut += 1
        return True

    def pass_on(self, source, sink, back, state):
        try:
            while data := source.recv(65536):
                if not back:
                    state["there"] += len(data)
                if back and self.loses and state["there"] > HANDSHAKE:
                    self.loses -= 1
                    self.lost += 1
                    break
                if not back and self.due(len(data)):
                    sink.sendall(data[:len(data) // 2])
                    break
                sink.sendall(data)
        except OSError:
            pass
        for end in (source, sink):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue


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
