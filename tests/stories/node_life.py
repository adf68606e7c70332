#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A node is made, started, stopped, killed and started again; what is wrong is said in one sentence, and a stop finishes
what is under way.

Broken variants: without the lock of src/wasld/main.c two nodes write one register; without stop_ms of the gates a send
under way is cut."""
import os
import socket
import subprocess
import threading
import time

from story import BIN, NOBODY, PORT, Node, check, complaint, must, ok, path, run, settle, started, until, user_words, wasl


def wasld_complains(folder, *words, user=None):
    """It ends by itself with 1 and says why in its last words."""
    done = subprocess.run([os.path.join(BIN, "wasld"), folder], stdin=subprocess.DEVNULL, capture_output=True, timeout=30,
                          check=False, **user_words(user))
    said = done.stderr.decode()
    check(done.returncode == 1, "wasld ended with", done.returncode, said)
    lines = [line for line in said.splitlines() if line.startswith("wasld: ")]
    check(len(lines) == 1 and said.count("\n") == 1, "one sentence was expected:", said)
    for word in words:
        check(word in lines[0], f"'{word}' is not in:", said)


def made_wrong():
    where = path("wrong")
    words = ["node", "init", where, "--org", "x", "--listen", f"127.0.0.1:{PORT + 9}"]
    for name in ("Paris", "9", "-x", "p aris", "é", "a" * 33, ""):
        complaint(wasl(*words, "--name", name), 2, "--name")
    complaint(wasl("node", "init", where, "--name", "x", "--org", "x", "--listen", "nowhere"), 2, "nowhere")
    complaint(wasl("node", "init", where, "--name", "x", "--org", "x", "--listen", "127.0.0.1:70000"), 2, "70000")
    complaint(wasl("node", "init", where, "--name", "x", "--listen", f"127.0.0.1:{PORT + 9}"), 2, "--org")
    complaint(wasl("node", "init", path("no", "such"), "--name", "x", "--org", "x", "--listen", "127.0.0.1:1"), 5, "no/such")
    check(not os.path.exists(where), "a refused init left a folder behind")
    os.mkdir(where)
    with open(os.path.join(where, "mine"), "w", encoding="ascii"):
        pass
    complaint(wasl(*words, "--name", "x"), 1, "not empty")
    check(os.listdir(where) == ["mine"], "a refused init left something behind")
    wasld_complains(where, "wasl.conf")
    wasld_complains(path("nowhere"), "nowhere")
    ok("what cannot be made is refused in a sentence, and nothing is left behind")


def one_at_a_time(rabat):
    complaint(wasl("node", "init", rabat.dir, "--name", "rabat", "--org", "x", "--listen", "127.0.0.1:1"), 1, "not empty")
    complaint(rabat.wasl("node", "status"), 1, "not run")
    complaint(rabat.wasl("case", "list"), 1, "not run", "wasld")
    rabat.start()
    must(rabat.wasl("node", "status"))
    wasld_complains(rabat.dir, "runs already")
    must(rabat.wasl("node", "status"))
    other = Node("other", listen=rabat.listen)
    wasld_complains(other.dir, str(rabat.port), "in use")
    with open(os.path.join(other.dir, "wasl.conf"), "a", encoding="utf-8") as conf:
        conf.write("listne = 1\n")
    wasld_complains(other.dir, "wasl.conf:", "listne")
    if os.geteuid() == 0:
        os.chmod(path(), 0o755)
        wasld_complains(rabat.dir, "belongs to the user root", user=NOBODY)
        complaint(wasl("node", "status", node=rabat.dir, user=NOBODY), 1)
    ok("one node to a folder and to a port; an unknown setting is named with its line")


def story():
    made_wrong()
    rabat = Node("rabat")
    one_at_a_time(rabat)
    before = rabat.json("register", "head")
    for _ in range(5):
        rabat.kill()
        rabat.start()
    check(rabat.json("register", "head")["size"] == before["size"], "restarts left leaves:", rabat.json("register", "head"))
    check(not rabat.stop() and not [name for name in os.listdir(rabat.dir) if name.endswith(".sock")], "a socket is left")
    ok("started again right after kill -9, five times, and stopped")
    stopped_while_sending()


def stopped_while_sending():
    one, two = started("fes", "nice")
    sent, ended = [], []

    def send():
        while not ended:
            answer = one.wasl("case", "open", "request", "--to", "nice", "--fields", path("form.json"), "--part",
                              path("part.bin"))
            if answer.code != 0:
                ended.append(answer)
            else:
                sent.append(answer.out.strip())

    with open(path("form.json"), "w", encoding="utf-8") as file:
        file.write(one.ask("kind", "example", "request"))
    with open(path("part.bin"), "wb") as file:
        file.write(os.urandom(3 << 20))
    threads = [threading.Thread(target=send) for _ in range(2)]
    for thread in threads:
        thread.start()
    until(lambda: len(sent) > 3, 20, "some are sent")
    began = time.monotonic()
    check(one.stop() == 0, "it did not stop in peace:", one.said())
    took = time.monotonic() - began
    for thread in threads:
        thread.join()
    complaint(ended[0], 1)
    with socket.socket() as probe:
        check(probe.connect_ex(("127.0.0.1", one.port)) != 0, "it still listens")
    one.start()
    settle(one, two)
    check(set(sent) <= set(two.cases()), "something that was acknowledged did not arrive")
    for node in (one, two):
        node.sound()
    ok(f"SIGTERM ended it in {took:.1f} s; all {len(sent)} that were acknowledged arrived")


run(story)
