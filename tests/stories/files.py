#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What goes into files and comes out of them: pipes and "-", files for their owner alone, an export that is whole or not
there, and evidence that says what was taken out of it.

Broken variants: tests/checks/cli_broken."""
import hashlib
import io
import json
import os
import resource
import subprocess
import tarfile

from story import BIN, check, complaint, kept_apart, must, ok, path, read, run, settle, started, wasl, write

SMALL = 100_000  # octets that a file may have where there is no room


def piped(node, *words, stdin=None):
    """The octets on standard output."""
    done = subprocess.run([os.path.join(BIN, "wasl"), "-n", node.dir, *words], input=stdin, capture_output=True, check=False)
    check(done.returncode == 0, words, done.stderr.decode())
    return done.stdout


def crowded(node, *words):
    """The same command where no file can grow beyond SMALL."""
    return node.wasl(*words, restore_signals=False,
                     preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (SMALL, SMALL)))


def below(folder):
    return sorted(os.path.relpath(os.path.join(top, name), folder) for top, _, names in os.walk(folder) for name in names)


def inputs(rabat, form):
    opening = ("case", "open", "request", "--to", "paris,madrid", "--part", path("data.bin"), "--fields")
    case = piped(rabat, *opening, "-", stdin=form.encode()).decode().strip()
    os.mkfifo(path("pipe"))
    mark = 'exec >"$1"; printf "\\357\\273\\277"; cat "$0"'
    with subprocess.Popen(["sh", "-c", mark, write("form.json", form), path("pipe")]):
        rabat.id("case", "open", "request", "--to", "paris", "--fields", path("pipe"))
    rabat.refuses(1, "case", "open", "request", "--to", "paris", "--fields", path("form.json"), "--part",
                  path("pipe"), says=("pipe", "a name and a size"))
    ok("fields come from standard input, from a pipe, and with the mark of an editor before them")
    return case


def outputs(rabat, case, content):
    digest = hashlib.sha256(content).hexdigest()
    check(piped(rabat, "part", "get", digest, "-o", "-") == content, "another content on standard output")
    rabat.ask("part", "get", digest, "-o", path("got"))
    rabat.ask("proof", "export", case, "-o", path("case.wasl-proof"))
    check(read(path("got")) == content, "another content in the file")
    check(kept_apart(path("got")) and kept_apart(path("case.wasl-proof")), "others may read what was exported")
    through = piped(rabat, "proof", "export", case, "-o", "-")
    said = subprocess.run([os.path.join(BIN, "wasl"), "proof", "verify", "-", "--json"], input=through, capture_output=True,
                          check=False)
    check(said.returncode == 0 and json.loads(said.stdout)["unproved"] == [], said)
    ok("a part and evidence go to standard output and come from standard input; files are their owner's alone")


def whole_or_nothing(rabat, case, digest, content):
    out = path("out")
    os.mkdir(out)
    os.mkdir(os.path.join(out, "empty"))
    old, new, empty = (os.path.join(out, name) for name in ("old", "new", "empty"))
    rabat.ask("part", "get", digest, "-o", old)
    for words in (("case", "export", case, new), ("case", "export", case, empty), ("part", "get", digest, "-o", new),
                  ("part", "get", digest, "-o", old), ("proof", "export", case, "-o", new)):
        said = complaint(crowded(rabat, *words), 1, words[-1], "too large")
        check("data.bin" in said or words[0] != "case", "it does not name the part:", said)
    check(sorted(os.listdir(out)) == ["empty", "old"] and not os.listdir(empty), "something half done is left:", below(out))
    check(read(old) == content, "the old file has changed")
    for folder in (new, empty):
        rabat.ask("case", "export", case, folder + "/")
        check(len(below(folder)) == 5 and "case.json" in below(folder), below(folder))
        check(all(kept_apart(os.path.join(folder, name)) for name in below(folder)), "others may read it")
    check(below(new) == below(empty) and len(os.listdir(out)) == 3, "the two exports differ:", below(out))
    rabat.refuses(1, "case", "export", case, new, says="not empty")
    ok("without room there is a sentence with the file's name, and nothing else; with room, all of it")


def without(whole, receiver):
    """The evidence as somebody hands it out who has taken all of one receiver away."""
    out = io.BytesIO()
    with tarfile.open(fileobj=io.BytesIO(whole)) as old, \
            tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as new:
        for info in old:
            if not info.name.startswith(f"{receiver}/") and info.name != f"cards/{receiver}.card":
                new.addfile(info, old.extractfile(info))
    return out.getvalue()


def what_was_taken_out(rabat, paris, case):
    file = write("less.wasl-proof", without(read(path("case.wasl-proof")), "madrid"))
    paris.ask("proof", "export", case, "-o", path("paris.wasl-proof"))
    for one in (file, path("paris.wasl-proof")):
        said = must(wasl("proof", "verify", one)).out
        check("Nothing is proved about madrid" in said and "received by paris" in said, "it does not say who is missing:", said)
        told = json.loads(must(wasl("proof", "verify", one, "--json")).out)
        check([party["name"] for party in told["unproved"]] == ["madrid"], told)
    check("Nothing is proved" not in must(wasl("proof", "verify", path("case.wasl-proof"))).out, "all are in this one")
    ok("evidence from which a receiver was taken verifies, and says that nothing is proved about him")


def story():
    rabat, paris, madrid = started("rabat", "paris", "madrid")
    content = os.urandom(3 << 20)
    write("data.bin", content)
    case = inputs(rabat, rabat.ask("kind", "example", "request"))
    settle(rabat, paris, madrid)
    outputs(rabat, case, content)
    whole_or_nothing(rabat, case, hashlib.sha256(content).hexdigest(), content)
    what_was_taken_out(rabat, paris, case)


run(story)
