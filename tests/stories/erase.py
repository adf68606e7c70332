#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A message's content is erased at one node: gone there in every command and in every language, provable still, and no business of the
partner's copy. A backup from before is put back, and the node goes on in a new epoch: what was erased is not shown before its partner
confirmed, nor after he handed it over again; and what he erased meanwhile comes back as what is left of it.

Broken variants: tests/checks/exchange_broken and tests/checks/keeper_broken (unit/core_erase, unit/keeper_retired)."""
import json
import os
import shutil

from story import check, complaint, must, not_on_a_server, ok, path, read, run, settle, started, until, wasl, write

WHY = "the purpose has ended"
SAID = {"ar": "مُحي المحتوى", "fr": "Contenu effacé", "en": "Content erased", "es": "Contenido borrado", "pt": "Conteúdo apagado"}


def gone(node, message, by, reason):
    shown = node.json("message", "show", message)
    check(shown["erased"] and shown["erased"]["by"] == by and reason in shown["erased"]["reason"], shown)
    check(shown["parts"] == [] and "question" not in shown["fields"] and shown["state"] == "held", shown)


def there(node, message):
    shown = node.json("message", "show", message)
    check(shown["erased"] is None and shown["fields"]["question"], shown)


def verified(node, message, content):
    file = path(f"{node.name}-{message[:8]}.wasl-proof")
    if os.path.exists(file):
        os.remove(file)
    must(node.wasl("proof", "export", message, "-o", file))
    said = json.loads(must(wasl("proof", "verify", file, "--json")).out)
    check(said["content"] is content, said)


def digits(node):
    return node.json("node", "status")["register"]["digits"]


def story():
    not_on_a_server("a database on a server is saved by its own tools; unit/core_erase runs there")
    paris, rabat = started("paris", "rabat")
    large = write("large.bin", os.urandom(2 * 1048576 + 5))
    had = rabat.request("paris", "--part", large, subject="in the backup")
    settle(paris, rabat)
    sha256 = rabat.json("message", "show", had)["parts"][0]["sha256"]
    made = must(wasl("backup", "key", "-o", path("secret")))
    must(paris.wasl("backup", "create", "-o", path("saved"), "--to", write("public", made.out)))
    came = rabat.request("paris", "--part", large, subject="after the backup")
    other = write("other.bin", os.urandom(1500))
    ours = paris.request("rabat", "--part", other, subject="ours, erased by rabat")
    settle(paris, rabat)

    rabat.stop()
    waits = paris.request("rabat", subject="waits")
    complaint(paris.wasl("message", "erase", waits, "--reason", WHY), 1, "still waiting or under way")
    rabat.start()
    settle(paris, rabat)
    complaint(paris.wasl("message", "erase", had), 2, "--reason")
    complaint(paris.wasl("message", "erase", "0" * 64, "--reason", WHY), 5, "no message")
    answer = must(paris.wasl("message", "erase", had, "--reason", WHY))
    check("erased at this node" in answer.out, answer)
    check(paris.json("message", "erase", came, "--reason", WHY)["id"] == came, "no id")
    complaint(paris.wasl("message", "erase", had, "--reason", WHY), 1, "was erased on", WHY)
    person = paris.json("message", "show", had)["erased"]["by"]
    check(person != "", "nobody did it")
    for message in (had, came):
        gone(paris, message, person, WHY)
        there(rabat, message)
        verified(paris, message, False)
        verified(rabat, message, True)
    for language, words in SAID.items():
        said = must(paris.wasl("message", "show", had, env={**os.environ, "LC_ALL": f"{language}_XX.UTF-8"})).out
        check(words in said and WHY in said, said)
    check(WHY in must(paris.wasl("case", "show", had)).out, "case show")
    complaint(paris.wasl("part", "get", sha256, "-o", path("none")), 5, "no part")
    check(os.listdir(os.path.join(paris.dir, "core", "parts")) != [] and len(os.listdir(os.path.join(paris.dir, "core", "parts"))) == 1,
          "files of parts are left")
    must(rabat.wasl("part", "get", sha256, "-o", path("got")))
    check(read(path("got")) == read(large), "rabat's copy changed")
    leaves = [leaf for leaf in paris.leaves() if leaf["act"] == "erased"]
    check([(leaf["message"], leaf["actor"], leaf["reason"]) for leaf in leaves] == [(had, person, WHY), (came, person, WHY)], leaves)
    paris.sound()
    ok("erased, it is gone at this node alone, and still proved; a person's name and reason stand in the register")

    must(rabat.wasl("message", "erase", ours, "--reason", "rabat's own purpose has ended"))
    there(paris, ours)
    paris.stop()
    shutil.rmtree(os.path.join(paris.dir, "core"))
    must(wasl("backup", "restore", path("saved"), paris.dir, "--key", path("secret")))
    must(wasl("node", "epoch", paris.dir, "--leaves-lost"))
    paris.start()
    gone(paris, had, "", "before this database was put back")
    check(must(rabat.wasl("node", "status")).code == 0, "rabat serves")
    ok("put back to before, the node has erased it again before anybody confirmed or asked anything")

    until(lambda: [row["trouble"] for row in rabat.json("partner", "list") if "confirm" in (row["trouble"] or "")], 40, "rabat is told")
    must(rabat.wasl("partner", "epoch", "paris", "--fingerprint", digits(paris)))
    until(lambda: {came, ours} <= set(paris.cases()), 60, lambda: f"what was lost comes: {paris.said()}\n{rabat.said()}")
    settle(paris, rabat)
    gone(paris, came, "", "before this database was put back")
    gone(paris, ours, "", "erased at rabat")
    there(rabat, came)
    until(lambda: paris.json("node", "status")["register"]["lost"][0]["returned"] == 2, 60, lambda: f"it comes back: {paris.said()}")
    missing = paris.json("node", "status")["register"]["lost"][0]["missing"]
    check(["erased their content" in row["why"] for row in missing] == [True], missing)
    for message in (had, came, ours):
        verified(paris, message, False)
    paris.ask("case", "send", ours, "withdraw")
    settle(paris, rabat)
    check(rabat.json("case", "show", ours)["state"] == "withdrawn", "the case goes on")
    paris.sound()
    rabat.sound()
    ok("what comes again comes without content, and what the partner erased as what is left of it; cases go on, proofs verify")


run(story)
