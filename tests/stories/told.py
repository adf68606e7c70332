#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a person is told who gave a command when something went wrong behind it: that it is not known whether a message was
taken, that a name is wrong, which of two values was meant; and what the last line of a failed start says.

Broken variants: without fail_unanswered of src/cli/api.c the answer that never came says nothing of what to look at; the rest
are words."""
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import threading

from story import BIN, Node, check, complaint, must, ok, path, read, run, settle, started, until, wasl, write


def cut_short(rabat, *words):
    """All of the node is killed while core holds the request."""
    answers = []
    thread = threading.Thread(target=lambda: answers.append(rabat.wasl(*words)))
    os.kill(rabat.children()["keeper"], signal.SIGSTOP)  # core answers what signs nothing, then waits for it
    thread.start()

    def waits():
        try:
            return rabat.wasl("kind", "list", seconds=1) is None
        except subprocess.TimeoutExpired:
            return True

    until(waits, 20, "core waits for the keeper")
    rabat.kill()
    thread.join()
    rabat.start()
    return answers[0]


def unanswered(rabat, paris):
    form = write("form.json", rabat.ask("kind", "example", "request"))
    settle(rabat, paris)
    changed = cut_short(rabat, "key", "rotate", "--seal")
    complaint(changed, 1, "not known whether", "wasl key list", "first", "only if it was not done")
    answer = cut_short(rabat, "case", "open", "request", "--to", "paris", "--fields", form)
    complaint(answer, 1, "not known whether", "wasl case list", "wasl outbox list", "first", "only if it was not done")
    said = complaint(rabat.wasl("case", "list", "--kind", "zz"), 5, "no kind named zz", "wasl kind list")
    check(rabat.json("case", "list", "--kind", "request") is not None, "a known kind")
    ok("killed before it answered: " + answer.err.strip() + "; " + said)
    settle(rabat, paris)


def stale(rabat, paris):
    """The upload is gone when the message names it: the node was started anew between both."""
    form = write("form.json", rabat.ask("kind", "example", "request"))
    folder = os.open(rabat.dir, os.O_PATH)
    connection = http.client.HTTPConnection("wasl", timeout=60)
    connection.sock = socket.socket(socket.AF_UNIX)
    connection.sock.connect(f"/proc/self/fd/{folder}/api.sock")
    connection.request("POST", "/v1/cases", json.dumps({"kind": "request", "to": ["paris"], "fields": json.loads(read(form)),
                       "parts": [{"stage": "77", "name": "a.bin", "type": "application/octet-stream"}]}),
                       {"Content-Type": "application/json"})
    answer = connection.getresponse()
    problem = json.loads(answer.read())
    os.close(folder)
    check(answer.status == 409 and problem["code"] == "conflict" and "nothing was sent" in problem["detail"], problem)
    ok("an upload that is gone is no missing case: " + problem["detail"])


def words():
    for line in (("--version",), ("-n", "nowhere", "--version"), ("-n", "nowhere", "version")):
        check(must(wasl(*line)).out.startswith("wasl 0."), line)
    check(re.fullmatch(r'\{"version":"[0-9.]+"\}\n', must(wasl("--version", "--json")).out), "no version as JSON")
    complaint(wasl("case", "open", "request", "--to", "a", "--fields", "x", "--fields", "y"), 2, "--fields stands twice")
    ok("the version, whatever stands beside it; an option given twice is wrong use")


def last_word(rabat, paris):
    """A start that fails ends with the cause, whatever the others say after it."""
    rabat.stop()
    key = os.path.join(rabat.dir, "gate", "tls.key")
    kept = read(key)
    with open(key, "wb") as file:
        file.write(b"no key\n")
    done = subprocess.run([os.path.join(BIN, "wasld"), rabat.dir], stdin=subprocess.DEVNULL, capture_output=True, timeout=30,
                          check=False)
    lines = done.stderr.decode().splitlines()
    check(done.returncode == 1 and "gate/tls.key is damaged" in lines[-1] and "did not start" in lines[-1], lines)
    ok("the last line: " + lines[-1].split(" ", 1)[1])
    other = read(os.path.join(paris.dir, "gate", "tls.key"))
    for content, *words in ((b"no key\n", "gate/tls.key is damaged"), (other, "is not the key of gate/tls.crt", "cp -p"), (kept,)):
        with open(key, "wb") as file:
            file.write(content)
        done = subprocess.run([os.path.join(BIN, "wasld"), "--check", rabat.dir], stdin=subprocess.DEVNULL, timeout=30,
                              capture_output=True, check=False, text=True)
        check(done.returncode == (1 if words else 0) and (done.stderr.count("\n") == 1 if words else "fine" in done.stdout), done)
        check(all(word in done.stderr for word in words), "it lacks", words, done)
    ok("wasld --check finds a TLS pair that does not belong together")
    rabat.start()


def addresses():
    node = Node("two", listen=None)
    node.listen = f"127.0.0.1:{node.port}, [::1]:{node.port}"
    conf = os.path.join(node.dir, "wasl.conf")
    with open(conf, encoding="utf-8") as file:
        text = file.read()
    with open(conf, "w", encoding="utf-8") as file:
        file.write(re.sub(r"listen = .*", "listen = " + node.listen, text))
    node.start()
    until(lambda: f"two serves on 127.0.0.1:{node.port},[::1]:{node.port}" in node.said(), 10, node.said)
    node.stop()
    ok("a start names every address that it listens on")


def story():
    rabat, paris = started("rabat", "paris")
    unanswered(rabat, paris)
    stale(rabat, paris)
    words()
    last_word(rabat, paris)
    addresses()


run(story)
