#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Two nodes exchange and a third is the witness of one: evidence verifies with its cosignature, and not without; while it
is away the exchange goes on and evidence that the policy wants witnessed waits; when it is back it catches up. A folder
that was put back to an old copy is refused by the witness, and its own node says so.

Broken variants: tests/checks/exchange_broken (a witness that answers whom nobody named, a fork that is cosigned, a quorum
that is not asked for)."""
import json
import os
import shutil
import subprocess

from story import ON_SERVER, ROOT, Node, check, cluster, complaint, introduce, must, ok, path, run, settle, started, until, wasl


def behind(node, name):
    return [row for row in node.json("witness", "list")["witnesses"] if row["name"] == name][0]


def caught_up(node, name, seconds=40):
    return until(lambda: (lambda row: row["behind"] == 0 and row)(behind(node, name)), seconds,
                 lambda: f"{name} has seen all of it: {behind(node, name)}")


def witnessed(paris, madrid, message):
    """Evidence with the witness's line: who counts is named by the verifier, and by nobody else."""
    file = path("witnessed.wasl-proof")
    paris.ask("proof", "export", message, "-o", file)
    must(wasl("proof", "verify", file))
    key = madrid.json("witness", "list")["key"]
    told = json.loads(must(wasl("proof", "verify", file, "--witness", key, "--quorum", 1, "--json")).out)
    seen = told["receivers"][0]["sent_witnessed"]
    check([row["name"] for row in seen["witnesses"]] == [key.split("+")[0]] and seen["not_named"] == 0, told)
    said = must(wasl("proof", "verify", file, "--witness", madrid.card(), "--quorum", 1))
    check("witness of the register of paris: " + key.split("+")[0] in said.out, said)
    must(wasl("proof", "verify", file, "--quorum", 1), 2)
    complaint(wasl("proof", "verify", file, "--witness", path("rabat.card"), "--quorum", 1), 7, "0 did", "not named")
    said = must(wasl("proof", "verify", file, "--witness", path("rabat.card")))
    check("not named with --witness, not checked: 1" in said.out, said)
    foreign = subprocess.run([os.path.join(ROOT, "tests", "checks", "evidence_go"), file], stdin=subprocess.DEVNULL,
                             capture_output=True, check=False)
    check(foreign.returncode in (0, 77), "the foreign verifier says:", foreign.stdout.decode(), foreign.stderr.decode())


def away(rabat, paris, madrid):
    """Without its witness the node exchanges as before; only evidence that must be witnessed waits."""
    paris.ask("witness", "policy", 1)
    until(lambda: madrid.stop() == 0, 5, "it stops")
    message = paris.request("rabat", subject="while it is away")
    settle(paris, rabat)
    said = paris.refuses(6, "proof", "export", message, "-o", path("waits.wasl-proof"),
                         says=("policy wants 1 cosignature", "there are 0", "missing: madrid"))
    check(not os.path.exists(path("waits.wasl-proof")), "a file was made all the same")
    check(behind(paris, "madrid")["behind"] > 0 and "madrid" in paris.ask("node", "status"), "the status is silent")
    until(lambda: behind(paris, "madrid")["trouble"], 10, "its trouble is shown")
    ok("without its witness the exchange goes on, and evidence waits: " + said)
    madrid.start()
    caught_up(paris, "madrid")
    paris.ask("proof", "export", message, "-o", path("waits.wasl-proof"))
    ok("back again, it catches up")


def put_back(paris, madrid, rabat):
    """The whole folder is old: its keeper has forgotten what it signed; the witness has not."""
    begin = madrid.size()
    paris.stop()
    shutil.rmtree(paris.dir)
    subprocess.run(["cp", "-a", path("older"), paris.dir], check=True)
    if ON_SERVER:
        cluster().copy("older", paris.database)
    rabat.stop()  # it would tell, too
    paris.launch()
    until(lambda: "madrid cosigned a head of this register" in paris.wasl("node", "status").err, 40,
          lambda: f"the node is told: {paris.wasl('node', 'status')}")
    row = behind(paris, "madrid")
    check(row["contradicts"] and "put back to an old copy" in row["trouble"], row)
    size = row["size"]
    while paris.size() <= madrid_knows(madrid) + 2:
        paris.request("rabat", subject="another story")
    until(lambda: [leaf for leaf in madrid.leaves(begin) if leaf["act"] == "fault"], 40, "the witness has a leaf of it")
    leaf = [leaf for leaf in madrid.leaves(begin) if leaf["act"] == "fault"][0]
    check(leaf["subject"].startswith("wasl/paris/") and leaf["evidence"].strip("0"), leaf)
    check(madrid.json("partner", "list")[0]["state"] == "stopped", madrid.json("partner", "list"))
    check(behind(paris, "madrid")["contradicts"], behind(paris, "madrid"), size)
    ok("a register that was put back and grew on is refused by the witness, which keeps the two heads: " + leaf["reason"])


def madrid_knows(madrid):
    """What the witness cosigned last of its partner."""
    return madrid.known


def story():
    rabat, paris = started("rabat", "paris")
    madrid = Node("madrid").start()
    introduce(paris, madrid)
    paris.refuses(5, "partner", "add", "--witness", "nobody", says="there is no partner named nobody")
    paris.ask("partner", "add", "--witness", "madrid")
    paris.refuses(1, "partner", "add", "--witness", "madrid", says="already")
    until(lambda: "does not witness this register" in (behind(paris, "madrid")["trouble"] or ""), 20, "nobody asked madrid")
    madrid.ask("witness", "for", "paris")
    row = caught_up(paris, "madrid")
    check(row["trouble"] is None or row["trouble"] == "", row)
    check(madrid.json("witness", "list")["witnessed"] == ["paris"], madrid.json("witness", "list"))
    ok("a witness cosigns when a person there said so, and not before")
    paris.stop()
    subprocess.run(["cp", "-a", paris.dir, path("older")], check=True)
    if ON_SERVER:
        cluster().copy(paris.database, "older")
    paris.start()
    message = paris.request("rabat", "--part", __file__)
    settle(paris, rabat)
    caught_up(paris, "madrid")
    rabat.card()
    witnessed(paris, madrid, message)
    ok("evidence bears the cosignature of the witness; the verifier names who counts")
    rest = paris.size()
    away(rabat, paris, madrid)
    check(paris.size() > rest, "nothing was written")
    paris.sound()
    madrid.sound()
    madrid.known = caught_up(paris, "madrid")["size"]
    put_back(paris, madrid, rabat)


run(story)
