#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A hand in the folder of a node that stands still: `register check` names what it did, by its place, and exits 1. The
untouched copy is found whole. More tamperings, without processes: tests/unit/core_check.c.

Broken variants: tests/checks/exchange_broken takes comparisons out of the check."""
import concurrent.futures
import contextlib
import json
import os
import shutil
import sqlite3
import subprocess

from story import PORT, Node, agree, check, must, not_on_a_server, ok, path, run, settle, started, until, wasl, write

ROWS = 4  # of tamperings side by side


def history():
    """Two nodes that have agreed, asked with parts, answered, ended, refused and ended the agreement."""
    rabat, paris = started("rabat", "paris")
    whole = agree(rabat, paris)
    parts = [write("a.bin", os.urandom(3 << 20)), write("b.txt", b"x" * 1000)]
    asked = rabat.request("paris", "--part", parts[0], "--part", parts[1])
    settle(rabat, paris)
    answer = paris.id("case", "send", asked, "answer", "--field", "answer=oui", "--part", parts[1])
    settle(rabat, paris)
    ids = {"whole": whole, "asked": asked, "answer": answer}
    paris.stop()
    ids["ended"] = rabat.request("paris", subject="sent in error")
    rabat.ask("outbox", "end", ids["ended"], "--reason", "erreur")
    ids["refused"] = rabat.request("paris", subject="too late")
    for row in rabat.json("agreement", "list"):  # both, so that law refuses what waits
        if row["state"] == "in_force":
            end = rabat.id("case", "send", row["id"], "end", "--field", "reason=texte")
            ids["end"] = end if row["id"] == whole else ids.get("end")
    rabat.stop()  # a pause after the last try ends with the process
    paris.start()
    rabat.start()
    settle(rabat, paris)
    states = {row["id"]: row["state"] for row in rabat.json("outbox", "list")}
    check([states[ids[name]] for name in ("asked", "ended", "refused", "end")] ==
          ["receipted", "ended", "refused", "receipted"], states)
    for node in (rabat, paris):
        node.sound()
        node.stop()
    return rabat, paris, ids


def number(name):
    """In SQL: the number of a message's id."""
    return f"(SELECT number FROM ids WHERE hex(id) = upper('{{{name}}}'))"


def replaced(column, old, new):
    return f"{column} = CAST(replace(CAST({column} AS TEXT), '{old}', '{new}') AS BLOB)"


def largest(core):
    return max((os.path.join(core, "parts", name) for name in os.listdir(os.path.join(core, "parts"))), key=os.path.getsize)


def flip(core):
    with open(largest(core), "r+b") as file:
        file.seek(1500000)
        octet = file.read(1)
        file.seek(1500000)
        file.write(bytes([octet[0] ^ 1]))


def cut(core):
    os.truncate(largest(core), os.path.getsize(largest(core)) - 1)


def gone(core):
    os.unlink(largest(core))


def swap_keys(core):
    """The stored card of paris with the sealing and TLS keys of a stranger, its fingerprint made to fit."""
    theirs = json.loads(must(Node("paris", folder=path("stranger"), place=19).wasl("card", "export")).out)
    with contextlib.closing(sqlite3.connect(os.path.join(core, "core.db"))) as base:
        mine = json.loads(base.execute("SELECT card FROM partners").fetchone()[0])
        card = {**mine, "seal": theirs["seal"], "tls": theirs["tls"]}
        check(card != mine, "nothing is swapped")
        text = json.dumps(card, ensure_ascii=False)
        shown = json.loads(must(wasl("card", "show", write("swapped.card", text), "--json")).out)
        base.execute("UPDATE partners SET card = ?, fingerprint = ?", (text.encode(), shown["fingerprint"]))
        base.commit()


R, A = number("asked"), number("answer")
DELIVERY = f"(SELECT entry FROM deliveries WHERE message = {R})"
# whose folder, what is done (SQL, or a function of core's folder), the place, words of the sentence
TAMPERINGS = [
    ("rabat", f"DELETE FROM messages WHERE id = {number('end')}", "leaf", "{end}, which it sends, is not here any more"),
    ("paris", f"DELETE FROM messages WHERE id = {number('end')}", "leaf", "{end}, which it acknowledges, is not here any more"),
    ("rabat", f"DELETE FROM messages WHERE id = {R}", "case {asked}", "message that opens it is missing"),
    ("rabat", f"UPDATE messages SET {replaced('header', 'request', 'requesT')} WHERE id = {R}", "message {asked}", "its header"),
    ("rabat", f"UPDATE messages SET part0 = CAST(part0 || x'00' AS BLOB) WHERE id = {R}", "message {asked}", "does not open"),
    ("paris", f"UPDATE messages SET wrapped_key = zeroblob(40) WHERE id = {R}", "message {asked}", "does not unwrap"),
    ("paris", f"UPDATE messages SET part0 = x'', wrapped_key = x'' WHERE id = {R}", "message {asked}", "content is missing"),
    ("rabat", f"UPDATE messages SET state = 0 WHERE id = {A}", "message {answer}", "stored as not complete"),
    ("rabat", f"DELETE FROM cases WHERE id = {R}", "message {asked}", "its case"),
    ("rabat", f"UPDATE cases SET state = 'asked' WHERE id = {R}", "case {asked}", "its messages give 'answered'"),
    ("rabat", f"UPDATE cases SET state = 'in_force' WHERE id = {number('whole')}", "case {whole}", "stored as 'in_force'"),
    ("rabat", f"UPDATE deliveries SET state = 2, reason = '' WHERE message = {number('refused')}", "message {refused}",
     "no receipt is kept"),
    ("rabat", f"UPDATE deliveries SET state = 2 WHERE message = {number('ended')}", "message {ended}", "no receipt is kept"),
    ("rabat", f"DELETE FROM receipts WHERE delivery = {DELIVERY}", "message {asked}", "no receipt is kept"),
    ("rabat", f"UPDATE receipts SET leaf_index = leaf_index + 1 WHERE delivery = {DELIVERY}", "message {asked}", "not verify"),
    ("rabat", f"DELETE FROM deliveries WHERE message = {R}", "leaf", "the outbox has no such message"),
    ("rabat", "INSERT INTO deliveries(partner, number, message, case_id, state, sent_index, voided_index, voided_told, reason)"
              f" VALUES(1, 99, {A}, {R}, 0, 3, 0, 0, '')", "message {answer}", "which says something else"),
    ("rabat", f"UPDATE deliveries SET sent_index = (SELECT max(sent_index) FROM deliveries) WHERE message = {R}",
     "message {asked}", "which says something else"),
    ("rabat", "UPDATE delivery_counts SET deliveries = deliveries + 1 WHERE state = 2", "partner paris", "the count says"),
    ("paris", f"DELETE FROM arrivals WHERE message = {R}", "leaf", "whose arrival is not there"),
    ("paris", f"UPDATE arrivals SET refused = 1 WHERE message = {R}", "message {asked}", "which says something else"),
    ("rabat", swap_keys, "partner paris", "another card than the one that is stored"),
    ("rabat", f"UPDATE partners SET {replaced('card', '127.0.0.1', '127.0.0.2')}", "partner paris", "fingerprint"),
    ("rabat", "UPDATE partners SET state = 1", "partner paris", "is stored as suspended"),
    ("rabat", "UPDATE partner_progress SET sent_number = sent_number - 1", "partner paris", "is the last sent to it"),
    ("rabat", "UPDATE partner_progress SET received_previous = zeroblob(32)", "partner paris", "is the last taken from it"),
    ("rabat", "UPDATE partner_progress SET head_root = zeroblob(32)", "partner paris", "is not the one that is kept"),
    ("rabat", f"UPDATE heads SET {replaced('note', 'wasl', 'wasm')}", "head", "not a head of this register"),
    ("rabat", "DELETE FROM heads WHERE size = (SELECT max(size) FROM heads)", "head", "does not verify"),
    ("rabat", f"UPDATE cosignatures SET {replaced('line', 'paris', 'parin')}", "head", "the cosignature of paris"),
    ("rabat", "DELETE FROM cosignatures WHERE size = (SELECT min(size) FROM cosignatures)", "partner paris", "were kept"),
    ("rabat", "DELETE FROM partner_heads WHERE size = (SELECT max(size) FROM partner_heads)", "partner paris", "kept"),
    ("rabat", "DELETE FROM facts WHERE name = 'part-token-key'", "fact part-token-key", "missing"),
    ("rabat", "DELETE FROM facts WHERE name = 'card-1'", "card", "generation 1 is not kept"),
    ("rabat", "UPDATE leaves SET opening = x'' WHERE leaf_index = 4", "leaf 4", "its opening is missing"),
    ("rabat", "UPDATE tiles SET hashes = zeroblob(length(hashes))", "leaf 0", "of tile 0/0"),
    ("rabat", flip, "part ", "its record 1"),
    ("paris", cut, "part ", "octets instead of"),
    ("rabat", gone, "part ", "its file is missing"),
]


class Copy(Node):
    """A copy of a node that stands still, listening elsewhere."""

    def __init__(self, node, row):  # no node is made
        self.name, self.user, self.process = f"{node.name}-{row}", None, None
        self.dir, self.log = path(f"copy-{row}"), path(f"copy-{row}.log")
        subprocess.run(["cp", "-a", node.dir, self.dir], check=True)
        conf = os.path.join(self.dir, "wasl.conf")
        with open(conf, "r+", encoding="utf-8") as file:
            text = file.read().replace(f":{node.port}", f":{PORT + 4 + row}")
            file.seek(0)
            file.truncate()
            file.write(text)

    def serves(self, seconds=20):
        """Whatever it says of itself: one with a damaged database has an exit status of 1."""
        def answers():
            check(self.process.poll() is None, f"{self.name} ended by itself:\n", self.said())
            said = self.wasl("node", "status")
            return said.code == 0 or "serves, but something is wrong with it" in said.err
        until(answers, seconds, lambda: f"{self.name} serves\n{self.said()}")

    def end(self):
        self.kill()
        shutil.rmtree(self.dir)


def found(answer):
    """The problems of a check, each as (place, what)."""
    told = json.loads(answer.out)
    check(told["found"] == len(told["problems"]) and told["done"] is True, told)
    return [(problem["place"], problem["what"]) for problem in told["problems"]]


def tried(row, tampering, ids):
    """What is wrong with how the check answered to it; None when it is as it must be."""
    node, what, place, words = tampering
    copy = Copy(node, row)
    core = os.path.join(copy.dir, "core")
    try:
        if callable(what):
            what(core)
        else:
            with contextlib.closing(sqlite3.connect(os.path.join(core, "core.db"))) as base:
                changed = base.execute(what.format(**ids)).rowcount
                base.commit()
            check(changed > 0, "changes nothing")
        copy.start()
        answer = copy.wasl("register", "check", "--json")
        check(answer.code == 1 and "found among" in answer.err, answer)
        problems = found(answer)
        check(any(at.startswith(place.format(**ids)) and words.format(**ids) in said for at, said in problems),
              "wanted", place.format(**ids), "…", words.format(**ids), "found", problems)
        check(all(at and said and ";" in said for at, said in problems), "a sentence that does not say what to do", problems)
    except AssertionError as wrong:
        return f"{node.name}: {what if isinstance(what, str) else what.__name__}: {wrong}\n{copy.said()}"
    finally:
        copy.end()
    return None


def story():
    not_on_a_server("it reaches into core.db; tests/unit/core_check.c does so on both")
    rabat, paris, ids = history()
    named = {"rabat": rabat, "paris": paris}
    for node in named.values():
        copy = Copy(node, 0).start()
        answer = must(copy.wasl("register", "check", "--json"))
        check(found(answer) == [], answer)
        must(copy.wasl("register", "check"))
        copy.end()
    ok("an untouched copy is whole")
    rows = [[(named[who], *rest) for who, *rest in TAMPERINGS[row::ROWS]] for row in range(ROWS)]
    with concurrent.futures.ThreadPoolExecutor(ROWS) as pool:
        wrong = [why for why in sum(pool.map(lambda row: [tried(row, each, ids) for each in rows[row]], range(ROWS)), []) if why]
    check(not wrong, "\n".join(wrong))
    ok(f"each of {len(TAMPERINGS)} tamperings is named by its place")


run(story)
