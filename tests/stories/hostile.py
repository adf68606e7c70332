#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Hostile neighbours at the partner port of paris: thousands of idle connections from many addresses, slow and endless and
oversized requests, answers nobody reads, floods by strangers and by a partner. Meanwhile rabat exchanges with paris, the
memory of paris' gate stays bounded, and its log names each limit, without being filled.

Broken variants: tests/checks/gate_broken."""
import os
import random
import re
import socket
import ssl
import threading
import time

from story import PORT, Node, agree, check, introduce, ok, path, read, run, settle, until

IDLE = 2000
MOST_KIB = 96 << 10  # resident, of the partner gate, whatever comes
MOST_HELD = 4 * (8 << 20) + (8 << 20)  # octets of consignments in memory files: those of one partner, and one of another
LINES = 60  # of the log about limits: two in a minute for each
HEAD = b"POST /wasl/v1/consignment HTTP/1.1\r\nHost: a\r\n"


def memory(node):
    """KiB of the partner gate: resident now, and at its peak."""
    status = read(f"/proc/{node.children()['gate-peer']}/status")
    return [int(re.search(name + rb":\s+(\d+) kB", status).group(1)) for name in (b"VmRSS", b"VmHWM")]


def held_by(node):
    """Octets in the memory files of the partner gate; 0 where only root may look."""
    folder, total = f"/proc/{node.children()['gate-peer']}/fd", 0
    try:
        for name in os.listdir(folder):
            if "memfd:consignment" in os.readlink(f"{folder}/{name}"):
                total += os.stat(f"{folder}/{name}").st_size
    except OSError:
        pass
    return total


def connect(port, number=0):
    """A connection from one of many addresses of this machine."""
    one = socket.socket()
    one.settimeout(30)
    one.bind((f"127.{1 + number // 250 % 250}.{number % 250}.7", 0))
    one.connect(("127.0.0.1", port))
    return one


def secure(port, who, number=0):
    """The same with the TLS key of this node; None: of nobody."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if who is not None:
        context.load_cert_chain(f"{who.dir}/gate/tls.crt", f"{who.dir}/gate/tls.key")
    return context.wrap_socket(connect(port, number))


def answer(one):
    """What comes until the other side closes."""
    said = b""
    try:
        while piece := one.recv(65536):
            said += piece
    except OSError:
        pass
    return said


class Flood(threading.Thread):
    """Does it again and again until the story has seen enough."""

    def __init__(self, act):
        super().__init__(daemon=True)
        self.act, self.over, self.times = act, False, 0
        self.start()

    def run(self):
        while not self.over:
            try:
                self.act()
                self.times += 1
            except OSError:
                pass

    def end(self):
        self.over = True
        self.join(30)
        return self.times


def passes(rabat, paris, what, seconds=20):
    """A message of rabat is receipted by paris."""
    began = time.monotonic()
    case = rabat.request("paris", subject=what)
    rabat.settle(seconds)
    check(case in paris.cases(), "receipted and not there")
    ok(f"{what}: a partner's message is receipted in {time.monotonic() - began:.1f} s, the gate has "
       f"{memory(paris)[0] >> 10} MiB")


def story():
    rabat, paris, mallory, eve = [Node(name) for name in ("rabat", "paris", "mallory", "eve")]
    for node in (rabat, paris, mallory):
        node.start()
    introduce(rabat, paris)
    introduce(mallory, paris)
    agree(rabat, paris)
    rabat.stop()  # so that it comes with new connections each time
    port = paris.port

    held = [connect(port, number) for number in range(IDLE)]
    rabat.start()
    passes(rabat, paris, f"{IDLE} strangers' connections are idle")
    def trickle(text, pause):
        one = secure(port, mallory)
        began = time.monotonic()
        try:
            one.sendall(text)
            while time.monotonic() - began < 60:
                one.sendall(b"x")
                time.sleep(pause)
        except OSError:
            pass
        return time.monotonic() - began

    slow = [threading.Thread(target=trickle, args=(text, 1), daemon=True)
            for text in (HEAD + b"Content-Length: 1000000\r\n\r\n", HEAD + b"X: ") for _ in range(5)]
    for thread in slow:
        thread.start()
    until(lambda: "gate.busy" in read(paris.log).decode(), 10, "the slow ones have all places of their partner")
    passes(rabat, paris, "a partner sends 1 octet a second")
    message = mallory.id("agreement", "propose", "--to", "paris", "--example")
    said = until(lambda: [row["reason"] for row in mallory.json("outbox", "list") if row["id"] == message and row["reason"]],
                 10, "the outbox says why it waits")[0]
    check(re.fullmatch(r"paris says: it has no free place now: \d+ exchanges with you are under way there, and \d+ in all; "
                       r"tried again in \d+ s", said), "the outbox says", said)
    ok(f"the outbox says: {said}")
    gone = time.monotonic()
    check(all(answer(one) == b"" for one in held), "a stranger was answered")
    check(time.monotonic() - gone < 30, "strangers may stay long")
    until(lambda: "gate.head" in read(paris.log).decode(), 15, "slow headers are given up")
    ok("who shows no key is cut off soon, and whose header does not come")

    def stranger():
        one = secure(port, random.choice((None, eve)))
        one.sendall(HEAD + b"Content-Length: 1\r\n\r\nx")
        check(answer(one) == b"", "a stranger was answered")
    strangers = [Flood(stranger) for _ in range(4)]
    time.sleep(1)
    passes(rabat, paris, "strangers shake hands without end")
    check(sum(flood.end() for flood in strangers) > 20, "that was no flood")

    endless = [(HEAD + b"Content-Length: 8388609\r\n\r\n", b" 413 "), (HEAD + b"Content-Length: 99999999999999999999\r\n\r\n", b" 4"),
               (HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + b"10000\r\n" + b"x" * 65536, b" 400 "),
               (HEAD + b"X: " + b"x" * 1000000, b" 4"), (HEAD + b"X: y\r\n" * 100000, b" 4")]
    for text, status in endless:
        one = secure(port, mallory)
        try:
            one.sendall(text)
        except OSError:
            pass
        said = answer(one)
        check(said == b"" or status in said.split(b"\r\n")[0], text[:80], "is answered by", said[:80])
    passes(rabat, paris, "what is too large is refused")

    def consignment():
        one = secure(port, mallory)
        one.sendall(HEAD + b"Content-Length: 4000000\r\n\r\n" + bytes(4000000))
        one.settimeout(5)
        answer(one)
    flood = [Flood(consignment) for _ in range(24)]
    time.sleep(2)
    most = max(held_by(paris) for _ in range(50))
    check(most <= MOST_HELD, "consignments of", most >> 20, "MiB are held in memory")
    passes(rabat, paris, "a partner floods", 30)
    mallory_said = []

    def asks():
        try:
            one = secure(port, mallory)
            one.sendall(HEAD + b"Content-Length: 1\r\nConnection: close\r\n\r\nx")
            mallory_said.append(answer(one))
        except OSError:
            return False
        return b"503" in mallory_said[-1] and b"no free place" in mallory_said[-1]
    until(asks, 20, lambda: ("the flooding partner is told why", mallory_said[-1:]))
    for one in flood:
        one.over = True
    for thread in slow:
        thread.join(60)
    check(not any(thread.is_alive() for thread in slow), "slow senders may stay")
    ok("slow senders are given up")
    mallory.settle(60)

    resident, peak = memory(paris)
    check(peak < MOST_KIB, "the gate took", peak >> 10, "MiB")
    log = read(paris.log).decode("utf-8", "replace")
    for event in ("gate.strangers ", "gate.stranger ", "gate.handshake", "gate.head", "gate.body", "gate.size", "gate.busy"):
        check(event in log, event, "is not in the log:\n", log[-3000:])
    about = [line for line in log.splitlines() if " gate." in line]
    check(len(about) < LINES, len(about), "lines about limits:\n", "\n".join(about[:80]))
    ok(f"the log names {len(about)} limits met; the gate never had more than {peak >> 10} MiB, now {resident >> 10} MiB")
    settle(rabat, paris)
    there = paris.cases()
    check(all(there.get(case) == state for case, state in rabat.cases().items()), "rabat and paris tell other stories")
    paris.sound()


run(story)
