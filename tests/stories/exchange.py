#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An agreement, a request, its clarification and its answer; both sides see the same, hold receipts, and anybody can
verify the evidence.

Broken variants that turn such a story red: tests/checks/mutants_rules (state, settling), keeper_broken (heads), and here
each member of the evidence file with one bit changed, which must not verify."""
import io
import json
import os
import subprocess
import tarfile

from story import ROOT, Node, agree, check, complaint, introduce, must, ok, path, read, run, same_cases, settle, wasl, write


def damaged(whole):
    """The evidence file once for each member, with one bit of that member changed; last with one missing, one twice."""
    with tarfile.open(fileobj=io.BytesIO(whole)) as archive:
        members = [(info.name, archive.extractfile(info).read()) for info in archive]
    for victim, (name, content) in enumerate(members):
        middle = len(content) // 2
        changed = content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1:]
        yield name, [(n, changed if i == victim else c) for i, (n, c) in enumerate(members)]
    yield "a missing member", members[:-1]
    yield "a member twice", members + members[-1:]
    yield "a surplus member", members + [("more", b"x")]


def packed(members):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, content in members:
            info = tarfile.TarInfo(name)
            info.size, info.mode = len(content), 0o644
            archive.addfile(info, io.BytesIO(content))
    return out.getvalue()


def evidence(rabat, paris, case, document):
    file, other = path("case.wasl-proof"), path("again.wasl-proof")
    rabat.ask("proof", "export", case, "-o", file)
    said = must(wasl("proof", "verify", file))
    check("not confirmed" in said.out, "it does not say whose keys are not confirmed:", said)
    cards = ["--card", rabat.card(), "--card", paris.card()]
    said = must(wasl("proof", "verify", file, *cards))
    check("not confirmed" not in said.out, "it doubts cards that were given:", said)
    told = json.loads(must(wasl("proof", "verify", file, "--json")).out)
    check(told["message"] == case and told["author"]["name"] == "rabat" and not told["author"]["confirmed"], told)
    stranger = Node("rabat", folder=path("other"))
    complaint(wasl("proof", "verify", file, "--card", stranger.card()), 7)
    ok("evidence verifies offline, unconfirmed without a card, not at all with a wrong one")
    paris.ask("proof", "export", case, "-o", other)
    must(wasl("proof", "verify", other))
    ok("the receiver alone can prove it too")
    foreign = subprocess.run([os.path.join(ROOT, "tests", "checks", "evidence_go"), file, other], stdin=subprocess.DEVNULL,
                             capture_output=True, check=False)
    if foreign.returncode == 77:
        print("# no foreign verifier here: " + foreign.stdout.decode().strip())
    else:
        check(foreign.returncode == 0, "the foreign verifier says:", foreign.stdout.decode(), foreign.stderr.decode())
        ok("a verifier that was not written here agrees")
    count = 0
    for count, (what, members) in enumerate(damaged(read(file)), 1):
        answer = wasl("proof", "verify", write("damaged.wasl-proof", packed(members)))
        check(answer.code == 7, what, "changed, and yet:", answer)
    must(wasl("proof", "verify", write("same.wasl-proof", packed(list(damaged(read(file)))[-2][1][:-1]))))
    check(any(name.endswith("received.leaf") for name, _ in members) and count > 12, "too few members", count)
    with tarfile.open(file) as archive:
        check(document in [archive.extractfile(info).read() for info in archive], "the part is not in the evidence")
    ok(f"none of {count} damaged files verifies")


def story():
    rabat, paris = Node("rabat").start(), Node("paris").start()
    introduce(rabat, paris)
    check([row["state"] for row in rabat.json("partner", "list")] == ["active"], "the partner is not active")
    agreement = agree(rabat, paris)
    ok("an agreement comes into force on both sides")
    document = "تقرير مختلق · rapport inventé\n".encode() * 100
    case = rabat.request("paris", "--part", write("rapport.txt", document))
    settle(rabat, paris)
    check(paris.cases()[case] == "asked", "paris has it as", paris.cases())
    clarify = paris.id("case", "send", case, "clarify", "--field", "ground=scope_too_wide", "--field",
                       "question=Quelle période ?")
    settle(paris)
    rabat.id("case", "send", case, "clarification", "--field", "answer=الأشهر الستة الأخيرة")
    settle(rabat)
    answer = paris.id("case", "send", case, "answer", "--field", "answer=Connu.", "--part", path("rapport.txt"))
    settle(paris, rabat)
    check(same_cases(rabat, paris)[case][0] == "answered", "the case is", rabat.cases())
    shown = rabat.json("case", "show", case)
    check([message["type"] for message in shown["messages"]] == ["ask", "clarify", "clarification", "answer"], shown)
    ok("asked, clarified and answered: both tell the same story")
    outbox = {row["id"]: row for row in rabat.json("outbox", "list") + paris.json("outbox", "list")}
    check({row["state"] for row in outbox.values()} == {"receipted"}, "not all are receipted:", outbox)
    check({agreement, case, clarify, answer} < set(outbox), "the outbox has forgotten something")
    sent = [leaf for leaf in rabat.leaves() if leaf["act"] == "sent"]
    received = [leaf for leaf in paris.leaves() if leaf["act"] == "received"]
    check([leaf["message"] for leaf in sent] == [leaf["message"] for leaf in received], "sent and received differ")
    check([leaf["n"] for leaf in sent] == list(range(1, len(sent) + 1)), "numbers:", sent)
    part = paris.json("message", "show", case)["parts"][0]
    paris.ask("part", "get", part["sha256"], "-o", path("got"))
    check(read(path("got")) == document, "the part has changed")
    ok("every message has its number, its leaf and its receipt; the part is the same")
    evidence(rabat, paris, case, document)
    rabat.sound()
    paris.sound()


run(story)
