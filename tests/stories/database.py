#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A node with its store on a PostgreSQL server: no secret lies about, what a server refuses is said, one core writes, a server
that is away is waited for and loses nothing that was acknowledged; and a node that moves there from SQLite with its register
and its proofs, however often the move is interrupted.

Broken variants: tests/checks/store_broken (a second writer, an early confirmation, a copy that differs)."""
import os
import random
import shutil
import signal
import subprocess
import threading
import time

from story import (BIN, PORT, Node, agree, check, clusters, complaint, introduce, kept_apart, must, ok, path, postgresql,
                   read, run, same_cases, settle, until, wasl)

SECRET = "Gr%C3%BCn%20%26%20grau"  # postgresql.PASSWORD, as a URI has it
INTERRUPTIONS = 6


def with_password(uri):
    return uri.replace("guarded@", f"guarded:{SECRET}@")


def refused_at_init(server):
    taken = server.database()
    server.ask(taken.split("/")[3].split("?")[0], "CREATE TABLE theirs(x int)")
    words = ["node", "init", path("never"), "--name", "never", "--org", "x", "--listen", f"127.0.0.1:{PORT + 8}", "--store"]
    complaint(wasl(*words, "oracle://x"), 2, "sqlite", "postgresql://")
    complaint(wasl(*words, "postgresql://u:secret@h@d/x"), 1, "address cannot be read")
    said = complaint(wasl(*words, f"postgresql://guarded:wrong@/postgres?host={server.dir}"), 1, "password authentication")
    check("wrong" not in said, "the password is repeated:", said)
    complaint(wasl(*words, server.uri("nowhere")), 1, "nowhere", "does not exist")
    complaint(wasl(*words, "postgresql://node@/x?host=/nowhere"), 1, "cannot be reached")
    complaint(wasl(*words, taken), 1, "another program")
    check(not os.path.exists(path("never")), "a refused init left a folder behind")
    ok("a database that cannot be used is refused when the node is made, in a sentence without its password")


def guarded(server):
    uri = server.database(user="guarded")
    node = Node("rabat", store=with_password(uri))
    conf = read(os.path.join(node.dir, "wasl.conf")).decode()
    check(uri in conf.replace("\n  ", "") and SECRET not in conf and "guarded@" in conf, conf)
    file = os.path.join(node.dir, "core", "database.password")
    check(kept_apart(file) and read(file).decode() == postgresql.PASSWORD, "the password's file:", read(file))
    node.start()
    status = node.json("node", "status")
    check(status["store"].startswith("postgresql://guarded@/") and SECRET not in status["store"], status)
    for role, pid in node.children().items():
        words = read(f"/proc/{pid}/cmdline").decode()
        check("postgresql" not in words, role, "shows the address in its arguments:", words)
    check(postgresql.PASSWORD not in node.said() and SECRET not in node.said(), "the log shows the password")
    check("core.db" not in os.listdir(os.path.join(node.dir, "core")), "there is a core.db, too")
    ok("the password lies in a file for core alone: not in wasl.conf, nor in arguments, log or status")
    return node


def one_writer(server, node):
    """A copy of the whole node, keys and all, started beside it."""
    copy = path("copy")
    subprocess.run(["cp", "-a", node.dir, copy], check=True)
    conf = os.path.join(copy, "wasl.conf")
    with open(conf, encoding="utf-8") as file:
        text = file.read().replace(f":{node.port}", f":{PORT + 9}")
    with open(conf, "w", encoding="utf-8") as file:
        file.write(text)
    done = subprocess.run([os.path.join(BIN, "wasld"), copy], stdin=subprocess.DEVNULL, capture_output=True, timeout=60,
                          check=False)
    said = done.stderr.decode()
    check(done.returncode == 1 and "another core holds this register" in said, "a second core is not refused:", said)
    must(node.wasl("node", "status"))
    shutil.rmtree(copy)
    ok("a second core on the same database is refused, and the first one goes on")


def away_at_start(server, node):
    check(node.stop() == 0, node.said())
    server.stop()
    node.launch()
    until(lambda: "cannot be reached" in node.said(), 20, "it says what it waits for")
    until(lambda: "cannot be reached" in node.wasl("node", "status").err, 20, "node status says so")
    complaint(node.wasl("node", "status"), 1, "cannot be reached")
    complaint(node.wasl("case", "list"), 1, "cannot be reached")
    server.start()
    node.serves(30)
    ok("a server that is away at the start is waited for, and node status says so")


def away_meanwhile(server, node, partner):
    """Both send without a pause while the server is ended hard, four times."""
    sent, wrong, ends = {node: [], partner: []}, [], threading.Event()

    def send(one, other):
        while not ends.is_set():
            answer = one.wasl("case", "open", "request", "--to", other.name, *(
                word for name, value in {"subject": f"{one.name} {len(sent[one])}", "sought": "information", "urgency": "normal", "purpose": "drugs",
                                         "question": "?" * 3000, "language": "fr"}.items()
                for word in ("--field", f"{name}={value}")))
            if answer.code == 0:
                sent[one].append(answer.out.strip())
            elif answer.code != 1:
                wrong.append(answer)

    threads = [threading.Thread(target=send, args=pair, daemon=True) for pair in ((node, partner), (partner, node))]
    for thread in threads:
        thread.start()
    for number in (signal.SIGQUIT, signal.SIGINT, signal.SIGKILL, signal.SIGQUIT):
        before = len(sent[node])
        until(lambda: len(sent[node]) > before + 3, 60, lambda: f"it sends:\n{node.said()}")
        server.stop(number)
        time.sleep(0.5)
        server.start()
        node.serves(60)
    ends.set()
    for thread in threads:
        thread.join()
    check(not wrong, *wrong[:3])
    settle(node, partner)
    for one, other in ((node, partner), (partner, node)):
        states = {row["id"]: row["state"] for row in one.json("outbox", "list")}
        check(all(states.get(message) == "receipted" for message in sent[one]), one.name, "lost something", states)
        got = [leaf["message"] for leaf in other.leaves() if leaf["act"] == "received"]
        check(len(got) == len(set(got)) and set(sent[one]) <= set(got), other.name, "did not get all, or something twice")
        one.sound()
    same_cases(node, partner)
    ok(f"the server ended hard four times; all {len(sent[node])} + {len(sent[partner])} that were acknowledged are there once")


def weak_server(server, node):
    check(node.stop() == 0, node.said())
    server.stop(signal.SIGINT)
    server.set(fsync="off")
    server.start()
    node.launch()
    check(node.process.wait(30) == 1 and "fsync is off" in node.said(), "a server without fsync is taken:", node.said())
    server.stop(signal.SIGINT)
    server.set(fsync="on")
    server.start()
    node.start()
    ok("a server that would lose what it confirmed is refused")


def interrupted(node, to):
    """Killed at some moment; says whether the node has moved."""
    process = subprocess.Popen([os.path.join(BIN, "wasl"), "store", "migrate", node.dir, "--to", to],
                               stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(random.random() * 0.4)
    process.kill()
    process.wait()
    return b"[store]" in read(os.path.join(node.dir, "wasl.conf"))


def moved(server, paris, rabat):
    conf = read(os.path.join(paris.dir, "wasl.conf"))
    before = (paris.json("register", "head"), paris.stories(), paris.leaves(), paris.json("outbox", "list"))
    case = next(iter(paris.cases()))
    to = with_password(server.database(user="guarded"))
    complaint(wasl("store", "migrate", paris.dir, "--to", to), 1, "runs: stop it first")
    check(paris.stop() == 0, paris.said())
    complaint(wasl("store", "migrate", path("nowhere"), "--to", to), 5, "nowhere")
    complaint(wasl("store", "migrate", paris.dir), 2, "--to")
    complaint(wasl("store", "migrate", paris.dir, "--to", "sqlite"), 2, "--to")
    complaint(wasl("store", "migrate", paris.dir, "--to", "postgresql://node@/x?host=/nowhere"), 1, "cannot be reached")
    theirs = rabat.json("node", "status")["store"].split("/")[3].split("?")[0]
    check(rabat.stop() == 0, rabat.said())
    complaint(wasl("store", "migrate", paris.dir, "--to", server.uri(theirs, f"guarded:{SECRET}")), 1, "already", "empty")
    rabat.start()
    check(read(os.path.join(paris.dir, "wasl.conf")) == conf, "a refused move has changed wasl.conf")
    paris.start()
    check(paris.stop() == 0, paris.said())
    ok("a move is refused while the node runs, to nowhere and to another's database, and leaves the node as it was")
    tries = 0
    while tries < INTERRUPTIONS and not interrupted(paris, to):
        tries += 1
    if b"[store]" not in read(os.path.join(paris.dir, "wasl.conf")):
        said = must(wasl("store", "migrate", paris.dir, "--to", to)).err
        check("the register of" in said and SECRET not in said, said)
    paris.start()
    settle(paris, rabat)
    after = (paris.json("register", "head"), paris.stories(), paris.leaves(), paris.json("outbox", "list"))
    check(before[0]["size"] <= after[0]["size"] and before[2] == after[2][:len(before[2])], "the register has changed")
    check(sorted(str(each) for each in before[1]) == sorted(str(each) for each in after[1]), "the cases have changed")
    check(before[3] == after[3], "the outbox has changed")
    check(paris.json("node", "status")["store"].startswith("postgresql://guarded@"), "it did not move")
    paris.sound()
    paris.ask("proof", "export", case, "-o", path("moved.wasl-proof"))
    must(wasl("proof", "verify", path("moved.wasl-proof"), "--card", rabat.card(), "--card", paris.card()))
    ok(f"after {tries} interruptions it has moved, with every leaf, case, receipt and proof")
    rabat.request("paris", subject="after the move")
    paris.request("rabat", subject="after the move, too")
    settle(rabat, paris)
    same_cases(rabat, paris)
    check(paris.stop() == 0, paris.said())
    complaint(wasl("store", "migrate", paris.dir, "--to", server.database()), 1, "on a server already")
    paris.start()
    ok("the exchange goes on from there")


def story():
    server = postgresql.Cluster()
    clusters.append(server)
    refused_at_init(server)
    rabat = guarded(server)
    one_writer(server, rabat)
    paris = Node("paris", store="sqlite").start()
    introduce(rabat, paris)
    agree(rabat, paris)
    away_at_start(server, rabat)
    away_meanwhile(server, rabat, paris)
    weak_server(server, rabat)
    moved(server, paris, rabat)


run(story)
