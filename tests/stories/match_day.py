#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A match day of a World Cup, at four nodes: the cell of the event with 200 messages, nodes cut off and back, all seeing the same
case and the same items; accreditation checks that are answered with a code alone. After the event everything personal is gone at
all four, each certified to its author, and what was sent remains proved.

Broken variants: tests/checks/exchange_broken (unit/core_ends)."""
import http.client
import json
import os
import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date, datetime, timedelta, timezone

from story import Node, agree, check, introduce, must, ok, path, programs_at, run, settle, until, wasl, write

MESSAGES, DAYS, DAY = 200, 30, 86400
PERSONAL = {"sitrep", "incident", "incident_update", "delegation", "task_report", "task_done"}
TERMS = {"title": "Coopération pour la Coupe du monde (exemple) · تعاون كأس العالم (مثال)", "legal_basis": "Texte inventé · نص مختلق",
         "language": "fr", "articles": "1", "until": f"{date.today() + timedelta(days=400)}",
         "rows": [{"id": f"1.{place}", "kind": kind, "types": ["*"], "purposes": ["event_security"], "direction": "both", "personal": "ordinary",
                   "transfer": "instrument", "transfer_reference": "Article 4 (texte inventé)"}
                  for place, kind in enumerate(("event", "accreditation"), 1)]}
TOLD = {"ar": "تُمحى المعطيات الشخصية في", "fr": "Données personnelles effacées le", "en": "Personal data is erased on",
        "es": "Los datos personales se borran el", "pt": "Os dados pessoais são apagados em"}
REVIEW = {"ar": "تُراجَع المعطيات الشخصية", "fr": "réexaminer", "en": "to be reviewed", "es": "por revisar", "pt": "por reexaminar"}
REPORT = {"attendance": 54000, "arrests": 3, "ejections": 12, "injured": 0, "cooperation": 4, "accuracy": 4}


@contextmanager
def line(node):
    """Sends messages one after the other, without a process each; gives their ids."""
    folder, connection = os.open(node.dir, os.O_PATH), http.client.HTTPConnection("wasl", timeout=60)
    connection.sock = socket.socket(socket.AF_UNIX)
    connection.sock.connect(f"/proc/self/fd/{folder}/api.sock")

    def send(case, kind, **fields):
        body = {"type": kind, "fields": fields} if case else {"kind": kind, "to": fields.pop("to"), "fields": fields}
        connection.request("POST", f"/v1/cases/{case}/messages" if case else "/v1/cases", json.dumps(body),
                           {"Content-Type": "application/json"})
        answer = connection.getresponse()
        told = json.loads(answer.read())
        check(answer.status in (200, 201), node.name, kind, told)
        return told["id"]
    try:
        yield send
    finally:
        connection.close()
        os.close(folder)


def moment(**after):
    return f"{datetime.now(timezone.utc) + timedelta(**after):%Y-%m-%dT%H:%M:%SZ}"


def form(node, kind, **changed):
    return {**json.loads(node.ask("kind", "example", kind)), **changed}


def prepare(rabat, guests):
    """Announced, with host pack, match, invitations and what the guests say to them."""
    with line(rabat) as send:
        case = send(None, "event", to=[guest.name for guest in guests], **form(rabat, "event", begins=f"{date.today()}"))
        send(case, "host_pack", law="Engins pyrotechniques interdits. منع الشهب النارية.")
        match = send(case, "match", title="الفريق أ – الفريق ب · Équipe A – Équipe B", venue="Stade A (exemple)",
                     kick_off=moment(hours=-1), expected=55000)
        invited = {guest.name: send(case, "invite", to=guest.name, **{"from": f"{date.today()}", "to_date": f"{date.today() + timedelta(days=3)}"},
                                    officers=6, tasks="Accompagnement des supporters", answer_by=f"{date.today()}") for guest in guests}
        asked = {guest.name: send(case, "task", title="Surveillance de l'accès nord", to=guest.name, due=f"{date.today()}") for guest in guests}
    settle(rabat, *guests)
    return case, match, invited, asked


def play(node, case, match, invited, task, rounds):
    """What one guest's officers write over the day."""
    with line(node) as send:
        send(case, "delegation", delegation=invited, officers=[{"name": f"Officier inventé {node.name}", "phone": "+000000000"}])
        send(case, "risk_analysis", match=match, side="Équipe A", supporters=8000, risk_supporters=150, disorder="low", sources="Sources ouvertes")
        send(case, "delegation_arrived", delegation=invited)
        send(case, "task_accept", task=task)
        for step in ("departed", "at_border", "arrived"):
            send(case, "travel", match=match, step=step, mode="vol fictif 000", count=180, route="A – B")
        for number in range(rounds):
            if number % 10 == 3:
                incident = send(case, "incident", sort="pyrotechnics", at=f"{date.today()}", place="Tribune sud · المدرج الجنوبي", text="Fumigènes allumés par N. N.")
                send(case, "incident_update", incident=incident, text="N. N. identifié")
                send(case, "incident_end", incident=incident, outcome="Aucun blessé. دون جرحى.")
            elif number % 2:
                send(case, "sitrep", match=match, moment=f"H-{number}", situation="Calme aux abords. هدوء في محيط الملعب.")
            else:
                send(case, "travel", match=match, step="in_transit", mode="autocar", count=40 + number, route="B – A")
        send(case, "task_done", task=task, result="Accomplie")


def host_too(rabat, madrid, case):
    """Another host State enters its own match: within the event, and no report before kick-off; a guest's report closes it for nobody."""
    own = {"title": "Équipe C – Équipe D · الفريق ج – الفريق د", "venue": "Stade A (exemple)"}
    for kick_off, says in ((moment(days=400), ("announce.ends", "must not be later than 1 day after")), (moment(hours=-48), "must not be earlier than")):
        madrid.refuses(1, "case", "send", case, "match", "--fields", write("form.json", json.dumps({**own, "kick_off": kick_off})), says=says)
    with line(madrid) as send:
        match = send(case, "match", **own, kick_off=moment(days=2))
        send(case, "host_pack", law="Fumigènes interdits. الشهب ممنوعة.")
    madrid.refuses(1, "case", "send", case, "invite", "--fields", write("form.json", json.dumps(
        {"to": "self", "from": f"{date.today()}", "to_date": f"{date.today()}", "officers": 1, "tasks": "t", "answer_by": f"{date.today()}"})),
        says="must be another party than the one that writes it")
    settle(rabat, madrid)
    report = write("form.json", json.dumps({**REPORT, "match": match}))
    rabat.refuses(6, "case", "send", case, "post_match", "--fields", report, says=("not possible earlier than match.kick_off", "send it from then on"))
    rabat.refuses(6, "case", "send", case, "match_change", "--field", f"match={match}", "--field", f"kick_off={moment(hours=-1)}", says="only its owner")
    madrid.ask("case", "send", case, "match_change", "--field", f"match={match}", "--field", f"kick_off={moment(seconds=-60)}")
    settle(rabat, madrid)
    rabat.ask("case", "send", case, "post_match", "--fields", report)
    settle(rabat, madrid)
    known = {item["id"]: item for item in madrid.json("case", "show", case)["items"]}[match]
    check(known["state"] == "scheduled" and known["owner"] == "madrid" and "match_change" in known["possible"], known)
    madrid.ask("case", "send", case, "post_match", "--fields", report)
    settle(rabat, madrid)
    known = {item["id"]: item for item in rabat.json("case", "show", case)["items"]}[match]
    check(known["state"] == "reported" and "post_match" in known["possible"], known)


def accredit(rabat, madrid):
    """The host asks who may come in; a code comes back, and no reason."""
    applicants = [{"reference": f"ACC-{number:04}", "family_name": "Exemple", "given_names": f"Personne {number}", "born": "1990-01-01", "role": "press"}
                  for number in range(20)]
    with line(rabat) as send:
        case = send(None, "accreditation", to=["madrid"], **form(rabat, "accreditation", applicants=applicants,
                    keep_until=f"{date.today() + timedelta(days=DAYS)}T00:00:00Z"))
    settle(rabat, madrid)
    results = [{"reference": one["reference"], "result": "objection" if number == 7 else "no_objection"} for number, one in enumerate(applicants)]
    for rows, says in ((results[1:], "answers 19 of the 20 that were asked, and all are to be answered; missing are ACC-0000"),
                       (results + [{"reference": "ACC-0020", "result": "objection"}], "ACC-0020 was not asked"), (results + results[:1], "is the same as in [0]")):
        madrid.refuses(1, "case", "send", case, "answer", "--fields", write("form.json", json.dumps({"results": rows})), says=says)
    with line(madrid) as send:
        send(case, "answer", results=results)
    settle(rabat, madrid)
    shown = rabat.api(f"/v1/cases/{case}")[0]
    results = [message["fields"]["results"] for message in shown["messages"] if message["type"] == "answer"][0]
    rabat.refuses(6, "case", "send", case, "close", says="event_ends")
    check(shown["state"] == "answered" and results[7] == {"reference": "ACC-0007", "result": "objection"}, results)
    return case


def seen(node, case):
    shown = node.api(f"/v1/cases/{case}?bare=true")[0]
    return (shown["state"], sorted((item["id"], item["item"], item["state"], item["owner"]) for item in shown["items"]),
            [(message["id"], message["type"], message["effective"]) for message in shown["messages"]])


def same(case, *known):
    told = [seen(node, case) for node in known]
    return all(one == told[0] for one in told)


def all_see(case, *known):
    told = [seen(node, case) for node in known]
    for node, one in zip(known, told):
        check(one == told[0], node.name, "sees", [piece for piece in one[2] if piece not in told[0][2]], one[:2], "not", told[0][:2])
    return told[0]


def outstanding(node, case):
    return node.api(f"/v1/cases/{case}?bare=true")[0]["personal_ends"]["outstanding"]


def story():
    os.chmod(path(), 0o755)
    known = [Node(name) for name in ("rabat", "madrid", "lisbon", "paris")]
    for node in known:
        node.launch()
    for node in known:
        node.serves()
    rabat, madrid, lisbon, paris = known
    introduce(*known)
    agree(rabat, madrid, lisbon, paris, terms=TERMS)
    case, match, invited, asked = prepare(rabat, known[1:])
    with line(rabat) as send:
        send(case, "start")
    settle(*known)
    ok("an event with its host pack, a match, invitations and tasks, at four nodes")

    paris.kill()  # in the middle of the day
    with ThreadPoolExecutor() as pool:
        for done in [pool.submit(play, node, case, match, invited[node.name], asked[node.name], 42) for node in (madrid, lisbon)]:
            done.result()
    until(lambda: same(case, rabat, madrid, lisbon), 20, "three see the same")
    lisbon.kill()
    paris.start()
    play(paris, case, match, invited["paris"], asked["paris"], 42)
    check(not same(case, rabat, paris), "nothing was missed")
    lisbon.start()
    until(lambda: same(case, *known), 20, "all four see the same")
    madrid.kill()  # whose messages had to wait for those of lisbon: anew it asks for their receipts at once
    madrid.start()
    settle(*known)
    checked = accredit(rabat, madrid)
    host_too(rabat, madrid, case)
    ok("another host enters its own match; it lies within the event, is reported on after kick-off, and closed by no guest's report")
    with line(rabat) as send:
        send(case, "post_match", match=match, **REPORT)
        for _ in range(MESSAGES - len(seen(rabat, case)[2]) - 1):
            send(case, "sitrep", match=match, moment="H+3", situation="Évacuation en cours. الإخلاء جار.")
        send(case, "end", summary="Dans le calme. في هدوء.")
    settle(*known)
    state, items, messages = all_see(case, *known)
    check(state == "ended" and len(messages) == MESSAGES and all(effective for _, _, effective in messages), state, len(messages))
    kinds = sorted((item, now) for _, item, now, _ in items)
    check(kinds.count(("delegation", "present")) == 3 and kinds.count(("task", "done")) == 3 and ("match", "reported") in kinds, kinds)
    check(("incident", "open") not in kinds and kinds.count(("incident", "ended")) >= 12, kinds)
    ok(f"{MESSAGES} messages, two nodes cut off and back: all four see the same case and the same {len(items)} items; a check is answered with a code")

    for language, words in TOLD.items():
        told = madrid.ask("case", "show", case, env={**os.environ, "LC_ALL": f"{language}_XX.UTF-8"})
        check(words in told and REVIEW[language] not in told, language, told)  # nothing is left by the day of a review
    for node in known:
        node.stop()
    later = programs_at("later", (DAYS + 1) * DAY)
    for node in known:
        node.launch(later)
    for node in known:
        node.serves()
    until(lambda: not any(outstanding(node, case) for node in known), 60, lambda: [outstanding(node, case) for node in known])
    personal = {identity for identity, kind, _ in messages if kind in PERSONAL}
    check(len(personal) > 80, len(personal))
    for node in known:
        told = {message["id"]: message for message in node.api(f"/v1/cases/{case}")[0]["messages"]}
        check({identity for identity in told if told[identity]["erased"]} == personal, node.name, "erased something else")
    settle(*known)
    check(all_see(case, *known) == (state, items, messages), "the case is another one")
    ok(f"{DAYS} days after the end all {len(personal)} messages with personal data are gone at all four, each certified to its author; the case is what it was")
    for node in (rabat, madrid):
        until(lambda one=node: one.api(f"/v1/cases/{checked}")[0]["messages"][0]["erased"], 20, "the check is still there")
    one = sorted(personal)[0]
    author = next(node for node in known if any(row["by"] != node.name for row in node.json("message", "show", one)["certificates"]))
    certified = author.json("message", "show", one)
    check(len(certified["certificates"]) == 3 and all(row["sound"] for row in certified["certificates"]) and not certified["certificates_due"], certified)
    must(author.wasl("message", "certificate", one, "-o", path("erased.wasl-proof")))
    check(one in must(wasl("proof", "verify", path("erased.wasl-proof"))).out, "not of this message")
    must(author.wasl("proof", "export", one, "-o", path("sent.wasl-proof")))
    check(not json.loads(must(wasl("proof", "verify", path("sent.wasl-proof"), "--json")).out)["content"], "content")
    for node in known:
        node.sound()
    ok("a certificate verifies without a node; what was sent remains proved, and all registers are sound")


run(story)
