#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every field and every column of every type of every kind that the node tells, with every sort of bad value that its type
admits: refused with one sentence that has the place and what is allowed, through the API each, through the command line one
sort for each field in turn; and nothing of it is kept. The same form with nothing but what is allowed passes the same way.

Broken variants: tests/checks/stories_broken (wire/kind_field.c)."""
import collections
import concurrent.futures
import datetime
import http.client
import json
import os
import re
import socket
import time

from story import Node, agree, check, complaint, introduce, not_on_a_server, ok, run, settle, write

WRONG = ("field", "date", "unknown-field", "syntax", "utf8", "duplicate-key", "too-large")  # what is wrong with a form
ENOUGH = 40  # faults, after which no more are looked for
LANGUAGES = ("en", "ar", "fr", "es", "pt")
READ = {"grading": ("4x4:A/1", "4x4:A/1"), "party": ("rabat", "paris")}  # lines in which core or law reads more than a line
HOLE = "\u00a4here\u00a4"  # where octets stand that are no JSON
TWICE = "\u00a4twice"  # behind the name of a member that is to stand twice


class Raw(bytes):
    """A value as octets: what no JSON library writes."""


class Door:
    """One connection to the node's API, kept open."""

    def __init__(self, node):
        folder = os.open(node.dir, os.O_PATH)
        self.connection = http.client.HTTPConnection("wasl", timeout=60)
        self.connection.sock = socket.socket(socket.AF_UNIX)
        self.connection.sock.connect(f"/proc/self/fd/{folder}/api.sock")
        os.close(folder)
        self.asked = 0

    def post(self, target, octets):
        self.asked += 1
        self.connection.request("POST", target, octets, {"Content-Type": "application/json"})
        answer = self.connection.getresponse()
        return answer.status, json.loads(answer.read())


def octets_of(document):
    """As JSON; a Raw value as it is."""
    found = []

    def plain(value):
        if isinstance(value, Raw):
            found.append(bytes(value))
            return HOLE
        if isinstance(value, dict):
            return {key: plain(one) for key, one in value.items()}
        return [plain(one) for one in value] if isinstance(value, list) else value
    octets = json.dumps(plain(document), ensure_ascii=False).encode()
    for raw in found:
        octets = octets.replace(json.dumps(HOLE, ensure_ascii=False).encode(), raw, 1)
    return octets.replace(TWICE.encode(), b"")


# --- what is right and what is wrong for a field

def codes_of(kind, field):
    return kind["lists"][field["list"]]


def right(kind, field, row=0):
    """A value that it allows, and no more than that; of a column in this row."""
    type_, tomorrow = field["type"], time.strftime("%Y-%m-%d", time.gmtime(time.time() + 86400))
    if type_ == "table":
        rows = max(2 if any(column["name"] == "party" for column in field["columns"]) else 1, field["least"])
        return [whole(kind, field["columns"], {column["name"]: right(kind, column, i) for column in field["columns"]}) for i in range(rows)]
    return {"text": lambda: "x", "line": lambda: READ.get(field["name"], ("x", "x"))[row % 2], "code": lambda: codes_of(kind, field)[0],
            "codes": lambda: codes_of(kind, field)[:1], "date": lambda: "2024-02-29", "time": lambda: f"{tomorrow}T23:59:59Z",
            "integer": lambda: field["least"] + -field["least"] % field.get("multiple", 1), "bool": lambda: True, "message": lambda: "0" * 64, "reference": lambda: "0" * 64, "hash": lambda: "0" * 64,
            "party": lambda: "other" if field.get("other") else "self", "name": lambda: f"code_{row}", "names": lambda: ["*"]}[type_]()


# --- values against each other

def moment(value):
    return datetime.datetime.fromisoformat(value.replace("Z", "")) if value else datetime.datetime.utcnow()


def written(field, at):
    return at.strftime("%Y-%m-%d" if field["type"] == "date" else "%Y-%m-%dT%H:%M:%SZ")


def limits(field, values):
    """(earliest: else it is the latest, when, against what) of a date or time as the others stand; what is not there limits nothing."""
    for key in ("not_before", "not_after"):
        for bound in field.get(key, ()):
            if "of" in bound:  # what an earlier message says: of the opening one it is known
                if "then" in bound:
                    yield key == "not_before", moment(bound["then"]) + datetime.timedelta(bound["days"]), f"{bound['of']}.{bound['field']}"
            elif "field" not in bound or bound["field"] in values:
                against = bound.get("field", "today" if field["type"] == "date" else "now")
                yield key == "not_before", moment(values.get(bound.get("field"))) + datetime.timedelta(bound["days"]), against


def holds(condition, values):
    return condition is not None and values.get(condition["field"], False) in condition["is"]


def other_than(kind, fields, condition):
    """A value with which the condition does not hold."""
    field = next(field for field in fields if field["name"] == condition["field"])
    values = [True, False] if field["type"] == "bool" else codes_of(kind, field)
    return next(value for value in values if value not in condition["is"])


def whole(kind, fields, values, keep=None):
    """The same with what their rules ask for, and without what they forbid; this one of them stays."""
    values = dict(values)
    for _ in range(4):  # one may ask for another
        for field in fields:
            name, absent = field["name"], field.get("absent_when")
            if name in values and holds(absent, values):
                if name == keep:
                    values[absent["field"]] = other_than(kind, fields, absent)
                else:
                    del values[name]
            if name not in values and holds(field.get("required_when"), values):
                values[name] = right(kind, field)
            for earliest, when, _ in limits(field, values) if name in values else ():
                if (moment(values[name]) < when) if earliest else (moment(values[name]) > when):
                    values[name] = written(field, when)
    return values


def out_of_limits(fields, values):
    return [field["name"] for field in fields if field["name"] in values for earliest, when, _ in limits(field, values)
            if ((moment(values[field["name"]]) < when) if earliest else (moment(values[field["name"]]) > when))]


def broken(kind, fields, field, values):
    """(what, the values with one rule of this field broken by one, words), out of values that are right."""
    name = field["name"]
    for earliest, when, against in limits(field, values):
        if "." in against:  # unit/core_earlier breaks these: a case in whose state the type is possible belongs to it
            continue
        off = datetime.timedelta(2 if against in ("today", "now") else 1)  # it is today as long as it is anywhere on earth
        so = {**values, name: written(field, when - off if earliest else when + off)}
        if out_of_limits(fields, so) == [name]:  # else one that is broken, too, may be told instead
            yield "too early" if earliest else "too late", so, ["must not be", "earlier" if earliest else "later", against]
    for key, there, words in (("absent_when", True, "must not be there"), ("required_when", False, "missing")):
        condition = field.get(key)
        if condition:
            left = {other: value for other, value in values.items() if other != name}
            so = whole(kind, fields, {**left, condition["field"]: condition["is"][0]})
            so.pop(name, None)
            yield key, {**so, name: values[name]} if there else so, [words, condition["field"]]
    if "multiple" in field:
        yield "no multiple", {**values, name: right(kind, field) + 1}, [str(field["multiple"])]
    if "must_be" in field:
        yield "not what it must be", {**values, name: False}, ["must be true"]


def swaps(good):
    """Values of other JSON types."""
    for what, value in (("null", None), ("a number", 7), ("a text", "x"), ("true", True), ("an object", {}), ("an array", [[]])):
        if value is None or type(value) is not type(good):
            yield what, value


def bad_texts(field, good):
    most = field["most"]
    if field["required"]:
        yield "empty", "", ["empty"]
        yield "blanks", " \u00a0\t" if field["type"] == "text" else " \u00a0", ["blanks"]
    yield "one character too many", "ش" * (most + 1), [str(most + 1), str(most)]
    for what, text in (("a control character", "x\u0001"), ("DEL", "x\u007f"), ("an override", "x\u202ea"), ("an embedding", "x\u202b"),
                       ("an isolate left open", "x\u2067")):
        yield what, text[:most] if most < 2 else text, ["character", f"U+{ord(text[1]):04X}"]
    if field["type"] == "line":
        for what, letter in (("a tab", "\t"), ("an end of line", "\n"), ("a line separator", "\u2028")):
            yield what, "x" + letter, ["one line" if letter != "\t" else "U+0009"]


def bad_octets():
    yield "a NUL octet", Raw(b'"x\0"'), ["a NUL octet"]
    yield "NUL", Raw(b'"x\\u0000"'), ["\\u0000 is not allowed"]
    yield "half a pair", Raw(b'"x\\ud800"'), ["half of a surrogate pair"]
    yield "the other half", Raw(b'"\\udc00x"'), ["half of a surrogate pair"]
    yield "not UTF-8", Raw(b'"x\xff"'), ["UTF-8"]
    yield "overlong UTF-8", Raw(b'"\xc0\x80"'), ["UTF-8"]


def bad_codes(codes, good):
    for what, value in (("not in the list", "no_such_code"), ("upper case", codes[0].upper()), ("empty", "")):
        yield what, value, ["must be one of", codes[0]]


def bad_names(field):
    bounds = [str(field["least"]), str(field["most"])]
    yield "twice", ["request", "request"], ["twice"] if field["most"] > 1 else bounds
    yield "a star among others", ["*", "request"], ['"*" alone'] if field["most"] > 1 else bounds
    yield "upper case", ["Request"], ["codes"]
    yield "a number within", [7], ["codes"]
    yield "too many", [f"k{i}" for i in range(field["most"] + 1)], bounds
    if field["least"] > 0:
        yield "none", [], bounds


def bad_lists(field, codes):
    yield "not in the list", ["no_such_code"], ["must be one of", codes[0]]
    yield "twice", [codes[0]] * 2, ["twice"] if len(codes) > 1 else ["1"]
    yield "a number within", [7], ["codes"]
    if field["required"]:
        yield "none", [], [str(len(codes))]


BAD = {  # (what, value, words of the sentence), whatever the field says further
    "date": [(what, value, ["date", "2026-11-21"]) for what, value in (
        ("no such day", "2023-02-29"), ("no such month", "2026-13-01"), ("the year 0", "0000-01-01"), ("another order", "28-02-2026"),
        ("a time", "2026-02-28T00:00:00Z"), ("empty", ""), ("one digit", "2026-2-28"))],
    "time": [(what, value, ["time", "2026-11-21T08:00:00Z"]) for what, value in (
        ("24:00", "2026-02-28T24:00:00Z"), ("no such day", "2023-02-29T08:00:00Z"), ("a leap second", "2026-06-30T23:59:60Z"),
        ("no zone", "2026-02-28T08:00:00"), ("an offset", "2026-02-28T08:00:00+01:00"), ("empty", ""), ("fractions", "2026-02-28T08:00:00.5Z"))],
    "message": [(what, value, ["64", "hex"]) for what, value in (
        ("a digit less", "0" * 63), ("a digit more", "0" * 65), ("upper case", "A" * 64), ("no hex", "g" * 64), ("empty", ""))],
    "party": [(what, value, ["self", "paris"]) for what, value in (("a stranger", "madrid"), ("upper case", "Self"), ("empty", ""))],
    "name": [(what, value, ["code", '"*"']) for what, value in (("upper case", "Request"), ("two stars", "**"), ("empty", ""))],
    "bool": [("a word", "true", ["true"]), ("one", 1, ["true"])],
}
BAD["reference"] = BAD["hash"] = BAD["message"]


def bad_integers(field):
    words = ["integer", str(field["least"]), str(field["most"])]
    for what, value in (("one below the least", field["least"] - 1), ("one above the most", field["most"] + 1), ("a fraction", Raw(b"1.0")),
                        ("digits as a text", "1")):
        yield what, value, words
    yield "an exponent", Raw(b"1e2"), words
    yield "beyond 64 bits", Raw(b"9223372036854775808"), ["out of range"]


def bad_tables(kind, field, good):
    """Of the table itself; then each column of its last row, with the place in it."""
    bounds = [str(field["least"]), str(field["most"])]
    columns = [column["name"] for column in field["columns"]]
    yield "a row too many", (good * field["most"])[:field["most"]] + good[:1], "", [str(field["most"] + 1)] + bounds
    if field["least"] > 0:
        yield "no row", [], "", ["0 rows"] + bounds
    last, at = good[-1], f"[{len(good) - 1}]"
    yield "a row that is a text", good[:-1] + ["x"], at, ["object", columns[0]]
    yield "a row that is null", good[:-1] + [None], at, ["object", columns[0]]
    needed = [column["name"] for column in field["columns"] if column["required"]]
    if needed:
        yield "an empty row", good[:-1] + [{}], f"{at}.{needed[0]}", ["missing"]
    for column in field["columns"]:
        for what, value, place, words in bads(kind, column, last.get(column["name"], right(kind, column))):
            yield f"{column['name']}: {what}", good[:-1] + [{**last, column["name"]: value}], f"{at}.{column['name']}{place}", words
        for what, value, words in broken(kind, field["columns"], column, whole(kind, field["columns"], {**last, column["name"]: last.get(
                column["name"], right(kind, column))}, column["name"])):
            yield f"{column['name']}: {what}", good[:-1] + [value], f"{at}.{column['name']}", words
        if column["required"]:
            yield f"{column['name']}: missing", good[:-1] + [{k: v for k, v in last.items() if k != column["name"]}], \
                f"{at}.{column['name']}", ["missing"]
        beside = column["name"][:40] + "x"
        if beside not in columns:
            yield f"{column['name']}: an unknown column beside", good[:-1] + [{**last, beside: "x"}], f"{at}.{beside}", \
                ["unknown column", columns[0]]
        yield f"{column['name']}: twice", good[:-1] + [{**last, column["name"] + TWICE: last.get(column["name"], "x"),
                                                        column["name"]: last.get(column["name"], "x")}], \
            f"{at}.{column['name']}", ["stands twice"]


def bads(kind, field, good):
    """(what, value, place behind the field's, words), each to be refused."""
    type_ = field["type"]
    for what, value in swaps(good):
        yield what, value, "", ["must be"]
    if type_ == "table":
        yield from bad_tables(kind, field, good)
        return
    own = (bad_texts(field, good) if type_ in ("text", "line") else bad_codes(codes_of(kind, field), good) if type_ == "code"
           else bad_lists(field, codes_of(kind, field)) if type_ == "codes" else bad_names(field) if type_ == "names"
           else bad_integers(field) if type_ == "integer" else BAD[type_])
    for what, value, words in own:
        yield what, value, "", words
    if isinstance(good, str):
        for what, value, words in bad_octets():
            yield what, value, "", words


# --- the cases in which they are sent

class Scene:
    def __init__(self):
        self.rabat, self.paris = Node("rabat"), Node("paris")
        for node in (self.rabat, self.paris):
            node.launch()
        for node in (self.rabat, self.paris):
            node.serves()
        introduce(self.rabat, self.paris)
        self.kinds = [self.rabat.json("kind", "show", row["name"]) for row in self.rabat.json("kind", "list")]
        for kind in self.kinds:
            kind["lists"] = {one["name"]: [code["code"] for code in one["codes"]] for one in kind["lists"]}
        self.examples = dict(zip(((kind["name"], type_["name"]) for kind in self.kinds for type_ in kind["types"]), self.rabat.api(
            *(f"/v1/kinds/{kind['name']}/example?type={type_['name']}" for kind in self.kinds for type_ in kind["types"]))))
        for kind in self.kinds:
            opening = self.examples[kind["name"], kind["opening"]]
            for bound in (bound for type_ in kind["types"] for field in type_["fields"] for key in ("not_before", "not_after") for bound in field.get(key, ())):
                if bound.get("of") == kind["opening"] and bound["field"] in opening:
                    bound["then"] = opening[bound["field"]]
        self.cases = {}
        self.special()
        for kind in self.kinds:
            if kind["needs_row"]:
                form = write("form.json", json.dumps(self.examples[kind["name"], kind["opening"]]))
                self.cases[kind["name"]] = self.rabat.id("case", "open", kind["name"], "--to", "paris", "--fields", form)
        settle(self.rabat, self.paris)
        self.door = Door(self.rabat)

    def special(self):
        """What the node opens by itself, or has an agreement, an emergency or a message to be about."""
        rabat, paris = self.rabat, self.paris
        urgent = rabat.request("paris", "--emergency", "vital_interests", "--reason", "en danger de mort")
        self.cases["emergency"] = rabat.json("message", "show", urgent)["emergency"]["case"]
        row = {"types": ["*"], "purposes": ["*"], "direction": "both", "personal": "special"}
        humane = [kind["name"] for kind in self.kinds if kind.get("lane") == "humanitarian"]
        rows = [{"id": str(i), "kind": kind, **row} for i, kind in enumerate(["*", *humane])]
        self.cases["agreement"] = agree(rabat, paris, terms={**self.examples["agreement", "propose"], "rows": rows})
        theirs, ours = paris.request("rabat"), rabat.request("paris")
        settle(rabat, paris)
        self.cases["consent"] = rabat.id("consent", "ask", theirs, "--to", "wasl/madrid/0123456789abcdef", "--purpose", "drugs", "--until", time.strftime("%Y-%m-%d", time.gmtime(time.time() + 30 * 86400)))
        rabat.ask("recall", "open", ours, "--measure", "erase", "--ground", "inaccurate", "--reason", "Faux.")
        self.cases["recall"] = rabat.json("recall", "list")[0]["id"]

    def asks(self, kind, type_, fields, check_only=False):
        """(status, problem or answer)"""
        more = {"check": True} if check_only else {}
        if type_["name"] == kind["opening"]:
            return self.door.post("/v1/cases", octets_of({"kind": kind["name"], "to": ["paris"], "fields": fields, **more}))
        return self.door.post(f"/v1/cases/{self.cases[kind['name']]}/messages", octets_of({"type": type_["name"], "fields": fields, **more}))


# --- what is said

def fault(answer, path, words):
    """What is wrong with a refusal; nothing when all is right."""
    status, said = answer
    if not 400 <= status < 500:
        return f"answered {status}"
    detail = said["detail"]
    if said.get("field") != "fields" + path[1:]:
        return f"does not name {path} but {said.get('field')}"
    if "\n" in detail or len(detail) > 700 or not re.search(r"""[\w"')]$""", detail):
        return "is no sentence"
    missing = [word for word in words if word not in detail]
    return f"does not say {missing}" if missing else None


def sort_of(what):
    return what.rpartition(": ")[2]  # behind the column's name


class Telling:
    """What was tried, and what of it was not answered as it should be."""

    def __init__(self, scene):
        self.scene, self.failed, self.passed, self.choices, self.commands = scene, [], 0, [], []
        self.sorts = collections.Counter()  # of bad values: how often through the command line

    def fails(self, *what):
        self.failed.append(": ".join(map(str, what)))
        check(len(self.failed) < ENOUGH, "\n".join(self.failed))

    def refused(self, kind, type_, what, fields, path, words):
        answer = self.scene.asks(kind, type_, fields)
        wrong = fault(answer, path, words)
        self.sorts[sort_of(what)] += 0
        if wrong:
            self.fails(wrong, kind["name"], type_["name"], what, answer[1].get("detail", answer[1]))

    def passes(self, kind, type_, field, fields):
        """As far as its form goes; what opens a case, all the way."""
        status, said = self.scene.asks(kind, type_, fields, check_only=True)
        far = type_["name"] == kind["opening"] and kind["needs_row"] and field["type"] != "reference"
        self.passed += status == 200
        if status != 200 and (far or said["code"] in WRONG):
            self.fails("what is right is refused", kind["name"], type_["name"], field["name"], said)

    def field(self, kind, type_, field, form):
        name = field["name"]
        form = whole(kind, type_["fields"], {**form, name: form.get(name, right(kind, field))}, name)
        good = form[name]
        self.passes(kind, type_, field, form)
        tried = [(what, {**form, name: value}, f"$.{name}{place}", words) for what, value, place, words in bads(kind, field, good)]
        if field["required"]:
            left = {key: value for key, value in form.items() if key != name}
            tried.append(("missing", left, f"$.{name}", ["missing", type_["name"]]))
        tried += [(what, values, f"$.{name}", words) for what, values, words in broken(kind, type_["fields"], field, form)]
        beside = name[:40] + "x"
        tried.append(("an unknown field beside", {**form, beside: "x"}, f"$.{beside}", ["unknown field", type_["name"]]))
        tried.append(("twice", {**form, name + TWICE: good, name: good}, f"$.{name}", ["stands twice"]))
        for one in tried:
            self.refused(kind, type_, *one)
        for place in ["", *(column["name"] for column in field.get("columns", ()))]:
            self.choices.append((kind, type_, {sort_of(one[0]): one for one in tried if one[0].rpartition(": ")[0] == place}))

    def choose(self):
        """One form of each field and column for the command line: what is rare first, so that every sort is among them."""
        many = collections.Counter(sort for _, _, tried in self.choices for sort in tried)
        free = collections.deque(self.choices)
        for sort in sorted(many, key=many.get):
            rare = next((choice for choice in [*free, *self.choices] if sort in choice[2]))
            if rare in free:
                free.remove(rare)
            self.take(*rare, sort)
        for kind, type_, tried in free:
            self.take(kind, type_, tried, min(tried, key=lambda sort: self.sorts[sort]))

    def take(self, kind, type_, tried, sort):
        self.sorts[sort] += 1
        self.commands.append((len(self.commands), kind, type_, *tried[sort]))

    def command(self, n, kind, type_, what, fields, path, words):
        """One form through the command line, in a language of the five: the place stands in each, its "$." in English alone."""
        language, scene = LANGUAGES[n % len(LANGUAGES)], self.scene
        form = write(f"form-{n}.json", octets_of(fields))
        line = (("case", "open", kind["name"], "--to", "paris") if type_["name"] == kind["opening"]
                else ("case", "send", scene.cases[kind["name"]], type_["name"]))
        answer = scene.rabat.wasl(*line, "--fields", form, env={**os.environ, "LC_ALL": f"{language}.UTF-8"})
        os.unlink(form)
        try:
            complaint(answer, 1, *((path, *words) if language == "en" else (path.removeprefix("$."),)))
        except AssertionError as error:
            self.fails("wasl", language, kind["name"], type_["name"], what, error)


def story():
    not_on_a_server("forms are checked before any store is asked")
    scene = Scene()
    telling = Telling(scene)
    before = scene.rabat.size(), sorted(scene.rabat.cases())
    for kind in scene.kinds:
        for type_ in kind["types"]:
            for field in type_["fields"]:
                telling.field(kind, type_, field, scene.examples[kind["name"], type_["name"]])
    check(not telling.failed, f"{len(telling.failed)} of {scene.door.asked} differ:\n" + "\n".join(telling.failed))
    telling.choose()
    check(all(telling.sorts.values()), "not through the command line:", telling.sorts)
    ok(f"{len(telling.commands)} fields and columns of {len(scene.kinds)} kinds, {scene.door.asked} forms with {len(telling.sorts)} sorts of bad values: "
       f"each refused with the place and what is allowed; {telling.passed} times what is right may go")
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(lambda one: telling.command(*one), telling.commands))
    check(not telling.failed, f"{len(telling.failed)} of {len(telling.commands)} differ:\n" + "\n".join(telling.failed))
    ok(f"one of each through the command line, in five languages: {len(telling.commands)}, every sort among them")
    check((scene.rabat.size(), sorted(scene.rabat.cases())) == before, "something was kept:", scene.rabat.leaves(before[0]))
    ok("nothing of it is kept")


run(story)
