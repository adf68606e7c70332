#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Keys that change, as docs/keys.md writes it for officers: under traffic in both directions, with a partner away, cut off
by a crash; a node that moves to another address; evidence from before and after; keys that were stolen, and lost.

Broken variants: tests/checks/exchange_broken and tests/checks/keeper_broken (those with core_keys and keeper_change)."""
import json
import os
import re
import shutil
import subprocess
import threading
import time

from story import ON_SERVER, check, cluster, must, ok, path, read, run, same_cases, settle, started, until, wasl, write


def held(node, kind):
    """The numbers of its keys of a kind."""
    return sorted(key["number"] for key in node.json("key", "list")["keys"] if key["type"] == kind)


def generation(node, partner):
    return node.json("partner", "show", partner.name)["generation"]


def own_generation(node):
    return node.api("/v1/card")[0]["generation"]


def known(*nodes):
    """Each holds the newest card of each other one."""
    def all_hold():
        return all(generation(one, other) == own_generation(other)
                   for one in nodes for other in nodes if one is not other)
    until(all_hold, 20, "everybody holds the newest cards")


def retired(node, *words):
    """Its partner must have said that he holds the new card."""
    def gone():
        told = node.wasl("key", "retire", *words)
        return told.code == 0 or "no old key" in told.err
    until(gone, 20, lambda: node.wasl("key", "retire", *words))


def no_faults(*nodes):
    for node in nodes:
        check(not [leaf for leaf in node.leaves() if leaf["act"] == "fault"], node.name, "has a leaf about a fault")


def copy(source, target):
    subprocess.run(["cp", "-a", source, target], check=True)


def under_traffic(rabat, paris):
    """Both change all keys, again and again, while both send."""
    over = threading.Event()

    def talk(one, other):
        while not over.is_set():
            one.request(other.name, subject="meanwhile")

    talkers = [threading.Thread(target=talk, args=pair) for pair in ((rabat, paris), (paris, rabat))]
    for talker in talkers:
        talker.start()
    for _ in range(3):
        turns = [threading.Thread(target=node.ask, args=("key", "rotate", "--sign", "--tls")) for node in (rabat, paris)]
        for turn in turns:
            turn.start()
        for turn in turns:
            turn.join()
        known(rabat, paris)
        for node in (rabat, paris):
            retired(node, "--tls")
    over.set()
    for talker in talkers:
        talker.join()
    settle(rabat, paris)
    known(rabat, paris)
    check(len(same_cases(rabat, paris)) > 6, "hardly any traffic")
    for node in (rabat, paris):
        check(held(node, "log") == [4] and held(node, "witness") == [4], "old keys are left:", node.ask("key", "list"))
        check(sorted(name for name in os.listdir(os.path.join(node.dir, "keeper")) if name.startswith("log")) == ["log-4.key"],
              os.listdir(os.path.join(node.dir, "keeper")))
        until(lambda n=node: len([name for name in os.listdir(os.path.join(n.dir, "gate")) if name.endswith(".key")]) <= 2, 5,
              "at most the presented key and one younger are in the gate's folder")
        node.sound()
    no_faults(rabat, paris)
    ok(f"{len(rabat.cases())} cases went both ways while both nodes changed their keys three times; the old ones are gone")


def evidence(rabat, paris, before, cards, years=0):
    """Of a message from before the changes, and of one from now; in between as many years as keys are renewed by themselves."""
    for _ in range(4 * years):
        rabat.ask("key", "rotate", "--seal")
        retired(rabat, "--seal")
    old = ["--card", rabat.card(), "--card", paris.card()]
    paris.ask("key", "rotate", "--seal")  # as it does by itself every 90 days
    known(rabat, paris)
    now = rabat.request("paris", subject="under the new keys")
    settle(rabat, paris)
    rabat.ask("proof", "export", now, "-o", path("seal.wasl-proof"))
    check("confirmed" in must(wasl("proof", "verify", path("seal.wasl-proof"), *old)).out, "a new sealing key alone is no other signer")
    fresh = ["--card", rabat.card(), "--card", paris.card()]
    for name, message in (("before", before), ("now", now)):
        for node in (rabat, paris):
            file = path(f"{name}-{node.name}.wasl-proof")
            node.ask("proof", "export", message, "-o", file)
            must(wasl("proof", "verify", file))
            must(wasl("proof", "verify", file, *fresh))
    must(wasl("proof", "verify", path("before-rabat.wasl-proof"), *cards))
    must(wasl("proof", "verify", path("kept.wasl-proof"), *cards))
    other = wasl("proof", "verify", path("kept.wasl-proof"), *fresh)
    check(other.code == 7 and "the same origin, but another generation" in other.err and "exported anew" in other.err, other)
    ok("evidence of a message from before verifies against the cards from before and those from now; from now likewise")
    return now


def away(rabat, paris):
    """Four generations while the partner is stopped with something to say; the sealing key that he knows is destroyed."""
    paris.stop()
    waits = rabat.request("paris", subject="waits under an older card")
    for words in (("--sign",), ("--seal",), ("--sign", "--seal")):
        rabat.ask("key", "rotate", *words)
    rabat.refuses(1, "key", "retire", "--seal", says="paris")
    rabat.ask("key", "retire", "--seal", "--force")
    until(lambda: held(rabat, "seal") == [3], 10, "the old sealing keys are destroyed")
    rabat.stop()
    paris.start()
    back = paris.request("rabat", subject="sealed to a key that is gone")
    rabat.start()
    settle(rabat, paris)
    known(rabat, paris)
    check(waits in paris.cases() and back in rabat.cases(), "something was lost")
    no_faults(rabat, paris)
    ok("a partner who was away follows several generations at once, and seals again to a key that is there")


def moves(rabat, paris):
    """Another address and another name of the organisation."""
    port = rabat.port + 50
    rabat.ask("card", "change", "--address", f"127.0.0.1:{port}", "--org-fr", "Brigade nouvelle")
    check(rabat.json("node", "status")["warnings"], "no warning that partners are sent elsewhere")
    known(rabat, paris)
    rabat.stop()
    conf = os.path.join(rabat.dir, "wasl.conf")
    text = read(conf).decode()
    check(str(rabat.port) in text, text)
    write(conf, text.replace(str(rabat.port), str(port)))
    case = paris.request("rabat", subject="to the new address")
    rabat.start()
    settle(rabat, paris)
    check(case in rabat.cases(), "it did not come")
    check(rabat.json("node", "status")["warnings"] == [], rabat.json("node", "status"))
    row = paris.json("partner", "show", "rabat")
    check(row["addresses"] == [f"127.0.0.1:{port}"] and row["org"]["fr"] == "Brigade nouvelle", row)
    rabat.port = port
    ok("a node moves to another address, and its partner follows by its card")


def cut_off(rabat, paris):
    """Killed in the middle of changes."""
    for turn in range(6):
        before = own_generation(rabat)
        asker = threading.Thread(target=rabat.wasl, args=("key", "rotate", "--all" if turn % 2 else "--sign"))
        asker.start()
        time.sleep(0.01 * turn)
        rabat.kill()
        asker.join()
        rabat.start()
        check(own_generation(rabat) in (before, before + 1), "a generation too many")
        rabat.request("paris", subject=f"after the kill {turn}")
        settle(rabat, paris)
        known(rabat, paris)
        if len(held(rabat, "seal")) > 1:
            retired(rabat, "--seal", "--tls")
    rabat.sound()
    paris.sound()
    no_faults(rabat, paris)
    ok("killed in the middle of a change it is before or after it, and goes on")


def is_copied(node):
    """All of the stopped node, its database too."""
    copy(node.dir, path("thief"))
    if ON_SERVER:
        cluster().copy(node.database, "thief")


def becomes_thief(node):
    own, node.dir = node.dir, path("thief")
    if ON_SERVER:
        cluster().copy(node.database, "owner")
        cluster().copy("thief", node.database)
    return own


def becomes_owner(node, own):
    node.dir = own
    if ON_SERVER:
        cluster().copy("owner", node.database)


def stolen(rabat, paris):
    """Somebody has a copy of the whole node, keys and all. Its owner changes all keys at once; then the copy speaks."""
    rabat.stop()
    is_copied(rabat)
    rabat.start()
    rabat.ask("key", "rotate", "--all")
    known(rabat, paris)
    retired(rabat, "--seal", "--tls")
    known(rabat, paris)
    settle(rabat, paris)
    until(lambda: len(held(rabat, "epoch")) == 1, 20, "what was kept is wrapped anew, and the stolen epoch key is destroyed")
    rabat.stop()
    begin, cases = paris.size(), paris.cases()
    own = becomes_thief(rabat)
    rabat.start()
    rabat.request("paris", subject="by the thief")
    rabat.refuses(8, "outbox", "wait", "--timeout", 3, says="paris")
    rabat.stop()
    becomes_owner(rabat, own)
    check(paris.cases() == cases, "something of the thief's was taken")
    rabat.start()
    case = rabat.request("paris", subject="by the owner")
    settle(rabat, paris)
    check(case in paris.cases(), "the owner is not heard any more")
    check(paris.json("partner", "list")[0]["trouble"] == "", paris.json("partner", "list"))
    ok("keys that were stolen speak for nobody once they are changed: nothing of the thief's was taken, the owner goes on")
    return begin


def stolen_in_the_overlap(rabat, paris):
    """The thief is on the line while the old TLS key still counts: his heads are refused, and a leaf says so."""
    rabat.stop()
    shutil.rmtree(path("thief"))
    is_copied(rabat)
    rabat.start()
    rabat.ask("key", "rotate", "--all")
    rabat.request("paris", subject="more leaves")
    settle(rabat, paris)
    known(rabat, paris)
    size = rabat.size()
    rabat.stop()
    begin, cases = paris.size(), paris.cases()
    own = becomes_thief(rabat)
    rabat.start()
    while rabat.size() <= size:  # more leaves than the owner wrote; this thief's program learns of the newer card, and stops by itself
        if rabat.wasl(*rabat.request_words("paris", subject="the thief's story")).code != 0:
            break
    fault = until(lambda: [leaf for leaf in paris.leaves(begin) if leaf["act"] == "fault"], 30, "a leaf about the thief")
    rabat.stop()
    becomes_owner(rabat, own)
    check(paris.cases() == cases, "something of the thief's was taken")
    check("signature" in fault[0]["reason"] and "partner.fault rabat: signature" in paris.said(), fault, paris.said())
    rabat.start()
    retired(rabat, "--seal", "--tls")
    case = rabat.request("paris", subject="by the owner again")
    settle(rabat, paris)
    check(case in paris.cases(), "the owner is not heard any more")
    ok("in the overlap the thief is noticed: " + fault[0]["reason"])


def lost(rabat, paris):
    """Key files that are not there any more, and an older copy of them."""
    rabat.stop()
    keeper = os.path.join(rabat.dir, "keeper")
    older = path("older-keys")
    os.mkdir(older)
    for name in os.listdir(keeper):
        if name.endswith(".key"):
            copy(os.path.join(keeper, name), older)
    rabat.start()
    rabat.ask("key", "rotate", "--sign", "--seal")
    known(rabat, paris)
    rabat.stop()
    newest = sorted((name for name in os.listdir(keeper) if re.fullmatch(r"log-\d+\.key", name)),
                    key=lambda name: int(name[4:-4]))[-1]
    kept = path("newer-keys")
    copy(keeper, kept)
    os.remove(os.path.join(keeper, newest))
    for name in os.listdir(older):
        copy(os.path.join(older, name), keeper)
    rabat.launch()
    check(rabat.process.wait(20) == 1 and newest in rabat.said() and "in force" in rabat.said(), rabat.said())
    rabat.process = None
    copy(os.path.join(kept, newest), keeper)
    os.remove(os.path.join(keeper, "card-2.signed"))
    rabat.start()
    check("keeper/ card-2.signed is missing" in must(rabat.wasl("node", "status")).err and "card.unkept" in rabat.said(), rabat.said())
    rabat.ask("card", "export", "--generation", "1", "-o", path("old.card"))
    old = path("old.card")
    check(read(old).decode() == must(rabat.wasl("card", "export", "--generation", "1")).out, "another card in the file")
    paris.refuses(1, "partner", "add", old, "--fingerprint", json.loads(must(wasl("card", "show", old, "--json")).out)["fingerprint"],
                  says=("older card of rabat, of generation 1", "nothing was changed"))
    case = rabat.request("paris", subject="with the keys from the copy")
    settle(rabat, paris)
    check(case in paris.cases(), "it did not come")
    until(lambda: len(held(rabat, "log")) == 1, 10, "the older keys from the copy are destroyed again")
    rabat.sound()
    ok("without the key in force it does not start, whatever older copy is put back; with it from a newer copy it goes on; what older data would need is missed")


def story():
    rabat, paris = started("rabat", "paris")
    cards = ["--card", rabat.card(), "--card", paris.card()]
    kept = [shutil.copy(card, path(f"first-{number}.card")) for number, card in enumerate(cards[1::2])]
    cards = ["--card", kept[0], "--card", kept[1]]
    before = rabat.request("paris", subject="under the first keys")
    settle(rabat, paris)
    rabat.ask("proof", "export", before, "-o", path("kept.wasl-proof"))
    under_traffic(rabat, paris)
    evidence(rabat, paris, before, cards)
    away(rabat, paris)
    moves(rabat, paris)
    cut_off(rabat, paris)
    evidence(rabat, paris, before, cards, years=5)
    told = json.loads(must(rabat.wasl("key", "list", "--json")).out)
    check(all(key["from"] for key in told["keys"]) and told["keys"], told)
    stolen(rabat, paris)
    stolen_in_the_overlap(rabat, paris)
    lost(rabat, paris)


run(story)
