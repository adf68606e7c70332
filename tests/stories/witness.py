#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Two nodes exchange and a third is the witness of one; so are two programs that are no nodes: evidence verifies with its cosignature, and not without; while it
is away the exchange goes on and evidence that the policy wants witnessed waits; when it is back it catches up. A folder
that was put back to an old copy is refused by the witness, and its own node says so.

Broken variants: tests/checks/exchange_broken (a witness that answers whom nobody named, a fork that is cosigned, a quorum
that is not asked for)."""
import base64
import hashlib
import http.client
import http.server
import json
import os
import shutil
import ssl
import subprocess
import threading
import time

from story import ON_SERVER, ROOT, Node, check, cluster, complaint, introduce, must, ok, path, run, settle, started, until, wasl, write


def behind(node, name):
    return [row for row in node.json("witness", "list")["witnesses"] if row["name"] == name][0]


def caught_up(node, name, seconds=40):
    return until(lambda: (lambda row: row["behind"] == 0 and row)(behind(node, name)), seconds,
                 lambda: f"{name} has seen all of it: {behind(node, name)}")


def openssl(*words, given=b""):
    return subprocess.run(["openssl", *words], input=given, capture_output=True, check=True).stdout


class Public:
    """A witness that is no node: C2SP tlog-witness over http or https, on this machine. It believes every proof."""

    def __init__(self, name, secure):
        self.known, self.name = 0, f"{name}.example/w"
        openssl("genpkey", "-algorithm", "ed25519", "-out", path(name + ".pem"))
        self.secret = path(name + ".pem")
        public = b"\x04" + openssl("pkey", "-in", self.secret, "-pubout", "-outform", "DER")[-32:]
        self.id = hashlib.sha256(self.name.encode() + b"\n" + public).digest()[:4]
        self.key = f"{self.name}+{self.id.hex()}+{base64.b64encode(public).decode()}"
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status, answer = outer.answer(body) if self.path == "/here/add-checkpoint" else (404, b"")
                self.send_response(status)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_):
                pass
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"{'https' if secure else 'http'}://127.0.0.1:{self.server.server_address[1]}/here"
        if secure:
            openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=w",
                    "-keyout", path(name + ".key"), "-out", path(name + ".crt"))
            self.pin = hashlib.sha256(openssl("pkey", "-in", path(name + ".key"), "-pubout", "-outform", "DER")).hexdigest()
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(path(name + ".crt"), path(name + ".key"))
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def line(self, signature):
        return f"— {self.name} {base64.b64encode(self.id + signature).decode()}\n"

    def answer(self, body):
        proof, text = body.decode().split("\n\n")[:2]
        if int(proof.split()[1]) != self.known:
            return 409, f"{self.known}\n".encode()
        now, text = int(time.time()), text + "\n"
        with open(path("cosigned"), "w", encoding="utf-8") as file:
            file.write(f"cosignature/v1\ntime {now}\n{text}")
        made = openssl("pkeyutl", "-sign", "-rawin", "-inkey", self.secret, "-in", path("cosigned"))
        self.known = int(text.split("\n")[1])
        other = f"— {self.name} {base64.b64encode(b'mlds' + bytes(8 + 2420)).decode()}\n"  # a larger one, of another key
        return 200, (other + self.line(now.to_bytes(8, "big") + made)).encode()


def public(rabat, paris, madrid):
    """Witnesses that are no nodes, by http on this machine and by https with a pin; strangers' certificates are not taken."""
    plain, secure = Public("plain", False), Public("secure", True)
    paris.refuses(1, "partner", "add", "--witness", "plain", "--key", plain.key, "--url", "http://192.0.2.1/here",
                  says="plain http is for a witness on this very machine")
    paris.ask("partner", "add", "--witness", "plain", "--key", plain.key, "--url", plain.url)
    caught_up(paris, "plain")
    add = ("partner", "add", "--witness", "secure", "--key", secure.key, "--url", secure.url)
    for more, words in (((), "certificate"), (("--pin", "0" * 64), "not the one that was pinned")):
        paris.ask(*add, *more)
        until(lambda: words in (behind(paris, "secure")["trouble"] or ""), 20, lambda: behind(paris, "secure"))
        paris.ask("witness", "remove", "secure")
    check(secure.known == 0, "it was shown a head without being known")
    paris.ask(*add, "--pin", secure.pin)
    paris.ask("witness", "policy", 3)
    message = paris.request("rabat", subject="seen by three")
    settle(paris, rabat)
    for name in ("plain", "secure", "madrid"):
        caught_up(paris, name)
    file = path("three.wasl-proof")
    paris.ask("proof", "export", message, "-o", file)
    named = ["--witness", plain.key, "--witness", secure.key, "--witness", madrid.card()]
    must(wasl("proof", "verify", file, *named, "--quorum", 3))
    complaint(wasl("proof", "verify", file, *named[:4], "--witness", path("rabat.card"), "--quorum", 3), 7, "2 did")
    policy = write("three.policy", f"# C2SP tlog-policy\nwitness p {plain.key} {plain.url}\nwitness s {secure.key}\n"
                   f"witness m {madrid.json('witness', 'list')['key']}\ngroup all all p s m\nquorum all\n")
    must(wasl("proof", "verify", file, "--policy", policy))
    complaint(wasl("proof", "verify", path("witnessed.wasl-proof"), "--policy", policy), 7, "quorum is not met", "wasl/madrid/")
    must(wasl("proof", "verify", file, "--policy", policy, "--quorum", 1), 2)
    paris.refuses(6, "witness", "remove", "plain", says="a smaller number first")
    paris.ask("witness", "policy", 0)
    for name in ("plain", "secure"):
        paris.ask("witness", "remove", name)
    ok("witnesses that are no nodes cosign by C2SP tlog-witness; three of three stand under one head")


def spoken(paris, madrid):
    """The node as a witness, as any program would speak to it that has a partner's TLS key."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.load_cert_chain(os.path.join(paris.dir, "gate", "tls.crt"), os.path.join(paris.dir, "gate", "tls.key"))

    def post(body, method="POST"):
        line = http.client.HTTPSConnection("127.0.0.1", madrid.port, context=context, timeout=20)
        line.request(method, "/wasl/v1/witness/add-checkpoint", body.encode())
        answer = line.getresponse()
        text = answer.read().decode()
        line.close()
        return answer.status, answer.headers["Content-Type"], text
    head = paris.json("register", "head")
    caught_up(paris, "madrid")
    note = "\n\n".join(part if i == 0 else part.split("\n")[0] + "\n" for i, part in enumerate(head["note"].split("\n\n")))
    check(post(f"old 0\n\n{note}") == (409, "text/x.tlog.size", f"{head['size']}\n"), post(f"old 0\n\n{note}"))
    status, kind, line = post(f"old {head['size']}\n\n{note}")
    check(status == 200 and line.startswith("— wasl/madrid/") and line.count("\n") == 1, status, kind, line)
    check(post(f"old {head['size'] + 1}\n\n{note}")[0] == 400 and post("old")[0] == 400, "what is no request is taken")
    check(post(f"old {head['size']}\n\n" + note.replace("wasl/paris/", "wasl/parys/"))[0] == 404, "an unknown register is taken")
    lines = note.split("\n")
    forged = "\n".join(lines[:1] + [str(head["size"] + 1)] + lines[2:])
    check(post(f"old {head['size']}\n\n{forged}")[0] == 403, "a head that nobody signed is taken")
    check(post("x" * 16385)[0] == 413 and post("", "GET")[0] == 405, "too much, or another method, is taken")
    ok("on the wire it speaks C2SP tlog-witness, by the status codes of its text")


def witnessed(paris, madrid, message):
    """Evidence with the witness's line: who counts is named by the verifier, and by nobody else."""
    file = path("witnessed.wasl-proof")
    paris.ask("proof", "export", message, "-o", file)
    must(wasl("proof", "verify", file))
    key = madrid.json("witness", "list")["key"]
    told = json.loads(must(wasl("proof", "verify", file, "--witness", key, "--quorum", 1, "--json")).out)
    seen = told["receivers"][0]["sent_witnessed"]
    check([row["name"] for row in seen["witnesses"]] == [key.split("+")[0]] and seen["not_named"] == 0, told)
    said = must(wasl("proof", "verify", file, "--witness", madrid.card(), "--quorum", 1))
    check("witness of the register of paris: " + key.split("+")[0] in said.out, said)
    must(wasl("proof", "verify", file, "--quorum", 1), 2)
    complaint(wasl("proof", "verify", file, "--witness", path("rabat.card"), "--quorum", 1), 7, "0 did", "not named")
    said = must(wasl("proof", "verify", file, "--witness", path("rabat.card")))
    check("not named with --witness, not checked: 1" in said.out, said)
    foreign = subprocess.run([os.path.join(ROOT, "tests", "checks", "evidence_go"), file], stdin=subprocess.DEVNULL,
                             capture_output=True, check=False)
    check(foreign.returncode in (0, 77), "the foreign verifier says:", foreign.stdout.decode(), foreign.stderr.decode())


def away(rabat, paris, madrid):
    """Without its witness the node exchanges as before; only evidence that must be witnessed waits."""
    paris.ask("witness", "policy", 1)
    until(lambda: madrid.stop() == 0, 5, "it stops")
    message = paris.request("rabat", subject="while it is away")
    settle(paris, rabat)
    said = paris.refuses(6, "proof", "export", message, "-o", path("waits.wasl-proof"),
                         says=("policy wants 1 cosignature", "there are 0", "missing: madrid"))
    check(not os.path.exists(path("waits.wasl-proof")), "a file was made all the same")
    check(behind(paris, "madrid")["behind"] > 0 and "madrid" in paris.ask("node", "status"), "the status is silent")
    until(lambda: behind(paris, "madrid")["trouble"], 10, "its trouble is shown")
    ok("without its witness the exchange goes on, and evidence waits: " + said)
    madrid.start()
    caught_up(paris, "madrid")
    paris.ask("proof", "export", message, "-o", path("waits.wasl-proof"))
    ok("back again, it catches up")


def put_back(paris, madrid, rabat):
    """The whole folder is old: its keeper has forgotten what it signed; the witness has not."""
    begin = madrid.size()
    paris.stop()
    shutil.rmtree(paris.dir)
    subprocess.run(["cp", "-a", path("older"), paris.dir], check=True)
    if ON_SERVER:
        cluster().copy("older", paris.database)
    rabat.stop()  # it would tell, too
    paris.launch()
    until(lambda: "madrid cosigned a head of this register" in paris.wasl("node", "status").err, 40,
          lambda: f"the node is told: {paris.wasl('node', 'status')}")
    row = behind(paris, "madrid")
    check(row["contradicts"] and "put back to an old copy" in row["trouble"] and "wasl node epoch" in row["trouble"], row)
    size = row["size"]
    while paris.size() <= madrid_knows(madrid) + 2:
        paris.request("rabat", subject="another story")
    until(lambda: [leaf for leaf in madrid.leaves(begin) if leaf["act"] == "fault"], 40, "the witness has a leaf of it")
    leaf = [leaf for leaf in madrid.leaves(begin) if leaf["act"] == "fault"][0]
    check(leaf["subject"].startswith("wasl/paris/") and leaf["evidence"].strip("0"), leaf)
    check(madrid.json("partner", "list")[0]["state"] == "stopped", madrid.json("partner", "list"))
    check(behind(paris, "madrid")["contradicts"], behind(paris, "madrid"), size)
    ok("a register that was put back and grew on is refused by the witness, which keeps the two heads: " + leaf["reason"])


def madrid_knows(madrid):
    """What the witness cosigned last of its partner."""
    return madrid.known


def story():
    rabat, paris = started("rabat", "paris")
    madrid = Node("madrid").start()
    introduce(paris, madrid)
    paris.refuses(5, "partner", "add", "--witness", "nobody", says="there is no partner named nobody")
    paris.ask("partner", "add", "--witness", "madrid")
    paris.refuses(1, "partner", "add", "--witness", "madrid", says="already")
    until(lambda: "does not witness this register" in (behind(paris, "madrid")["trouble"] or ""), 20, "nobody asked madrid")
    madrid.ask("witness", "for", "paris")
    row = caught_up(paris, "madrid")
    check(row["trouble"] is None or row["trouble"] == "", row)
    check(madrid.json("witness", "list")["witnessed"] == ["paris"], madrid.json("witness", "list"))
    ok("a witness cosigns when a person there said so, and not before")
    paris.stop()
    subprocess.run(["cp", "-a", paris.dir, path("older")], check=True)
    if ON_SERVER:
        cluster().copy(paris.database, "older")
    paris.start()
    message = paris.request("rabat", "--part", __file__)
    settle(paris, rabat)
    caught_up(paris, "madrid")
    rabat.card()
    witnessed(paris, madrid, message)
    ok("evidence bears the cosignature of the witness; the verifier names who counts")
    public(rabat, paris, madrid)
    spoken(paris, madrid)
    rest = paris.size()
    away(rabat, paris, madrid)
    check(paris.size() > rest, "nothing was written")
    paris.sound()
    madrid.sound()
    madrid.known = caught_up(paris, "madrid")["size"]
    put_back(paris, madrid, rabat)


run(story)
