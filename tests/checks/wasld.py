#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""wasld as a parent: what it hands over, how it stops, what it does when a child fails or when it is killed itself.

The children are stand-ins of a few lines, found beside a copy of wasld as the real ones would be."""
import fnmatch
import os
import pty
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
# One that every user of the machine may run.
PYTHON = "/usr/bin/python3" if os.access("/usr/bin/python3", os.X_OK) else sys.executable
CHILD = f"""#!{PYTHON} -IS
import os, signal, sys, time
role = sys.argv[2]
fds = dict(word.split("=") for word in sys.argv[6::2])
mode = open("mode").read() if os.path.exists("mode") else ""
def note(text):
    with open("../order", "a") as order:
        order.write(text + "\\n")
if mode == "fail":
    sys.exit(3)
if mode == "say":
    os.write(int(fds["ready"]), b"0the key \x1b is damaged")
    sys.exit(1)
if mode == "part":
    os.write(int(fds["ready"]), b"0the key is damaged")
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    os.close(int(fds["worker"]))
    time.sleep(0.5)
    sys.exit(1)
if mode == "raw":
    time.sleep(600)
if mode == "busy":
    time.sleep(600)
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
    "gate-peer": {"core", "card", "family", "listen0", "listen1", "ready", "life"},
    "gate-local": {"core", "worker", "card", "family", "api", "ready", "life"},
    "worker": {"gate-local", "ready", "life"},
}
USERS = {"keeper": 1719000001, "core": 1719000002, "gate": 1719000003, "local": 1719000004, "worker": 1719000005}
FOLDERS = {"core": "core", "keeper": "keeper", "gate-peer": "gate", "gate-local": "local", "worker": "worker"}


class Node:
    """A folder with what wasld needs, and at most one wasld that runs on it."""

    def __init__(self, base, name, limits=""):
        self.path = os.path.join(base, name)
        os.makedirs(self.path)
        os.chmod(self.path, 0o700)
        for folder in FOLDERS.values():
            os.mkdir(os.path.join(self.path, folder), 0o700)
            if os.geteuid() == 0:
                os.chown(os.path.join(self.path, folder), USERS[folder], USERS[folder])
        self.write("wasl.conf", f"[node]\nname = paris\nlisten = 127.0.0.1:{PORT}, 127.0.0.1:{PORT + 1}\n"
                   f"[limits]\n{limits}\n")
        self.write("node.card", "{}")
        self.process = self.log = None

    def write(self, name, text):
        with open(os.path.join(self.path, name), "w", encoding="utf-8") as file:
            file.write(text)

    def mode(self, role, mode):
        self.write(os.path.join(FOLDERS[role], "mode"), mode)
        os.chmod(os.path.join(self.path, FOLDERS[role], "mode"), 0o600)
        if os.geteuid() == 0:
            os.chown(os.path.join(self.path, FOLDERS[role], "mode"), USERS[FOLDERS[role]], -1)

    def start(self, wasld):
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen([wasld, self.path], stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        return self

    def text(self):
        # Not by seek and read: the place in the file is that of wasld, too, which would go on writing there.
        return os.pread(self.log.fileno(), 1 << 20, 0).decode()

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


def ends_in_time_though_one_is_halted(base, wasld):
    """It is let go on, and ends as the others do; one that is halted again and again is killed."""
    node = Node(base, "held").start(wasld)
    node.until("wasld.ready")
    keeper, _ = node.children()["keeper"]
    os.kill(keeper, signal.SIGSTOP)
    node.until("wasld.halted keeper")
    began = time.monotonic()
    assert node.end() == 0, node.text()
    assert time.monotonic() - began < 2 and "it is let go on" in node.text(), node.text()
    assert "keeper" in node.order() and "wasld.late" not in node.text(), node.text()
    node.start(wasld).until("wasld.ready")
    keeper, _ = node.children()["keeper"]
    began = time.monotonic()
    node.process.send_signal(signal.SIGTERM)
    while node.process.poll() is None and time.monotonic() - began < 15:
        try:
            os.kill(keeper, signal.SIGSTOP)
        except ProcessLookupError:
            pass
        time.sleep(0.01)
    assert node.process.wait(1) == 0 and "keeper stays halted and is killed" in node.text(), node.text()


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
    assert node.text().splitlines()[-1].endswith("the node did not start, because keeper ended with status 3 and told wasld no "
                                                 "reason: lines of wasl-keeper above, if there are any, say more"), node.text()
    node.mode("keeper", "say")
    node.start(wasld)
    assert node.process.wait(10) == 1
    last = node.text().splitlines()[-1]
    assert last.endswith("the node did not start: keeper: the key \ufffd is damaged"), node.text()


def blames_the_one_that_failed(base, wasld):
    """Not another that was busy meanwhile and had to be killed; and who was killed by somebody else is said to be."""
    node = Node(base, "blamed")
    node.mode("gate-local", "say")
    node.mode("core", "busy")
    node.start(wasld)
    assert node.process.wait(10) == 1
    last = node.text().splitlines()[-1]
    assert "core did not end in time and is killed" in node.text(), node.text()
    assert last.endswith("the node did not start: gate-local: the key \ufffd is damaged"), node.text()
    node.mode("core", "")
    node.mode("gate-local", "part")  # the end of the worker, which it takes along, is seen before its own
    node.start(wasld)
    assert node.process.wait(10) == 1
    assert "worker (process" in node.text() and "ended by itself with status 0" in node.text(), node.text()
    assert node.text().splitlines()[-1].endswith("the node did not start: gate-local: the key is damaged"), node.text()
    node.mode("gate-peer", "raw")  # dies of being told to end, before gate-local has ended
    node.start(wasld)
    assert node.process.wait(10) == 1
    assert "gate-peer" not in node.text().splitlines()[-1], node.text()
    node.mode("gate-peer", "")
    node.mode("gate-local", "")
    node.start(wasld)
    core = None
    while core is None:
        core = node.children().get("core")
    os.kill(core[0], signal.SIGKILL)
    assert node.process.wait(10) == 1
    assert "the node did not start, because core was killed by signal 9, and not by wasld" in node.text().splitlines()[-1], node.text()


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
        assert node.process.wait(10) == 1 and time.monotonic() - began < 4
        assert f"127.0.0.1 port {PORT + 1} is in use by another program" in node.text() and node.text().count("\n") == 1
    node.write("wasl.conf", "[node]\nnaem = paris\n")
    for arguments in ([wasld, "--check", node.path], [wasld, node.path]):
        wrong = subprocess.run(arguments, capture_output=True, text=True, check=False, timeout=10)
        assert wrong.returncode == 1 and "wasl.conf:2: section node has no key naem; did you mean name?" in wrong.stderr
    shutil.rmtree(os.path.join(node.path, "keeper"))
    node.write("wasl.conf", f"[node]\nname = paris\nlisten = 127.0.0.1:{PORT}\n")
    wrong = subprocess.run([wasld, "--check", node.path], capture_output=True, text=True, check=False, timeout=10)
    assert wrong.returncode == 1 and "keeper: cannot be opened; put it back from a copy of the node (`wasl node init`" in wrong.stderr, wrong
    assert subprocess.run([wasld], capture_output=True, check=False).returncode == 2
    assert subprocess.run([wasld, "--what", "x"], capture_output=True, check=False).returncode == 2


def runs_in_a_folder_with_a_long_path(base, wasld):
    node = Node(base, os.path.join("l" * 200, "m" * 200))
    assert subprocess.run([wasld, "--check", node.path], capture_output=True, check=False).returncode == 0
    node.start(wasld).until("wasld.ready")
    assert os.path.exists(os.path.join(node.path, "api.sock"))
    assert node.end() == 0


def goes_on_after_a_hangup_from_somebody(base, wasld):
    node = Node(base, "hup").start(wasld)
    node.until("wasld.ready")
    before = node.children()
    for times in (1, 2):
        node.process.send_signal(signal.SIGHUP)
        node.until("wasld.hangup SIGHUP .* changes nothing", times)
    os.killpg(os.getpgid(node.process.pid), 0)
    assert node.process.poll() is None and node.children() == before, node.text()
    assert node.end() == 0, node.text()


def ended(child, seconds):
    """Its status; None when it goes on, and is killed for it."""
    late = time.monotonic() + seconds
    while time.monotonic() < late:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid == child:
            return status
        time.sleep(0.02)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return None


def stops_when_its_terminal_is_closed(base, wasld):
    for ignored in (False, True):
        node = Node(base, f"terminal-{ignored}")
        log = os.path.join(base, f"terminal-{ignored}.log")
        child, terminal = pty.fork()
        if child == 0:
            out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            os.dup2(out, 2)
            if ignored:  # as nohup does
                signal.signal(signal.SIGHUP, signal.SIG_IGN)
            os.execv(wasld, [wasld, node.path])
        late = time.monotonic() + 10
        while "wasld.ready" not in text_of(log):
            assert time.monotonic() < late, text_of(log)
            time.sleep(0.02)
        os.close(terminal)
        if ignored:
            time.sleep(0.5)
            assert os.waitpid(child, os.WNOHANG) == (0, 0), "nohup was not respected"
            os.kill(child, signal.SIGTERM)
        status = ended(child, 10)
        assert status is not None and os.waitstatus_to_exitcode(status) == 0, (status, text_of(log))
        assert ("terminal that wasld was started from is gone" in text_of(log)) != ignored, text_of(log)
        assert len(node.order()) == 5, "they did not end in order"


def text_of(path):
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except FileNotFoundError:
        return ""


def tells_of_a_child_that_is_halted(base, wasld):
    node = Node(base, "halted").start(wasld)
    node.until("wasld.ready")
    pid = node.children()["worker"][0]
    os.kill(pid, signal.SIGSTOP)
    node.until(f"wasld.halted worker .process {pid}. was halted by a signal; kill -CONT {pid}")
    os.kill(pid, signal.SIGCONT)
    assert node.end() == 0, node.text()


def refuses_what_others_could_read_or_change(base, wasld):
    node = Node(base, "modes")
    for name in ("keeper/log.key", "gate/tls.key", "gate/tls.crt"):
        node.write(name, "x")
        os.chmod(os.path.join(node.path, name), 0o600)
        if os.geteuid() == 0:
            os.chown(os.path.join(node.path, name), USERS[name.split("/")[0]], -1)

    def said(code):
        done = subprocess.run([wasld, "--check", node.path], capture_output=True, text=True, check=False, timeout=10)
        assert done.returncode == code, done
        return done.stderr

    assert said(0) == ""
    refused = [(".", 0o770, "go-w"), ("wasl.conf", 0o664, "go-w"), ("node.card", 0o646, "go-w"), ("keeper", 0o710, "go-rwx"),
               ("keeper/log.key", 0o640, "go-rwx"), ("core", 0o750, "go-rwx"), ("gate", 0o730, "go-w"),
               ("gate/tls.key", 0o604, "go-rwx"), ("gate/tls.crt", 0o622, "go-w"), ("local", 0o720, "go-w"), ("worker", 0o702, "go-w")]
    for name, mode, change in refused:
        path = os.path.normpath(os.path.join(node.path, name))
        before = os.stat(path).st_mode & 0o7777
        os.chmod(path, mode)
        text = said(1)
        assert text.startswith(f"wasld: {node.path}: other users of this machine can ") and f"{mode:04o}" in text, text
        assert f"run chmod {change} {path}\n" in text, text
        subprocess.run(text.split(": run ")[1], shell=True, check=True)
        assert " can change " not in said(0), "what it says to run does not mend it"
        os.chmod(path, before)
    for name, mode in ((".", 0o755), ("gate", 0o711), ("local", 0o755), ("worker", 0o755)):
        path = os.path.normpath(os.path.join(node.path, name))
        os.chmod(path, mode)
        assert " wasld.open other users of this machine can look into " in said(0), name
        os.chmod(path, 0o700)
    if os.geteuid() != 0:
        return
    for name in ("wasl.conf", "keeper", "keeper/log.key", "core", "gate/tls.key", "worker"):
        path, owner = os.path.join(node.path, name), os.stat(os.path.join(node.path, name)).st_uid
        os.chown(path, 4711, -1)
        text = said(1)
        assert f"{name} belongs to the user number 4711 and not to " in text and ": run chown " in text, text
        subprocess.run(text.split(": run ")[1], shell=True, check=True)
        assert said(0) == "" and os.stat(path).st_uid == owner, "what it says to run does not mend it"


def is_started_by_its_owner_alone(base, wasld):
    if os.geteuid() != 0:
        print("ok # SKIP only root can be two users")
        return
    node = Node(base, "owned")
    for place, folders, files in os.walk(node.path):
        for name in folders + files + ["."]:
            os.chown(os.path.join(place, name), 4711, 4711)
    done = subprocess.run([wasld, node.path], capture_output=True, text=True, check=False, timeout=10)
    assert done.returncode == 1 and "and its keys belong to the user number 4711, and you are root" in done.stderr, done
    assert f"sudo -u '#4711' wasld {node.path}" in done.stderr, done
    for place in (base, os.environ.get("WASL_TEST_TMP", base)):
        os.chmod(place, 0o755)
    done = subprocess.run([wasld, node.path], capture_output=True, text=True, check=False, timeout=10, user=4712, group=4712)
    assert done.returncode == 1 and "belongs to the user number 4711, and you are number 4712" in done.stderr, done
    done = subprocess.run([wasld, "--check", node.path], capture_output=True, text=True, check=False, timeout=10, user=4711, group=4711)
    assert done.returncode == 0, done
    roots = Node(base, "roots")
    os.chown(roots.path, 4711, -1)
    os.chown(os.path.join(roots.path, "wasl.conf"), 4711, -1)
    done = subprocess.run([wasld, roots.path], capture_output=True, text=True, check=False, timeout=10, user=4711, group=4711)
    assert done.returncode == 1 and "this node was made by root and is started by root" in done.stderr, done
    roots.start(wasld).until("wasld.ready")  # an officer's folder, with processes of root's making
    assert roots.end() == 0


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
                 ends_in_time_though_one_is_halted, starts_all_again_when_one_fails, gives_up_when_it_fails_again_and_again,
                 does_not_insist_when_it_never_served, blames_the_one_that_failed, takes_its_children_along_when_killed,
                 says_when_it_cannot_start, runs_in_a_folder_with_a_long_path, goes_on_after_a_hangup_from_somebody,
                 stops_when_its_terminal_is_closed, tells_of_a_child_that_is_halted,
                 refuses_what_others_could_read_or_change, is_started_by_its_owner_alone):
        if not fnmatch.fnmatch(test.__name__, os.environ.get("WASL_TEST_ONLY", "*")):
            continue
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
