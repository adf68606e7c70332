#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The partner is stopped for a while: nothing is lost, the outbox says why it waits, and delivery resumes by itself.

Broken variant: tests/checks/stories_broken (no try after the first failure)."""
import time

from story import check, ok, run, same_cases, settle, started


def story():
    rabat, paris = started("rabat", "paris")
    check(paris.stop() == 0, "SIGTERM ends a node in peace")
    case = rabat.request("paris", subject="while away")
    more = rabat.id("case", "send", case, "withdraw", "--field", "reason=trouvé")
    began = time.monotonic()
    rabat.refuses(8, "outbox", "wait", "--timeout", 2, says="paris")
    check(1.5 < time.monotonic() - began < 6, "it did not wait as long as it was told")
    rows = {row["id"]: row for row in rabat.json("outbox", "list")}
    for message in (case, more):
        check(rows[message]["state"] in ("waiting", "under_way"), rows[message])
        check(rows[message]["to"] == "paris" and rows[message]["case"] == case, rows[message])
        check(rows[message]["reason"], "it does not say why it waits:", rows[message])
    check(paris.name in [p["name"] for p in rabat.json("partner", "list") if p["trouble"]], "no trouble is shown")
    ok("what waits is shown with its reason, and waiting for it ends with 8")
    rabat.kill()
    rabat.start()
    check({row["id"] for row in rabat.json("outbox", "list")} >= {case, more}, "the outbox forgot after a restart")
    time.sleep(3)
    paris.start()
    back = time.monotonic()
    rabat.settle(30)
    ok(f"delivery resumed by itself after {time.monotonic() - back:.1f} s")
    settle(rabat, paris)
    check(same_cases(rabat, paris)[case][0] == "withdrawn", "the case is", rabat.cases())
    check(not [row for row in rabat.json("outbox", "list") if row["state"] != "receipted"], "not all is receipted")
    received = [leaf["message"] for leaf in paris.leaves() if leaf["act"] == "received"]
    check(received.count(case) == received.count(more) == 1, "received", received)
    rabat.sound()
    paris.sound()
    ok("everything came once and in order")


run(story)
