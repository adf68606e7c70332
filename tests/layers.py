#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds the house together: who may include whom, who may use what from outside, what each program may contain.

Reads the includes of src/ and the symbols of the built programs (build/, or the folder given), prints a line
`ok ...` or `not ok ...` per check, and proves on broken variants that each rule would be noticed."""
import os
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

# A folder, and the folders it may include and link. Anything not written is forbidden.
MAY = {
    "base": [],
    "kinds": [],
    "wire": ["base"],
    "seal": ["base", "wire"],
    "link": ["base"],
    "law": ["base", "wire"],
    "find": ["base", "wire"],
    "store": ["base", "wire"],
    "engine": ["base", "wire", "law"],
    "core": ["base", "wire", "seal", "link", "law", "engine", "find", "store", "kinds"],
    "gate": ["base", "wire", "link"],
    "keeper": ["base", "wire", "seal", "link"],
    "worker": ["base", "wire", "link"],
    "cli": ["base", "wire", "seal", "link", "kinds"],
    "wasld": ["base", "link"],
}

# A header from outside, and the only places (a folder or one file) that may include it.
FENCES = [
    (r"jansson\.h", ["wire/json.c"]),
    (r"openssl/.*", ["seal", "keeper"]),
    (r"sodium(/.*|\.h)", ["gate/derive.c"]),
    (r"sqlite3(ext)?\.h", ["store"]),
    (r"(libpq-fe|libpq-events|pg_config|postgres_ext)\.h", ["store"]),
    (r"(microhttpd\.h|gnutls/.*|curl/.*)", ["gate"]),
    (r"(seccomp\.h|linux/(landlock|seccomp|filter|capability|sched)\.h|sys/(mount|capability)\.h|sched\.h|grp\.h)",
     ["link"]),
    (r"(p11-kit/.*|pkcs11.*\.h|dlfcn\.h)", ["keeper"]),
    (r"ini\.h", ["wasld"]),
    (r"(netdb\.h|arpa/.*|netinet/.*|net/.*)", ["gate", "wasld"]),
    (r"sys/(socket|un)\.h", ["link", "gate", "wasld", "cli"]),
]

# Signing, not every use of a private key: seal makes an ephemeral X25519 key for each consignment (RFC 9180, Encap).
SIGNING = r"EVP_DigestSign\w*|EVP_PKEY_sign\w*|crypto_sign\w*"
SQL = r"sqlite3_\w+|PQ\w+"
TLS = r"gnutls_\w+|SSL_\w+|curl_\w+|MHD_\w+"
NETWORK = r"socket|connect|bind|listen|accept4?|getaddrinfo"
CRYPTO = r"EVP_\w+|OSSL_\w+|crypto_\w+"
LIBC = ["libc.so", "ld-linux", "libm.so", "libpthread.so"]

# A program: its folder, symbols that may not be in it (its own or called), and the only libraries it may load.
PROGRAMS = {
    "wasl-gate": ("gate", [SQL, SIGNING], ["libmicrohttpd", "libgnutls", "libcurl", "libsodium", "libjansson", "libseccomp"]),
    "wasl-core": ("core", [TLS, SIGNING, NETWORK], ["libjansson", "libcrypto", "libseccomp", "libsqlite3", "libpq"]),
    "wasl-keeper": ("keeper", [TLS, SQL, NETWORK], ["libjansson", "libcrypto", "libseccomp"]),
    "wasl-worker": ("worker", [TLS, SQL, CRYPTO, NETWORK], ["libjansson", "libseccomp"]),
    "wasl": ("cli", [TLS, SQL, SIGNING], ["libjansson", "libcrypto", "libseccomp"]),
    "wasld": ("wasld", [TLS, SQL, CRYPTO], ["libinih", "libseccomp"]),
}
STATEMENT = re.compile(rb"\b(SELECT \S.* FROM|INSERT (OR \w+ )?INTO|DELETE FROM|CREATE (TABLE|INDEX)|PRAGMA) ")

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(["<])([^">]+)[">]', re.MULTILINE)


def sources(src):
    """{path from src: [(is it quoted, what)]} of every C file."""
    found = {}
    for folder, _, names in sorted(os.walk(src)):
        for name in sorted(names):
            if name.endswith((".c", ".h", ".def")):
                path = os.path.join(folder, name)
                with open(path, encoding="utf-8") as file:
                    found[os.path.relpath(path, src)] = [(q == '"', what) for q, what in INCLUDE.findall(file.read())]
    return found


def check_directions(files):
    """Every quoted include names a file of src/ in a folder that the including one may know."""
    faults = []
    for path, includes in files.items():
        folder = path.split("/")[0]
        if folder not in MAY:
            faults.append(f"src/{folder} is not in the table of tests/layers.py")
            continue
        for quoted, what in includes:
            target = what.split("/")[0]
            if quoted and what not in files:
                faults.append(f'src/{path} includes "{what}", which is no file of src/')
            elif not quoted and what in files:
                faults.append(f"src/{path} includes <{what}> as if it came from outside")
            elif quoted and target != folder and target not in MAY[folder]:
                faults.append(f"src/{path} includes {what}: {folder} may not know {target}")
    return faults


def check_fences(files):
    faults = []
    for path, includes in files.items():
        for _, what in includes:
            for pattern, places in FENCES:
                allowed = path in places or path.split("/")[0] in places
                if re.fullmatch(pattern, what) and not allowed:
                    faults.append(f"src/{path} includes {what}, which belongs only in {' and '.join(places)}")
    return faults


def cycle(graph):
    """One cycle of the graph as a list of its nodes, or None."""
    done, path = set(), []

    def visit(node):
        if node in path:
            return path[path.index(node):] + [node]
        if node in done:
            return None
        path.append(node)
        for target in graph.get(node, ()):
            if found := visit(target):
                return found
        done.add(path.pop())
        return None

    for node in sorted(graph):
        if found := visit(node):
            return found
    return None


def check_file_cycles(files):
    found = cycle({path: [what for quoted, what in includes if quoted] for path, includes in files.items()})
    return ["include cycle of files: " + " -> ".join(found)] if found else []


def check_folder_cycles(files):
    graph = {}
    for path, includes in files.items():
        folder = path.split("/")[0]
        graph.setdefault(folder, set()).update(
            what.split("/")[0] for quoted, what in includes if quoted and what.split("/")[0] != folder)
    found = cycle(graph)
    return ["include cycle of folders: " + " -> ".join(found)] if found else []


def check_build_table(text):
    """meson.build links by the same table."""
    rows = dict(re.findall(r"^  \['(\w+)', +\[([^\]]*)\],", text, re.MULTILINE))
    linked = {folder: re.findall(r"'(\w+)'", uses) for folder, uses in rows.items()}
    return [f"meson.build links {folder} against {linked.get(folder)}, tests/layers.py says {known}"
            for folder, known in MAY.items() if folder != "kinds" and sorted(linked.get(folder, ["?"])) != sorted(known)]


def check_program(name, defined, called, loaded, content):
    """The rules of one program on the names it defines and calls, the libraries it loads and its bytes."""
    folder, forbidden, libraries = PROGRAMS[name]
    faults = []
    for pattern in forbidden:
        faults += [f"{name} contains {symbol}" for symbol in sorted(defined | called) if re.fullmatch(pattern, symbol)]
    for other in MAY:
        if other != folder and other not in MAY[folder]:
            faults += [f"{name} contains {symbol} of src/{other}" for symbol in sorted(defined)
                       if symbol.startswith(other + "_")]
    faults += [f"{name} loads {library}" for library in loaded
               if not any(library.startswith(allowed) for allowed in libraries + LIBC)]
    if folder != "core" and (statement := STATEMENT.search(content)):
        faults.append(f"{name} contains SQL: {statement.group().decode()}")
    return faults


def check_prefix(folder, symbols):
    return [f"lib{folder}.a: {symbol} does not begin with {folder}_" for symbol in sorted(symbols)
            if not symbol.startswith(folder + "_")]


def output(*command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise OSError(f"{' '.join(command)}: {done.stderr.strip()}")
    return done.stdout


def symbols(path, *options):
    names = set()
    for line in output("nm", "--format=posix", *options, path).splitlines():
        parts = line.split()
        if len(parts) >= 2 and not line.endswith(":"):
            names.add(parts[0].split("@")[0])
    return names


def program_faults(build, name):
    path = os.path.join(build, "bin", name)
    if not os.path.exists(path):
        return [f"{path} was not built"]
    loaded = re.findall(r"\(NEEDED\).*\[(.*)\]", output("readelf", "-d", path))
    with open(path, "rb") as file:
        content = file.read()
    return check_program(name, symbols(path, "--defined-only"), symbols(path, "-D", "--undefined-only"), loaded, content)


def library_faults(build, folder):
    path = os.path.join(build, f"lib{folder}.a")
    if not os.path.exists(path):
        return [f"{path} was not built"]
    return check_prefix(folder, symbols(path, "--defined-only", "--extern-only"))


SOURCE_CHECKS = [
    ("includes go only in the allowed direction", check_directions),
    ("headers from outside stay behind their fence", check_fences),
    ("no include cycle between files", check_file_cycles),
    ("no include cycle between folders", check_folder_cycles),
]

# A line put into a file, and the check that must notice it.
BROKEN_SOURCES = [
    ("wire/broken.c", '#include "core/core.h"', check_directions),
    ("gate/broken.c", '#include "store/store.h"', check_directions),
    ("gate/broken.c", '#include "seal/seal.h"', check_directions),
    ("wasld/broken.c", '#include "wire/json.h"', check_directions),
    ("engine/broken.c", '#include "store/store.h"', check_directions),
    ("law/broken.c", '#include "engine/engine.h"', check_directions),
    ("base/broken.c", '#include "nowhere.h"', check_directions),
    ("base/broken.c", "#include <base/base.h>", check_directions),
    ("attic/broken.c", '#include "base/base.h"', check_directions),
    ("core/broken.c", "#include <sqlite3.h>", check_fences),
    ("cli/broken.c", "#include <libpq-fe.h>", check_fences),
    ("core/broken.c", "#  include <openssl/evp.h>", check_fences),
    ("wire/broken.c", "#include <jansson.h>", check_fences),
    ("core/broken.c", "#include <p11-kit/pkcs11.h>", check_fences),
    ("seal/broken.c", "#include <dlfcn.h>", check_fences),
    ("gate/broken.c", "#include <sodium.h>", check_fences),
    ("keeper/broken.c", "#include <gnutls/gnutls.h>", check_fences),
    ("gate/broken.c", "#include <linux/landlock.h>", check_fences),
    ("core/broken.c", "#include <sys/socket.h>", check_fences),
    ("base/error.h", '#include "base/bytes.h"', check_file_cycles),
    ("base/broken.h", '#include "wire/json.h"', check_folder_cycles),
]
# A program, what is put into it (defined, called, loaded, content).
BROKEN_PROGRAMS = [
    ("wasl-gate", {"sqlite3_step"}, set(), [], b""),
    ("wasl-gate", set(), {"PQexec"}, [], b""),
    ("wasl", set(), set(), ["libpq.so.5"], b""),
    ("wasl-gate", set(), {"EVP_DigestSign"}, [], b""),
    ("wasl-gate", {"store_open"}, set(), [], b""),
    ("wasl-gate", set(), set(), ["libsqlite3.so.0"], b""),
    ("wasl-gate", set(), set(), [], b"\0INSERT INTO message VALUES"),
    ("wasl-core", set(), {"gnutls_init"}, [], b""),
    ("wasl-core", set(), {"EVP_DigestSign"}, [], b""),
    ("wasl-core", set(), {"connect"}, [], b""),
    ("wasl-keeper", set(), {"SSL_new"}, [], b""),
    ("wasl-keeper", set(), {"sqlite3_open_v2"}, [], b""),
    ("wasl-worker", set(), {"EVP_Digest"}, [], b""),
    ("wasld", {"wire_json_parse"}, set(), [], b""),
]


def broken_variants():
    """(name, faults) for each variant; a variant that nobody notices is the fault."""
    with tempfile.TemporaryDirectory() as folder:
        src = os.path.join(folder, "src")
        for place, line, check in BROKEN_SOURCES:
            shutil.rmtree(src, ignore_errors=True)
            shutil.copytree(os.path.join(ROOT, "src"), src)
            before = set(check(sources(src)))
            os.makedirs(os.path.dirname(os.path.join(src, place)), exist_ok=True)
            with open(os.path.join(src, place), "a", encoding="utf-8") as file:
                file.write("\n" + line + "\n")
            noticed = set(check(sources(src))) - before
            yield f"broken variant noticed: {line} in {place}", [] if noticed else ["it was not"]
    for name, defined, called, loaded, content in BROKEN_PROGRAMS:
        inside = ", ".join([*sorted(defined | called), *loaded, *([content[1:12].decode()] if content else [])])
        noticed = check_program(name, defined, called, loaded, content)
        yield f"broken variant noticed: {inside} in {name}", [] if noticed else ["it was not"]
    yield "broken variant noticed: a symbol without prefix", [] if check_prefix("wire", {"parse"}) else ["it was not"]
    with open(os.path.join(ROOT, "meson.build"), encoding="utf-8") as file:
        loosened = file.read().replace("['gate',   ['base',", "['gate',   ['store', 'base',")
    yield "broken variant noticed: gate linked with store", [] if check_build_table(loosened) else ["it was not"]


def checks(build):
    files = sources(os.path.join(ROOT, "src"))
    for name, check in SOURCE_CHECKS:
        yield name, check(files)
    with open(os.path.join(ROOT, "meson.build"), encoding="utf-8") as file:
        yield "the build links by the same table", check_build_table(file.read())
    for folder in MAY:
        yield f"public symbols of lib{folder} carry its prefix", library_faults(build, folder)
    for name in PROGRAMS:
        yield f"{name} contains nothing that it may not", program_faults(build, name)
    yield from broken_variants()


def main():
    build = sys.argv[1] if len(sys.argv) > 1 else os.path.join(ROOT, "build")
    failed = False
    for name, faults in checks(build):
        print(f"{'not ok' if faults else 'ok'} {name}" + "".join(f"\n  {fault}" for fault in faults))
        failed = failed or bool(faults)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
