#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A node is saved while it exchanges, loses its data and is put back: same register, same content, same partners. The key is
kept apart. What is cut, changed, of another node or for another key is refused, and nothing is written over a node's data.

Broken variant: tests/checks/stories_broken (parts are not in the backup)."""
import fcntl
import os
import shutil
import subprocess
import threading

from story import BIN, Node, check, complaint, introduce, kept_apart, must, not_on_a_server, ok, path, read, run, same_cases, settle, started, wasl, write


def opened(words, file, *more):
    return wasl("backup", words, file, *more, "--key", path("secret"))


def lose(node, name):
    """As if the disk with core's folder were gone."""
    os.rename(os.path.join(node.dir, "core"), path(name))


def story():
    not_on_a_server("a database on a server is saved by its own tools; unit/core_epoch and unit/core_backup run there")
    made = must(wasl("backup", "key", "-o", path("secret")))
    key = made.out.strip()
    check(kept_apart(path("secret")) and key in read(path("secret")).decode(), "the secret is for its owner alone")
    secret = read(path("secret"))
    complaint(wasl("backup", "key", "-o", path("secret")), 1, "never written over")
    check(read(path("secret")) == secret, "a key was written over")
    public = write("public", f"# for rabat\n{key}\n")
    rabat, paris = started("rabat", "paris")
    rabat.refuses(1, "backup", "create", "-o", path("none"), says="backup key")
    check(not os.path.exists(path("none")), "something is there")
    large = write("large.bin", os.urandom(7 * 1048576 + 11))
    case = rabat.request(paris.name, "--part", large)
    settle(rabat, paris)

    # The key stands in wasl.conf: the node needs no word about it any more.
    rabat.stop()
    conf = os.path.join(rabat.dir, "wasl.conf")
    text = read(conf).decode()
    write(conf, text + "[backup]\nto = wasl-backup+12\n")
    answer = subprocess.run([os.path.join(BIN, "wasld"), "--check", rabat.dir], capture_output=True, check=False)
    check(answer.returncode != 0 and b"backup key" in answer.stderr, "a wrong key in wasl.conf", answer)
    write(conf, text + f"[backup]\nto = {key}\n")
    rabat.start()

    # Messages go both ways meanwhile.
    going = threading.Event()
    sent = []

    def exchange():
        while not going.is_set():
            sent.append(paris.request(rabat.name))
    other = threading.Thread(target=exchange)
    other.start()
    try:
        answers = [must(rabat.wasl("backup", "create", "-o", path(f"saved-{i}"), "--json")) for i in range(3)]
    finally:
        going.set()
        other.join()
    check(sent and all(kept_apart(path(f"saved-{i}")) for i in range(3)), "0600")
    settle(rabat, paris)
    acts = [leaf for leaf in rabat.leaves() if leaf["act"] == "exported"]
    check(len(acts) == 3 and all("a backup for the key" in leaf["subject"] for leaf in acts), acts)
    sizes = []
    for i in range(3):
        told = opened("verify", path(f"saved-{i}"), "--json")
        told = __import__("json").loads(must(told).out)
        check(told["missing"] == 0 and told["parts"] == 1 and told["size"] > 0, told)
        sizes.append(told["size"])
    check(sizes == sorted(sizes) and sizes[0] < sizes[2] < rabat.size(), sizes)
    check(not [name for name in os.listdir(os.environ.get("TMPDIR", "/tmp")) if name.startswith("wasl-backup.")],
          "something is left where it was looked at")
    ok("saved three times while messages went both ways; each shows its moment")

    # To a pipe; with another key; by somebody without the key.
    line = os.path.join(BIN, "wasl")
    piped = subprocess.run(f"'{line}' -n '{rabat.dir}' backup create -o - --to '{public}' | "
                           f"'{line}' backup verify - --key '{path('secret')}' --json", shell=True, capture_output=True,
                           check=True)
    check(b'"missing":0' in piped.stdout, piped)
    saved = path("saved-2")
    must(wasl("backup", "key", "-o", path("other")))
    complaint(wasl("backup", "verify", saved, "--key", path("other")), 7, "made for the key")
    os.chmod(path("other"), 0o644)
    complaint(wasl("backup", "verify", saved, "--key", path("other")), 1, "others than its owner")
    content = read(saved)
    for name, damaged, code, words in (
            ("cut", content[:-1], 7, "does not open"), ("cut2", content[:128 + 1048592], 7, "as its last one"),
            ("cut3", content[:100], 7, "header"), ("name", content[:60] + b"\0" + content[61:], 7, "header"), ("flipped", content[:5000] + bytes([content[5000] ^ 1]) + content[5001:], 7, "does not open"),
            ("longer", content + b"x", 7, "does not open"), ("text", b"hello, world" * 20, 7, "no backup"), ("empty", b"", 7, "header")):
        complaint(opened("verify", write(name, damaged)), code, name, words)
    for secret_text in (secret[:-20], secret.replace(b"+", b"-", 3), b"\n"):
        write("typed", secret_text)
        os.chmod(path("typed"), 0o600)
        complaint(wasl("backup", "verify", saved, "--key", path("typed")), 1, "no secret key")
    check(b"sujet" not in content and "من؟".encode() not in content and rabat.name.encode() not in content[128:], "in the clear")
    ok("for the holder of the secret alone, by pipe as well; what was cut, changed or is none is refused")

    # Nothing is written over a node's data.
    complaint(opened("restore", saved, rabat.dir), 1, "running")
    must(rabat.wasl("backup", "create", "-o", path("last")))
    before = rabat.size()
    cases = rabat.cases()
    rabat.stop()
    complaint(opened("restore", saved, rabat.dir), 1, "not empty")
    stranger = Node("madrid")
    lose(stranger, "madrid-gone")
    complaint(opened("restore", saved, stranger.dir), 1, "the backup is of wasl/rabat/", "this folder is of wasl/madrid/")
    os.remove(os.path.join(stranger.dir, "node.card"))  # then the keys say whose it is
    complaint(opened("restore", saved, stranger.dir), 1, "the backup is of wasl/rabat/", "this folder is of wasl/madrid/")
    check("node.card" not in os.listdir(stranger.dir), "another node's card was brought")
    os.rename(os.path.join(stranger.dir, "keeper"), path("keys-away"))
    os.mkdir(os.path.join(stranger.dir, "keeper"))
    complaint(opened("restore", saved, stranger.dir), 1, "node.card is missing", "no key file is there")
    complaint(opened("restore", saved, path("nowhere")), 5, "nowhere")
    os.mkdir(path("bare"))
    complaint(opened("restore", saved, path("bare")), 5, "never holds private keys")
    lose(rabat, "rabat-gone")
    complaint(opened("restore", write("cut", content[:-1]), rabat.dir), 7, "does not open")
    left = sorted(os.listdir(rabat.dir))
    check("core" not in left and "core.restoring" not in left, left)
    ok("nothing is written over data, into another node, or half")

    # What an interrupted restore left behind is in nobody's way.
    os.makedirs(os.path.join(rabat.dir, "core.restoring", "parts"))
    write(os.path.join(rabat.dir, "core.restoring", "core.db"), b"half")
    os.remove(os.path.join(rabat.dir, "node.card"))
    held = os.open(rabat.dir, os.O_RDONLY)
    fcntl.flock(held, fcntl.LOCK_EX)  # as another restore does
    complaint(opened("restore", path("last"), rabat.dir), 1, "at this moment")
    check("core.restoring" in os.listdir(rabat.dir), "what the other one made was taken away")
    os.close(held)
    must(opened("restore", path("last"), rabat.dir))
    check("core.restoring" not in os.listdir(rabat.dir), "left over")
    rabat.start()
    check(rabat.size() == before and rabat.cases() == cases, rabat.size(), before)
    rabat.sound()
    parts = {part["name"]: part["sha256"] for part in rabat.json("message", "show", case)["parts"]}
    must(rabat.wasl("part", "get", parts["large.bin"], "-o", path("got")))
    check(read(path("got")) == read(large), "another part came out")
    more = rabat.request(paris.name)
    settle(rabat, paris)
    check(more in paris.cases(), "the exchange does not go on")
    same_cases(rabat, paris)
    must(rabat.wasl("proof", "export", case, "-o", path("case.wasl-proof")))
    must(wasl("proof", "verify", path("case.wasl-proof"), "--card", paris.card(), "--card", rabat.card()))
    ok("put back, card and all: register, content, evidence and exchange go on")

    # An older one is not passed off as the newest.
    rabat.stop()
    lose(rabat, "rabat-again")
    must(opened("restore", saved, rabat.dir))
    rabat.launch()
    check(rabat.process.wait(30) != 0 and "older than what was proved" in rabat.said(), rabat.said())
    rabat.process = None
    shutil.rmtree(os.path.join(rabat.dir, "core"))
    os.rename(path("rabat-again"), os.path.join(rabat.dir, "core"))
    rabat.start()
    rabat.sound()
    full(rabat)
    hollow(rabat)


def hollow(node):
    """Files of parts are gone: the rest is saved, and who only looks at exit codes hears of it."""
    kept = os.path.join(node.dir, "core", "parts")
    names = os.listdir(kept)
    os.mkdir(path("parts"))
    for name in names:
        os.rename(os.path.join(kept, name), path("parts", name))
    node.refuses(1, "backup", "create", "-o", path("hollow"), says="1 parts are not in it whole")
    told = opened("verify", path("hollow"))
    check(told.code == 1 and "1 parts are not in it whole" in told.err and "register check" in told.err, told)
    for name in names:
        os.rename(path("parts", name), os.path.join(kept, name))
    must(node.wasl("backup", "create", "-o", path("sound")))
    must(opened("verify", path("sound")))
    ok("a backup without files of parts is made, and is an alarm")


def full(node):
    """No room where the file goes: one sentence, nothing left, and the node goes on."""
    if os.geteuid() != 0:
        return
    os.mkdir(path("small"))
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", path("small")], capture_output=True, check=False).returncode != 0:
        return
    try:
        node.refuses(1, "backup", "create", "-o", path("small", "saved"), says="no space")
        check(os.listdir(path("small")) == [], "something is left")
        for _ in range(5):  # the place of each is free again
            node.refuses(1, "backup", "create", "-o", path("small", "saved"), says="no space")
    finally:
        subprocess.run(["umount", path("small")], check=False)
    must(node.wasl("backup", "create", "-o", path("after")))
    ok("an older backup is refused at the start; no room for the file is one sentence")


run(story)
