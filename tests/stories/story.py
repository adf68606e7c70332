# SPDX-License-Identifier: Apache-2.0
"""What the stories share: real nodes to make, start, ask and kill. A story is one function, handed to run(); it prints
`ok …` after each thing that holds, fails by an exception and is skipped by Skip."""
import http.client
import json
import os
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
import traceback

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import postgresql  # noqa: E402  (tests/postgresql.py)

ROOT = os.environ.get("WASL_SOURCE") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BIN = os.path.abspath(os.environ.get("WASL_BIN") or os.path.join(ROOT, "build", "bin"))
PORT = int(os.environ.get("WASL_TEST_PORT", "11900"))
TMP = os.environ.get("WASL_TEST_TMP") or tempfile.mkdtemp(prefix="wasl-story-")
ON_SERVER = os.environ.get("WASL_STORE") == "postgresql"  # each node with a database of its own on one server
SOAK = os.environ.get("WASL_SOAK", "") not in ("", "0")
NOBODY = 65534
ID = re.compile(r"[0-9a-f]{64}")
ROLES = ("keeper", "core", "gate-peer", "gate-local", "worker")
nodes = []  # all that were made, to be ended with the story
clusters = []  # likewise
for variable in ("WASL_NODE", "WASL_TOKEN", "WASL_TOKEN_FILE", "LC_ALL", "LC_MESSAGES", "LANG"):
    os.environ.pop(variable, None)


class Skip(Exception):
    """The story cannot be told here; the text says why."""


class Answer:
    def __init__(self, words, done):
        self.words, self.code = words, done.returncode
        self.out, self.err = done.stdout.decode(), done.stderr.decode()

    def __str__(self):
        return f"wasl {' '.join(map(str, self.words))}: exit {self.code}\n{self.out[-2000:]}{self.err[-2000:]}"


def check(condition, *what):
    if not condition:
        raise AssertionError(" ".join(str(piece) for piece in what))


def ok(what):
    print(f"ok {what}", flush=True)


def until(condition, seconds, what):
    """Waits for condition() to be true, and gives what it gave."""
    late = time.monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        check(time.monotonic() < late, f"after {seconds} s still not:", what() if callable(what) else what)
        time.sleep(0.03)


def path(*names):
    return os.path.join(TMP, *names)


def write(name, content):
    with open(path(name), "wb") as file:
        file.write(content if isinstance(content, bytes) else content.encode())
    return path(name)


def read(name):
    with open(name, "rb") as file:
        return file.read()


def user_words(user):
    return {} if user is None else {"user": user, "group": user, "extra_groups": []}


def wasl(*words, node=None, user=None, seconds=300, **more):
    """One command; how it ended is the caller's matter."""
    line = [os.path.join(BIN, "wasl")] + (["-n", node] if node else []) + [str(word) if not isinstance(word, bytes)
                                                                            else word for word in words]
    return Answer(words, subprocess.run(line, stdin=subprocess.DEVNULL, capture_output=True, timeout=seconds,
                                        check=False, **user_words(user), **more))


def must(answer, code=0):
    check(answer.code == code, f"exit {code} was expected:", answer)
    return answer


def complaint(answer, code, *words):
    """It failed with this code, said nothing on stdout and one sentence on stderr, with these words in it."""
    must(answer, code)
    check(answer.out == "", "something on stdout:", answer)
    lines = answer.err.splitlines()
    check(len(lines) == 1 and lines[0].startswith("wasl: ") and 12 < len(lines[0]) < 700, "one sentence expected:", answer)
    for word in words:
        check(word.lower() in lines[0].lower(), f"'{word}' is not in:", answer)
    return lines[0]


def cluster():
    """The server of the story: that of the run of tests, or one of its own when it is told by hand."""
    if not clusters:
        clusters.append(postgresql.from_environment())
    return clusters[0]


def heard(door, seconds=20):
    """All that comes on this socket until the node has no more to say, or says nothing for so long."""
    got = b""
    door.settimeout(seconds)
    try:
        while more := door.recv(1 << 16):
            got += more
    except TimeoutError:
        pass
    door.close()
    return got


class Node:
    def __init__(self, name, place=None, folder=None, user=None, listen=None, address=None, store=None, more=()):
        if store is None and ON_SERVER:
            store = cluster().database()
        self.database = store.split("/")[3].split("?")[0] if store and store != "sqlite" else None
        self.name, self.user, self.process = name, user, None
        self.port = PORT + (place if place is not None else len(nodes))
        self.dir = folder or path(name)
        self.listen = listen or f"127.0.0.1:{self.port}"
        self.log = path(f"{name}-{len(nodes)}.log")
        nodes.append(self)
        if user is not None:
            os.chmod(TMP, 0o755)
        must(wasl("node", "init", self.dir, "--name", name, "--org", f"Service {name} · مصلحة", "--listen", self.listen,
                  *(["--address", address] if address else []), *(["--store", store] if store else []), *more, user=user))

    # --- its life
    def launch(self, programs=BIN):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([os.path.join(programs, "wasld"), self.dir], stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log, **user_words(self.user))
        return self

    def start(self, programs=BIN):
        self.launch(programs)
        self.serves()
        return self

    def serves(self, seconds=20):
        def answers():
            check(self.process.poll() is None, f"{self.name} ended by itself:\n", self.said())
            return self.wasl("node", "status").code == 0
        until(answers, seconds, lambda: f"{self.name} serves\n{self.said()}")

    def said(self):
        return read(self.log).decode("utf-8", "replace")[-4000:] if os.path.exists(self.log) else ""

    def stop(self):
        """As an administrator stops it; gives its exit status."""
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(30)
        self.process = None
        return status

    def kill(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def children(self):
        """The processes of the node: {role: pid}."""
        found = {}
        for name in filter(str.isdigit, os.listdir("/proc")):
            try:
                words = read(f"/proc/{name}/cmdline").decode("utf-8", "replace").split("\0")
                parent = re.search(r"^PPid:\t(\d+)", read(f"/proc/{name}/status").decode(), re.M).group(1)
            except (OSError, AttributeError):
                continue
            if "--role" in words and self.process is not None and int(parent) == self.process.pid:
                found[words[words.index("--role") + 1]] = int(name)
        return found

    # --- its commands
    def wasl(self, *words, **more):
        return wasl(*words, node=self.dir, user=self.user, **more)

    def ask(self, *words, **more):
        return must(self.wasl(*words, **more)).out.strip()

    def json(self, *words):
        return json.loads(must(self.wasl(*words, "--json")).out)

    def id(self, *words, **more):
        answer = must(self.wasl(*words, **more))
        check(ID.fullmatch(answer.out.rstrip("\n")) and answer.out.endswith("\n"), "an id alone was expected:", answer)
        return answer.out.strip()

    def refuses(self, code, *words, says=(), **more):
        return complaint(self.wasl(*words, **more), code, *((says,) if isinstance(says, str) else says))

    def api(self, *targets):
        """The same answers without a process each, for stories that ask hundreds of times (spec/api.md)."""
        folder, found = os.open(self.dir, os.O_PATH), []
        connection = http.client.HTTPConnection("wasl", timeout=60)
        try:
            connection.sock = socket.socket(socket.AF_UNIX)
            connection.sock.settimeout(60)
            connection.sock.connect(f"/proc/self/fd/{folder}/api.sock")
            for target in targets:
                connection.request("GET", target)
                answer = connection.getresponse()
                text = answer.read()
                check(answer.status == 200, f"GET {target}: {answer.status} {text[:500]}")
                found.append(json.loads(text))
        finally:
            connection.close()
            os.close(folder)
        return found

    def door(self, method, target, body=None, token=None, media="application/json"):
        """One request by a token, on a connection of its own: the socket, for all octets of the answer (heard)."""
        folder, door = os.open(self.dir, os.O_PATH), socket.socket(socket.AF_UNIX)
        door.connect(f"/proc/self/fd/{folder}/api.sock")
        os.close(folder)
        octets = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        lines = [f"{method} {target} HTTP/1.1", "Host: wasl", "Connection: close", f"Content-Length: {len(octets)}"]
        lines += [f"Authorization: Bearer {token}"] * (token is not None) + [f"Content-Type: {media}"] * (body is not None)
        door.sendall("\r\n".join([*lines, "", ""]).encode() + octets)
        return door

    # --- what people do with it
    def card(self):
        with open(path(f"{self.name}.card"), "wb") as file:
            file.write(must(self.wasl("card", "export")).out.encode())
        return path(f"{self.name}.card")

    def trust(self, other):
        card = other.card()
        words = json.loads(must(wasl("card", "show", card, "--json")).out)["fingerprint"]
        self.ask("partner", "add", card, "--fingerprint", words)

    @staticmethod
    def request_words(to, *more, **fields):
        """The command that opens a request; fields replace those of a short form."""
        form = {"subject": "sujet", "sought": "information", "urgency": "normal", "purpose": "drugs", "question": "من؟ Qui ?", "language": "fr"}
        if fields.get("urgency", "").startswith("urgent"):
            form["urgency_reason"] = "Départ imminent du navire."
        return ("case", "open", "request", "--to", to if isinstance(to, str) else ",".join(n.name for n in to),
                *(word for name, value in {**form, **fields}.items() for word in ("--field", f"{name}={value}")), *more)

    def request(self, to, *more, **fields):
        return self.id(*self.request_words(to, *more, **fields))

    def settle(self, seconds=60):
        must(self.wasl("outbox", "wait", "--timeout", seconds))

    def cases(self):
        """Of both sides of the wall, where its owner has all lanes."""
        apart = self.wasl("case", "list", "--lane", "humanitarian", "--json")
        sides = self.json("case", "list"), json.loads(apart.out) if apart.code == 0 else []
        return {case["id"]: case["state"] for side in sides for case in side}

    def size(self):
        return self.json("register", "head")["size"]

    def leaves(self, begin=0):
        """The openings of the register from there on, each with its act."""
        leaves = self.api(*(f"/v1/register/leaves/{index}" for index in range(begin, self.size())))
        return [{**(leaf["opening"] or {}), "act": json.loads(leaf["leaf"])["act"], "index": leaf["index"]}
                for leaf in leaves]

    def stories(self):
        """Its cases with their messages, each as `case show` gives it."""
        return self.api(*(f"/v1/cases/{case}" for case in self.cases()))

    def sound(self):
        self.ask("register", "check")


# --- two or more who know each other

SHIFT = """#define _GNU_SOURCE
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>
int clock_gettime(clockid_t clock, struct timespec *at) {
  long done = syscall(SYS_clock_gettime, clock, at);
  if (done == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) at->tv_sec += SECONDS;
  return (int)done;
}
time_t time(time_t *out) {
  struct timespec at;
  clock_gettime(CLOCK_REALTIME, &at);
  if (out) *out = at.tv_sec;
  return at.tv_sec;
}
int gettimeofday(struct timeval *out, void *zone) {
  struct timespec at;
  (void)zone;
  clock_gettime(CLOCK_REALTIME, &at);
  out->tv_sec = at.tv_sec;
  out->tv_usec = at.tv_nsec / 1000;
  return 0;
}
"""


def programs_at(name, seconds):
    """wasld, and beside it the others with another clock. The nodes' processes start with an empty environment, so a
    script before each program sets it."""
    folder = path(name)
    os.mkdir(folder, 0o755)
    with open(path(f"{name}.c"), "w", encoding="ascii") as file:
        file.write(SHIFT)
    if shutil.which("cc") is None:
        raise Skip("no C compiler for a clock that is off")
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", f"-DSECONDS={seconds}L", "-o", f"{folder}/clock.so",
                    path(f"{name}.c")], check=True)
    shutil.copy(os.path.join(BIN, "wasld"), folder)
    for program in ("wasl-core", "wasl-keeper", "wasl-gate", "wasl-worker"):
        with open(os.path.join(folder, program), "w", encoding="ascii") as file:
            file.write(f'#!/bin/sh\nLD_PRELOAD={folder}/clock.so exec {BIN}/{program} "$@"\n')
        os.chmod(os.path.join(folder, program), 0o755)
    return folder


def introduce(*known):
    for one in known:
        for other in known:
            if one is not other:
                one.trust(other)


def agree(proposer, *others, terms=None):
    """An agreement in force between all of them; gives its case."""
    what = ("--example",) if terms is None else ("--file", write("terms.json", json.dumps(terms)))
    case = proposer.id("agreement", "propose", "--to", ",".join(other.name for other in others), *what)
    settle(proposer, *others)
    for other in others:
        other.id("agreement", "accept", case)
        settle(proposer, *others)
    for one in (proposer, *others):
        state = {row["id"]: row["state"] for row in one.json("agreement", "list")}
        check(state.get(case) in ("in_force", "not_yet"), one.name, "has the agreement as", state.get(case))
    return case


def started(*names, **more):
    """Nodes of these names, running, introduced, under an agreement."""
    made = [Node(name, **more) for name in names]
    for node in made:
        node.launch()
    for node in made:
        node.serves()
    introduce(*made)
    agree(*made)
    return made


def settle(*known, seconds=60):
    """Until nobody has anything under way."""
    for _ in range(2):
        for node in known:
            node.settle(seconds)


def same_cases(*known):
    """All tell the same story: the same cases in the same states with the same messages."""
    first = None
    for node in known:
        told = {case["id"]: (case["state"], sorted((m["id"], m["effective"]) for m in case["messages"]))
                for case in node.stories()}
        check(first is None or told == first, node.name, "tells another story:\n", told, "\n", first)
        first = told
    return first


# --- telling it

def not_on_a_server(why):
    if ON_SERVER:
        raise Skip(why)


def run(story):
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # its nodes end with it
    print(f"# {story.__module__ if story.__module__ != '__main__' else os.path.basename(sys.argv[0])}", flush=True)
    code = 1
    try:
        story()
        code = 0
    except Skip as reason:
        print(reason)
        code = 77
    except BaseException:  # whatever it is, the logs say more
        traceback.print_exc(file=sys.stdout)
        for node in nodes:
            print(f"--- log of {node.name}\n{node.said()}")
    finally:
        for node in nodes:
            node.kill()
        for server in clusters:
            server.remove()
        if "WASL_TEST_TMP" not in os.environ:
            shutil.rmtree(TMP, ignore_errors=True)
    sys.stdout.flush()
    os._exit(code)  # threads of a failed story do not hold it up


def kept_apart(file):
    """Readable and writable by its owner alone."""
    return stat.S_IMODE(os.lstat(file).st_mode) & 0o077 == 0
