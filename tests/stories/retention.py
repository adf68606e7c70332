#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A row of an agreement says for how many days its receiver keeps what came under it: both are told until when, the node erases
it by itself then, and nothing but its content is gone. Its author keeps his own, and is given the certificate. A longer row of an amendment changes nothing of what
came before.

Broken variants: tests/checks/exchange_broken (unit/core_retain)."""
import json
import os
from datetime import datetime, timedelta

from story import ROOT, Node, agree, check, introduce, must, ok, path, programs_at, run, settle, until, wasl, write

DAYS, LONGER, DAY = 30, 60, 86400
TOLD = {"ar": "يُحفظ المحتوى حتى", "fr": "Contenu conservé jusqu'au", "en": "Content kept until", "es": "Contenido conservado hasta el",
        "pt": "Conteúdo conservado até"}


def terms(days):
    with open(os.path.join(ROOT, "examples", "agreement-security.json"), encoding="utf-8") as file:
        fields = json.load(file)
    for row in fields["rows"]:
        row["retention_days"] = days
    return fields


def moment(text):
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ")


def story():
    os.chmod(path(), 0o755)
    rabat, paris = Node("rabat").launch(), Node("paris").launch()
    rabat.serves()
    paris.serves()
    introduce(rabat, paris)
    accord = agree(rabat, paris, terms=terms(DAYS))
    row = rabat.json("law", "explain", "request", "ask", "--to", "paris", "--purpose", "drugs")[0]["row"]
    check(row["retention_days"] == DAYS, row)
    file = write("file.bin", os.urandom(3000))
    first = rabat.request("paris", "--part", file, purpose="drugs")
    settle(rabat, paris)
    shown = paris.json("message", "show", first)
    check(moment(shown["kept_until"]) - moment(shown["arrival"]["received"]) == timedelta(days=DAYS), shown)
    check(rabat.json("message", "show", first)["kept_until"] is None, "its author's own is not his partner's matter")
    for language, words in TOLD.items():
        check(words in paris.ask("message", "show", first, env={**os.environ, "LC_ALL": f"{language}_XX.UTF-8"}), language)
    ok("the receiver's node says until when it keeps what came, in five languages")

    longer = rabat.id("case", "send", accord, "amend", "--fields", write("longer.json", json.dumps(terms(LONGER))))
    settle(rabat, paris)
    paris.id("agreement", "accept", accord, "--terms", longer)
    settle(rabat, paris)
    second = rabat.request("paris", purpose="drugs")
    settle(rabat, paris)
    shown = paris.json("message", "show", second)
    check(moment(shown["kept_until"]) - moment(shown["arrival"]["received"]) == timedelta(days=LONGER), shown)
    check(paris.json("message", "show", first)["kept_until"] < shown["kept_until"], "an amendment moved what came before it")
    paris.stop()
    paris.start(programs_at("later", (DAYS + 1) * DAY))
    erased = paris.json("message", "show", first)["erased"]
    check(erased["by"] == "" and f"as its row says: {accord}/" in erased["reason"], erased)
    check(paris.json("message", "show", second)["erased"] is None and rabat.json("message", "show", first)["erased"] is None, "too much")
    told = [leaf for leaf in paris.leaves() if leaf["act"] == "erased"]
    check([leaf["message"] for leaf in told] == [first] and not told[0].get("actor"), told)
    ok("after that the node erases it by itself, its author's copy and what came under the longer row stay")
    until(lambda: rabat.json("message", "show", first)["certificates"], 40, "certified")
    came = rabat.json("message", "show", first)["certificates"][0]
    check(came["by"] == "paris" and came["sound"] and came["erased"] == erased["at"], came)
    check(paris.json("message", "show", first)["erased"]["certificate"] == came["message"], "another certificate")
    check("Certified erasure" in rabat.ask("case", "list", "--kind", "erasure"), "case list")
    for node in (rabat, paris):
        certificate = path(f"{node.name}-erased.wasl-proof")
        until(lambda: node.wasl("message", "certificate", first, "-o", certificate).code == 0, 20, "exported")
        said = must(wasl("proof", "verify", certificate))
        check(first in said.out and "Certified" in said.out and "as its row says" in said.out, said)
    rabat.refuses(5, "message", "certificate", first, "--by", "madrid", says="has given no certificate")
    paris.refuses(1, "message", "certificate", second, says="was not erased here")
    ok("its author is given the certificate of that by itself; both have it as a file that verifies without a node")
    proof = path("first.wasl-proof")
    must(paris.wasl("proof", "export", first, "-o", proof))
    said = json.loads(must(wasl("proof", "verify", proof, "--json")).out)
    check(said["content"] is False, said)
    check(os.listdir(os.path.join(paris.dir, "core", "parts")) == [], "its part is still there")
    paris.sound()
    rabat.sound()
    ok("the proof of what came and was receipted remains, and both registers are sound")


run(story)
