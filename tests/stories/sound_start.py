#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What is wrong with a node is said at its start, and its status says 0 only while all of it serves: never for an instant while
a start fails, and soon when a process is halted. Whose node it is decides who may start and use it. Output that cannot be
written is no success, and says that the command was done.

Broken variants: tests/checks/gate_broken (a node counts as started before its door is open; a key that is not the card's)."""
import os
import signal
import subprocess
import time

from story import BIN, NOBODY, PORT, Node, check, complaint, must, ok, path, read, run, user_words, wasl


def fails(node, *words):
    """It does not start, says why in its log, and its status was not 0 for an instant."""
    before = len(read(node.log)) if os.path.exists(node.log) else 0
    node.launch()
    asked = 0
    while node.process.poll() is None:
        answer = node.wasl("node", "status")
        check(answer.code == 1, "a node that does not start has the status", answer)
        asked += 1
    check(node.process.wait() == 1 and asked > 0, "it ended with", node.process.returncode, "asked", asked)
    node.process = None
    said = read(node.log)[before:].decode()
    for word in words:
        check(word in said, f"'{word}' is not in:\n", said)


def put(file, content):
    """Other content in the same file, with its owner and rights."""
    before = read(file)
    with open(file, "wb") as out:
        out.write(content)
    return before


def wrong_files(rabat, paris):
    key, crt = (os.path.join(rabat.dir, "gate", name) for name in ("tls.key", "tls.crt"))
    other = [read(os.path.join(paris.dir, "gate", name)) for name in ("tls.key", "tls.crt")]
    own = put(key, b"damaged\n")
    fails(rabat, "gate/tls.key is damaged")
    put(key, other[0])
    fails(rabat, "gate/tls.key is not the key of gate/tls.crt")
    own_crt = put(crt, other[1])
    fails(rabat, "the key in gate/tls.key is not the one on node.card")
    put(key, own)
    put(crt, own_crt)
    conf = os.path.join(rabat.dir, "wasl.conf")
    own = put(conf, read(conf).replace(b"name = rabat", b"name = fes"))
    fails(rabat, "wasl.conf calls this node fes, but its card says rabat", "write name = rabat")
    put(conf, own)
    ok("a TLS pair or a name that is not the card's is no start, and the status is never 0")


def other_address(rabat):
    conf = os.path.join(rabat.dir, "wasl.conf")
    moved = f"127.0.0.1:{PORT + 12}"
    own = put(conf, read(conf).replace(rabat.listen.encode(), moved.encode()))
    rabat.start()
    answer = must(rabat.wasl("node", "status"))
    warning = f"the node's card sends partners to {rabat.listen}, but by wasl.conf they are to come to {moved}"
    check(warning in answer.err and warning in rabat.json("node", "status")["warnings"][0], answer)
    check("gate.addresses " + warning in rabat.said(), rabat.said())
    check(rabat.json("node", "status")["listening"] == [moved], rabat.json("node", "status"))
    rabat.stop()
    line = f"listen = {moved}\n"
    put(conf, read(conf).replace(line.encode(), f"{line}address = {rabat.listen}\n".encode()))
    rabat.start()
    check(must(rabat.wasl("node", "status")).err == "" and rabat.json("node", "status")["warnings"] == [], "still warned")
    rabat.stop()
    put(conf, own)
    away = Node("away", listen=f"0.0.0.0:{PORT + 13}", address=f"node.example:{PORT + 13}").start()
    check(must(away.wasl("node", "status")).err == "", "warned of the address it was made with")
    away.stop()
    ok("another address than the card's is warned of, at the start and in the status, unless wasl.conf says that it is meant")


def halted(rabat):
    rabat.start()
    for role, says in (("core", "core of this node"), ("keeper", "keeper is halted by a signal"),
                       ("gate-peer", "gate-peer is halted"), ("worker", "worker is halted"), ("gate-local", "did nothing for 10 s")):
        pid = rabat.children()[role]
        os.kill(pid, signal.SIGSTOP)
        began = time.monotonic()
        time.sleep(0.2)
        answer = rabat.wasl("node", "status")
        check(answer.code == 1 and says in answer.err and time.monotonic() - began < 15, f"{role} is halted:", answer)
        if role == "core":
            rabat.refuses(1, "case", "list", says=("halted by a signal", f"kill -CONT {pid}"))
        os.kill(pid, signal.SIGCONT)
        time.sleep(0.2)
        must(rabat.wasl("node", "status"))
    ok("a halted process is named, and nothing waits for it without end")


def outputs(rabat):
    program, full = [os.path.join(BIN, "wasl"), "-n", rabat.dir], "/dev/full"
    for words in (("node", "status"), ("--help",), ("card", "export"), ("kind", "show", "request", "--json")):
        with open(full, "wb") as out:
            done = subprocess.run(program + list(words), stdout=out, stderr=subprocess.PIPE, check=False, timeout=60)
        check(done.returncode == 1 and done.stderr.decode() == "wasl: the command was done, but its output could not be written: "
              "No space left on device\n", words, done)
    done = subprocess.run(["sh", "-c", '"$@" >&-', "sh", *program, "node", "status"], stderr=subprocess.PIPE, check=False, timeout=60)
    check(done.returncode == 1 and b"could not be written: Bad file descriptor" in done.stderr, done)
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(program + ["kind", "list"], stdout=writer, stderr=subprocess.PIPE, check=False, timeout=60)
    os.close(writer)
    check(done.returncode == 1 and b"its output was not read to the end" in done.stderr, done)
    done = subprocess.run(program + ["node", "status"], stdout=subprocess.DEVNULL, check=False, timeout=60,
                          preexec_fn=lambda: os.close(2))
    check(done.returncode == 0, "without stderr:", done)
    file = path("large")
    with open(file, "wb") as out:
        out.truncate((1 << 40) + 1)
    rabat.refuses(1, "case", "open", "request", "--to", "rabat", "--field", "subject=x", "--part", file,
                  says=("more than a part may have", "1099511627776", "split it"))
    os.unlink(file)
    ok("an output that is full, closed or not read is no success; a part beyond the limit is refused at once")


def whose(rabat):
    if os.geteuid() != 0:
        ok("# SKIP only root can be another user")
        return
    os.chmod(path(), 0o755)
    for words in (("case", "list"), ("node", "status"), ("card", "export")):
        complaint(wasl(*words, node=rabat.dir, user=NOBODY), 1, "belongs to the user root", "you are nobody", "sudo -u root")
    done = subprocess.run([os.path.join(BIN, "wasld"), rabat.dir], capture_output=True, check=False, timeout=30, **user_words(NOBODY))
    check(done.returncode == 1 and b"this node belongs to the user root" in done.stderr and done.stderr.count(b"\n") == 1, done)
    own = path("own")
    os.mkdir(own, 0o755)
    os.chown(own, NOBODY, NOBODY)
    tunis = Node("tunis", place=14, folder=os.path.join(own, "tunis"), user=NOBODY)
    done = subprocess.run([os.path.join(BIN, "wasld"), tunis.dir], capture_output=True, check=False, timeout=30)
    check(done.returncode == 1 and b"and its keys belong to the user nobody" in done.stderr and b"sudo -u nobody wasld" in done.stderr, done)
    tunis.start()
    check(must(wasl("node", "status", node=tunis.dir)).err == "", "root may look without a word")
    said = wasl("agreement", "propose", "--to", "tunis", "--example", node=tunis.dir).err
    check("the register will say that root did this" in said, said)
    tunis.stop()
    ok("a node is started by its owner alone, and used by its owner and root, who is told in whose name")


def story():
    rabat, paris = Node("rabat"), Node("paris")
    wrong_files(rabat, paris)
    if os.environ.get("WASL_TEST_ONLY") == "wrong_files":
        return
    other_address(rabat)
    halted(rabat)
    outputs(rabat)
    whose(rabat)
    check(rabat.stop() == 0, "it did not end in peace")


run(story)
