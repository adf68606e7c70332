#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Who has no right to a thing does not learn whether it exists. Each operation of spec/openapi.json that names something, in its path, its
query or its body, is asked by every role that may not, by a token limited to something else, by one that is over and by one that never was:
once for what is there and once for what is not. Both answers are the same, octet by octet, but for the hour. So it is inside the requests that
are for everybody, with tokens and uploads of others. And input that is bad in other ways is refused to each of them in the same words.

Broken variants: tests/checks/exchange_broken (unit/core_unseen, which shows as well that nothing is looked for before a refusal)."""
import hashlib
import json
import os
import re
import sys
import time
import urllib.parse

from story import ROOT, check, heard, must, ok, path, read, run, settle, started, write

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import openapi  # noqa: E402  (tests/openapi.py)

FILE = openapi.load()
ROLES = ("liaison", "supervisor", "operations", "integrator", "auditor", "administrator")
NONE = "0123456789abcdef" * 4
LIST = re.compile(r"\| `([a-z._]+)` \| local gate \|")


def rights():
    """{request: the roles that it is for}, by spec/requests.md"""
    found = {}
    for line in read(os.path.join(ROOT, "spec", "requests.md")).decode().splitlines():
        cells = [cell.strip() for cell in line.split("|")]
        if len(cells) > 8 and LIST.search(line):
            found[cells[2].strip("`")] = set(ROLES) if cells[8] == "all" else {role.strip() for role in cells[8].split(",")} - {""}
    check(len(found) > 40 and found["message.erase"] == {"liaison", "supervisor"}, "not read:", found)
    return found


# --- who asks

def token(node, person, *more):
    return must(node.wasl("token", "make", person, "--label", "story", "--days", "3", *more)).out.strip()


def everybody(node):
    """{who: (token, roles)}; the last three may do nothing of what is asked here."""
    askers = {}
    for role in ROLES:
        node.ask("person", "add", f"p-{role}", "--name", role, "--roles", role)
        askers[role] = token(node, f"p-{role}"), {role}
    over = token(node, "p-liaison")
    node.ask("token", "end", "7")
    return {**askers, "limited": (token(node, "p-liaison", "--requests", "outbox.end"), set()), "over": (over, set()),
            "unknown": ("wasl-token-" + NONE, set())}


# --- what is there, and what is not

def things(rabat, paris):
    """{name in a path, a query or a body: (one that is there, one that is not)}"""
    file = write("annexe.txt", "plain")
    case = rabat.request("paris", "--part", file)
    theirs = paris.request("rabat")
    settle(rabat, paris)
    must(paris.wasl("recall", "open", theirs, "--measure", "erase", "--ground", "other"))
    settle(rabat, paris)
    recall = rabat.json("recall", "list")[0]["id"]
    agreement = rabat.json("agreement", "list")[0]["id"]
    sha256 = hashlib.sha256(read(file)).hexdigest()
    key = json.loads(must(rabat.wasl("backup", "key", "-o", path("secret"), "--json")).out)["key"]
    begun = [json.loads(heard(rabat.door("POST", f"/v1/{what}", body)).split(b"\r\n\r\n")[1])
             for what, body in (("consignments", {"to": "paris"}), ("backups", {"to": key}))]
    after = rabat.json("case", "list", "--by", "deadline")[0]["cursor"]
    return {"case": (case, NONE), "message": (theirs, NONE), "recall": (recall, NONE), "agreement": (agreement, NONE), "name": ("paris", "parma"),
            "partner": ("paris", "parma"), "to": ("paris", "parma"), "person": ("p-auditor", "p-nowhere"), "kind": ("request", "bequest"),
            "sha256": (sha256, NONE), "file": (begun[0]["file"], begun[0]["file"] + 7), "backup": (begun[1]["backup"], begun[1]["backup"] + 7),
            "n": (1, 999999), "l": (0, 60), "number": (5, 99), "above": (0, 99), "after": (after, "0" * 16 + "-" + NONE), "event": ("f" * 16 + "-1", "0" * 16 + "-1"), "generation": (1, 99),
            "stage": ("1", "99"), "from": (0, 999999), "state": ("asked", "eaten"), "type": ("ask", "eat"), "purpose": ("drugs", "eating")}


OF_ID = {"/v1/cases/": ("case",), "/v1/messages/": ("message", "case"), "/v1/recalls/": ("recall",), "/v1/agreements/": ("agreement",),
         "/v1/outbox/": ("case",), "/v1/proofs/": ("case", "message")}


def pairs(template, operation, known):
    """(target, body) twice: for what is there, and for what is not; the one differs from the other in one thing."""
    body = openapi.body_of(FILE, operation)
    plain = body[2] if body and body[0] == "application/json" else None
    if body and plain is None:
        plain = b"octets"
    ids = next((names for begin, names in OF_ID.items() if template.startswith(begin)), ())
    places = {one["name"]: [known[name] for name in (ids if one["name"] == "id" else (one["name"],))]
              for one in openapi.parameters(FILE, operation, "path")}

    def target(values):
        return re.sub(r"\{(\w+)\}", lambda found: urllib.parse.quote(str(values[found.group(1)])), template)

    usual = {name: choices[0][0] for name, choices in places.items()}
    for name, choices in places.items():
        for there, none in choices:
            yield (target({**usual, name: there}), plain), (target({**usual, name: none}), plain)
    for one in openapi.parameters(FILE, operation, "query"):
        name = "event" if (operation["operationId"], one["name"]) == ("events_take", "after") else one["name"]
        if name in known:
            yield tuple((f"{target(usual)}?{one['name']}={value}", plain) for value in known[name])
    for name, schema in (body[1].get("properties", {}) if isinstance(plain, dict) else {}).items():
        kind = openapi.resolve(FILE, schema)["type"]
        if name == "fields":
            for field in ("passed_on", "message", "terms", "asked"):
                yield tuple((target(usual), {**plain, "fields": {**plain.get("fields", {}), field: value}}) for value in known["message"])
        elif name == "parts":
            yield tuple((target(usual), {**plain, "parts": [{"stage": value, "name": "a", "type": "text/plain"}]}) for value in known["stage"])
        elif name in known:
            values = [str(value) if kind == "string" else value for value in known[name]]
            yield tuple((target(usual), {**plain, name: [value] if kind == "array" else value}) for value in values)


def timeless(answer):
    return re.sub(rb"\r\nDate: [^\r]*", b"", answer)


def refused_alike(node, askers, may, known):
    """Each operation by each who has no right to it; gives how many pairs were compared."""
    compared, named = 0, set()
    for method, template, operation in openapi.operations(FILE):
        body = openapi.body_of(FILE, operation)
        media = body[0] if body else None
        for there, none in pairs(template, operation, known):
            for who, (secret, roles) in askers.items():
                if roles & may[operation["x-wasl-request"]] or (who, operation["operationId"]) == ("limited", "outbox_end"):
                    continue
                answers = [timeless(heard(node.door(method.upper(), *one, secret, *([media] if media else []))))
                           for one in (there, none)]
                check(answers[0] == answers[1], who, method, there, "is told\n", answers[0], "\nand of", none, "\n", answers[1])
                status = int(answers[0].split()[1])
                unknown = who in ("over", "unknown") or not may[operation["x-wasl-request"]]  # no role logs in: nobody is known yet
                check(status == (401 if unknown else 403), who, method, there, answers[0])
                compared, named = compared + 1, named | {operation["operationId"]}
    return compared, named


# --- inside the requests that are for everybody

def others_alike(node, askers):
    """Tokens of others, a token for another, an upload of another: as if there were none."""
    def same(who, method, target, bodies):
        answers = [timeless(heard(node.door(method, target, body, askers[who][0]))) for body in bodies]
        check(answers[0] == answers[1] and b" 200 " not in answers[0][:16], who, bodies, "\n", answers[0], "\n", answers[1])

    until = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 86400))
    for who in ROLES[:-1]:
        same(who, "POST", "/v1/tokens", [{"do": "make", "person": name, "label": "x", "until": until}
                                         for name in ("p-administrator", "p-administrate")])
        theirs = str(ROLES.index("administrator") + 1)
        answers = [timeless(heard(node.door("POST", "/v1/tokens", {"do": "end", "number": int(number)}, askers[who][0]))).replace(
            f"no token {number};".encode(), b"no token;") for number in (theirs, "9")]
        check(answers[0] == answers[1], who, *answers)
    check(all(row["state"] == "open" for row in node.json("token", "list")["tokens"] if row["token"] < 7), "a token was ended")
    stage = json.loads(heard(node.door("POST", "/v1/parts?name=a", b"octets", askers["operations"][0], "application/octet-stream"))
                       .split(b"\r\n\r\n")[1])["stage"]
    form = json.loads(node.ask("kind", "example", "request"))
    bodies = [{"kind": "request", "to": ["paris"], "fields": form, "parts": [{"stage": one, "name": "a", "type": "text/plain"}]}
              for one in (stage, str(int(stage) + 5))]
    for who in ("liaison", "supervisor", "integrator"):
        same(who, "POST", "/v1/cases", bodies)
    ok("of tokens, persons and uploads of others nobody learns by the requests that are for everybody")


def bad_alike(node, askers, may, known):
    """Input that is wrong tells no more, and nothing answers as if the node were at fault."""
    count = 0
    for method, template, operation in openapi.operations(FILE):
        body = openapi.body_of(FILE, operation)
        for who, (secret, roles) in askers.items():
            for there, _ in pairs(template, operation, known):
                for wrong in (there[0] + ("&" if "?" in there[0] else "?") + "colour=red", there[0] + "%ff", there[0].replace("/v1/", "/v1//")):
                    answer = heard(node.door(method.upper(), wrong, there[1], secret, *([body[0]] if body else [])))
                    check(400 <= int(answer.split()[1]) < 500, who, method, wrong, answer)
                    count += 1
                break
            if body and body[0] == "application/json":
                target = re.sub(r"\{\w+\}", "7", template)
                for octets in (b"", b"{", b"[]", b'{"a":' + b"[" * 70 + b"]" * 70 + b"}", b'{"token":"x"}', b'{"actor":"root"}',
                               json.dumps({**body[2], "colour": "red"}).encode()):
                    answer = heard(node.door("POST", target, octets, secret))
                    check(int(answer.split()[1]) < 500 and (octets == b"" or b" 200 " not in answer[:16]), who, target, octets, answer)
                    count += 1
    return count


def story():
    rabat, paris = started("rabat", "paris")
    askers, may, known = everybody(rabat), rights(), things(rabat, paris)
    before = rabat.size()
    compared, named = refused_alike(rabat, askers, may, known)
    naming = {operation["operationId"] for _, template, operation in openapi.operations(FILE) if "{" in template}
    check(naming <= named, "operations that name a thing and were not tried:", naming - named)
    ok(f"{compared} questions of {len(named)} operations by who has no right: what is there and what is not are answered alike")
    others_alike(rabat, askers)
    done = [leaf for leaf in rabat.leaves(before) if leaf["act"] != "login"]  # that wrong logins must wait is told five seconds later
    check(not done, "something was done:", done)
    count = bad_alike(rabat, askers, may, known)
    ok(f"{count} questions that are wrong in other ways: refused to each role, and nothing is the node's fault")
    rabat.sound()


run(story)
