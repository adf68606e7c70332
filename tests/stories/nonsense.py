#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A partner's own TLS key, and behind it octets that are no consignment: refused, a line in the log, one leaf; what follows
within the minute is counted, over a restart too. What he says in earnest afterwards is taken.

Broken variant: tests/checks/exchange_broken (octets that do not open are nobody's fault)."""
import http.client
import os
import ssl

from story import check, ok, run, settle, started


def post(node, victim, octets):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.load_cert_chain(os.path.join(node.dir, "gate", "tls.crt"), os.path.join(node.dir, "gate", "tls.key"))
    line = http.client.HTTPSConnection("127.0.0.1", victim.port, timeout=20, context=context)
    try:
        line.request("POST", "/wasl/v1/consignment", octets)
        answer = line.getresponse()
        return answer.status, answer.read()
    finally:
        line.close()


def told(node, act):
    return [leaf.get("reason") for leaf in node.leaves() if leaf["act"] == act]


def story():
    rabat, paris = started("rabat", "paris")
    settle(rabat, paris)
    size = rabat.size()
    for octets in (b"", b"GET / HTTP/1.1\r\n\r\n", os.urandom(5000), b"WASLCON1" + bytes(100)):
        status, text = post(paris, rabat, octets)
        check(status == 400 and b'"detail"' in text, status, text)
    check(rabat.size() == size + 1, "one leaf was expected:", rabat.leaves(size))
    check(told(rabat, "fault") == ["syntax: consignment: it does not begin with WASLCON1"], told(rabat, "fault"))
    check("partner.fault paris: syntax" in rabat.said(), rabat.said())
    ok("octets that are no consignment: refused, one line in the log, one leaf with the partner's name")
    rabat.stop()
    rabat.start()
    post(paris, rabat, b"and again")
    check(rabat.size() == size + 1, "the minute is the same one:", rabat.leaves(size))
    ok("what followed is counted, over a restart too")
    paris.request("rabat")
    settle(paris, rabat)
    rabat.sound()
    ok("an honest word is taken")


run(story)
