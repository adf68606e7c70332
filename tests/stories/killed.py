#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A hundred times, at random moments of a run of exchanges both ways, a process of a node or a whole node is killed with
-9. Then everything that was acknowledged is there, receipted, nothing twice, both registers are right, and both nodes agree
on every case. WASL_SEED repeats the choices of a run.

Broken variants: tests/checks/exchange_broken (an answer without a commit, before the head is signed, a number taken
twice), tests/checks/keeper_broken (heads not remembered)."""
import collections
import os
import random
import threading
import time

from story import ON_SERVER, ROLES, SOAK, check, ok, run, same_cases, settle, started

KILLS = 1000 if SOAK else 30 if ON_SERVER else 100  # there each process takes longer to come back
SEED = int(os.environ.get("WASL_SEED") or random.SystemRandom().randrange(1 << 32))


class Officer(threading.Thread):
    """Works at one node until told to stop, whatever happens to it; keeps what was acknowledged."""

    def __init__(self, node, other, seed):
        super().__init__(daemon=True)
        self.node, self.other, self.random, self.ends = node, other, random.Random(seed), False
        self.sent, self.tries, self.wrong = [], 0, None

    def attempt(self, *words):
        self.tries += 1
        answer = self.node.wasl(*words)
        if answer.code == 0:
            self.sent.append(answer.out.strip())
        elif answer.code not in (1, 6):  # 6: the case went on meanwhile
            self.wrong = answer

    def answer_one(self):
        listed = self.node.wasl("case", "list", "--kind", "request", "--limit", "20")
        cases = [word for word in listed.out.split() if len(word) == 64] if listed.code == 0 else []
        if cases:
            kind = self.random.choice(("answer", "clarify", "clarification", "close", "withdraw", "partial_answer"))
            field = {"clarify": "question", "close": "note", "withdraw": "reason"}.get(kind, "answer")
            self.attempt("case", "send", self.random.choice(cases), kind, "--field", f"{field}=x",
                         *(("--field", "ground=scope_too_wide") if kind == "clarify" else ()))

    def run(self):
        while not self.ends and self.wrong is None:
            time.sleep(self.random.random() * 0.1)
            if self.random.random() < 0.5:
                self.attempt("case", "open", "request", "--to", self.other.name, *(
                    word for name, value in {"subject": f"{self.node.name} {self.tries}", "sought": "information", "urgency": "normal", "purpose":
                                             "drugs", "question": "?" * self.random.choice((1, 100, 20000)), "language":
                                             "fr"}.items() for word in ("--field", f"{name}={value}")))
            else:
                self.answer_one()


def kill_one(node, chance):
    """A process of the node, which then comes back by itself, or all of it."""
    children = node.children()
    victim = chance.choice(("wasld",) + ROLES)
    if victim in children:
        try:
            os.kill(children[victim], 9)
        except ProcessLookupError:
            pass
    else:
        restart(node)
    return victim


def restart(node):
    node.kill()
    node.start()


def come_back(node):
    """wasld waits longer and longer before it starts a node that fails again and again; its administrator does not."""
    late = time.monotonic() + 1
    while node.wasl("node", "status").code != 0:
        if time.monotonic() > late:
            restart(node)


def nothing_lost(officer):
    node, other = officer.node, officer.other
    states = {row["id"]: row["state"] for row in node.json("outbox", "list")}
    lost = [message for message in officer.sent if states.get(message) != "receipted"]
    check(not lost, f"{node.name} acknowledged {len(officer.sent)} and lost", {m: states.get(m) for m in lost})
    leaves = other.leaves()
    received = collections.Counter(leaf["message"] for leaf in leaves if leaf["act"] == "received")
    check(all(received[message] == 1 for message in officer.sent), other.name, "received not all, or something twice")
    check(max(received.values()) == 1, other.name, "received something twice")
    numbers = [leaf["n"] for leaf in leaves if leaf["act"] == "sent"]
    check(numbers == list(range(1, len(numbers) + 1)), other.name, "has numbers", numbers)


def nothing_twice(node):
    subjects = collections.Counter()
    for shown in node.stories():
        if shown["kind"] == "request":
            subjects[shown["messages"][0]["fields"]["subject"]] += 1
        check(not shown["flagged"], "a case is flagged:", shown)
    check(max(subjects.values()) == 1, "opened twice:", subjects.most_common(3))


def story():
    print(f"# WASL_SEED={SEED}", flush=True)
    chance = random.Random(SEED)
    nodes = started("rabat", "paris")
    officers = [Officer(nodes[0], nodes[1], chance.random()), Officer(nodes[1], nodes[0], chance.random())]
    for officer in officers:
        officer.start()
    killed, began = collections.Counter(), time.monotonic()
    for _ in range(KILLS):
        time.sleep(chance.random() * 0.2)
        node = chance.choice(nodes)
        killed[kill_one(node, chance)] += 1
        check(all(officer.wrong is None for officer in officers), *[officer.wrong for officer in officers])
        # A node that is always killed before it serves shows nothing.
        if chance.random() < 0.7:
            come_back(node)
    for officer in officers:
        officer.ends = True
    for officer in officers:
        officer.join()
    for node in nodes:
        come_back(node)
    ok(f"killed {dict(killed)} in {time.monotonic() - began:.0f} s, while "
       f"{sum(len(officer.sent) for officer in officers)} messages of {sum(o.tries for o in officers)} were acknowledged")
    check(all(len(officer.sent) >= KILLS // 5 for officer in officers), "too little was sent to show anything")
    settle(*nodes)
    for officer in officers:
        nothing_lost(officer)
    for node in nodes:
        nothing_twice(node)
        node.sound()
    ok("all that was acknowledged is there once, with its receipt, and both registers are right")
    same_cases(*nodes)
    ok("both agree on every case")


run(story)
