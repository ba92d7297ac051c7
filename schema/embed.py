#!/usr/bin/env python3
"""Turns this folder's SQL into one C file (schema.h has its declarations):
migrations with checksums, views, roles, and the named statements of each
stage.  usage: embed.py SCHEMA_FOLDER OUTPUT.c"""
import hashlib
import pathlib
import re
import sys

NAME = re.compile(r"^-- name: ([a-z][a-z0-9_]*)$", re.M)
# "-- also: due tally of report": this stage prepares those of report, too
ALSO = re.compile(r"^-- also: ([a-z0-9_ ]+) of ([a-z]+)$", re.M)


def c_string(text):
    out = []
    for line in text.splitlines(keepends=True):
        escaped = line.replace("\\", "\\\\").replace('"', '\\"')
        out.append('    "%s"' % escaped.replace("\n", "\\n").replace("\t", "\\t"))
    return "\n".join(out) or '    ""'


def statements(path):
    text = path.read_text()
    parts = NAME.split(text)
    seen = set()
    for name, body in zip(parts[1::2], parts[2::2]):
        if name in seen:
            sys.exit("%s: statement %s is there twice" % (path, name))
        seen.add(name)
        lines = [l for l in body.strip().splitlines() if not l.startswith("--")]
        sql = "\n".join(lines).strip()
        if not sql.endswith(";") or ";" in sql[:-1]:
            sys.exit("%s: %s must be one statement ended by ;" % (path, name))
        yield name, sql[:-1]


def borrowed(path):
    for names, stage in ALSO.findall(path.read_text()):
        theirs = dict(statements(path.with_name(stage + ".sql")))
        for name in names.split():
            if name not in theirs:
                sys.exit("%s: %s has no statement %s" % (path, stage, name))
            yield name, theirs[name]


def main():
    folder, output = pathlib.Path(sys.argv[1]), sys.argv[2]
    out = ["/* Made by schema/embed.py: do not edit. */", '#include "schema/schema.h"', ""]
    out.append("const struct schema_migration schema_migrations[] = {")
    last = 0
    for path in sorted((folder / "migrations").glob("*.sql")):
        number = int(path.name[:4])
        if number != last + 1:
            sys.exit("%s: migrations must be numbered without a gap" % path)
        last = number
        text = path.read_text()
        digest = hashlib.sha256(text.encode()).hexdigest()
        out.append('{%d, "%s", "%s",\n%s},' % (number, path.stem[5:], digest, c_string(text)))
    out += ["{0}};", "", "const struct schema_view schema_views[] = {"]
    for path in sorted((folder / "views").glob("*.sql")):
        out.append('{"%s",\n%s},' % (re.sub(r"^\d+_", "", path.stem), c_string(path.read_text())))
    out += ["{0}};", "", "const char schema_roles[] =", c_string((folder / "roles.sql").read_text()) + ";", ""]
    out.append("const struct schema_statement schema_statements[] = {")
    for path in sorted((folder / "stmts").glob("*.sql")):
        # ctl_heard.sql is a part of stage ctl
        stage = path.stem.split("_")[0]
        for name, sql in [*statements(path), *borrowed(path)]:
            out.append('{"%s", "%s",\n%s},' % (stage, name, c_string(sql)))
    out += ["{0}};", ""]
    pathlib.Path(output).write_text("\n".join(out))


main()
