#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Who listens hears what changes, ids alone; comes back to where he was; is told when that is not known any more; and holds up
nobody by not reading, nor the node's end."""
import json
import os
import re
import socket
import subprocess
import sys
import time

from story import BIN, check, must, ok, run, settle, started, until

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import openapi  # noqa: E402  (tests/openapi.py)

AUDIENCE = 32
FILE = openapi.load()


class Listener:
    def __init__(self, node, after=None, header=None):
        self.socket, self.heard = socket.socket(socket.AF_UNIX), b""
        folder = os.open(node.dir, os.O_PATH)
        self.socket.connect(f"/proc/self/fd/{folder}/api.sock")
        os.close(folder)
        self.socket.settimeout(10)
        self.socket.sendall(f"GET /v1/events{f'?after={after}' if after else ''} HTTP/1.1\r\nHost: wasl\r\n"
                            f"{f'Last-Event-ID: {header}' + chr(13) + chr(10) if header else ''}\r\n".encode())

    def read(self, seconds=10):
        """The status; reads until it has one."""
        self.socket.settimeout(seconds)
        while b"\r\n\r\n" not in self.heard:
            self.heard += self.socket.recv(4096)
        return int(self.heard.split()[1])

    def events(self, enough, seconds=10):
        """[{id, event, data}], once enough(them) is true; each is what the file says."""
        late = time.monotonic() + seconds
        while not enough(self.parsed()):
            check(time.monotonic() < late, "after", seconds, "s heard only", self.heard[-2000:])
            more = self.socket.recv(65536)
            check(more, "the node ended the stream:", self.heard[-500:])
            self.heard += more
        found = self.parsed()
        for one in found:
            wrong = openapi.differences(FILE, {"$ref": "#/components/schemas/Event"}, one)
            check(not wrong, "an event that the file does not know:", one, wrong)
        return found

    def stream(self):
        """The stream without the chunks that it came in, of which each is whole lines."""
        return re.sub(rb"(?m)^[0-9a-fA-F]+\r\n|\r\n", b"", self.heard.partition(b"\r\n\r\n")[2]).decode()

    def parsed(self):
        found = []
        for block in self.stream().split("\n\n")[:-1]:
            fields = dict(line.split(": ", 1) for line in block.splitlines() if ": " in line)
            if "event" in fields:
                found.append({"id": fields["id"], "event": fields["event"], "data": json.loads(fields["data"])})
        return found


def kinds(events, case):
    return [one["event"] for one in events if one["data"].get("case") == case]


def listening(rabat, paris):
    ears = Listener(rabat), Listener(paris)
    check(all(one.read() == 200 and b"text/event-stream" in one.heard for one in ears), "no stream of events")
    case = rabat.request("paris", subject="never told to a listener")
    settle(rabat, paris)
    here = ears[0].events(lambda found: "delivery" in kinds(found, case))
    there = ears[1].events(lambda found: "case" in kinds(found, case))
    check({"message", "case", "delivery"} <= set(kinds(here, case)) and "message" in kinds(there, case), here, there)
    delivery = next(one["data"] for one in here if one["event"] == "delivery")
    check(delivery == {"message": case, "case": case, "exercise": False, "partner": "paris", "state": "receipted"}, delivery)
    check(b"never told" not in ears[0].heard + ears[1].heard, "content in an event")
    ok("who listens hears of the case, the message and its receipt, and of no content")
    return case, here


def coming_back(rabat, case, heard):
    middle = heard[len(heard) // 2]
    rest = [one["id"] for one in heard if int(one["id"].split("-")[1]) > int(middle["id"].split("-")[1])]
    for how in ({"after": middle["id"]}, {"header": middle["id"]}, {"after": heard[-1]["id"], "header": middle["id"]}):
        found = Listener(rabat, **how).events(lambda found: len(found) >= len(rest))
        check([one["id"] for one in found][:len(rest)] == rest, "another rest:", found, rest)
    found = Listener(rabat, after="0" * 16 + "-7").events(lambda found: found)
    check(found[0]["event"] == "lost", "a place of another run was taken for one of this:", found)
    ok("who comes back hears what he missed, or that it is not known any more")
    answer = rabat.wasl("events", "--after", middle["id"], "--count", len(rest), "--json")
    check([json.loads(line)["id"] for line in must(answer).out.splitlines()] == rest, answer)
    told = rabat.wasl("events", "--after", middle["id"], "--count", len(rest), env={**os.environ, "LC_ALL": "pt_PT.UTF-8"})
    check("Envio" in must(told).out and case in told.out and "com recibo" in told.out, told)
    rabat.refuses(1, "events", "--after", "nowhere", says="after")
    rabat.refuses(2, "events", "--count", "0", says="--count")
    ok("wasl events prints them")


def crowd(rabat, paris):
    ears = []
    while len(ears) < AUDIENCE + 1:
        ears.append(Listener(rabat))
        if ears[-1].read() != 200:
            break
    check(len(ears) <= AUDIENCE + 1 and ears[-1].read() == 503 and b'"busy"' in ears[-1].heard, len(ears), ears[-1].heard[-300:])
    begun = time.monotonic()
    for _ in range(5):  # nobody of them reads
        rabat.request("paris")
    settle(rabat, paris)
    check(time.monotonic() - begun < 8, "listeners who do not read held up the node")
    for one in ears:
        one.socket.close()

    def room():
        one = Listener(rabat)
        status = one.read()
        one.socket.close()
        return status == 200
    rabat.request("paris")  # what they do not read any more shows that they are gone
    until(room, 10, "a place of one who left is free")
    ok("the next one is refused, who does not read holds up nobody, and who left leaves his place")


def story():
    rabat, paris = started("rabat", "paris")
    settle(rabat, paris)
    case, heard = listening(rabat, paris)
    coming_back(rabat, case, heard)
    crowd(rabat, paris)
    last, process = Listener(rabat), subprocess.Popen([os.path.join(BIN, "wasl"), "-n", rabat.dir, "events"], stdin=subprocess.DEVNULL,
                                                      stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    check(last.read() == 200, "no stream")
    rabat.request("paris")
    check(process.stdout.readline(), "nothing was printed")
    begun = time.monotonic()
    check(rabat.stop() == 0 and time.monotonic() - begun < 4, "a listener held up the end of the node")
    _, said = process.communicate(timeout=10)
    check(process.returncode == 1 and b"--after" in said, process.returncode, said)
    heard = b""
    for more in iter(lambda: last.socket.recv(65536), b""):
        heard += more
    check(heard.endswith(b"0\r\n\r\n"), "the stream was cut instead of ended:", heard[-200:])
    rabat.start()
    rabat.sound()
    ok("the node ends in time, its listeners know from where to go on")


run(story)
