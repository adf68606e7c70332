#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The processes of a real node, seen from outside: has each one really given up its rights? What the rights are worth is
tried in tests/unit/link_confine.c, by a process with the same row of src/link/rights.c.

Run as root, the node runs once as root (each process with a user of its own) and once as an ordinary user."""
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

BIN = os.path.abspath(os.environ.get("WASL_BIN", "build/bin"))
PORT = int(os.environ.get("WASL_TEST_PORT", "11960"))
USERS = {"keeper": 1719000001, "core": 1719000002, "gate-peer": 1719000003, "gate-local": 1719000004,
         "worker": 1719000005}
ORDINARY = 65534


def status_of(pid):
    with open(f"/proc/{pid}/status", encoding="utf-8") as file:
        return dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)


def children_of(parent):
    found = {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/cmdline", "rb") as line:
                words = line.read().decode().split("\0")
            if "--role" in words and status_of(name)["PPid"] == str(parent):
                found[words[words.index("--role") + 1]] = int(name)
        except OSError:
            continue
    return found


def internet_sockets(pid):
    """How many TCP or UDP sockets the process has open; None where /proc does not let us look."""
    inodes = set()
    for table in ("tcp", "tcp6", "udp", "udp6"):
        try:
            with open(f"/proc/net/{table}", encoding="ascii") as lines:
                inodes |= {line.split()[9] for line in list(lines)[1:]}
        except OSError:
            continue
    try:
        links = [os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")]
    except OSError:
        return None
    return sum(match.group(1) in inodes for match in map(re.compile(r"socket:\[(\d+)\]").match, links) if match)


def check_process(role, pid, as_root):
    status = status_of(pid)
    wrong = [f"{key} is {status.get(key)}" for key, value in
             {"NoNewPrivs": "1", "Seccomp": "2", "CapInh": "0" * 16, "CapPrm": "0" * 16, "CapEff": "0" * 16,
              "CapAmb": "0" * 16}.items() if status.get(key) != value]
    if as_root:
        user = str(USERS[role])
        wrong += [f"{key} is {status[key]}" for key in ("Uid", "Gid") if set(status[key].split()) != {user}]
        wrong += [f"{key} is {status[key]}" for key in ("Groups", "CapBnd") if status[key].strip(" 0") != ""]
    with open(f"/proc/{pid}/limits", encoding="ascii") as limits:
        if not re.search(r"Max core file size +0 +0 ", limits.read()):
            wrong.append("core dumps are possible")
    # What is not dumpable belongs to root in /proc, whoever runs it.
    if os.stat(f"/proc/{pid}/fd").st_uid != 0:
        wrong.append("it can be traced")
    sockets = internet_sockets(pid)
    if sockets is not None and (sockets > 0) != (role == "gate-peer"):
        wrong.append(f"it has {sockets} sockets of the Internet")
    return wrong


def as_user(uid):
    def become():
        if uid is not None:
            os.setgroups([])
            os.setresgid(uid, uid, uid)
            os.setresuid(uid, uid, uid)
    return become


def start(node, user, log):
    process = subprocess.Popen([os.path.join(BIN, "wasld"), node], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                               preexec_fn=as_user(user))
    late = time.monotonic() + 20
    while b"wasld.ready" not in text_of(log):
        if process.poll() is not None or time.monotonic() > late:
            process.kill()
            raise AssertionError("the node does not start:\n" + text_of(log).decode("utf-8", "replace"))
        time.sleep(0.02)
    return process


def text_of(log):
    return os.pread(log.fileno(), 1 << 20, 0)


def run(base, as_root, report):
    how = "as root" if as_root else "as an ordinary user"
    user = ORDINARY if not as_root and os.geteuid() == 0 else None
    folder = os.path.join(base, "root" if as_root else "ordinary")
    os.mkdir(folder, 0o700)
    if user is not None:
        os.chmod(base, 0o755)
        os.chown(folder, user, user)
    node = os.path.join(folder, "node")
    subprocess.run([os.path.join(BIN, "wasl"), "node", "init", node, "--name", "paris", "--org", "Paris", "--listen",
                    f"127.0.0.1:{PORT}"], check=True, stdout=subprocess.DEVNULL, preexec_fn=as_user(user))
    with tempfile.TemporaryFile() as log:
        process = start(node, user, log)
        try:
            children = children_of(process.pid)
            report(f"five processes run {how}", [] if set(children) == set(USERS) else [str(children)])
            for role, pid in sorted(children.items()):
                report(f"{role} {how} has given up its rights", check_process(role, pid, as_root))
            text = text_of(log).decode()
            for missing in sorted({line.split("confine.missing ", 1)[1] for line in text.splitlines()
                                   if "confine.missing" in line}):
                print(f"# this kernel cannot: {missing}")
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait()
        late = time.monotonic() + 5
        while any(os.path.exists(f"/proc/{pid}") for pid in children.values()) and time.monotonic() < late:
            time.sleep(0.02)
        report(f"all die with wasld {how}",
               [role for role, pid in children.items() if os.path.exists(f"/proc/{pid}") and
                status_of(pid)["State"][0] != "Z"])


def main():
    failed = []

    def report(name, wrong):
        print(f"{'not ok' if wrong else 'ok'} {name}" + "".join(f"\n  {reason}" for reason in wrong))
        failed.extend(wrong)

    report("a process that gave up nothing would be noticed",
           [] if len(check_process("core", os.getpid(), False)) >= 3 else ["this very script passes"])
    # Not below WASL_TEST_TMP, which an ordinary user cannot enter.
    base = tempfile.mkdtemp(prefix="wasl-confinement-")
    try:
        for as_root in (True, False) if os.geteuid() == 0 else (False,):
            try:
                run(base, as_root, report)
            except (AssertionError, OSError, subprocess.CalledProcessError) as error:
                report("a node runs " + ("as root" if as_root else "as an ordinary user"), [str(error)])
    finally:
        shutil.rmtree(base, ignore_errors=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
