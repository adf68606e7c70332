#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A whole case as the auditor sees it. Everything that people wrote into it is full of marker words: each free field of each message,
names and octets of files, reasons of a recall and of a consent, a send that law refused. The auditor asks every operation of the API, with
everything that there is to name, and every command that shows something: no byte of what comes back holds a marker, in whatever
coding, and every act is there, with the person, the purpose and the message. Of agreements the text is law, which all may read.

Broken variants: tests/checks/stories_broken (bare shows the fields, an auditor opens a case)."""
import base64
import hashlib
import itertools
import json
import os
import sys
import time
import urllib.parse

from story import Node, agree, check, heard, introduce, must, nodes, ok, path, read, run, settle, write

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import openapi  # noqa: E402  (tests/openapi.py)

FILE = openapi.load()
MARKS = ("Xanthippe", "زبرجد")  # in every text of the case, in two scripts
BORN, AS_OF = "1931-07-13", "1987-03-19"  # and no other date of any node is one of these
PURPOSE, COURT = "dossier 4711", "tribunal 0815"
SEEN = ("sent", "received", "read", "exported", "denied", "erased", "ended", "person", "token", "partner")


# --- what is hidden, in each coding that an answer could have it in

def codings(text):
    plain = text.encode()
    yield plain
    yield json.dumps(text)[1:-1].encode()
    yield urllib.parse.quote(text).encode()
    yield plain.hex().encode()
    yield plain.hex().upper().encode()
    for shift in range(3):  # what of it stands in whole groups of base64, wherever it begins
        coded = base64.b64encode(b"\0" * shift + plain)
        yield coded[4 if shift else 0:-4]
        yield coded[4 if shift else 0:-4].translate(bytes.maketrans(b"+/", b"-_"))


def forbidden(octets):
    """A hash of a file can be told by whoever guesses the file, so it is content, too."""
    words = {*itertools.chain.from_iterable(codings(one) for one in (*MARKS, BORN, AS_OF)), hashlib.sha256(octets).hexdigest().encode()}
    check(all(len(word) > 6 for word in words), "a marker that is found by chance:", words)
    return words


# --- the case

ROWS = {"persons": {"class": "suspect", "fact_or_assessment": "assessment", "grading": "4x4:B/3"}, "papers": {"paper": "arrest_warrant"}}
seconds = {}  # who lets go what a node's owner submitted


def filled(node, kind, name):
    """The form of a message with a marker in everything that a person writes freely."""
    def value(field, example):
        most = field.get("most", 1 << 16)
        if field["type"] in ("line", "text") and not field.get("state") and field["name"] != "grading":
            return f"{field['name']} {MARKS[0]} · {MARKS[1]}"[:most]
        if field["type"] == "date":
            return BORN if field["name"] == "born" else AS_OF
        if field["type"] == "table":
            return [{one["name"]: value(one, (example or [{}])[0].get(one["name"])) for one in field["columns"]}]
        return example

    shown = next(one for one in node.json("kind", "show", kind)["types"] if one["name"] == name)
    form = json.loads(node.ask("kind", "example", kind, name))
    found = {field["name"]: value(field, [ROWS[field["name"]]] if field["name"] in ROWS else form.get(field["name"])) for field in shown["fields"]}
    return write("form.json", json.dumps({key: one for key, one in found.items() if one is not None}))


def terms(node):
    """An agreement with a marker in each text that people wrote: its rows are codes, and law that everybody sees."""
    form = json.loads(node.ask("kind", "example", "agreement", "propose"))
    form |= {key: f"{MARKS[0]} · {MARKS[1]}" for key in ("title", "legal_basis", "articles")}
    form["rows"] = [row | {"note": f"{MARKS[0]} · {MARKS[1]}"} for row in form["rows"]]
    return form


def person(node, name, roles):
    node.ask("person", "add", name, "--name", f"{name.title()} ب", "--roles", roles)
    made = must(node.wasl("token", "make", name, "--label", "story", "--days", "3"))
    return made.out.strip(), {"env": {**os.environ, "WASL_TOKEN_FILE": write(f"{node.name}-{name}.token", made.out)}}


def sent_by_two(node, *words):
    """Sent by the owner and, where it names a person, let go by somebody else; gives its id."""
    done = node.wasl(*words)
    if done.code != 9:
        return must(done).out.strip()
    if node.name not in seconds:
        seconds[node.name] = person(node, "samir", "supervisor")[1]
    number = done.err.split("release ")[1].split()[0]
    must(node.wasl("release", "show", number, **seconds[node.name]))
    return must(node.wasl("release", "give", number, **seconds[node.name])).out.strip()


def a_case(rabat, paris, lina):
    """Every message of a request, with a file, read, exported, and one of them erased."""
    name = f"{MARKS[0]}.txt"
    file = write(name, f"{MARKS[0]} {MARKS[1]}")
    case = sent_by_two(rabat, "case", "open", "request", "--to", "paris", "--fields", filled(rabat, "request", "ask"), "--part", file)
    settle(*nodes)
    for node, kind_of_message in ((paris, "clarify"), (rabat, "clarification"), (paris, "partial_answer"), (paris, "answer"),
                                  (rabat, "close")):
        more = ("--part", file) if kind_of_message == "answer" else ()
        sent = sent_by_two(node, "case", "send", case, kind_of_message, "--fields", filled(node, "request", kind_of_message), *more)
        settle(*nodes)
    must(paris.wasl("case", "show", case, "--reason", PURPOSE, **lina))
    must(paris.wasl("part", "get", hashlib.sha256(read(file)).hexdigest(), "-o", path("got"), "--reason", PURPOSE, **lina))
    must(paris.wasl("proof", "export", case, "-o", path("case.wasl-proof"), "--reason", COURT, **lina))
    must(paris.wasl("message", "erase", sent, "--reason", PURPOSE, **lina))
    refused = sent_by_two(rabat, "case", "open", "request", "--to", "paris", "--fields", filled(rabat, "request", "ask"))
    settle(*nodes)
    sent_by_two(paris, "case", "send", refused, "refuse", "--fields", filled(paris, "request", "refuse"))
    paris.refuses(6, "case", "open", "request", "--to", "madrid", "--fields", filled(paris, "request", "ask"), says="no agreement")
    return case


def passed_on_and_recalled(rabat, paris):
    """Information, feedback on it, a consent to pass it on, and its recall."""
    given = sent_by_two(rabat, "case", "open", "information", "--to", "paris", "--fields",
                     filled(rabat, "information", "provide"), "--handling", "amber", "--grading", "4x4:B/2")
    settle(*nodes)
    for node, kind_of_message in ((paris, "feedback"), (rabat, "correct")):
        sent_by_two(node, "case", "send", given, kind_of_message, "--fields", filled(node, "information", kind_of_message))
        settle(*nodes)
    until = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 86400))
    text = f"{MARKS[0]} · {MARKS[1]}"
    consent = paris.id("consent", "ask", given, "--to", "madrid", "--purpose", "drugs", "--until", until, "--reason", text)
    settle(*nodes)
    rabat.id("consent", "give", consent, "--note", text)
    settle(*nodes)
    must(rabat.wasl("recall", "open", given, "--measure", "correct", "--ground", "inaccurate", "--reason", text, "--correction", text))
    settle(*nodes)
    recall = paris.json("recall", "list")[0]["id"]
    must(paris.wasl("recall", "answer", recall, "--outcome", "kept", "--ground", "evidence_in_proceedings", "--note", text))
    settle(*nodes)
    paris.stop()
    waits = sent_by_two(rabat, "case", "open", "request", "--to", "paris", "--fields", filled(rabat, "request", "ask"))
    rabat.ask("outbox", "end", waits, "--reason", "asked by telephone")
    paris.start()
    settle(*nodes)


# --- what the auditor gets

class Auditor:
    def __init__(self, node, name, hidden):
        self.token, self.words = person(node, name, "auditor")
        self.node, self.hidden, self.asked, self.given = node, hidden, set(), 0
        self.stream = node.door("GET", "/v1/events", token=self.token)  # from before the case on

    def holds_none(self, octets, *where):
        for word in self.hidden:
            check(word not in octets, "the auditor reads", word, "in", *where, octets[:2000])
        self.given += len(octets)

    def ask(self, name, method, target, body=None):
        got = heard(self.node.door(method, target, body, self.token), 0.2 if name == "events_take" else 20)
        status = int(got.split()[1])
        check(status < 500 or b'"code":"busy"' in got, name, method, target, got[:1000])
        self.holds_none(got, name, method, target)
        self.asked.add(name)
        return status

    def listened(self):
        told = heard(self.stream, 0.5)
        self.holds_none(told, "what was told to who listens")
        check(all(f"event: {what}\n".encode() in told for what in ("message", "case", "delivery")), "what was told:", told[:2000])


def things(node):
    """All that a path or a query can name at this node."""
    stories, size = node.stories(), node.size()
    messages = [message for story in stories for message in story["messages"]]
    parts = {part["sha256"] for message in messages for part in message.get("parts") or ()}
    check(len(messages) > 12 and parts, "the case is missing:", messages)
    return {"id": sorted({story["id"] for story in stories} | {message["id"] for message in messages}),
            "name": [partner["name"] for partner in node.json("partner", "list")], "person": ["aude", "lina", "nobody"],
            "kind": sorted((kind["name"] for kind in node.json("kind", "list")), key="request".__ne__), "sha256": sorted(parts), "file": [1], "backup": [1],
            "n": list(range(size)), "l": [0, 1], "number": [1, 2], "all": ["true"], "above": [0], "type": ["ask", "answer"], "bare": ["true", "false"], "reason": ["audit"], "from": [0],
            "limit": [100], "by": ["deadline"], "open": ["true", "false"], "to": ["rabat" if node.name == "paris" else "paris"],
            "purpose": ["drugs"], "handling": ["amber"], "personal": ["ordinary"]}


def targets(template, operation, known):
    """Its path with each thing that there is: plain, with each parameter of the query that can say something, and with all of them."""
    places = [one["name"] for one in openapi.parameters(FILE, operation, "path")]
    pairs = [[f"{one['name']}={value}" for value in known[one["name"]]]
             for one in openapi.parameters(FILE, operation, "query") if one["name"] in known]
    queries = ["?" + pair for pair in itertools.chain.from_iterable(pairs)] + ["?" + "&".join(pair[0] for pair in pairs)] * (len(pairs) > 1)
    for values in itertools.product(*(known[place] for place in places)):
        target = template
        for place, value in zip(places, values):
            target = target.replace("{" + place + "}", urllib.parse.quote(str(value)))
        yield from (target + query for query in ["", *queries])


def all_operations(auditor, known):
    answered = set()
    for method, template, operation in openapi.operations(FILE):
        name, body = operation["operationId"], openapi.body_of(FILE, operation)
        given = body[2] if body and body[0] == "application/json" else None
        if name == "token_change":
            given = {"do": "end", "number": 999}  # and not the one that is in use
        for target in targets(template, operation, known):
            if auditor.ask(name, method.upper(), target, given) == 200:
                answered.add(name)
    check(auditor.asked == {operation["operationId"] for _, _, operation in openapi.operations(FILE)}, "not asked:", auditor.asked)
    check({"register_show", "case_show", "case_list", "statistics_make", "person_list", "person_show", "token_list", "events_take",
           "outbox_list", "recall_list", "consent_list", "register_check", "agreement_review", "law_explain"} <= answered, "refused:", answered)
    check(not {"message_show", "part_get", "part_stix", "proof_get", "case_open", "case_send", "message_erase"} & answered, answered)


def all_commands(auditor, known):
    for words in (("case", "list"), ("case", "list", "--by", "deadline"), *(("case", "show", one, "--bare") for one in known["id"]),
                  ("register", "head"), ("register", "check"), ("register", "show", "3"), ("statistics",), ("person", "list"), ("token", "list"),
                  ("outbox", "list"), ("recall", "list"), ("release", "list", "--all"), ("consent", "list"), ("agreement", "list"), ("partner", "list"), ("key", "list"),
                  ("witness", "list"), ("node", "status"), *(("case", "show", one) for one in known["id"]),
                  *(("message", "show", one) for one in known["id"])):
        for more in ((), ("--json",)):
            got = auditor.node.wasl(*words, *more, **auditor.words)
            check(got.code in (0, 5, 6), got)
            auditor.holds_none((got.out + got.err).encode(), words)


def acts(auditor):
    """What the auditor reads of the register is all of it."""
    size = auditor.node.size()
    leaves = [json.loads(must(auditor.node.wasl("register", "show", index, "--json", **auditor.words)).out) for index in range(size)]
    check(leaves == auditor.node.api(*(f"/v1/register/leaves/{index}" for index in range(size))), "the auditor is shown another register")
    return {(json.loads(leaf["leaf"])["act"], opening.get("actor"), opening.get("subject") or opening.get("message"), opening.get("reason"))
            for leaf in leaves for opening in (leaf["opening"] or {},)}


def audited(auditor):
    known = things(auditor.node)
    all_operations(auditor, known)
    all_commands(auditor, known)
    auditor.listened()
    auditor.holds_none(read(auditor.node.log), "the log of", auditor.node.name)
    ok(f"{auditor.node.name}: {len(auditor.asked)} operations and every command that shows something: no marker in {auditor.given >> 10} KiB")
    return acts(auditor)


def story():
    paris, rabat, madrid = Node("paris", more=("--owner", "claire")), Node("rabat", more=("--owner", "karim")), Node("madrid")
    for node in nodes:
        node.launch()
    for node in nodes:
        node.serves()
    introduce(rabat, paris)
    introduce(paris, madrid)
    agree(rabat, paris, terms=terms(rabat))
    hidden = forbidden(f"{MARKS[0]} {MARKS[1]}".encode())
    there, here = Auditor(rabat, "aude", hidden), Auditor(paris, "aude", hidden)
    _, lina = person(paris, "lina", "liaison")
    case = a_case(rabat, paris, lina)
    passed_on_and_recalled(rabat, paris)
    law = paris.json("agreement", "list")[0]
    shown = must(paris.wasl("agreement", "review", law["id"], "--json", **lina)).out
    check(MARKS[0] in law["title"] and all(word in shown for word in MARKS), "who may read is not told the title and the notes:", law, shown)
    whole = json.dumps(paris.stories(), ensure_ascii=False)
    check(all(word in whole for word in (*MARKS, BORN, AS_OF)), "the markers are not in the case")
    ok("requests, information, a consent and a recall, with a marker in all that people wrote")
    seen = audited(here)
    check({("read", "lina (token 2)", case, PURPOSE), ("exported", "lina (token 2)", case, COURT)} <= seen, sorted(map(str, seen)))
    check(any((act, actor) == ("erased", "lina") and PURPOSE in reason for act, actor, _, reason in seen), sorted(map(str, seen)))
    found = {act for act, *_ in seen | audited(there)}
    check(set(SEEN) <= found, "acts that the auditors do not see:", set(SEEN) - found)
    ok("every act is there, with the person, the purpose and what it was about")
    for node in (rabat, paris):
        node.sound()


run(story)
