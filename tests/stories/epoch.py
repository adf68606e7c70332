#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A node whose disk is lost comes back from a backup that is older than what it exchanged since. It goes on in a new epoch of its
register: its partners take nothing before their officers confirm it by its digits, the exchange goes on number after number,
what a partner had sent comes again, what the node itself had sent comes back from those who hold it, and what was proved before stays proved.

Broken variants: tests/checks/exchange_broken (unit/core_epoch, unit/core_epochs, unit/core_back)."""
import json
import os
import shutil
import subprocess

from story import ROOT, check, must, not_on_a_server, ok, path, read, run, settle, started, until, wasl, write


def digits(node):
    return json.loads(node.wasl("node", "status", "--json").out)["register"]["digits"]


def trouble(node, partner):
    return [row for row in node.json("partner", "list") if row["name"] == partner.name][0]["trouble"] or ""


def clocks(node, case):
    return node.json("case", "show", case)["clocks"]


def exported(node, message, name):
    must(node.wasl("proof", "export", message, "-o", path(name)))
    return path(name)


def proves(file, *cards):
    must(wasl("proof", "verify", file, *(word for card in cards for word in ("--card", card))))


def backup(node):
    if os.path.exists(path("secret")):
        os.remove(path("secret"))
    made = must(wasl("backup", "key", "-o", path("secret")))
    must(node.wasl("backup", "create", "-o", path("saved"), "--to", write("public", made.out)))


def lose_disk(node, heads):
    """All but the offline copy of the keys and wasl.conf is gone; heads: the memory of heads is still there."""
    node.stop()
    shutil.rmtree(os.path.join(node.dir, "core"))
    if not heads:
        os.remove(os.path.join(node.dir, "keeper", "heads.state"))
    must(wasl("backup", "restore", path("saved"), node.dir, "--key", path("secret")))


def emptied(folder):
    for name in os.listdir(folder):
        inner = os.path.join(folder, name)
        (shutil.rmtree if os.path.isdir(inner) else os.remove)(inner)


def copied(source, target):
    shutil.rmtree(target, ignore_errors=True)
    must_run = subprocess.run(["cp", "-a", source, target], stdin=subprocess.DEVNULL, check=False)
    check(must_run.returncode == 0, "not copied:", source)


def goes_on(node, partner, number):
    """In this epoch, as the sentence about it says; confirmed, messages go both ways and both hold the same."""
    must(wasl("node", "epoch", node.dir, "--leaves-lost", "--number", str(number)))
    node.start()
    until(lambda: f"epoch {number} " in trouble(partner, node), 60, lambda: f"told: {trouble(partner, node)}")
    must(partner.wasl("partner", "epoch", node.name, "--fingerprint", digits(node)))
    until(lambda: partner.name not in node.json("node", "status")["register"]["unconfirmed"], 60,
          lambda: f"epoch {number}: {trouble(partner, node)}")
    settle(node, partner)
    partner.sound()
    partner.stop()
    partner.start()
    more = [node.request(partner.name, subject=f"in {number}"), partner.request(node.name, subject=f"in {number}, too")]
    settle(node, partner)
    check(all(case in one.cases() for case in more for one in (node, partner)), "the exchange does not go on in epoch", number)
    until(lambda: all(one.wasl("partner", "reconcile", other.name).code == 0 for one, other in ((node, partner), (partner, node))), 60,
          "both hold the same")
    node.sound()
    partner.sound()


def story():
    not_on_a_server("a database on a server is saved by its own tools; unit/core_epoch and unit/core_backup run there")
    paris, rabat, fes = started("paris", "rabat", "fes")
    cards = [paris.card(), rabat.card()]
    large = write("large.bin", os.urandom(3 * 1048576 + 7))
    kept = paris.request("rabat", subject="kept")
    settle(paris, rabat, fes)
    old_proof = exported(paris, kept, "old.wasl-proof")
    rabat.stop()
    open_before = paris.request("rabat", subject="waits in the backup")
    backup(paris)
    rabat.start()
    settle(paris, rabat, fes)
    from_rabat = [rabat.request("paris", "--part", large, subject="theirs"), rabat.request("paris", subject="theirs too")]
    lost = [paris.request("rabat", "--part", large, subject="ours, lost"), paris.request("fes", subject="ours to fes, lost")]
    settle(paris, rabat, fes)
    due = clocks(rabat, from_rabat[0])

    lose_disk(paris, heads=True)
    paris.launch()
    check(paris.process.wait(30) != 0 and "older than what was proved" in paris.said() and "wasl node epoch" in paris.said(), paris.said())
    paris.process = None
    asked = wasl("node", "epoch", paris.dir)
    check(asked.code == 2 and "--leaves-lost" in asked.err, "nobody is asked:", asked)
    answer = must(wasl("node", "epoch", paris.dir, "--leaves-lost"))
    again = wasl("node", "epoch", paris.dir, "--leaves-lost")
    check(again.code != 0 and "has not begun" in again.err, again)
    check(answer.out.strip().endswith("/2"), answer)
    paris.start()
    register = paris.json("node", "status")["register"]
    check(register["epoch"] == 2 and sorted(register["unconfirmed"]) == ["fes", "rabat"], register)
    told = paris.wasl("node", "status")
    check(told.code == 0 and "wasl: warning: epoch 2 of this register is not confirmed by rabat yet" in told.err, told)
    leaves = paris.leaves(register["first"])
    check([leaf["act"] for leaf in leaves[:3]] == ["epoch"] * 3 and leaves[0]["n"] == 2, leaves)
    proves(old_proof, *cards)
    proves(exported(paris, kept, "again.wasl-proof"), *cards)
    ok("restored from an older backup it goes on in epoch 2, whose first leaves say so; what was proved before still is")

    until(lambda: "confirm" in trouble(rabat, paris), 40, lambda: f"rabat is told: {trouble(rabat, paris)}")
    said = paris.wasl("case", "open", "request", "--to", "rabat", "--field", "subject=s", "--field", "sought=information", "--field", "urgency=normal", "--field",
                      "purpose=drugs", "--field", "question=q", "--field", "language=fr")
    check(said.code != 0 and "has not confirmed epoch 2" in said.err, said)
    before = rabat.cases()
    said = rabat.wasl("case", "open", "request", "--to", "paris", "--field", "subject=s", "--field", "sought=information", "--field", "urgency=normal", "--field",
                      "purpose=drugs", "--field", "question=q", "--field", "language=fr")
    check(said.code == 6 and digits(paris) in said.err, said)
    check([row["state"] for row in rabat.json("partner", "list") if row["name"] == "paris"] == ["stopped"], "stopped")
    check(digits(paris) in trouble(rabat, paris), trouble(rabat, paris))
    wrong = digits(paris)[:-1] + ("0" if digits(paris)[-1] != "0" else "1")
    refused = rabat.wasl("partner", "epoch", "paris", "--fingerprint", wrong)
    check(refused.code != 0 and "do not confirm" in refused.err, refused)
    rabat.stop()
    rabat.start()
    check(digits(paris) in trouble(rabat, paris), "forgotten after a restart:", trouble(rabat, paris))
    check(set(rabat.cases()) == set(before), "something was taken before it was confirmed")
    carried = paris.wasl("consignment", "export", "--to", "rabat", path("carried"))
    check(carried.code == 0 and "holds no messages" in carried.err, carried)
    told = rabat.wasl("consignment", "import", path("carried"))
    check(told.code == 6 and digits(paris) in told.err, told)
    ok("nothing is exchanged before an officer confirmed; other digits confirm nothing")

    must(rabat.wasl("partner", "epoch", "paris", "--fingerprint", digits(paris)))
    until(lambda: "rabat" not in paris.json("node", "status")["register"]["unconfirmed"], 60,
          lambda: f"paris goes on: {trouble(paris, rabat)} / {trouble(rabat, paris)}")
    settle(paris, rabat)
    until(lambda: set(from_rabat) <= set(paris.cases()), 60, lambda: f"it comes again: {trouble(rabat, paris)}\n{paris.said()}\n{rabat.said()}")
    part = paris.json("message", "show", from_rabat[0])["parts"][0]["sha256"]
    must(paris.wasl("part", "get", part, "-o", path("got")))
    check(read(path("got")) == read(large), "another part came")
    check(open_before in rabat.cases() and open_before in paris.cases(), "what waited in the backup")
    register = paris.json("node", "status")["register"]
    check([(row["to"], row["to_number"] - row["from_number"]) for row in register["lost"]] == [("rabat", 0)], register)
    until(lambda: paris.json("node", "status")["register"]["lost"][0]["returned"] == 1, 60, lambda: f"it comes back: {paris.said()}")
    check(paris.json("node", "status")["register"]["lost"][0]["missing"] == [], "something is missing")
    check("messages that came back: 1" in paris.wasl("node", "status").err, "nobody is told")
    part = paris.json("message", "show", lost[0])["parts"][0]["sha256"]
    must(paris.wasl("part", "get", part, "-o", path("got")))
    check(read(path("got")) == read(large), "another part came back")
    mine = paris.json("case", "show", lost[0])["messages"][0]["deliveries"]
    check([(row["to"], row["state"], row["disputed"]) for row in mine] == [("rabat", "receipted", False)], mine)
    check(due == clocks(rabat, from_rabat[0]) == clocks(paris, from_rabat[0]), "two due times:", due, clocks(paris, from_rabat[0]))
    check(clocks(paris, lost[0]) == clocks(rabat, lost[0]), "two due times of ours")
    ok("confirmed, it goes on: what rabat had sent comes again, and what paris had sent comes back, parts and receipts and all")

    more = [paris.request("rabat", subject="after"), rabat.request("paris", subject="after")]
    settle(paris, rabat)
    check(all(case in node.cases() for case in more for node in (paris, rabat)), "the exchange does not go on")
    paris.ask("case", "send", kept, "withdraw")
    settle(paris, rabat)
    check(rabat.json("case", "show", kept)["state"] == paris.json("case", "show", kept)["state"] == "withdrawn", "an old case goes on")
    check(lost[1] not in paris.cases(), "fes has not confirmed")
    for node, other in ((paris, rabat), (rabat, paris)):
        compared = node.wasl("partner", "reconcile", other.name)
        check(compared.code == 0 and "suspended" not in compared.out + compared.err, compared)
    files = []
    for case, node in ((more[0], paris), (more[1], rabat), (more[0], rabat), (more[1], paris), (from_rabat[0], paris),
                       (from_rabat[0], rabat), (kept, rabat), (lost[0], rabat), (lost[0], paris)):
        files.append(exported(node, case, f"{node.name}-{case}.wasl-proof"))
        proves(files[-1], *cards)
    foreign = subprocess.run([os.path.join(ROOT, "tests", "checks", "evidence_go"), *files, old_proof], stdin=subprocess.DEVNULL,
                             capture_output=True, check=False)
    check(foreign.returncode in (0, 77), "the foreign verifier says:", foreign.stdout.decode(), foreign.stderr.decode())
    paris.sound()
    rabat.sound()
    for node in (paris, rabat):
        node.stop()
        node.start()
    more = [paris.request("rabat", subject="after all"), rabat.request("paris", subject="after all")]
    settle(paris, rabat)
    check(all(case in node.cases() for case in more for node in (paris, rabat)), "it ends with a restart")
    paris.sound()
    rabat.sound()
    ok("messages go both ways again, with proofs under the new epoch; both registers are sound")

    # The second time the memory of heads is gone, too: whoever runs the node says which epoch it is.
    must(fes.wasl("partner", "epoch", "paris", "--fingerprint", digits(paris)))
    until(lambda: not paris.json("node", "status")["register"]["unconfirmed"], 60, "fes, too")
    until(lambda: lost[1] in paris.cases(), 60, "what fes holds comes back")
    backup(paris)
    paris.request("fes", subject="lost again")
    settle(paris, fes)
    lose_disk(paris, heads=False)
    refused = wasl("node", "epoch", paris.dir)
    check(refused.code != 0 and "--number" in refused.err, refused)
    must(wasl("node", "epoch", paris.dir, "--number", "3"))
    paris.start()
    until(lambda: "epoch 3" in trouble(fes, paris) and "epoch 3" in trouble(rabat, paris), 60, "both are told")
    for node in (rabat, fes):
        must(node.wasl("partner", "epoch", "paris", "--fingerprint", digits(paris)))
    until(lambda: not paris.json("node", "status")["register"]["unconfirmed"], 60, "both confirmed")
    more = [paris.request("fes", subject="thrice"), fes.request("paris", subject="thrice"), paris.request("rabat", subject="thrice")]
    settle(paris, rabat, fes)
    check(all(case in paris.cases() for case in more) and more[1] in fes.cases() and more[2] in rabat.cases(), "thrice")
    until(lambda: sum(row["returned"] for row in paris.json("node", "status")["register"]["lost"]) >= 3, 60,
          lambda: f"all of it is here again: {paris.json('node', 'status')['register']['lost']}")
    for node in (paris, rabat, fes):
        node.sound()
    proves(old_proof, *cards)
    # Keys change in a later epoch as in the first.
    paris.ask("key", "rotate", "--seal")
    paris.ask("key", "rotate", "--sign")
    more = [paris.request("rabat", subject="a new card"), rabat.request("paris", subject="a new card")]
    settle(paris, rabat, fes)
    proves(exported(paris, more[0], "changed.wasl-proof"), rabat.card())
    for node in (paris, rabat, fes):
        node.sound()
    backup(paris)
    must(wasl("backup", "verify", path("saved"), "--key", path("secret")))
    ok("without the memory of heads the epoch is said by number, and everything goes on in the same way")

    paris.request("rabat", subject="after the backup")
    settle(paris, rabat)
    paris.stop()
    copied(paris.dir, path("third"))
    core = os.path.join(paris.dir, "core")
    emptied(core)
    paris.launch()
    check(paris.process.wait(30) != 0 and "holds no leaf" in paris.said() and "backup restore" in paris.said(), paris.said())
    paris.process = None
    check(os.listdir(core) == [], "left behind:", os.listdir(core))
    must(wasl("backup", "restore", path("saved"), paris.dir, "--key", path("secret")))
    goes_on(paris, rabat, 4)
    paris.stop()
    shutil.rmtree(core)
    copied(os.path.join(path("third"), "core"), core)
    goes_on(paris, rabat, 5)
    ok("where nothing is left nothing is made; what was lost is found again and put back after the epoch without it: it goes on in the next")

    paris.stop()
    copied(path("third"), paris.dir)
    paris.launch()  # it may be told before it is sound for the first time
    rabat.wasl("partner", "reconcile", "paris", "--timeout", 5)  # who speaks first is the machine's choice, and either stops the exchange
    until(lambda: "--number 6" in paris.wasl("node", "status").err, 60, lambda: f"it is not told: {paris.said()}")
    paris.stop()
    goes_on(paris, rabat, 6)
    ok("a folder of a time before epochs that a partner confirmed is told which one he holds, and goes on in the next at once")

    # One of two receivers was away, and the node forgot that he still lacks the message.
    must(fes.wasl("partner", "epoch", "paris", "--fingerprint", digits(paris)))
    until(lambda: not paris.json("node", "status")["register"]["unconfirmed"], 60, "all confirmed")
    settle(paris, rabat, fes)
    backup(paris)
    fes.stop()
    both = paris.request([rabat, fes], "--part", large, subject="to two, one away")
    until(lambda: both in rabat.cases(), 60, "rabat has it")
    lose_disk(paris, heads=True)
    must(wasl("node", "epoch", paris.dir, "--leaves-lost"))
    paris.start()
    fes.start()
    for node in (rabat, fes):
        until(lambda: "epoch 7 " in trouble(node, paris), 60, f"{node.name} is told")
        must(node.wasl("partner", "epoch", "paris", "--fingerprint", digits(paris)))
    until(lambda: both in fes.cases(), 60, "the one who was away gets it")
    settle(paris, rabat, fes)
    for node in (paris, rabat, fes):
        node.sound()
    ok("a message to two that one had and the other lacked comes back from the one, and goes to the other")

    # Keys change, and the newest backup is older than that.
    backup(paris)
    paris.ask("key", "rotate", "--sign", "--seal", "--tls")
    paris.ask("card", "change", "--org-fr", "Préfecture nouvelle")
    case = paris.request("rabat", subject="under a card that is lost")
    settle(paris, rabat)
    generation = paris.api("/v1/card")[0]["generation"]
    lose_disk(paris, heads=True)
    signed = os.path.join(paris.dir, "keeper", f"card-{generation - 1}.signed")
    os.rename(signed, path("away"))
    refused = wasl("node", "epoch", paris.dir, "--leaves-lost")
    check(refused.code != 0 and f"card-{generation - 1}.signed is missing" in refused.err, refused)
    os.rename(path("away"), signed)
    goes_on(paris, rabat, 8)
    check(paris.api("/v1/card")[0]["generation"] == generation, "another card than before")
    check([row["generation"] for row in rabat.json("partner", "list") if row["name"] == "paris"] == [generation], rabat.json("partner", "list"))
    until(lambda: case in paris.cases(), 60, "what was sent under the lost card is back")
    for node in (paris, rabat):
        proves(exported(node, case, f"lost-card-{node.name}.wasl-proof"), rabat.card())
    proves(exported(paris, kept, "all-cards.wasl-proof"), *cards)  # from the first card to the one that came back
    paris.ask("key", "rotate", "--sign")
    more = paris.request("rabat", subject="under the next one")
    settle(paris, rabat)
    proves(exported(paris, more, "next-card.wasl-proof"), rabat.card())
    ok("a backup from before a change of keys brings the node back, with the card that the keeper kept")

    # A folder of a time before a change of the log key: what partners hold is signed by a key that it does not know.
    paris.stop()
    copied(paris.dir, path("before"))
    paris.start()
    paris.ask("key", "rotate", "--sign")
    paris.request("rabat", subject="under a card that the folder does not know")
    settle(paris, rabat)
    paris.stop()
    copied(paris.dir, path("now"))
    copied(path("before"), paris.dir)
    paris.launch()
    rabat.request("paris", subject="speaks first")
    until(lambda: f"the card of generation {generation + 2} with it (here: {generation + 1})" in paris.wasl("node", "status").err, 60,
          lambda: f"it is not told: {paris.said()}")
    status = paris.wasl("node", "status")
    check(status.code == 1 and "--number 9)" in status.err, status)
    paris.stop()
    keys = os.path.join(path("now"), "keeper")
    for name in set(os.listdir(keys)) - {"heads.state"}:
        copied(os.path.join(keys, name), os.path.join(paris.dir, "keeper", name))
    goes_on(paris, rabat, 9)
    check(paris.api("/v1/card")[0]["generation"] == generation + 2, "the card that followed is back")
    ok("a folder of a time before a change of keys is told so, with the card that it lost, and goes on with the newest keys")

    # The key of content is replaced, and destroyed: what was saved before opens no more.
    backup(paris)
    check("newest backup" not in paris.wasl("node", "status").err, "the newest backup opens")
    check("Make a new backup then" in must(paris.wasl("key", "rotate", "--all")).err, "what becomes of backups is not said")
    until(lambda: "newest backup cannot bring this node back" in paris.wasl("node", "status").err, 60, "it is warned of")
    epoch = paris.json("node", "status")["register"]["epoch"]
    paris.stop()
    os.rename(core, path("whole"))
    must(wasl("backup", "restore", path("saved"), paris.dir, "--key", path("secret")))
    heads = read(os.path.join(paris.dir, "keeper", "heads.state"))
    for number in ([], ["--number", "99"]):
        refused = wasl("node", "epoch", paris.dir, "--leaves-lost", *number)
        check(refused.code != 0 and "replaced and destroyed" in refused.err and "Nothing was changed" in refused.err, refused)
    check(read(os.path.join(paris.dir, "keeper", "heads.state")) == heads, "the keeper's memory was changed")
    copied(path("whole"), core)  # found after all: it goes on in the epoch that it was in
    paris.start()
    check(paris.json("node", "status")["register"]["epoch"] == epoch, paris.json("node", "status"))
    paris.sound()
    ok("a backup whose keys are destroyed is warned of before, and no epoch is opened over it")


run(story)
