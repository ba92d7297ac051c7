"""Laws about files and words: size, names, columns, left-over notes, SQL in
its place, everything declared also used, every test listed."""
import posixpath
import re

TEXT = (".c", ".h", ".def", ".py", ".sql", ".md", ".scd", ".build", ".txt",
        ".rules", ".sh", ".service", ".conf", ".proto", ".yml")
# made by programs, or examples of what a program prints
MADE = ("LICENSE", "schema/expected.sql", "tests/golden/", "tests/fuzz/corpus/",
        "deploy/sample/")
BAD_NAMES = ("util", "utils", "misc", "common", "helpers", "stuff")
ROOT = {"agent", "hub", "proto", "schema", "deploy", "tests", "docs", ".ci"}
# put together here, so that this file does not break its own law
NOTES = re.compile(r"\b(%s)\b" % "|".join(
    ["TO" + "DO", "FIX" + "ME", "X" + "XX", "HA" + "CK"]))
PLACE = re.compile(r"(?<![\w.$}/-])/" + r"work/|/tmp/b-[a-z]")
LITERAL = re.compile(r'"((?:\\.|[^"\\\n])*)"(?:\s*"((?:\\.|[^"\\\n])*)")*')
SQL = re.compile(r"^\s*(SELECT|INSERT INTO|UPDATE|DELETE FROM|CREATE|ALTER|"
                 r"DROP|GRANT|REVOKE|TRUNCATE|COPY|WITH)\s+[\w(*$%]")
# who may hold SQL as text, and never with a conversion in it
SQL_HERE = ("hub/db", "hub/ctl/upgrade", "hub/ctl/schema", "agent/outbox")


def made(name):
    return name.startswith(MADE)


def texts(tree):
    for name in tree.files:
        if made(name):
            continue
        if name.endswith(TEXT) or "." not in name.rsplit("/", 1)[-1]:
            yield name


def lines(tree, name):
    return enumerate(tree.text(name).split("\n"), 1)


def law_size(tree):
    """No file over 500 lines.  A migration cannot be split once it is out."""
    for name in texts(tree):
        if name.startswith("schema/migrations/"):
            continue
        n = tree.text(name).count("\n")
        if n > 500:
            yield name, n, "has %d lines, 500 are the limit" % n


def law_names(tree):
    """No folder or file called misc, util or common; no new root folder."""
    for name in tree.files:
        parts = name.split("/")
        for part in parts:
            if part.split(".")[0].lower() in BAD_NAMES:
                yield name, 1, "the name %s says nothing" % part
        if len(parts) > 1 and parts[0] not in ROOT:
            yield name, 1, "%s/ is no room of this house" % parts[0]


def law_words(tree):
    """No left-over notes, no blanks at line ends, no paths of a workplace."""
    for name in texts(tree):
        for n, line in lines(tree, name):
            if NOTES.search(line):
                yield name, n, "a left-over note: %s" % (
                    NOTES.search(line).group(1))
            if line != line.rstrip() and not line.endswith("\f"):
                yield name, n, "blanks at the end of the line"
            if PLACE.search(line):
                yield name, n, "names a folder of somebody's machine"


def law_columns(tree):
    """C stays within 80 columns, a tab being 8."""
    for name in tree.c_files(".c", ".h"):
        for n, line in lines(tree, name):
            width = len(line.expandtabs(8))
            if width > 80:
                yield name, n, "%d columns wide" % width


def law_opening(tree):
    """Each C file opens with a comment that says what it is for."""
    for name in tree.c_files(".c", ".h"):
        if not tree.text(name).lstrip().startswith("/*"):
            yield name, 1, "does not say at its top what it is for"


def law_sql(tree):
    """SQL lives in schema/; no SQL is built by printf."""
    for name in tree.c_files(".c", ".h"):
        if name.startswith("tests/"):
            continue
        code = tree.code(name)
        for m in LITERAL.finditer(code):
            whole = "".join(re.findall(r'"((?:\\.|[^"\\\n])*)"', m.group(0)))
            if not SQL.match(whole):
                continue
            n = code.count("\n", 0, m.start()) + 1
            # a number can smuggle nothing in; text can
            if re.search(r"%[-0-9.*]*[sc]", whole):
                yield name, n, "SQL built by printf: %.40s" % whole
            elif not name.startswith(SQL_HERE):
                yield name, n, "SQL outside schema/: %.40s" % whole


def law_used(tree):
    """Each setting and each statement is used by the code."""
    for side in ("agent", "hub"):
        table = side + "/conf.def"
        if table not in tree.files:
            continue
        code = "\n".join(tree.code(n) for n in tree.c_files(".c")
                         if n.startswith(side + "/"))
        for m in re.finditer(r"^CONF\(\s*(\w+)\s*,\s*(\w+)",
                             tree.text(table), re.M):
            field = "%s_%s" % m.groups()
            if not re.search(r"(?:->|\.)%s\b" % field, code):
                n = tree.text(table).count("\n", 0, m.start()) + 1
                yield table, n, "setting %s.%s is used nowhere" % m.groups()
    code = "\n".join(tree.code(n) for n in tree.c_files(".c")
                     if n.startswith("hub/"))
    for name in tree.files:
        if not re.match(r"schema/stmts/\w+\.sql$", name):
            continue
        for m in re.finditer(r"^-- name: (\w+)", tree.text(name), re.M):
            if '"%s"' % m.group(1) not in code:
                n = tree.text(name).count("\n", 0, m.start()) + 1
                yield name, n, "statement %s is used nowhere" % m.group(1)


def law_paths(tree):
    """A file or folder that a page names, or links to, exists."""
    known = set(tree.files)
    for name in tree.files:
        known.update(name[:i] for i, c in enumerate(name) if c == "/")
    for name in tree.files:
        if not name.endswith(".md") or made(name):
            continue
        folder = name.rpartition("/")[0]
        for n, line in lines(tree, name):
            for path in re.findall(r"`((?:%s)/[\w./@-]+)`" % "|".join(
                    sorted(r.replace(".", r"\.") for r in ROOT)), line):
                if path.rstrip("/") not in known:
                    yield name, n, "names %s, which is not there" % path
            for path in re.findall(r"\]\((?!\w+:)([^)#]+)[^)]*\)", line):
                target = posixpath.normpath(posixpath.join(folder, path))
                if target not in known:
                    yield name, n, "links to %s, which is not there" % path


def law_listed(tree):
    """A test that meson does not know is never run."""
    for folder, prefix in (("unit", "test_"), ("rows", "rows_"),
                           ("fuzz", "fuzz_")):
        listing = "tests/%s/meson.build" % folder
        known = tree.text(listing) if listing in tree.files else ""
        for name in tree.files:
            m = re.match(r"tests/%s/%s(\w+)\.c$" % (folder, prefix), name)
            if m and not re.search(r"'%s'" % m.group(1), known):
                yield name, 1, "is not listed in %s" % listing


LAWS = {
    "size": law_size,
    "names": law_names,
    "words": law_words,
    "columns": law_columns,
    "opening": law_opening,
    "sql": law_sql,
    "used": law_used,
    "listed": law_listed,
    "paths": law_paths,
}
