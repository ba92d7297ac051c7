"""Laws about includes: who knows whom (the table in edges), one door for each
library, database and network apart, headers that compile alone and include
only what their own declarations need."""
import os
import pathlib
import re
import subprocess
import tempfile

from tree import matches

SYSTEM_NEEDS = {
    "stdbool.h": r"\b(bool|true|false)\b",
    "stdint.h": r"\b(u?int(_fast|_least)?\d+_t|u?intptr_t|U?INT\d*_MAX)\b",
    "stddef.h": r"\b(size_t|ptrdiff_t|NULL|offsetof|max_align_t)\b",
    "stdio.h": r"\b(FILE|EOF|BUFSIZ|size_t)\b",
    "stdarg.h": r"\bva_list\b",
    "time.h": r"\b(time_t|struct tm|struct timespec|clock_t)\b",
    "sys/types.h": r"\b[a-z]+_t\b",
    "stdlib.h": r"\b(size_t|NULL|malloc|free|abort|exit)\b",
    "string.h": r"\b(mem|str)[a-z]+\b",
    "assert.h": r"\bassert\b",
    "limits.h": r"\b[A-Z]+_(MAX|MIN)\b",
}


class Edges:
    def __init__(self, path):
        self.sides, self.only, self.doors = [], [], []
        self.network, self.database, self.both = [], [], []
        for n, line in enumerate(path.read_text().splitlines(), 1):
            words = line.split("#")[0].split()
            if not words:
                continue
            kind, rest = words[0], words[1:]
            if kind == "side" and "->" in rest:
                at = rest.index("->")
                self.sides.append((rest[:at], rest[at + 1:]))
            elif kind in ("only", "door") and "<-" in rest:
                at = rest.index("<-")
                table = self.only if kind == "only" else self.doors
                table.append((rest[:at], rest[at + 1:]))
            elif kind in ("network", "database", "both"):
                getattr(self, kind).extend(rest)
            else:
                raise SystemExit("%s:%d: not understood: %s"
                                 % (path, n, line))


def any_match(path, patterns):
    return any(matches(path, p) for p in patterns)


def ours(tree, header):
    """A header of this project: an existing file or a generated one."""
    return header.split("/")[0] in ("agent", "hub", "proto", "schema",
                                    "tests") and "/" in header


def law_sides(tree, edges):
    """Agent and hub never include each other; only tests look at tests."""
    for name in tree.c_files(".c", ".h", ".def"):
        allowed = next((to for who, to in edges.sides
                        if any_match(name, who)), None)
        for line, header in tree.includes(name):
            if not ours(tree, header) or header == name:
                continue
            if allowed is None or not any_match(header, allowed):
                yield name, line, "may not include %s" % header
            holders = [f for what, f in edges.only
                       if any_match(header, what)]
            if holders and not any(any_match(name, f) for f in holders):
                yield name, line, "%s is not for this file" % header


def law_doors(tree, edges):
    """Each library is included by its own door only."""
    known = [(what, f) for what, f in edges.doors]
    for name in tree.c_files():
        if name.startswith("tests/"):
            continue
        for line, header in tree.includes(name):
            doors = [f for what, f in known if any_match(header, what)]
            if doors and not any(any_match(name, f) for f in doors):
                yield name, line, ("%s has its door elsewhere: %s" % (
                    header, " ".join(doors[0])))


def law_apart(tree, edges):
    """Only <stage>.c sees both the database and the network."""
    files = set(tree.c_files())
    headers = {n: [h for _, h in tree.includes(n)] for n in files}

    def reached(name):
        seen, todo = set(), [name]
        while todo:
            for h in headers.get(todo.pop(), ()):
                if h not in seen:
                    seen.add(h)
                    todo.append(h)
        return seen

    def network_itself(name):
        return any(any_match(h, edges.network) for h in reached(name))

    # the header of a file that talks to the network is a service
    services = {n[:-2] + ".h" for n in files
                if n.startswith("hub/") and n.endswith(".c")
                and network_itself(n) and not any_match(n, edges.both)}
    for name in sorted(files):
        if not name.startswith("hub/") or any_match(name, edges.both):
            continue
        seen = reached(name)
        data = sorted(h for h in seen if any_match(h, edges.database))
        net = sorted(h for h in seen if any_match(h, edges.network)
                     or (h in services and h != name[:-2] + ".h"))
        if data and net:
            yield name, 1, "sees the database (%s) and the network (%s)" % (
                data[0], net[0])


def provided(tree, header):
    """Names that a header of ours defines in full."""
    code = tree.code(header)
    names = set(re.findall(r"^\s*#\s*define\s+(\w+)", code, re.M))
    names |= set(re.findall(r"\btypedef\b[^;]*?\b(\w+)\s*;", code))
    names |= set(re.findall(r"\bstatic inline\b[^;{}()]*?\b(\w+)\(", code))
    for body in re.findall(r"\benum\b[^{;()]*\{(.*?)\}", code, re.S):
        names |= set(re.findall(r"(?:^|,)\s*(\w+)", body))
    kinds = set(re.findall(r"\b(?:struct|union)\s+(\w+)\s*\{", code))
    enums = set(re.findall(r"\benum\s+(\w+)\s*\{", code))
    return names, kinds, enums


def needed(tree, name, header):
    code = re.sub(r"^\s*#\s*include.*$", "", tree.code(name), flags=re.M)
    if header in SYSTEM_NEEDS:
        return re.search(SYSTEM_NEEDS[header], code) is not None
    if not header.endswith(".h") or header not in tree.files:
        return True
    names, kinds, enums = provided(tree, header)
    if names & set(re.findall(r"\w+", code)):
        return True
    if any(re.search(r"\benum\s+%s\b" % e, code) for e in enums):
        return True
    return any(re.search(r"\b(?:struct|union)\s+%s\b" % k, code)
               for k in kinds)


def law_headers_need(tree, edges):
    """A header includes only what its own declarations need.  A test's
    fixture is code, not declarations: not looked at."""
    for name in tree.c_files(".h"):
        if name.startswith("tests/"):
            continue
        for line, header in tree.includes(name):
            if not needed(tree, name, header):
                yield name, line, ("includes %s, but needs nothing that is "
                                   "defined there" % header)


def law_headers_alone(tree, edges):
    """Every header compiles by itself."""
    headers = tree.c_files(".h")
    build = pathlib.Path(os.environ.get("PLAINTIFF_BUILD",
                                        tree.root / "build"))
    flags = ["-std=c11", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror",
             "-Wstrict-prototypes", "-Wno-unused-function",
             "-Wno-unused-variable", "-I", str(tree.root), "-I", str(build),
             "-I", str(build / "proto")]
    packages = ["glib-2.0", "gmime-3.0"]
    extra = subprocess.run(["pkg-config", "--cflags"] + packages,
                           capture_output=True, text=True, check=False)
    flags += extra.stdout.split() if extra.returncode == 0 else []
    with tempfile.TemporaryDirectory() as folder:
        alone = pathlib.Path(folder) / "alone.c"
        for name in headers:
            alone.write_text('#include "%s"\n#include "%s"\n'
                             'extern int alone;\n' % (name, name))
            r = subprocess.run(["cc", "-fsyntax-only"] + flags + [str(alone)],
                               capture_output=True, text=True, check=False)
            if r.returncode != 0:
                first = next((l for l in r.stderr.splitlines()
                              if "error" in l), r.stderr[:200])
                yield name, 1, "does not compile alone: %s" % first


LAWS = {
    "sides": law_sides,
    "doors": law_doors,
    "apart": law_apart,
    "headers-need": law_headers_need,
    "headers-alone": law_headers_alone,
}
