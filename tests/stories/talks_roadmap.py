#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Talks and what comes of them: agenda, delegations, minutes approved by both; commitments that both agreed on become measures of a
roadmap, each fed once and by whose it is, over a crash half-way; a milestone reached with evidence and
confirmed by the other side; a communiqué in two languages, released by both sides, each by a second person.

Broken variants: tests/checks/exchange_broken, those of feed.c, at unit/core_feed."""
import datetime
import json
import os

from story import Node, agree, check, introduce, must, ok, run, settle, write

ARABIC, FRENCH = "عقد الطرفان لقاء مثمرا.", "Les parties ont tenu une rencontre fructueuse."
DAY = datetime.date.today() + datetime.timedelta(days=200)


def person(node, name, roles):
    node.ask("person", "add", name, "--name", name.title(), "--roles", roles)
    made = must(node.wasl("token", "make", name, "--label", "story", "--days", "3"))
    return {"env": {**os.environ, "WASL_TOKEN_FILE": write(f"{node.name}-{name}", made.out)}}


def form(node, kind, name, **fields):
    return write("form.json", json.dumps({**json.loads(node.ask("kind", "example", kind, name)), **fields}))


def send(node, case, kind, name, who=None, **fields):
    return node.id("case", "send", case, name, "--fields", form(node, kind, name, **fields), **(who or {}))


def items(node, case, name):
    return {item["id"]: item for item in node.json("case", "items", case, "--item", name)["items"]}


def stands(node, case):
    return {key: item["feed"]["stands"] for key, item in items(node, case, "commitment").items()}


def talk(rabat, paris):
    talks = rabat.id("case", "open", "talks", "--to", "paris", "--fields", form(rabat, "talks", "convene"))
    send(rabat, talks, "talks", "agenda")
    settle(rabat)
    send(paris, talks, "talks", "attend", delegation=[{"name": "Délégué fictif", "function": "chef"}])
    settle(paris)
    send(rabat, talks, "talks", "held")
    settle(rabat)
    ours = [send(rabat, talks, "talks", "commitment", title=f"Mesure {i} · تدبير", to="paris" if i else "self", due=str(DAY)) for i in range(4)]
    theirs = send(paris, talks, "talks", "commitment", title="Mesure de Paris", to="rabat", due=str(DAY))
    settle(rabat, paris)
    for node, commitments in ((paris, [*ours[:2], ours[3]]), (rabat, [theirs])):
        for commitment in commitments:
            send(node, talks, "talks", "commitment_agree", commitment=commitment)
    minutes = send(rabat, talks, "talks", "minutes")
    settle(rabat, paris)
    return talks, ours, theirs, minutes


def story():
    paris = Node("paris", more=("--owner", "claire", "--owner-name", "Claire")).start()
    rabat = Node("rabat", more=("--owner", "omar", "--owner-name", "Omar")).start()
    introduce(paris, rabat)
    agree(paris, rabat)
    talks, ours, theirs, minutes = talk(rabat, paris)
    roadmap = rabat.id("case", "open", "roadmap", "--to", "paris", "--fields", form(rabat, "roadmap", "propose"))
    settle(rabat)
    rabat.refuses(6, "case", "send", talks, "close", "--fields", form(rabat, "talks", "close"), says="minutes_proposed")
    check(stands(rabat, talks)[ours[2]] == "open", stands(rabat, talks))
    send(paris, talks, "talks", "minutes_approve", minutes=minutes)
    settle(rabat, paris)
    send(rabat, talks, "talks", "commitment_drop", commitment=ours[2])
    send(rabat, talks, "talks", "commitment", title="Plus tard", to="self")
    settle(rabat, paris)
    ok("agenda, delegations, minutes that both approved, commitments of both sides")

    check([stands(rabat, talks)[key] for key in (*ours, theirs)] == ["due", "due", "open", "due", "theirs"], stands(rabat, talks))
    told = rabat.ask("case", "feed", talks)
    check("to be carried over" in told and "its owner carries it over" in told, told)
    drill = rabat.id("case", "open", "roadmap", "--to", "paris", "--fields", form(rabat, "roadmap", "propose"), "--exercise")
    refused = rabat.wasl("case", "feed", talks, drill)
    check(refused.code == 6 and refused.err.count("not both real, nor both exercises") == 1, refused)
    check([f"Commitment {key}: to be carried over" in refused.err.splitlines() for key in (*ours[:2], theirs)] == [True, True, False] and
          "carries over what is left, and nothing twice" in refused.err, refused)
    early = must(rabat.wasl("case", "feed", rabat.id("case", "open", "talks", "--to", "paris", "--fields", form(rabat, "talks", "convene"))))
    check(early.out == "" and early.err.startswith("Nothing is to be carried over now\nCommitment: goes into"), early)
    rabat.ask("message", "erase", ours[3], "--reason", "écrit par erreur")
    first = rabat.door("POST", f"/v1/cases/{roadmap}/feed", {"from": talks, "item": ours[0]})
    rabat.kill()  # whether it went nobody knows
    first.close()
    rabat.start()
    some = rabat.wasl("case", "feed", talks, roadmap)
    went, said = some.out.split(), some.err.splitlines()
    check(some.code == 5 and len(went) in (1, 2) and some.err.count("was erased on") == 1, some)
    check([line.split(": ")[1] for key in ours for line in said if line.startswith(f"Commitment {key}")] ==
          ["carried over"] * len(went) + ["to be carried over"] and "once that is put right, the same command" in some.err, some)
    again = rabat.wasl("case", "feed", talks, roadmap)
    check(again.code == 5 and again.out == "" and again.err.startswith("wasl: the content of message " + ours[3]), again)
    settle(rabat)
    paris_went = must(paris.wasl("case", "feed", talks, roadmap)).out.split()
    settle(rabat, paris)
    check(len(paris_went) == 1, paris_went)
    again = must(paris.wasl("case", "feed", talks, roadmap))
    check(again.out == "", again)
    for part in "Nothing is to be carried over now", "carried over: 3", "its owner carries it over: 1", "goes into a case of the kind Roadmap (roadmap)", "once it is: Agreed":
        check(part in again.err, part, again)
    for node in (rabat, paris):
        measures = items(node, roadmap, "measure")
        check(len(measures) == 3 and sorted(m["came"]["message"] for m in measures.values()) == sorted([*ours[:2], theirs]), measures)
        check({m["assignee"] for m in measures.values()} == {"rabat", "paris"}, measures)
        for key, item in items(node, talks, "commitment").items():
            fed = item["feed"]["went"]
            check(fed is None if key not in (*ours[:2], theirs) else
                  (fed["case"], measures[fed["message"]]["came"]["case"], measures[fed["message"]]["assignee"]) ==
                  (roadmap, talks, item["assignee"]), item)
    (shown,) = [m for m in paris.json("case", "show", roadmap)["messages"] if m["id"] == paris_went[0]]
    check(shown["fields"]["title"] == "Mesure de Paris" and shown["fields"]["due"] == str(DAY) and
          shown["fields"]["from_commitment"] == theirs, shown["fields"])
    check("Came from" in paris.ask("case", "items", roadmap), "where it came from is not said")
    rabat.refuses(2, "case", "feed", roadmap, "zz", says="TO")
    none = must(rabat.wasl("case", "feed", roadmap))
    check(none.out == "" and "of this kind is carried over into another" in none.err and "(talks)" in none.err, none)
    ok("each agreed commitment is a measure, once, with owner and date, whoever was killed meanwhile; both cases say where it went")

    measure = paris_went[0]
    send(paris, roadmap, "roadmap", "agree", roadmap=roadmap)
    settle(paris)
    check(not items(paris, roadmap, "measure")[measure]["clocks"], "a measure is due before it is agreed")
    send(rabat, roadmap, "roadmap", "measure_agree", measure=measure)
    settle(rabat)
    check(items(rabat, roadmap, "measure")[measure]["clocks"][0]["running"], "an agreed measure is not due")
    milestone = send(paris, roadmap, "roadmap", "milestone")
    settle(paris)
    paris.refuses(6, "case", "send", roadmap, "milestone_confirm", "--field", f"milestone={milestone}", says="is planned")
    send(paris, roadmap, "roadmap", "milestone_reached", milestone=milestone, evidence="Protocole signé (exemple)")
    settle(paris)
    send(rabat, roadmap, "roadmap", "milestone_confirm", milestone=milestone)
    send(rabat, roadmap, "roadmap", "progress", measure=measure)
    settle(rabat, paris)
    check(items(paris, roadmap, "milestone")[milestone]["state"] == "confirmed", "milestone")
    ok("a milestone is reached with evidence and confirmed by the other side")

    lina, samir = ({node: person(node, name, role) for node in (rabat, paris)} for name, role in (("lina", "liaison"), ("samir", "supervisor")))

    def second(node, *words):
        """Held until somebody else of the same side read it and let it go."""
        held = node.wasl("case", "send", talks, *words, **lina[node])
        check(held.code == 9 and "waits for a second person" in held.err, held)
        (release,) = [row["number"] for row in node.json("release", "list")["releases"]]
        settle(rabat, paris)
        node.refuses(6, "release", "give", str(release), says="may not", **lina[node])
        must(node.wasl("release", "show", str(release), "--reason", "contrôle", **samir[node]))
        return node.id("release", "give", str(release), **samir[node])

    text = form(rabat, "talks", "communique", arabic=ARABIC, other=FRENCH, other_language="fr")
    communique = second(rabat, "communique", "--fields", text)
    settle(rabat, paris)
    check(items(paris, talks, "communique")[communique]["state"] == "draft", "released by one side alone")
    send(rabat, talks, "talks", "close")
    settle(rabat, paris)
    check(paris.json("case", "show", talks, "--bare")["state"] == "minuted", "closed by one side alone, with a draft that waits for the other")
    second(paris, "communique_release", "--field", f"communique={communique}")
    settle(rabat, paris)
    for node in (rabat, paris):
        check(items(node, talks, "communique")[communique]["state"] == "released", node.name)
    fields = paris.json("message", "show", communique)["fields"]
    check((fields["arabic"], fields["other"]) == (ARABIC, FRENCH), fields)
    send(paris, talks, "talks", "close")
    settle(rabat, paris)
    for node in (rabat, paris):
        check(node.json("case", "show", talks, "--bare")["state"] == "closed", node.name)
        node.sound()
    ok("the communiqué in two languages is out when both sides released it, each by a second person")


run(story)
