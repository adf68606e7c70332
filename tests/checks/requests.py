#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds the table in spec/requests.md against src/link/table.def; --write makes it anew."""
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PAGE = os.path.join(ROOT, "spec", "requests.md")
ROW = re.compile(r'^LINK_REQUEST\((\w+),\s*"([\w.]+)",\s*([\w| ]+?),\s*(\w+),\s*([\d <]+?),\s*(\w+),\s*([01]),\s*([\w|]+),\s*([\w|]+)\)$')
ROLES = {"LINK_LOCAL": "local gate", "LINK_PEER": "partner gate", "LINK_CORE": "core", "CORE": "core",
         "KEEPER": "keeper", "WORKER": "worker"}
PERSONS = {"LIA": "liaison", "SUP": "supervisor", "OPS": "operations", "INT": "integrator", "AUD": "auditor",
           "ADM": "administrator", "ALL": "all", "0": ""}
DESCRIPTOR = {"NONE": "", "IN": "in", "OUT": "out", "BOTH": "in, out"}
BEGIN, END = "<!-- begin of the table -->\n", "<!-- end of the table -->\n"


def size(text):
    number, _, shift = text.partition("<<")
    return int(number) << int(shift or 0)


def persons(words):
    return ", ".join(PERSONS[word] for word in words.split("|"))


def table():
    lines = ["| code | request | asked by | served by | largest, bytes | descriptor | parked | for persons who are | without content also for |",
             "|---|---|---|---|---|---|---|---|---|"]
    with open(os.path.join(ROOT, "src", "link", "table.def"), encoding="utf-8") as source:
        rows = [line.strip() for line in source if line.startswith("LINK_REQUEST(")]
    for code, row in enumerate(rows, 1):
        match = ROW.match(row)
        if not match:
            sys.exit(f"src/link/table.def: not understood: {row}")
        _, name, senders, receiver, largest, descriptor, parked, roles, bare = match.groups()
        asked = ", ".join(ROLES[sender.strip()] for sender in senders.split("|"))
        lines.append(f"| {code} | `{name}` | {asked} | {ROLES[receiver]} | {size(largest):,} | {DESCRIPTOR[descriptor]} "
                     f"| {'yes' if parked == '1' else ''} | {persons(roles)} | {persons(bare)} |")
    return "\n".join(lines) + "\n"


def main():
    with open(PAGE, encoding="utf-8") as page:
        text = page.read()
    head, _, rest = text.partition(BEGIN)
    _, _, tail = rest.partition(END)
    wanted = head + BEGIN + "\n" + table() + "\n" + END + tail
    if sys.argv[1:] == ["--write"]:
        with open(PAGE, "w", encoding="utf-8") as page:
            page.write(wanted)
        return 0
    same, stale = text == wanted, text != wanted.replace("| 1 | `", "| 1 | `x", 1)
    print("ok spec/requests.md is current" if same else
          "not ok spec/requests.md is not what src/link/table.def says: run tests/checks/requests.py --write")
    print("ok a changed row would be noticed" if stale else "not ok a changed row would not be noticed")
    return 0 if same and stale else 1


if __name__ == "__main__":
    sys.exit(main())
