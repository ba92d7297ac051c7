#!/usr/bin/env python3
"""Shows that every law of lint.py can fail: a small made-up tree that keeps
all laws is accepted; then, for each control, one file of it is made to break
one law, and lint must refuse the tree with the right words.

Prints "ok"/"not ok" a case; exits 1 when a control is not refused."""
import pathlib
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent

GOOD = {
    "proto/base/text.h": "/* Text. */\n#include <stddef.h>\n"
                         "struct text {\n\tconst char *at;\n\tsize_t n;\n};\n",
    "proto/wire.c": "/* The wire. */\n#include <protobuf-c/protobuf-c.h>\n"
                    '#include "proto/base/text.h"\n',
    "agent/conf.def": 'CONF(agent, site, TEXT, "", 0, 0, "", "A label.")\n',
    "agent/main.c": '/* The agent. */\n#include "proto/base/text.h"\n'
                    "const char *site;\nvoid f(struct conf *c)\n"
                    "{\n\tsite = c->agent_site;\n}\n",
    "agent/uplink.c": "/* To the hub. */\n#include <zmq.h>\n",
    "agent/outbox.c": "/* Outbox. */\n#include <sqlite3.h>\n"
                      'const char *q = "SELECT seq FROM event";\n',
    "hub/conf.h": "/* Settings. */\nstruct hub_conf;\n",
    "hub/db.h": "/* The database. */\nstruct db;\n",
    "hub/db.c": '/* The door. */\n#include <libpq-fe.h>\n#include "hub/db.h"\n',
    "hub/lookup/lookup_rows.h": "/* Rows. */\nstruct db;\n",
    "hub/lookup/lookup_rows.c": '/* Rows. */\n#include "hub/db.h"\n'
                                '#include "hub/lookup/lookup_rows.h"\n'
                                'const char *s = "lookup_claim";\n',
    "hub/lookup/dns.h": "/* Questions. */\nstruct ask;\n",
    "hub/lookup/dns.c": "/* Questions. */\n#include <ares.h>\n"
                        '#include "hub/lookup/dns.h"\n',
    "hub/lookup/lookup.c": '/* The stage. */\n#include "hub/db.h"\n'
                           '#include "hub/lookup/dns.h"\n'
                           '#include "hub/lookup/lookup_rows.h"\n',
    "schema/stmts/lookup.sql": "-- name: lookup_claim\nSELECT 1;\n",
    "tests/unit/meson.build": "unit = [\n  'text',\n]\n",
    "tests/unit/test_text.c": '/* Text. */\n#include "proto/base/text.h"\n',
}

LONG = "/* Long. */\n" + "int a;\n" * 500
NOTE = "TO" + "DO"

# law, file that breaks it, what is in it, words of the refusal
CONTROLS = [
    ("sides", "agent/spy.c", '/* Spy. */\n#include "hub/conf.h"\n',
     "agent/spy.c:2: sides: may not include hub/conf.h"),
    ("sides", "hub/spy.c", '/* Spy. */\n#include "agent/detect.h"\n',
     "may not include agent/detect.h"),
    ("sides", "proto/wire.c", '/* Up. */\n#include "agent/detect.h"\n',
     "may not include agent/detect.h"),
    ("sides", "proto/base/text.h", '/* Up. */\n#include "proto/wire.h"\n',
     "may not include proto/wire.h"),
    ("sides", "hub/spy.c", '/* Test. */\n#include "tests/unit/x.h"\n',
     "may not include tests/unit/x.h"),
    ("sides", "hub/report/report.c",
     '/* Raw. */\n#include "proto/plaintiff.pb-c.h"\n',
     "proto/plaintiff.pb-c.h is not for this file"),
    ("apart", "hub/lookup/lookup_rows.c",
     '/* Rows. */\n#include <ares.h>\n#include "hub/db.h"\n',
     "sees the database (hub/db.h) and the network (ares.h)"),
    ("apart", "hub/lookup/dns.c",
     '/* Dns. */\n#include <ares.h>\n#include "hub/lookup/lookup_rows.h"\n',
     "sees the database (hub/lookup/lookup_rows.h)"),
    ("apart", "hub/lookup/lookup_rows.c",
     '/* By way of a service. */\n#include "hub/db.h"\n'
     '#include "hub/lookup/dns.h"\n',
     "and the network (hub/lookup/dns.h)"),
    ("doors", "hub/report/report.c", "/* Pq. */\n#include <libpq-fe.h>\n",
     "libpq-fe.h has its door elsewhere"),
    ("doors", "agent/status.c", "/* Zmq. */\n#include <zmq.h>\n",
     "zmq.h has its door elsewhere"),
    ("doors", "agent/uplink.c", "/* Sql. */\n#include <sqlite3.h>\n",
     "sqlite3.h has its door elsewhere"),
    ("doors", "hub/lookup/lookup.c", "/* Dns. */\n#include <ares.h>\n",
     "ares.h has its door elsewhere"),
    ("doors", "hub/deliver/deliver.c", "/* Web. */\n#include <curl/curl.h>\n",
     "curl/curl.h has its door elsewhere"),
    ("doors", "hub/deliver/deliver.c",
     "/* Mime. */\n#include <gmime/gmime.h>\n",
     "gmime/gmime.h has its door elsewhere"),
    ("doors", "agent/event.c",
     "/* Pb. */\n#include <protobuf-c/protobuf-c.h>\n",
     "protobuf-c/protobuf-c.h has its door elsewhere"),
    ("headers-need", "hub/conf.h",
     '/* More. */\n#include "proto/base/text.h"\nstruct hub_conf;\n',
     "includes proto/base/text.h, but needs nothing"),
    ("headers-need", "hub/db.h",
     "/* More. */\n#include <stdint.h>\nstruct db;\n",
     "includes stdint.h, but needs nothing"),
    ("headers-alone", "hub/db.h",
     "/* Less. */\nstruct db {\n\tsize_t n;\n};\n",
     "hub/db.h:1: headers-alone: does not compile alone"),
    ("headers-alone", "hub/conf.h", "/* Twice. */\nstruct twice { int a; };\n",
     "hub/conf.h:1: headers-alone: does not compile alone"),
    ("size", "agent/main.c", LONG, "has 501 lines, 500 are the limit"),
    ("names", "hub/util/text.c", "/* U. */\n", "the name util says nothing"),
    ("names", "agent/common.c", "/* C. */\n", "the name common.c says"),
    ("names", "tools/x.c", "/* T. */\n", "tools/ is no room of this house"),
    ("words", "agent/main.c", "/* M. */\n/* %s: later */\n" % NOTE,
     "a left-over note"),
    ("words", "agent/main.c", "/* M. */\nint a; \n",
     "blanks at the end of the line"),
    ("words", "docs/index.md", "see /" + "work/place\n",
     "names a folder of somebody's machine"),
    ("columns", "agent/main.c", "/* M. */\n\t/* %s */\n" % ("x" * 70),
     "84 columns wide"),
    ("opening", "agent/main.c", "#include <stdio.h>\n",
     "does not say at its top what it is for"),
    ("sql", "hub/report/report.c",
     '/* S. */\nconst char *a = "SELECT mail "\n'
     '    "FROM report WHERE contact = \'%s\'";\n',
     "SQL built by printf"),
    ("sql", "hub/report/report.c",
     '/* S. */\nconst char *a = "DELETE FROM report";\n',
     "SQL outside schema/"),
    ("used", "agent/conf.def", 'CONF(agent, other, TEXT, "", 0, 0, "", "x")\n',
     "setting agent.other is used nowhere"),
    ("used", "schema/stmts/lookup.sql",
     "-- name: lookup_nothing\nSELECT 1;\n",
     "statement lookup_nothing is used nowhere"),
    ("paths", "docs/index.md", "see `agent/nothing.c`\n",
     "names agent/nothing.c, which is not there"),
    ("paths", "docs/index.md", "see [that](nothing.md)\n",
     "links to nothing.md, which is not there"),
    ("listed", "tests/unit/test_lost.c", "/* L. */\n",
     "is not listed in tests/unit/meson.build"),
]


def lint(root, law):
    r = subprocess.run(
        [sys.executable, str(HERE / "lint.py"), "--root", str(root)]
        + ([law] if law else []),
        capture_output=True, text=True, check=False)
    return r.returncode, r.stdout + r.stderr


def write(root, files):
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def main():
    bad = 0

    def case(name, fine, said):
        nonlocal bad
        print("%s %s" % ("ok" if fine else "not ok", name))
        if not fine:
            bad += 1
            print(said)

    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        good = {n: "/* Guarded. */\n#ifndef H\n#define H\n%s#endif\n" % t
                if n.endswith(".h") else t for n, t in GOOD.items()}
        for n in good:
            good[n] = good[n].replace(
                " H\n", " H_%s\n" % n.replace("/", "_")[:-2].upper()
                ) if n.endswith(".h") else good[n]
        write(root, good)
        code, said = lint(root, None)
        case("control: a tree that keeps all laws is accepted",
             code == 0, said)
        for law, name, text, words in CONTROLS:
            broken = root / name
            before = broken.read_text() if broken.exists() else None
            write(root, {name: text})
            code, said = lint(root, law)
            case("control: %s: %s" % (law, words),
                 code == 1 and words in said, said)
            if before is None:
                broken.unlink()
            else:
                broken.write_text(before)
        laws = {line.split()[1] for line in lint(root, None)[1].splitlines()
                if line.startswith("ok ")}
        case("control: every law has one",
             laws == {c[0] for c in CONTROLS},
             "without: %s" % sorted(laws - {c[0] for c in CONTROLS}))
    return 1 if bad else 0


sys.exit(main())
