#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Mutants of C sources, and whether the unit tests find them out: tests/mutants.py [PATH …], or a set of them: --set law (which it is by
itself), --set engine (the state of a case and its items, and the direct reader of headers), --set clocks (of a case and of its items),
--set forms (what they say against earlier messages, and balances), --set kinds (their reader, and forms by them).

Each mutant (tests/mutate.py says by which rules) is compiled as the build compiles the file, without its debug information, and put
before the libraries in the unit tests of the folder, which must then fail: one that crashes, or takes more than the time given to it,
fails, too. Which is changed where is always the same; --sample N tries N of them, by --seed. Not counted are mutants that do not
compile, those whose object is the original's or an earlier mutant's octet by octet, and those in tests/mutants.txt, which cannot be
told from the original by anybody: there stands why, and an entry that fits no mutant, or one that is found out, is an error.

The last line says how many were found out; less than --least per cent (95) is a failure. All are in build/mutants.json."""
import argparse
import collections
import concurrent.futures
import hashlib
import json
import os
import random
import resource
import shlex
import subprocess
import sys
import tempfile

import mutate

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BUILD = os.path.join(ROOT, "build")
KNOWN = os.path.join(ROOT, "tests", "mutants.txt")
SECONDS, MEMORY = 3, 2 << 30  # of processor time and of memory that a test may take, many times what it needs
WALL_SECONDS = 60             # one that waits for nothing
# sources, and the unit tests that must find their mutants out; none: those of the folder
SETS = {
    "law": (["src/law"], None),
    "engine": (["src/engine", "src/wire/header_direct.c"], "engine_state,engine_item,engine_edge,engine_full,engine_period,wire_direct"),
    "clocks": (["src/core/clocks.c", "src/core/itemclocks.c"], "core_clockheard,core_clockitem,core_clockstep,core_clocktouch"),
    "forms": (["src/core/answercheck.c", "src/core/balance.c", "src/core/earliercheck.c"], "core_formcheck,core_balancecount"),
    "kinds": (["src/wire/kind.c", "src/wire/kind_answer.c", "src/wire/kind_apart.c", "src/wire/kind_balance.c", "src/wire/kind_clock.c", "src/wire/kind_doubts.c", "src/wire/kind_earlier.c", "src/wire/kind_ends.c", "src/wire/kind_feed.c",
               "src/wire/kind_field.c", "src/wire/kind_item.c", "src/wire/kind_lane.c", "src/wire/kind_period.c", "src/wire/kind_picture.c",
               "src/wire/kind_write.c", "src/wire/form.c", "src/wire/labels.c"],
              "wire_kind,wire_kindcheck,wire_kindedge,wire_kindmemory,wire_kindshown,wire_item,wire_clock,wire_ends,wire_feed,wire_balance,wire_answer,wire_kindapart,wire_kindearlier,wire_form,wire_shipped"),
}


def arguments():
    parser = argparse.ArgumentParser(prog="tests/mutants.py", description="Tries whether the unit tests find mutants out.")
    parser.add_argument("paths", nargs="*", help="folders of src/, or files")
    parser.add_argument("--set", choices=sorted(SETS), default="law", help="where no path is given")
    parser.add_argument("--tests", help="names of tests/unit, without .c and with commas; else those of the folder")
    parser.add_argument("--sample", type=int, help="try that many")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--least", type=float, default=95, help="per cent to be found out")
    parser.add_argument("--json", default=os.path.join(BUILD, "mutants.json"))
    options = parser.parse_args()
    if not options.paths:
        options.paths, of_set = SETS[options.set]
        options.tests = options.tests or of_set
    return options


class One:
    """A mutant of a file, and what became of it."""

    def __init__(self, path, mutant):
        self.path, self.mutant = path, mutant
        self.object = self.result = self.by = None

    def key(self):
        return self.path, self.mutant.function, self.mutant.was, self.mutant.now

    def __str__(self):
        return f"{self.path}:{self.mutant.line}: {self.mutant.function}: {self.mutant.was}  =>  {self.mutant.now}"


class Test:
    """A unit test: how its program is linked, with an object before all libraries."""

    def __init__(self, name):
        self.name = name
        said = subprocess.run(["ninja", "-C", BUILD, "-t", "commands", f"tests/unit-{name}"], capture_output=True, text=True, check=False)
        if said.returncode != 0:
            sys.exit(f"tests/mutants.py: there is no unit test {name}: {said.stderr.strip()}")
        self.line = shlex.split(said.stdout.strip().splitlines()[-1])
        self.seconds = 0.0  # of processor time, to link it and to run it, with the source as it is

    def measured(self, folder):
        """Whether it passes with the source as it is, and how long that takes."""
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        passed = self.passes([], folder)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        self.seconds = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
        return passed

    def passes(self, objects, folder):
        program = os.path.join(folder, self.name)
        line = list(self.line)
        line[line.index("-o") + 1] = program
        first = next(i for i, word in enumerate(line) if word.endswith(".o"))
        subprocess.run([*line[:first], *objects, "-Wl,-S", *line[first:]], cwd=BUILD, check=True, capture_output=True)
        environment = {**os.environ, "WASL_SOURCE": ROOT, "WASL_BIN": os.path.join(BUILD, "bin"), "WASL_TEST_TMP": folder}
        try:
            return subprocess.run([program], cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL, timeout=WALL_SECONDS, preexec_fn=bounded, check=False).returncode == 0
        except subprocess.TimeoutExpired:
            return False
        finally:
            os.unlink(program)


def bounded():
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


class Compiler:
    """How the build compiles each file: with its flags, but for debug information, which would differ by a place alone."""

    def __init__(self, folder):
        self.folder, self.lines = folder, {}
        with open(os.path.join(BUILD, "compile_commands.json"), encoding="utf-8") as file:
            for entry in json.load(file):
                path = os.path.relpath(os.path.join(entry["directory"], entry["file"]), ROOT)
                if path not in self.lines:
                    self.lines[path] = list(kept(shlex.split(entry["command"])))

    def compiled(self, path, name, text):
        """The object, or None when the text does not compile."""
        folder = os.path.join(self.folder, name)
        os.makedirs(folder)
        source, made = os.path.join(folder, os.path.basename(path)), os.path.join(folder, "changed.o")
        with open(source, "w", encoding="utf-8") as file:
            file.write(text)
        done = subprocess.run([*self.lines[path], "-Werror=return-type", "-c", source, "-o", made], cwd=BUILD, capture_output=True, check=False)
        return made if done.returncode == 0 else None


def kept(words):
    """Of a line of the build, what says how and not what."""
    words = iter(words)
    for word in words:
        if word in ("-MQ", "-MF", "-o", "-c"):
            next(words)
        elif word not in ("ccache", "-g", "-MD") and not word.startswith("-W"):
            yield word


class Progress:
    def __init__(self, what, count):
        self.what, self.count, self.done, self.shown = what, count, 0, sys.stderr.isatty()

    def step(self, more=""):
        self.done += 1
        if self.shown:
            print(f"\r{self.what} {self.done} of {self.count}{more} ", end="\n" if self.done == self.count else "", file=sys.stderr, flush=True)


def sources(paths):
    found = []
    for path in paths:
        path = os.path.relpath(os.path.abspath(path), ROOT)
        if os.path.isdir(os.path.join(ROOT, path)):
            found += [os.path.join(path, name) for name in os.listdir(os.path.join(ROOT, path)) if name.endswith(".c")]
        else:
            found.append(path)
    return sorted(set(found))


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        return file.read()


def digest(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).digest()


def compile_all(compiler, ones, texts, jobs):
    """Gives each its object, or the result that says why it is not counted."""
    seen = {path: {digest(compiler.compiled(path, "as-it-is-" + path.replace("/", "-"), text)): "same object"} for path, text in texts.items()}
    progress = Progress("compiled", len(ones))

    def compile_one(numbered):
        number, one = numbered
        one.object = compiler.compiled(one.path, str(number), one.mutant.applied(texts[one.path]))
        progress.step()

    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        list(pool.map(compile_one, enumerate(ones)))
    for one in ones:
        if one.object is None:
            one.result = "not compiled"
        else:
            one.result = seen[one.path].setdefault(digest(one.object), None)
            seen[one.path][digest(one.object)] = one.result or "same as another"


def try_all(ones, tests, jobs):
    """Runs the tests with each, first those that found most in this file for the time that they take, until one fails."""
    found = collections.Counter()
    progress = Progress("tried", len(ones))
    survived = [0]

    def try_one(one):
        folder = os.path.dirname(one.object)
        for test in sorted(tests, key=lambda test: test.seconds / (found[one.path, test.name] + 1)):
            if not test.passes([one.object], folder):
                one.result, one.by = "found out", test.name
                found[one.path, test.name] += 1
                break
        else:
            one.result = "survived"
            survived[0] += 1
        progress.step(f", {survived[0]} survived")

    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        list(pool.map(try_one, ones))


def known():
    """(path, function, line, changed line) of each that cannot be told from the original, and why."""
    entries = {}
    with open(KNOWN, encoding="utf-8") as file:
        blocks = [block.splitlines() for block in file.read().split("\n\n")]
    for block in blocks:
        block = [line for line in block if not line.startswith("#")]
        if not block:
            continue
        if len(block) != 4 or not block[3].startswith("because "):
            sys.exit(f"tests/mutants.txt: not a place, a line, the line changed and a reason: {block}")
        path, function = (block[0].split() + [""])[:2]
        entries[path, function, " ".join(block[1].split()), " ".join(block[2].split())] = block[3]
    return entries


def wrong_entries(entries, every, tried):
    """Why an entry is no good: nothing is changed so, or it was found out."""
    there, out = {one.key() for one in every}, {one.key() for one in tried if one.result == "found out"}
    paths = {one.path for one in every}
    for key in entries:
        if key[0] in paths and key not in there:
            yield f"tests/mutants.txt: no mutant is like this one any more: {' '.join(key[:2])}: {key[2]}  =>  {key[3]}"
        elif key in out:
            yield f"tests/mutants.txt: a test finds this one out: {' '.join(key[:2])}: {key[2]}  =>  {key[3]}"


def write(path, ones):
    rows = [{"file": one.path, "line": one.mutant.line, "function": one.mutant.function, "was": one.mutant.was, "now": one.mutant.now,
             "result": one.result, **({"by": one.by} if one.by else {})} for one in ones]
    with open(path, "w", encoding="utf-8") as file:
        file.write("[" + ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "]\n")


def main():
    options = arguments()
    texts = {path: read(path) for path in sources(options.paths)}
    folders = {path.split("/")[1] for path in texts}
    names = options.tests.split(",") if options.tests else sorted(
        name[:-2] for name in os.listdir(os.path.join(ROOT, "tests/unit")) if name.endswith(".c") and name.split("_")[0] in folders)
    every = [One(path, mutant) for path, text in texts.items() for mutant in mutate.mutants(text)]
    ones = every
    if options.sample is not None:
        chosen = random.Random(options.seed).sample(range(len(every)), min(options.sample, len(every)))
        ones = [every[i] for i in sorted(chosen)]
    entries, tests = known(), [Test(name) for name in names]
    with tempfile.TemporaryDirectory(dir=os.environ.get("WASL_TEST_TMP"), prefix="mutants-") as folder:
        for test in tests:
            if not test.measured(folder):
                sys.exit(f"tests/mutants.py: {test.name} fails with the source as it is")
        compile_all(Compiler(folder), ones, texts, options.jobs)
        try_all([one for one in ones if one.result is None], tests, options.jobs)
    write(options.json, ones)
    return report(options, entries, every, ones)


def report(options, entries, every, ones):
    wrong = list(wrong_entries(entries, every, ones))
    equal = [one for one in ones if one.result == "survived" and one.key() in entries]
    survivors = [one for one in ones if one.result == "survived" and one.key() not in entries]
    counts = collections.Counter(one.result for one in ones)
    counted = counts["found out"] + len(survivors)
    per_cent = 100 * counts["found out"] / counted if counted else 0
    for line in wrong:
        print(line)
    for one in survivors:
        print(f"survived: {one}")
    print(f"{len(ones)} of {len(every)} mutants: {counts['not compiled']} do not compile, {counts['same object']} are the same object, "
          f"{counts['same as another']} the same as another, {len(equal)} cannot be told apart (tests/mutants.txt)")
    print(f"{counts['found out']} of {counted} found out, {per_cent:.1f} %; at least {options.least:g} % are asked for")
    return 1 if wrong or per_cent < options.least else 0


if __name__ == "__main__":
    sys.exit(main())
