#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""wasld as a parent: what it hands over, how it stops, what it does when a child fails or when it is killed itself.

The children are stand-ins of a few lines, found beside a copy of wasld as the real ones would be."""
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

BIN = os.environ.get("WASL_BIN", "build/bin")
PORT = int(os.environ.get("WASL_TEST_PORT", "11980"))
CHILD = f"""#!{sys.executable} -IS
import os, signal, sys, time
role = sys.argv[2]
fds = dict(word.split("=") for word in sys.argv[6::2])
mode = open("mode").read() if os.path.exists("mode") else ""
def note(text):
    with open("../order", "a") as order:
        order.write(text + "\\n")
if mode == "fail":
    sys.exit(3)
if role.startswith("gate"):
    def end(*_):
        if mode != "stubborn":
            time.sleep(0.2)
            note(role)
            os._exit(0)
    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.write(int(fds["ready"]), b"1")
    while True:
        signal.pause()
signal.signal(signal.SIGTERM, signal.SIG_IGN)
signal.signal(signal.SIGINT, signal.SIG_IGN)
if mode == "late-fail":
    os.write(int(fds["ready"]), b"1")
    time.sleep(0.3)
    sys.exit(4)
os.write(int(fds["ready"]), b"1")
for name in ("gate-peer", "gate-local") if role == "core" else ("core",) if role == "keeper" else ("gate-local",):
    while os.read(int(fds[name]), 100):
        pass
note(role)
"""
HANDED = {
    "core": {"gate-peer", "gate-local", "keeper", "card", "ready", "life"},
    "keeper": {"core", "ready", "life"},
    "gate-peer": {"core", "listen0", "listen1", "ready", "life"},
    "gate-local": {"core", "worker", "api", "ready", "life"},
    "worker": {"gate-local", "ready", "life"},
}
FOLDERS = {"core": "core", "keeper": "keeper", "gate-peer": "gate", "gate-local": "local", "worker": "worker"}


class Node:
    """A folder with what wasld needs, and at most one wasld that runs on it."""

    def __init__(self, base, name, limits=""):
        self.path = os.path.join(base, name)
        for folder in FOLDERS.values():
            os.makedirs(os.path.join(self.path, folder))
        self.write("wasl.conf", f"[node]\nname = paris\nlisten = 127.0.0.1:{PORT}, 127.0.0.1:{PORT + 1}\n"
                   f"[limits]\n{limits}\n")
        self.write("node.card", "{}")
        self.process = self.log = None

    def write(self, name, text):
        with open(os.path.join(self.path, name), "w", encoding="utf-8") as file:
            file.write(text)

    def mode(self, role, mode):
        self.write(os.path.join(FOLDERS[role], "mode"), mode)

    def start(self, wasld):
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen([wasld, self.path], stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        return self

    def text(self):
        self.log.seek(0)
        return self.log.read().decode()

    def until(self, pattern, times=1, seconds=10):
        late = time.monotonic() + seconds
        while len(re.findall(pattern, self.text())) < times:
            assert time.monotonic() < late, f"no {times} x {pattern!r} in\n{self.text()}"
            time.sleep(0.01)

    def end(self, number=signal.SIGTERM, seconds=15):
        self.process.send_signal(number)
        return self.process.wait(seconds)

    def children(self):
        """role -> pid"""
        found = {}
        for name in os.listdir("/proc"):
            try:
                with open(f"/proc/{name}/stat", encoding="ascii") as stat:
                    parent = stat.read().rsplit(")", 1)[1].split()[1]
                with open(f"/proc/{name}/cmdline", "rb") as line:
                    words = line.read().decode().split("\0")
            except (OSError, IndexError):
                continue
            if parent == str(self.process.pid) and "--role" in words:
                found[words[words.index("--role") + 1]] = (int(name), words)
        return found

    def order(self):
        with open(os.path.join(self.path, "order"), encoding="ascii") as order:
            return order.read().split()


def gone(pids, seconds=3):
    late = time.monotonic() + seconds
    while any(os.path.exists(f"/proc/{pid}") and b"Z" not in state(pid) for pid in pids):
        if time.monotonic() > late:
            return False
        time.sleep(0.01)
    return True


def state(pid):
    try:
        with open(f"/proc/{pid}/stat", "rb") as stat:
            return stat.read().rsplit(b")", 1)[1].split()[0]
    except OSError:
        return b"Z"


def hands_over_what_each_child_may_have(base, wasld):
    node = Node(base, "handed").start(wasld)
    node.until("wasld.ready paris serves")
    status = os.stat(os.path.join(node.path, "api.sock"))
    assert status.st_mode & 0o777 == 0o600, oct(status.st_mode)
    children = node.children()
    assert set(children) == set(HANDED), children
    for role, (pid, words) in children.items():
        given = dict(words[i + 1].split("=") for i, word in enumerate(words) if word == "--fd")
        assert set(given) == HANDED[role], (role, given)
        open_fds = {int(fd) for fd in os.listdir(f"/proc/{pid}/fd")}
        assert open_fds <= {0, 1, 2} | {int(fd) for fd in given.values()}, (role, open_fds, given)
        assert os.readlink(f"/proc/{pid}/cwd") == os.path.join(node.path, FOLDERS[role])
        assert os.getpgid(pid) == os.getpgid(node.process.pid)
        with open(f"/proc/{pid}/environ", "rb") as environ:
            assert environ.read() == b"", role
    assert node.end() == 0, node.text()


def stops_the_gates_first(base, wasld):
    node = Node(base, "order").start(wasld)
    node.until("wasld.ready")
    assert node.end(signal.SIGINT) == 0, node.text()
    order = node.order()
    assert len(order) == 5, order
    after = max(order.index("gate-peer"), order.index("gate-local"))
    assert order.index("core") > after and order.index("keeper") > order.index("core"), order
    assert not os.path.exists(os.path.join(node.path, "api.sock"))


def kills_a_gate_that_does_not_end(base, wasld):
    node = Node(base, "stubborn", "stop = 1")
    node.mode("gate-peer", "stubborn")
    node.start(wasld).until("wasld.ready")
    began = time.monotonic()
    assert node.end() == 0, node.text()
    assert 0.9 < time.monotonic() - began < 6
    assert "wasld.late gate-peer did not end in time" in node.text()
    assert "gate-peer" not in node.order() and "core" in node.order()


def starts_all_again_when_one_fails(base, wasld):
    node = Node(base, "again").start(wasld)
    node.until("wasld.ready")
    before = node.children()
    for times, role in enumerate(("gate-local", "core", "worker"), 2):
        os.kill(node.children()[role][0], signal.SIGKILL)
        node.until("wasld.ready", times)
        assert f"wasld.child {role} (process" in node.text() and "killed by signal 9" in node.text()
    after = node.children()
    assert set(after) == set(HANDED) and not {p for p, _ in after.values()} & {p for p, _ in before.values()}
    assert node.end() == 0, node.text()


def gives_up_when_it_fails_again_and_again(base, wasld):
    node = Node(base, "hopeless", "restarts = 2")
    node.mode("core", "late-fail")
    node.start(wasld)
    assert node.process.wait(30) == 1
    assert node.text().count("wasld.restart") == 2 and "core (process" in node.text(), node.text()
    assert "wasld.failed 2 restarts within a minute were not enough" in node.text()


def does_not_insist_when_it_never_served(base, wasld):
    node = Node(base, "stillborn")
    node.mode("keeper", "fail")
    node.start(wasld)
    assert node.process.wait(10) == 1
    assert "keeper (process" in node.text() and "status 3" in node.text() and "wasld.restart" not in node.text()
    assert "the node did not start, because keeper ended" in node.text(), node.text()


def takes_its_children_along_when_killed(base, wasld):
    node = Node(base, "killed").start(wasld)
    for times in range(3):
        node.until("wasld.ready")
        pids = [pid for pid, _ in node.children().values()]
        node.process.kill()
        node.process.wait()
        if times == 0:
            assert gone(pids), "children outlive wasld"
        node.start(wasld)  # at once: the others may still be dying
    node.until("wasld.ready")
    assert node.end() == 0


def says_when_it_cannot_start(base, wasld):
    node = Node(base, "refused").start(wasld)
    node.until("wasld.ready")
    second = subprocess.run([wasld, node.path], capture_output=True, text=True, check=False, timeout=10)
    assert second.returncode == 1 and second.stderr == f"wasld: {node.path}: this node runs already\n", second
    assert node.end() == 0
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", PORT + 1))
        busy.listen()
        began = time.monotonic()
        node.start(wasld)
        assert node.process.wait(10) == 1 and time.monotonic() - began > 4
        assert f"127.0.0.1 port {PORT + 1} is in use by another program" in node.text() and node.text().count("\n") == 1
    node.write("wasl.conf", "[node]\nnaem = paris\n")
    for arguments in ([wasld, "--check", node.path], [wasld, node.path]):
        wrong = subprocess.run(arguments, capture_output=True, text=True, check=False, timeout=10)
        assert wrong.returncode == 1 and "wasl.conf:2: section node has no key naem; did you mean name?" in wrong.stderr
    shutil.rmtree(os.path.join(node.path, "keeper"))
    node.write("wasl.conf", f"[node]\nname = paris\nlisten = 127.0.0.1:{PORT}\n")
    wrong = subprocess.run([wasld, "--check", node.path], capture_output=True, text=True, check=False, timeout=10)
    assert wrong.returncode == 1 and "keeper: cannot be opened; `wasl node init` makes it" in wrong.stderr, wrong
    assert subprocess.run([wasld], capture_output=True, check=False).returncode == 2
    assert subprocess.run([wasld, "--what", "x"], capture_output=True, check=False).returncode == 2


def runs_in_a_folder_with_a_long_path(base, wasld):
    node = Node(base, os.path.join("l" * 200, "m" * 200))
    assert subprocess.run([wasld, "--check", node.path], capture_output=True, check=False).returncode == 0
    node.start(wasld).until("wasld.ready")
    assert os.path.exists(os.path.join(node.path, "api.sock"))
    assert node.end() == 0


def main():
    base = os.path.realpath(tempfile.mkdtemp(dir=os.environ.get("WASL_TEST_TMP")))
    wasld = os.path.join(base, "bin", "wasld")
    os.mkdir(os.path.dirname(wasld))
    shutil.copy(os.path.join(BIN, "wasld"), wasld)
    for name in ("wasl-core", "wasl-keeper", "wasl-gate", "wasl-worker"):
        path = os.path.join(base, "bin", name)
        with open(path, "w", encoding="ascii") as file:
            file.write(CHILD)
        os.chmod(path, 0o755)
    failed = 0
    for test in (hands_over_what_each_child_may_have, stops_the_gates_first, kills_a_gate_that_does_not_end,
                 starts_all_again_when_one_fails, gives_up_when_it_fails_again_and_again,
                 does_not_insist_when_it_never_served, takes_its_children_along_when_killed,
                 says_when_it_cannot_start, runs_in_a_folder_with_a_long_path):
        try:
            test(base, wasld)
            print(f"ok wasld {test.__name__.replace('_', ' ')}")
        except (AssertionError, OSError, subprocess.TimeoutExpired) as error:
            failed += 1
            print(f"not ok wasld {test.__name__.replace('_', ' ')}\n{type(error).__name__}: {error}")
    shutil.rmtree(base, ignore_errors=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
