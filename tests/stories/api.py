#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The local API as spec/openapi.json has it: each operation with good input, whose answer is what its schema says, and with bad
input made from its schema. Whatever comes, nothing answers 500, nothing hangs, every refusal is a problem document that names the
field and what is allowed, and the node is none the worse for it."""
import copy
import http.client
import json
import os
import socket
import sys
import time
import urllib.parse

from story import ROOT, Node, agree, check, introduce, must, ok, path, read, run, settle

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import openapi  # noqa: E402  (tests/openapi.py)

FILE = openapi.load()
OPERATIONS = {operation["operationId"]: (method.upper(), target, operation) for method, target, operation in openapi.operations(FILE)}
NONE, PATIENCE = "0" * 64, 10
LONG_BODY = 3 << 20
ELSEWHERE = {"partner_epoch", "events_take"}  # good answers in the stories `epoch` and `events`: a lost register, a stream
NAMED = ("field", "unknown-field", "date", "media-type")
STIX = {"type": "bundle", "id": "bundle--5d0092c5-5f74-4287-9642-33f4c354e56d", "objects": [
    {"type": "identity", "spec_version": "2.1", "id": "identity--023d105b-752e-4e3c-941c-7d3f3cb15e9e", "name": "x",
     "created": "2026-01-01T00:00:00.000Z", "modified": "2026-01-01T00:00:00.000Z"}]}


class Door:
    """One connection to the local API, made again when the node closed it."""

    def __init__(self, node):
        self.folder, self.connection = os.open(node.dir, os.O_PATH), None

    def connect(self):
        self.connection = http.client.HTTPConnection("wasl", timeout=PATIENCE)
        self.connection.sock = socket.socket(socket.AF_UNIX)
        self.connection.sock.settimeout(PATIENCE)
        self.connection.sock.connect(f"/proc/self/fd/{self.folder}/api.sock")

    def ask(self, method, target, body=None, media=None, **more):
        headers = {**({"Content-Type": media} if media else {}), **more}
        for again in (True, False):
            if self.connection is None:
                self.connect()
            try:
                try:
                    self.connection.request(method, target, body, headers)
                except (BrokenPipeError, ConnectionResetError):
                    pass  # it read no further: its answer says why
                answer = self.connection.getresponse()
                content = answer.read()
                if answer.will_close:
                    self.close()
                return answer.status, answer.headers, content
            except (BrokenPipeError, ConnectionResetError, http.client.RemoteDisconnected):
                self.close()  # one that was idle
                check(again, f"{method} {target[:80]}: cut off without an answer")
        return None

    def close(self):
        if self.connection is not None:
            self.connection.close()
        self.connection = None


def target_of(name, places, query):
    _, target, _ = OPERATIONS[name]
    for key, value in places.items():
        target = target.replace("{" + key + "}", urllib.parse.quote(str(value), safe="%"))
    return target + ("?" + urllib.parse.urlencode(query) if query else "")


class Good:
    """Operations with input that is right; each answer is held against its schema."""

    def __init__(self):
        self.told = set()

    def __call__(self, door, name, /, body=None, octets=None, query=None, token=None, **places):
        method, _, operation = OPERATIONS[name]
        media = "application/json" if body is not None else "application/octet-stream" if octets is not None else None
        status, headers, content = door.ask(method, target_of(name, places, query),
                                            json.dumps(body).encode() if body is not None else octets, media,
                                            **({"Authorization": f"Bearer {token}"} if token else {}))
        check(status == 200, f"{name}: {status}", content[:400])
        (said, schema), = ((media, one["schema"]) for media, one in operation["responses"]["200"]["content"].items())
        check(headers["Content-Type"] == said, f"{name} answers {headers['Content-Type']} and not {said}")
        self.told.add(name)
        if said != "application/json":
            return content
        value = json.loads(content)
        wrong = openapi.differences(FILE, schema, value)
        check(not wrong, f"{name} does not answer what the file says:\n  " + "\n  ".join(wrong[:10]))
        return value


def example(name):
    return copy.deepcopy(openapi.body_of(FILE, OPERATIONS[name][2])[2])


def look_around(good, door):
    for name in ("node_status", "key_list", "partner_list", "kind_list", "agreement_list", "witness_list", "register_head",
                 "outbox_summary", "card_show", "consent_list"):
        good(door, name)
    good(door, "card_show", query={"generation": 1})
    good(door, "partner_show", name="paris")
    agreement = good(door, "agreement_list")[0]["id"]
    good(door, "agreement_review", id=agreement, query={"from": 0})
    for purpose in ("drugs", "espionage"):
        good(door, "law_explain", query={"to": "paris", "kind": "request", "type": "ask", "purpose": purpose, "personal": "special"})
    for kind in ("request", "agreement"):
        good(door, "kind_show", kind=kind)
        good(door, "kind_example", kind=kind)
    good(door, "kind_example", kind="request", query={"type": "answer"})
    own = os.path.join(ROOT, "examples", "kinds", "vehicle_check")
    good(door, "kind_add", {"file": read(own + ".json").decode(), "labels": read(own + ".labels.json").decode()})
    good(door, "kind_show", kind="vehicle_check", query={"version": 1})
    good(door, "kind_example", kind="vehicle_check", query={"version": 1, "type": "answer"})
    good(door, "kind_remove", example("kind_remove"), kind="vehicle_check")


def carried_over(good, door, rabat, paris):
    """A commitment of talks becomes a measure of a roadmap."""
    def form(kind, name=None):
        return json.loads(rabat.ask("kind", "example", kind, *([name] if name else [])))

    talks, roadmap = (good(door, "case_open", {"kind": kind, "to": ["paris"], "fields": form(kind)})["id"] for kind in ("talks", "roadmap"))
    good(door, "case_send", {"type": "held", "fields": form("talks", "held")}, id=talks)
    commit = {"type": "commitment", "fields": {**form("talks", "commitment"), "to": "self"}}
    item = good(door, "case_send", commit, id=talks)["id"]
    settle(rabat, paris)
    paris.id("case", "send", talks, "commitment_agree", "--field", f"commitment={item}")
    settle(paris)
    good(door, "case_send", commit, id=talks)
    good(door, "case_feed", {"from": talks, "item": item}, id=roadmap)
    good(door, "case_items", id=talks)


def a_case(good, door, rabat, paris):
    """Opened with two parts, exchanged, shown, proved; gives its id and what was uploaded."""
    plain = good(door, "part_upload", octets=b"plain\n", query={"name": "a.txt", "type": "text/plain"})
    stix = good(door, "part_upload", octets=json.dumps(STIX).encode(), query={"type": "application/stix+json"})
    parts = [{"stage": plain["stage"], "name": "a.txt", "type": "text/plain"},
             {"stage": stix["stage"], "name": "b.json", "type": "application/stix+json"}]
    case = good(door, "case_open", {**example("case_open"), "parts": parts, "handling": "TLP:AMBER"})["id"]
    settle(rabat, paris)
    good(door, "case_list", query={"kind": "request", "limit": 5})
    good(door, "zone_set", example("zone_set"))
    good(door, "zone_set", {"name": "paris", "zone": "Europe/Paris"})
    page = good(door, "case_list", query={"by": "deadline", "state": "asked", "limit": 5})
    good(door, "case_list", query={"by": "deadline", "after": page[0]["cursor"]})
    good(door, "case_show", id=case, query={"bare": "true"})
    good(door, "case_show", id=case[:12], query={"reason": "to answer"})
    good(door, "case_items", id=case)
    form = json.loads(rabat.ask("kind", "example", "assistance"))
    relief = good(door, "case_open", {"kind": "assistance", "to": ["paris"], "fields": form})["id"]
    good(door, "case_balance", id=relief, query={"reason": "to coordinate"})
    carried_over(good, door, rabat, paris)
    good(door, "message_show", id=case, query={"reason": "to answer"})
    check(good(door, "part_get", sha256=plain["sha256"]) == b"plain\n", "another part came back")
    good(door, "part_stix", sha256=stix["sha256"])
    good(door, "outbox_list", query={"limit": 3, "open": "false"})
    good(door, "proof_get", id=case)
    check(rabat.leaves()[-1]["act"] == "exported", "evidence leaves without a leaf")
    good(door, "case_send", example("case_send"), id=case)
    settle(rabat, paris)
    return case


def by_hand(good, door, rabat, paris):
    """While paris is down: a file for it, and a message that is ended."""
    paris.stop()
    good(door, "case_open", example("case_open"))
    file = good(door, "carry_begin", example("carry_begin"))["file"]
    carried = good(door, "carry_next", file=file)
    check(carried and not good(door, "carry_next", file=file), "one consignment was expected")
    ended = good(door, "case_open", example("case_open"))["id"]
    good(door, "outbox_end", {**example("outbox_end"), "to": "paris"}, id=ended)
    paris.start()
    good(Door(paris), "carry_take", octets=carried)
    settle(rabat, paris)


def recalls(good, door, rabat, paris, case):
    good(door, "recall_open", example("recall_open"), id=case)
    theirs, other = paris.request("rabat"), paris.request("rabat")
    settle(rabat, paris)
    good(door, "message_pass_on", example("message_pass_on"), id=other)
    must(paris.wasl("recall", "open", theirs, "--measure", "erase", "--ground", "other"))
    settle(rabat, paris)
    rows = good(door, "recall_list", query={"limit": 5})
    good(door, "recall_answer", example("recall_answer"), id=next(row["id"] for row in rows if not row["ours"]))
    good(door, "recall_withdraw", example("recall_withdraw"), id=next(row["id"] for row in rows if row["ours"]))
    over = paris.request("rabat")
    settle(rabat, paris)
    good(door, "message_erase", example("message_erase"), id=over)
    whole = rabat.request("paris")
    settle(rabat, paris)
    rabat.id("case", "send", whole, "withdraw")
    settle(rabat, paris)
    good(door, "case_erase", example("case_erase"), id=whole)
    good(door, "message_certificate", example("message_certificate"), id=over)


def come_in(good, door):
    """A password and a session; the second factor begun by the owner, who has a password himself."""
    owner = good(door, "token_list")["person"]
    good(door, "password_set", example("password_set"))
    session = good(door, "login_finish", {"person": "amal", "password": example("password_set")["password"]})["secret"]
    good(door, "login_end", {}, token=session)
    good(door, "password_set", {"person": owner, "password": example("login_finish")["password"]})
    good(door, "factor_change", example("factor_change"))


class Their(Door):
    """The same by a token."""

    def __init__(self, node, secret):
        super().__init__(node)
        self.secret = secret

    def ask(self, method, target, body=None, media=None, **more):
        return super().ask(method, target, body, media, Authorization=f"Bearer {self.secret}", **more)


def releases(good, door, rabat, paris):
    """What names somebody waits for a second person, by whom it is let go, refused, or by the first one withdrawn; who reads what is for few."""
    person = {"name": "x", "class": "witness", "fact_or_assessment": "fact", "grading": "4x4:A/1", "as_of": "2020-01-01"}
    opening = example("case_open")
    opening["fields"]["persons"] = [person]
    good(door, "person_change", {"do": "add", "person": "samir", "name": "Samir", "roles": ["supervisor"]})
    samir = Their(rabat, good(door, "token_change", {
        "do": "make", "person": "samir", "label": "release",
        "until": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 86400))})["secret"])
    held = [good(door, "case_open", opening)["release"] for _ in range(3)]
    check([row["asks"] for row in held] == ["supervisor"] * 3, held)
    good(door, "release_list", query={"above": 0})
    good(samir, "message_show", id=held[0]["message"])
    case = good(samir, "release_give", {}, number=held[0]["number"])["id"]
    good(samir, "release_refuse", example("release_refuse"), number=held[1]["number"])
    good(door, "release_withdraw", {"reason": "typed twice"}, number=held[2]["number"])
    settle(rabat, paris)
    good(door, "case_show", id=case)
    check(good(door, "release_show", number=held[0]["number"])["releases"][0]["sent"] == case, "another message went")
    states = [row["state"] for row in good(door, "release_list", query={"all": "true"})["releases"]]
    check(states == ["released", "refused", "withdrawn"], states)
    case = good(door, "case_open", {"kind": "hostile", "to": ["paris"], "fields": json.loads(rabat.ask("kind", "example", "hostile"))})["id"]
    good(door, "reader_change", {**example("reader_change"), "person": "samir"}, id=case)
    good(samir, "case_show", id=case)
    check(len(good(samir, "reader_list", id=case)["readers"]) == 2, "not named")


def the_rest(good, door, rabat, case):
    good(door, "case_review", example("case_review"), id=case)
    good(door, "review_list", query={"due": "false", "limit": 5})
    good(door, "stix_list", query={"type": "indicator", "limit": 5, "reason": "story"})
    good(door, "stix_list", query={"id": "indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f"})
    good(door, "stix_list", query={"case": case})
    good(door, "stix_count", query={"type": "indicator", "lane": "civil"})
    check(good(door, "stix_again", example("stix_again"))["done"], "not done")
    good(door, "case_crosscheck", id=case, query={"reason": "what else is held"})
    good(door, "picture_show", query={"by": "region", "from": "2026-01-05", "to": "2026-12-31", "kind": "threat"})
    good(door, "message_erase", example("message_erase"), id=case)
    good(door, "partner_state", example("partner_state"), name="paris")
    good(door, "partner_state", {"state": "active"}, name="paris")
    good(door, "partner_compare", name="paris")
    good(door, "partner_compare", {"all": True}, name="paris")
    paris = good(door, "partner_show", name="paris")
    good(door, "partner_add", {"card": paris["card"], "fingerprint": paris["fingerprint"]})
    good(door, "witness_change", example("witness_change"))
    good(door, "witness_change", {"do": "add", "name": "paris"})
    good(door, "witness_change", {"do": "quorum", "quorum": 0})
    good(door, "person_change", example("person_change"))
    good(door, "person_list")
    good(door, "person_show", person="amal")
    good(door, "token_change", {"do": "make", "person": "amal", "label": "a program", "requests": ["case.list"],
                                "until": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 86400))})
    good(door, "token_list")
    good(door, "token_change", example("token_change"))
    come_in(good, door)
    good(door, "card_change", example("card_change"))
    good(door, "key_rotate", example("key_rotate"))
    good(door, "key_retire", example("key_retire"))
    for index in range(rabat.size()):
        good(door, "register_show", n=index)
    good(door, "register_tile", l=0, n=0)
    key = must(rabat.wasl("backup", "key", "-o", path("secret"), "--json")).out
    backup = good(door, "backup_begin", {"to": json.loads(key)["key"]})["backup"]
    check(good(door, "backup_next", backup=backup), "a backup without a record")
    good(door, "backup_next", backup=backup, query={"stop": "true"})
    good(door, "statistics_make")
    good(door, "statistics_make", query={"from": "2026-01-01", "to": "9000-12-31", "partner": "paris", "kind": "request"})
    checked = good(door, "register_check")
    while not checked["done"]:
        checked = good(door, "register_check", query={"from": checked["next"]})
    check(checked["found"] == 0, checked["problems"])


# --- input that is wrong

OTHERS = {"string": [7, True, [], {}, None], "integer": ["7", 7.5, True, [], None], "boolean": ["true", 1, [], None],
          "array": ["x", 7, {}, None], "object": ["x", 7, [], None]}


def wrong_values(schema):
    """(what, value) that the schema refuses"""
    yield from ((f"{json.dumps(value)} for a{'n' if schema['type'] in ('object', 'integer') else ''} {schema['type']}", value)
                for value in OTHERS[schema["type"]])
    if "maxLength" in schema:
        yield "too long", "x" * (schema["maxLength"] + 1)
    if "enum" in schema or "pattern" in schema:
        yield "another word", "nonsense"
    if schema.get("minLength"):
        yield "empty", ""
    if schema.get("minimum") == 0:
        yield "below 0", -1
    if "maxItems" in schema:
        inner = openapi.resolve(FILE, schema["items"])
        yield "too many", [{} if inner["type"] == "object" else "x"] * (schema["maxItems"] + 1)
        yield "items of another type", [7]
    if schema.get("minItems"):
        yield "none", []


def wrong_members(schema, given):
    """(what, the member that must be named, body)"""
    for name in schema.get("required", ()):
        yield f"{name} is missing", name, {key: value for key, value in given.items() if key != name}
    for name, one in schema.get("properties", {}).items():
        for what, value in wrong_values(openapi.resolve(FILE, one)):
            yield f"{name}: {what}", name, {**given, name: value}
    yield "an unknown member", "colour", {**given, "colour": "red"}
    yield "the actor", None, {**given, "actor": "somebody else"}


def no_documents(given):
    text = json.dumps(given).encode()
    yield "a list", b"[]"
    yield "a number", b"7"
    yield "cut off", text[:-1]
    yield "more behind it", text + b"{}"
    yield "a key twice", b'{"a":1,"a":2}'
    yield "no UTF-8", b'{"a":"\xff"}'
    yield "a NUL", b'{"a":"\\u0000"}'
    yield "no number", b'{"a":NaN}'
    yield "too deep", b'{"a":' + b"[" * 100 + b"]" * 100 + b"}"
    yield "too large", b'{"a":"' + b"x" * LONG_BODY + b'"}'


def wrong_pieces(parameter):
    schema = openapi.resolve(FILE, parameter["schema"])
    yield from ("%ff", "%00", "%zz", "..", "%2e", "a%2fb", "")
    if schema["type"] == "integer":
        yield from ("x", "-1", "1.5", "007", "99999999999999999999", "9223372036854775807")
    else:
        yield from ("nonsense", NONE, "a" * 300, "%D9%85%E2%80%AE")


def wrong_queries(operation):
    yield "colour=red", "colour"
    yield "%ff=1", None
    yield "a", None
    yield "=a", None
    for one in openapi.parameters(FILE, operation, "query"):
        name, schema = one["name"], openapi.resolve(FILE, one["schema"])
        yield f"{name}=1&{name}=1", None
        yield f"{name}=%ff", None
        if schema["type"] == "integer":
            yield from ((f"{name}={value}", name) for value in ("x", "-1", "1.5", "", "99999999999999999999"))
        if schema["type"] == "boolean":
            yield from ((f"{name}={value}", name) for value in ("maybe", "1", ""))
        if schema["type"] == "string" and schema.get("maxLength", 2048) < 2048:
            yield f"{name}=" + "x" * (schema["maxLength"] + 1), name


class Bad:
    """Requests that must be refused, and how."""

    def __init__(self, door):
        self.door, self.count, self.failed, self.told = door, 0, [], set()

    def __call__(self, name, what, method, target, body=None, media=None, field=None, statuses=range(400, 500)):
        self.count += 1
        self.told.add(name)
        begun = time.monotonic()
        status, headers, content = self.door.ask(method, target, body, media)
        wrong = self.faults(status, headers, content, field, statuses)
        if time.monotonic() - begun > 3:
            wrong.append("it took more than 3 s")
        if wrong:
            self.failed.append(f"{name}: {what}: {method} {target[:100]}: {status} {content[:300]!r}: {'; '.join(wrong)}")

    @staticmethod
    def faults(status, headers, content, field, statuses):
        wrong = [] if status in statuses else ["another status"]
        if headers["Content-Type"] != "application/problem+json":
            return wrong + ["no problem document"]
        problem = json.loads(content)
        wrong += openapi.differences(FILE, {"$ref": "#/components/schemas/Problem"}, problem)
        rows = {row["code"]: row for row in FILE["components"]["responses"]["Problem"]["x-wasl-errors"]}
        detail = problem.get("detail", "")
        if problem.get("status") != status or rows.get(problem.get("code"), {}).get("status") != status:
            wrong.append("the status is not that of the code")
        if not 12 <= len(detail) < 480 or not detail.isprintable():
            wrong.append("not one sentence")
        if problem.get("code") in NAMED and not problem.get("field"):
            wrong.append("the field is not named")
        named = problem.get("field", "")
        if field is not None and problem.get("code") in NAMED and field not in (named, named.split(".")[0].split("[")[0]):
            wrong.append(f"not {field} is named")
        return wrong


def try_operation(bad, name, places):
    method, template, operation = OPERATIONS[name]
    target, body = target_of(name, places, None), openapi.body_of(FILE, operation)
    others = {"PUT", "DELETE", "PATCH", "OPTIONS"} | {"GET", "POST"} - {one.upper() for one in FILE["paths"][template]}
    for other in sorted(others):
        bad(name, "another method", other, target, statuses=(405,))
    is_json = bool(body) and body[0] == "application/json"
    plain = json.dumps(body[2]).encode() if is_json else None
    for parameter in openapi.parameters(FILE, operation, "path"):
        for piece in wrong_pieces(parameter):
            bad(name, "a path", method, target_of(name, {**places, parameter["name"]: piece}, None), plain,
                "application/json" if plain else None)
    for query, field in wrong_queries(operation):
        bad(name, "a query", method, f"{target}?{query}", plain, "application/json" if plain else None, field=field)
    if body is None:
        bad(name, "a body", method, target, b"{}", "application/json", statuses=(400,))
        return
    bad(name, "another media type", method, target, plain or b"x", "text/plain", field="Content-Type", statuses=(415,))
    if not is_json:
        return
    for what, document in no_documents(body[2]):
        bad(name, what, method, target, document, "application/json")
    for what, field, document in wrong_members(body[1], body[2]):
        bad(name, what, method, target, json.dumps(document).encode(), "application/json", field=field)


def agreement_of(terms, rows):
    return {"kind": "agreement", "to": ["paris"], "fields": {**terms, "rows": rows(terms["rows"])}}


def try_all(door, places):
    bad = Bad(door)
    for name, (_, _, operation) in OPERATIONS.items():
        try_operation(bad, name, {one["name"]: places[one["name"]] for one in openapi.parameters(FILE, operation, "path")})
    opening, terms = example("case_open"), json.loads(door.ask("GET", "/v1/kinds/agreement/example")[2])
    for what, field, document in (
            ("a part without stage", "parts[0].stage", {**opening, "parts": [{"name": "a", "type": "b/c"}]}),
            ("two rows with an id", "fields.rows", agreement_of(terms, lambda rows: rows + rows[:1])),
            ("a row with another column", "fields.rows[0].unless", agreement_of(terms, lambda rows: [{**rows[0], "unless": "x"}])),
            ("a row with no such purpose", "fields.rows[0].purposes", agreement_of(terms, lambda rows: [{**rows[0], "kind": "request", "purposes": ["x"]}])),
            ("terms that end before they begin", "fields.until", {**agreement_of(terms, list), "fields": {**terms, "from": "2027-01-01", "until": "2026-12-31"}})):
        bad("case_open", what, "POST", "/v1/cases", json.dumps(document).encode(), "application/json", field=field)
    for octets in (b"", b"x", b"x" * 5000):
        bad("carry_take", "no consignment", "POST", "/v1/consignments/import", octets, "application/octet-stream")
    for after in ("x", "0" * 16, "0" * 16 + "-x", "G" * 16 + "-1", "0" * 16 + "-99999999999999999999999"):
        bad("events_take", "no place", "GET", f"/v1/events?after={after}", field="after")
    for target in ("/", "/v1", "/v2/status", "/v1/nothing", "/v1/cases/a/b/c/d/e/f/g/h", "/v1/cases?" + "a=b&" * 9 + "c=d"):
        bad("node_status", "no path", "GET", target)
    return bad


def story():
    rabat, paris = Node("rabat"), Node("paris")
    for node in (rabat, paris):
        node.launch()
    for node in (rabat, paris):
        node.serves()
    introduce(rabat, paris)
    agree(rabat, paris)
    good, door = Good(), Door(rabat)
    look_around(good, door)
    case = a_case(good, door, rabat, paris)
    ok("a case goes its way, and each answer is what the file says")
    by_hand(good, door, rabat, paris)
    recalls(good, door, rabat, paris, case)
    releases(good, door, rabat, paris)
    the_rest(good, door, rabat, case)
    missing = set(OPERATIONS) - good.told - ELSEWHERE
    check(not missing, "operations that nobody asked for:", missing)
    ok(f"{len(good.told)} operations answer what the file says")
    settle(rabat, paris)
    before = rabat.size(), rabat.cases()
    bad = try_all(door, {"id": case, "name": "paris", "person": "amal", "kind": "request", "sha256": NONE, "file": 77, "backup": 77, "number": 77, "n": 1 << 40, "l": 7})
    check(not bad.failed, f"{len(bad.failed)} of {bad.count} differ:\n" + "\n".join(bad.failed[:40]))
    check(bad.told == set(OPERATIONS), "not tried with bad input:", set(OPERATIONS) - bad.told)
    ok(f"{bad.count} requests that are wrong are refused, each with one sentence")
    check((rabat.size(), rabat.cases()) == before, "something was done:", rabat.leaves(before[0]))
    check(rabat.wasl("node", "status").code == 0, "the node does not serve any more")
    rabat.sound()
    rabat.request("paris")
    settle(rabat, paris)
    ok("nothing was done by any of them, and the node serves")


run(story)
