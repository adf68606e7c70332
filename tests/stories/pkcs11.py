#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A node whose keys are in a token (SoftHSM) and one whose keys are files, as docs/keys.md writes it: they agree, exchange and
prove; keys change and end in the token; the token goes away and comes back, at the start and while the node runs; the PIN is
wrong; what init began is taken back. Broken variants: tests/checks/keeper_broken (those with keeper_token)."""
import base64
import json
import os
import re
import shutil
import subprocess

from story import TMP, Node, agree, check, introduce, must, not_on_a_server, ok, path, read, run, settle, until, wasl, write

MODULE = "/usr/lib/softhsm/libsofthsm2.so"
KEEPER = 1719000001  # who the keeper is when root starts the node: src/link/users.h


def mine(name):
    """The token's files and the PIN are the keeper's."""
    if os.geteuid() == 0:
        os.chown(name, KEEPER, KEEPER)
    return name


def pin(text):
    name = mine(write("pin", text + "\n"))
    os.chmod(name, 0o600)
    return name


def make_token(name="paris", folder="tokens", more=""):
    """As docs/keys.md says for SoftHSM; gives the words of `wasl node init`."""
    if os.geteuid() == 0:
        os.chmod(TMP, 0o755)
    os.mkdir(path(folder), 0o700)
    mine(path(folder))
    conf = write(f"softhsm2-{folder}.conf", f"directories.tokendir = {path(folder)}\nlog.level = ERROR\n{more}")
    who = {"user": KEEPER, "group": KEEPER, "extra_groups": []} if os.geteuid() == 0 else {}
    subprocess.run(["softhsm2-util", "--init-token", "--free", "--label", name, "--pin", "246810", "--so-pin", "13579111"],
                   env={**os.environ, "SOFTHSM2_CONF": conf}, check=True, capture_output=True, **who)
    return ["--keys", f"pkcs11:token={name}?module-path={MODULE}&pin-source=file:{pin('246810')}",
            "--keys-env", f"SOFTHSM2_CONF={conf}", "--keys-read", conf, "--keys-write", path(folder)]


def objects():
    """How many the token holds: SoftHSM has a file for each."""
    return sum(name.endswith(".object") and name != "token.object" for _, _, names in os.walk(path("tokens")) for name in names)


def refused(words):
    """init says what is wrong, and leaves nothing behind: no folder, nothing in the token."""
    base = ["node", "init", path("none"), "--name", "none", "--org", "x", "--listen", "127.0.0.1:9"]
    other = [word.replace("token=paris", "token=lyon") for word in words]
    said = must(wasl(*base, *other), 1).err
    check("lyon is not there" in said, said)
    said = must(wasl(*base, *[word.replace("&pin-source=file:", "&pin-value=") for word in words]), 1).err
    check("take it as known" in said, said)
    must(wasl(*base, *words[2:]), 2)
    check("pkcs11:token=NAME" in must(wasl(*base, "--keys", "hsm"), 2).err, "no word of how it is written")
    late = must(wasl(*base, *words, "--store", "postgresql://x@127.0.0.1:9/x"), 1)  # after the keys were made
    check(not os.path.exists(path("none")) and objects() == 0, late, os.listdir(TMP), objects())
    ok("init with a token that is not there, a PIN in sight, or a database that is not there leaves nothing behind")


def prove(rabat, paris):
    """A case in each direction, and each side's evidence of it."""
    for one, other in ((rabat, paris), (paris, rabat)):
        case = one.request(other.name)
        settle(rabat, paris)
        for node in (rabat, paris):
            file = path(f"{node.name}-{case[:8]}.wasl-proof")
            node.ask("proof", "export", case, "-o", file)
            must(wasl("proof", "verify", file, "--card", rabat.card(), "--card", paris.card()))


def exchange(rabat, paris):
    introduce(rabat, paris)
    agree(paris, rabat)
    prove(rabat, paris)
    for name in os.listdir(os.path.join(paris.dir, "keeper")):
        if name.endswith(".key"):
            check(read(os.path.join(paris.dir, "keeper", name)).startswith(b"WASLTOK1"), name, "holds its secret")
    status = read(f"/proc/{paris.children()['keeper']}/status").decode()
    check(re.search(r"^Seccomp:\s+2$", status, re.M) and re.search(r"^NoNewPrivs:\s+1$", status, re.M), status)
    check(f"write {path('tokens')}" in paris.said(), "what the module is allowed is not in the log:", paris.said())
    ok("a node with its keys in a token agrees, sends, takes, receipts and proves as one with files; what is allowed is said")


def changes(rabat, paris):
    before = objects()
    paris.ask("key", "rotate", "--all")
    until(lambda: rabat.json("partner", "show", "paris")["generation"] == 2, 20, "the partner follows")

    def retired():
        told = paris.wasl("key", "retire", "--seal", "--tls")
        return told.code == 0 or "no old key" in told.err
    until(retired, 20, "the old keys are retired")
    until(lambda: objects() == before, 20, lambda: f"the old keys are destroyed in the token: {objects()}, not {before}")
    paris.stop()
    paris.start()
    rabat.request("paris")
    settle(rabat, paris)
    check(not [leaf for leaf in rabat.leaves() if leaf["act"] == "fault"], "a leaf about a fault")
    ok(f"keys change and end in the token ({before} objects before and after), and a restart goes on with them")


def of_p256(rabat):
    """A token that has neither Ed25519 nor X25519."""
    tunis = Node("tunis", more=make_token("tunis", "old", "slots.mechanisms = CKM_EC_KEY_PAIR_GEN,CKM_ECDSA,CKM_ECDH1_DERIVE,CKM_AES_KEY_GEN,CKM_AES_CBC\n"))
    tunis.start()
    introduce(rabat, tunis)
    agree(tunis, rabat)
    card = json.loads(read(tunis.card()))
    kinds = [base64.b64decode(card[key].split("+", 2)[2])[:5] for key in ("log", "witness")]
    check(kinds == [b"\xffwasl"] * 2 and card["seal"][0]["suite"] == "p256-hkdf-sha256-aes256gcm", card)
    prove(rabat, tunis)
    for node, other in ((tunis, rabat), (rabat, tunis)):
        node.ask("key", "rotate", "--all")
        until(lambda: other.json("partner", "show", node.name)["generation"] == 2, 20, "the partner follows")
    prove(rabat, tunis)
    for node in (rabat, tunis):
        node.sound()
        check(not [leaf for leaf in node.leaves() if leaf["act"] == "fault"], "a leaf about a fault")
    tunis.stop()
    ok("a token with P-256 alone makes such keys; both directions, receipts, evidence and a change of keys on either side go as with any other")


def vanishes(rabat, paris):
    size = paris.size()
    os.rename(path("tokens"), path("away"))
    case = rabat.request("paris")
    until(lambda: "token.lost" in paris.said(), 20, "the keeper notices")
    until(lambda: read(paris.log).count(b"keeper.failed") > 2, 20, "it is looked for again and again")
    check(paris.process.poll() is None, "the node ended:", paris.said())
    os.rename(path("away"), path("tokens"))
    paris.serves(30)
    settle(rabat, paris)
    check("token" not in rabat.said(), "the partner is told of what is none of his:", rabat.said())
    check(case in paris.cases() and paris.size() > size, "it did not come")
    for node in (rabat, paris):
        node.sound()
    check(not [leaf for leaf in paris.leaves() if leaf["act"] == "fault"], "the partner was blamed")
    ok("a token that goes away stops the node, which waits for it; when it is back all goes on, and nothing was lost")


def fails(paris, *words):
    before = len(read(paris.log))
    paris.launch()
    check(paris.process.wait(20) == 1, "status", paris.process.returncode)
    paris.process = None
    said = read(paris.log).decode()[before:]
    last = [line for line in said.splitlines() if "wasld.failed" in line]
    check(last and all(word in last[-1] for word in words), words, "expected:", said)


def at_the_start(rabat, paris):
    paris.stop()
    right = pin("000000")
    fails(paris, "refuses the PIN", right)
    fails(paris, "not tried again")
    pin("246810")
    os.rename(path("tokens"), path("away"))
    os.mkdir(path("tokens"), 0o700)
    mine(path("tokens"))
    fails(paris, "paris is not there", "the node's keys are in it")
    os.rmdir(path("tokens"))
    os.rename(path("away"), path("tokens"))
    os.rename(right, right + ".away")
    fails(paris, right, "must be able to read")
    os.rename(right + ".away", right)
    paris.start()
    paris.request("rabat")
    settle(rabat, paris)
    ok("a wrong PIN is said once and not again; without PIN or token the node does not start and says so; then it goes on")


def story():
    not_on_a_server("where the keys are has nothing to do with where the store is")
    check(shutil.which("softhsm2-util"), "softhsm2-util is missing: ci/install-deps test")
    words = make_token()
    refused(words)
    rabat, paris = Node("rabat"), Node("paris", more=words)
    for node in (rabat, paris):
        node.start()
    exchange(rabat, paris)
    changes(rabat, paris)
    of_p256(rabat)
    vanishes(rabat, paris)
    at_the_start(rabat, paris)


run(story)
