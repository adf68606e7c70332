#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A node that was put back to an older state. With its keeper's memory intact it does not start; without, its partner
notices, keeps the evidence as a leaf, takes nothing more, and says why its messages wait. A forked one likewise.

Broken variants: tests/checks/keeper_broken (a smaller head, a fork), tests/checks/exchange_broken (an old database, an old
head for ever)."""
import json
import os
import shutil
import subprocess

from story import ON_SERVER, check, cluster, must, ok, path, run, settle, started, until, write

POSSIBLE = ("waiting", "under_way")


def keep(node, name):
    """A copy of the stopped node with owners and rights, as a backup keeps them."""
    subprocess.run(["cp", "-a", node.dir, path(name)], check=True)
    if ON_SERVER:
        cluster().copy(node.database, name)


def put_back(node, name, *folders):
    """All of the node, or only some of its folders, as they were."""
    for folder in folders or [""]:
        shutil.rmtree(os.path.join(node.dir, folder))
        subprocess.run(["cp", "-a", path(name, folder).rstrip("/"), os.path.join(node.dir, folder).rstrip("/")], check=True)
        if ON_SERVER and folder in ("", "core"):
            cluster().copy(name, node.database)


def noticed(rabat, begin, word):
    """rabat's fault leaf about paris, and the reason at what waits."""
    waits = rabat.request("paris", subject=word)
    fault = until(lambda: [leaf for leaf in rabat.leaves(begin) if leaf["act"] == "fault"], 20, f"a leaf about the {word}")
    check(word in fault[0]["reason"], "another fault:", fault)
    row = [row for row in rabat.json("outbox", "list") if row["id"] == waits][0]
    check(row["state"] in POSSIBLE and row["reason"], row)
    trouble = rabat.json("partner", "list")[0]["trouble"]
    check(trouble, "no trouble is shown")
    return trouble


def lost(paris):
    """The node itself knows, and says so."""
    said = must(paris.wasl("node", "status"), 1)
    check("this register lost leaves: rabat holds a head of it" in said.err, said)
    said = must(paris.wasl("node", "status", "--json"), 1)
    check("lost leaves" in json.loads(said.out)["unsound"][0], said)
    said = must(paris.wasl("register", "check", "--json"), 1)
    check([problem["place"] for problem in json.loads(said.out)["problems"]] == ["register"], said)
    paris.refuses(6, "case", "open", "request", "--to", "rabat", "--fields", write("form.json", paris.ask(
        "kind", "example", "request")), says="lost leaves")


def story():
    rabat, paris = started("rabat", "paris")
    paris.stop()
    keep(paris, "older")
    paris.start()
    for number in range(3):
        rabat.request("paris", subject=str(number))
        paris.request("rabat", subject=str(number))
    settle(rabat, paris)
    paris.stop()
    keep(paris, "newer")
    put_back(paris, "older", "core")
    paris.launch()
    check(paris.process.wait(20) == 1, "it starts with an older database:", paris.said())
    check("older than what was proved" in paris.said(), paris.said())
    ok("with a database older than the keeper's memory it does not start, and says why")
    put_back(paris, "older")
    begin = rabat.size()
    cases = rabat.cases()
    paris.start()
    trouble = noticed(rabat, begin, "rollback")
    check(set(rabat.cases()) - set(cases) <= {row["id"] for row in rabat.json("outbox", "list")},
          "something was taken from a partner that was rolled back")
    ok("rolled back with its memory, it is noticed by its partner: " + trouble)
    partner = rabat.json("partner", "list")[0]
    check(partner["state"] == "stopped" and partner["stopped"] in trouble, partner)
    check(rabat.json("node", "status")["partners"] == {"active": 0, "suspended": 0, "stopped": 1}, "the status says otherwise")
    form = path("form.json")
    with open(form, "w", encoding="utf-8") as file:
        file.write(rabat.ask("kind", "example", "request"))
    ok(rabat.refuses(6, "case", "open", "request", "--to", "paris", "--fields", form,
                     says=("paris contradicts", partner["stopped"], "wasl partner resume paris")))
    for again in range(2):
        until(lambda: "lost leaves" in paris.wasl("node", "status").err, 20, f"it knows that it lost leaves ({again})")
        lost(paris)
        paris.stop()
        paris.launch()
    ok("it learns it from its partner, says so wherever it is asked, and sends nothing new; a restart changes nothing")
    rabat.sound()
    forked()


def forked():
    """The older state goes on by itself until it is longer than what the partner knows."""
    fes, nice = started("fes", "nice")
    nice.stop()
    keep(nice, "before")
    nice.start()
    nice.request("fes", subject="one story")
    settle(fes, nice)
    known = nice.size()
    nice.stop()
    put_back(nice, "before")
    begin = fes.size()
    fes.stop()
    nice.start()
    while nice.size() <= known + 3:
        nice.request("fes", subject="another story")
    fes.start()
    until(lambda: [leaf for leaf in fes.leaves(begin) if leaf["act"] == "fault"], 30, "a leaf about the fork")
    reason = [leaf for leaf in fes.leaves(begin) if leaf["act"] == "fault"][0]["reason"]
    told = [case["messages"][0]["fields"].get("subject") for case in fes.stories()]
    check("another story" not in told and "one story" in told, "the fork was taken in:", told)
    check(fes.json("partner", "list")[0]["trouble"] or reason, "no trouble is shown")
    fes.sound()
    ok("a register that was forked is noticed, and nothing more is taken: " + reason)


run(story)
