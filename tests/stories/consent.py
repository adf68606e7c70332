#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What somebody else gave goes further only with his consent: refused without, asked, given, expired, denied, revoked while
the message waited. And the marks that decide it: codes alone, none above the row's ceiling.

Broken variants: tests/checks/mutants_rules takes each condition of src/law/consent.c out; tests/checks/stories_broken lets consent be asked
for once only, or never."""
import json
import time

from story import Node, agree, check, introduce, ok, run, settle, until


def moment(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + seconds))


def words(to, text, *more, purpose="drugs"):
    return ("case", "open", "information", "--to", to, "--field", "subject=navire", "--field", f"purpose={purpose}",
            "--field", f"information={text}", "--field", "language=fr", *more)


def passed(message, *more, **fields):
    return words("madrid", "du partenaire", "--field", f"passed_on={message}", "--handling", "amber no_judicial_use", *more, **fields)


def asked(node, originator, message, seconds=3600, to="madrid", purpose="drugs"):
    case = node.id("consent", "ask", message, "--to", to, "--purpose", purpose, "--until", moment(seconds))
    settle(node, originator)
    return case


def state(node, case):
    return {row["id"]: row for row in node.json("consent", "list")}[case]["state"]


def marks(rabat, paris):
    for handling, says in (("très confidentiel", "there are clear, green, amber"), ("amber red", "contradict each other")):
        rabat.refuses(1, *words("paris", "x", "--handling", handling), says=says)
    rabat.refuses(1, *words("paris", "x", "--grading", "fiable"), says="4x4, 6x6, 5x5x5, 3x5x2")
    message = rabat.id(*words("paris", "Le navire arrive.", "--handling", "TLP:AMBER, H1", "--grading", "4x4:b2"))
    settle(rabat, paris)
    shown = paris.json("message", "show", message)
    check((shown["handling"], shown["grading"]) == ("amber no_judicial_use", "4x4:B/2") and shown["handling_known"], shown)
    for words_of in (("message", "show", message), ("case", "show", message)):
        text = paris.ask(*words_of)
        check("amber (for the organisation and those whom it serves), no_judicial_use (not in judicial" in text, text)
        check("4x4:B/2" in text, text)
    ok("marks are codes in one spelling, and people read what they mean")
    return message


def denied(node, line, *says):
    before = node.size()
    text = node.refuses(6, *line, says=says)
    check([leaf["act"] for leaf in node.leaves(before)] == ["denied"], "no denied leaf:", text)


def story():
    rabat, paris, madrid = (Node(name).launch() for name in ("rabat", "paris", "madrid"))
    for node in (rabat, paris, madrid):
        node.serves()
    introduce(rabat, paris)
    introduce(paris, madrid)
    example, every = json.loads(paris.ask("kind", "example", "agreement")), {"kind": "*", "types": ["*"], "direction": "both"}
    agree(rabat, paris, terms={**example, "rows": [{**every, "id": "9", "purposes": ["espionage"], "onward": "no"},
                                                   {**every, "id": "8", "purposes": ["cybercrime"], "onward": "parties"},
                                                   {**every, "id": "2", "purposes": ["*"]}]})
    row = {"id": "4.2", "kind": "*", "types": ["*"], "purposes": ["*"], "direction": "both", "personal": "special",
           "handling": "amber_strict"}
    agree(paris, madrid, terms={**example, "rows": [row]})
    message = marks(rabat, paris)
    denied(paris, words("madrid", "x", "--handling", "red"), "row 4.2 of agreement", "up to amber_strict", "this one is red")
    for handling, lacks in ((), []), (("--handling", "red"), ["handling"]):
        told = paris.json("law", "explain", "information", "provide", "--to", "madrid", "--purpose", "drugs", *handling)[0]
        check(told["allowed"] == (not lacks) and [a["lacks"] for a in told["agreements"]] == [[word] for word in lacks], told)
    ok("above the row's ceiling nothing is sent, and explain says the same")
    paris.refuses(6, *passed(message)[:-2], "--handling", "clear", says="is marked amber no_judicial_use")
    denied(paris, passed(message), "needs the consent of rabat", "none was given")
    free, never, theirs = (rabat.id(*words("paris", "public", "--handling", "green", purpose=purpose))
                           for purpose in ("drugs", "espionage", "cybercrime"))
    settle(rabat, paris)
    paris.id(*passed(free))
    denied(paris, passed(never), "came under row 9 of agreement", "does not let it be passed on")
    denied(paris, passed(theirs), "to parties of that agreement alone, and madrid is none")
    ok("what is green is passed on; what is amber, or under a row against it, is not, and the refusal is a leaf")
    paris.refuses(2, "consent", "ask", message, "--to", "", "--purpose", "drugs", "--until", moment(99))
    for words_of, says in ((("--to", "madrid", "--purpose", "nosuch"), "must be the code of one purpose: "),
                           (("--to", "rabat", "--purpose", "drugs"), "names who gave it")):
        paris.refuses(1, "consent", "ask", message, *words_of, "--until", moment(99), says=says)
    case = asked(paris, rabat, message, to="madrid")
    denied(paris, passed(message), "was asked for", "not given yet")
    for words_of in (("consent", "list"), ("case", "show", case)):
        text = paris.ask(*words_of)
        check("madrid" in text and "wasl/madrid/" not in text, "an origin where the name is known:", text)
    check(all(row["to"].startswith("wasl/") for row in paris.json("consent", "list")), "JSON keeps the origin")
    for more, says in ((("--to", "paris"), "for whom it was not asked"), (("--until", moment(9999)), "not be later than it was asked"),
                       (("--until", "2020-01-01"), "must not be earlier than now")):
        rabat.refuses(1, "consent", "give", case, *more, says=says)
    given = rabat.id("consent", "give", case, "--until", moment(5))
    settle(rabat, paris)
    check(state(paris, case) == state(rabat, case) == "given", paris.json("consent", "list"))
    denied(paris, passed(message, purpose="cybercrime"), "is for the purpose drugs")
    sent = paris.id(*passed(message))
    clause = [leaf["clause"] for leaf in paris.leaves() if leaf["act"] == "sent" and leaf["message"] == sent][0]
    check(clause.endswith(f"/4.2 consent {given}"), "the clause is", clause)
    ok("given, for this recipient, this purpose and so long; the clause names the consent")
    until(lambda: state(paris, case) == "expired", 10, "the consent to be over")
    denied(paris, passed(message), "expired on")
    other = asked(paris, rabat, message)
    rabat.id("consent", "deny", other, "--reason", "l'enquête continue")
    settle(rabat, paris)
    check(state(paris, other) == "denied", paris.json("consent", "list"))
    ok("what is over, or denied, permits nothing")
    last = asked(paris, rabat, message)  # of several the one asked for last says why
    rabat.id("consent", "give", last)
    settle(rabat, paris, madrid)
    madrid.stop()
    waiting = paris.id(*passed(message))
    rabat.id("consent", "revoke", last, "--reason", "source en danger")
    until(lambda: state(paris, last) == "revoked", 20, "the revocation")
    madrid.start()
    settle(rabat, paris, madrid)
    ended = [row for row in paris.json("outbox", "list") if row["id"] == waiting][0]
    check(ended["state"] == "refused" and "revoked" in ended["reason"], ended)
    check(waiting not in madrid.cases() and sent in madrid.cases(), madrid.cases())
    ok("revoked while it waited: it is stopped at the hand-over")
    for node in (rabat, paris, madrid):
        node.sound()


run(story)
