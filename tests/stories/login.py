#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Passwords at a real node: a first one that must be replaced, sessions in a file, a second factor as an authenticator makes it, and
one answer for whatever is wrong. No password, no secret of a second factor and no session lies in the node's folder or its log.

Broken variants: tests/checks/exchange_broken (unit/core_login), tests/checks/gate_broken (unit/gate_local)."""
import base64
import hashlib
import hmac
import os
import pty
import select
import struct
import time
import urllib.parse

from story import BIN, Node, check, must, ok, path, run, write

FIRST, OWN = "a first sentence of words", "كلمة سر من عدة كلمات · own"
LANGUAGES = {"ar": "كلمة سر وعامل ثان", "fr": "mot de passe et second facteur", "en": "password and second factor",
             "es": "contraseña y segundo factor", "pt": "palavra-passe e segundo fator"}


def code_of(secret, at):
    """RFC 6238, by Python's own hash."""
    mac = hmac.new(base64.b32decode(secret), struct.pack(">Q", int(at) // 30), hashlib.sha1).digest()
    value = struct.unpack(">I", mac[mac[-1] & 15:][:4])[0] & 0x7FFFFFFF
    return f"{value % 1000000:06}"


def lies_anywhere(node, what):
    """Files of the node in which these octets lie."""
    found = []
    for folder, _, names in os.walk(node.dir):
        for name in names:
            place = os.path.join(folder, name)
            if os.path.isfile(place):
                with open(place, "rb") as file:
                    found += [place] if what in file.read() else []
    return found


def type_at(node, words, lines):
    """A command at a terminal of its own, and what is typed at its questions; gives its status and what the terminal showed."""
    child, terminal = pty.fork()
    if child == 0:
        os.execve(os.path.join(BIN, "wasl"), ["wasl", "-n", node.dir, *words], {**os.environ, "WASL_TOKEN_FILE": path("typed.session"), "LC_ALL": "C"})
    shown, end = "", time.monotonic() + 30
    while time.monotonic() < end:
        if lines and shown.endswith(": "):
            shown += "|"
            os.write(terminal, lines.pop(0).encode())
        if not select.select([terminal], [], [], 1)[0]:
            continue
        try:
            shown += os.read(terminal, 4096).decode()
        except OSError:  # the command has ended
            break
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), shown


def story():
    paris = Node("paris", more=("--owner", "claire", "--owner-name", "Claire Aubry")).start()
    first, own, short = write("first", FIRST + "\n"), write("own", OWN + "\n"), write("short", "short\n")
    session = path("lina.session")
    lina = {"env": {**os.environ, "WASL_TOKEN_FILE": session}}
    paris.ask("person", "add", "lina", "--name", "Lina", "--roles", "liaison")
    paris.refuses(1, "person", "password", "lina", "--password-file", short, says="fewer than 12 characters")
    must(paris.wasl("person", "password", "lina", "--password-file", first))
    done = must(paris.wasl("login", "lina", "--password-file", first, **lina))
    check(done.out == "" and "lina: logged in until" in done.err and "first password" in done.err, done)
    check(os.stat(session).st_mode & 0o777 == 0o600, "a session that others can read")
    paris.refuses(6, "case", "list", says="set a password of your own first", **lina)
    paris.refuses(1, "person", "password", "lina", "--password-file", own, says="current: is missing", **lina)
    must(paris.wasl("person", "password", "lina", "--password-file", own, "--current-file", first, **lina))
    paris.refuses(6, "case", "list", says="log in again", **lina)
    ok("a first password lets in only to set one's own, which ends what was before")

    must(paris.wasl("login", "lina", "--password-file", own, **lina))
    must(paris.wasl("case", "list", **lina))
    made = must(paris.wasl("token", "make", "--label", "tool", "--days", "3", **lina))  # what a session makes ends with it
    check("Until: " in made.err, made)
    rows = [token["until"] for token in paris.json("token", "list")["tokens"] if token["state"] == "open"]
    check(len(rows) == 2 and rows[0] == rows[1], rows)
    uri = must(paris.wasl("person", "factor", **lina)).out.strip()
    secret = urllib.parse.parse_qs(urllib.parse.urlsplit(uri).query)["secret"][0]
    now = time.time()  # the codes used are of this step and the next, so that a slow machine finds them good
    paris.refuses(1, "person", "factor", "--confirm", code_of(secret, now + 3600), says="code: not the 6 digits", **lina)
    must(paris.wasl("person", "factor", "--confirm", code_of(secret, now), **lina))
    says = [paris.refuses(6, "login", who, "--password-file", file, *more, says="it was tried too often")
            for who, file, more in (("lina", own, ()), ("lina", own, ("--code", code_of(secret, now))),
                                    ("lina", first, ("--code", code_of(secret, now + 30))), ("nobody", own, ()))]
    check(len(set(says)) == 1, "answers that differ:", says)
    must(paris.wasl("login", "lina", "--password-file", own, "--code", code_of(secret, now + 30), **lina))
    paris.refuses(6, "login", "lina", "--password-file", own, "--code", code_of(secret, now + 30), says="it was tried too often")
    with open(session, encoding="utf-8") as file:
        text = file.read().strip()
    check(text.startswith("wasl-session-"), text)
    ok("a code of the second factor is asked for, and taken once; whatever is wrong has one answer")

    for language, said in LANGUAGES.items():
        check(said in must(paris.wasl("person", "list", env={**os.environ, "LC_ALL": f"{language}.UTF-8"})).out, language)
    acts = [(leaf["act"], leaf["actor"], leaf["subject"]) for leaf in paris.leaves() if leaf["act"] in ("token", "login")]
    check(any(act == "token" and actor == "lina" and subject.endswith(" lina") for act, actor, subject in acts), acts)
    check(sum(act == "login" and subject == "lina" for act, _, subject in acts) == 4, acts)
    paris.stop()
    for what in (FIRST, OWN, secret, text):
        check(not lies_anywhere(paris, what.encode()), "it lies in the node's folder:", what, lies_anywhere(paris, what.encode()))
        check(what not in paris.said(), "it stands in the log:", what)
    check(not lies_anywhere(paris, base64.b32decode(secret)), "the secret of the second factor lies in the clear")
    ok("each act is a leaf by name; no password, no secret and no session lies in the node's folder or its log")

    paris.start()
    must(paris.wasl("case", "list", **lina))
    must(paris.wasl("logout", **lina))
    check(not os.path.exists(session), "the file of a session that has ended")
    paris.refuses(6, "case", "list", says="not known here, or it is over", env={**os.environ, "WASL_TOKEN": text})
    must(paris.wasl("person", "factor", "lina", "--reset"))
    must(paris.wasl("login", "lina", "--password-file", own, **lina))
    for _ in range(6):
        paris.refuses(6, "login", "lina", "--password-file", first, says="it was tried too often")
    paris.refuses(6, "login", "lina", "--password-file", own, says="it was tried too often")
    must(paris.wasl("case", "list", **lina))
    paris.ask("person", "list")
    must(paris.wasl("person", "password", "lina", "--password-file", first))
    must(paris.wasl("login", "lina", "--password-file", first, **lina))
    paris.sound()
    status, shown = type_at(paris, ["login", "lina"], [f"{FIRST}\n", "\n"])
    check(status == 0 and FIRST not in shown and "logged in until" in shown and os.path.exists(path("typed.session")), status, shown)
    status, shown = type_at(paris, ["person", "password", "claire"], [f"{OWN}\n", f"{OWN}x\n"])
    check(status == 1 and OWN not in shown and "not the same" in shown, status, shown)
    check(type_at(paris, ["login", "claire"], ["\x03"])[0] == -2, "a command that is interrupted goes on")
    ok("what is typed is not shown")
    ok("who guesses must wait; who is in stays in, the owner comes in, and a new first password opens again")


run(story)
