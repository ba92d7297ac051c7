"""What the golden files are made of: one function for each, used by the test
that compares and by `accept`, which writes them anew on purpose.

usage of accept: PLAINTIFF_BUILD=build tests/golden/accept [NAME...]
"""
import os
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
SOURCE = HERE.parents[1]
sys.path.insert(0, str(SOURCE / "tests" / "live"))

import pg  # noqa: E402
import why  # noqa: E402
from conftest import BUILD, program  # noqa: E402


def output(name, *args):
    return subprocess.run([program(name), *args], check=True,
                          stdout=subprocess.PIPE, text=True).stdout


def schema():
    """pg_dump of a freshly upgraded database, without what depends on the day
    (partitions) or on PostgreSQL's release (settings, how it spells a
    view)."""
    cluster = pg.Cluster()
    try:
        d = cluster.create("golden")
        conf = cluster.folder + "/hub.conf"
        pathlib.Path(conf).write_text(
            "[database]\nconnect = %s\nowner = postgres\n" % d.connect)
        subprocess.run([program("plaintiff"), "-c", conf, "schema",
                        "upgrade"], check=True, stdout=subprocess.DEVNULL)
        dump = subprocess.run(
            [cluster.bin + "/pg_dump", "--schema-only", "--no-owner",
             "--exclude-table=plaintiff.event_2*",
             "--exclude-table=plaintiff.evidence_2*", "-d",
             d.owner_connect], check=True, stdout=subprocess.PIPE,
            text=True, env=dict(os.environ, LC_ALL="C")).stdout
    finally:
        cluster.remove()
    return normal(dump)


def normal(dump):
    dump = re.sub(r"(CREATE VIEW \S+) AS\n.*?;\n",
                  r"\1; -- its text: schema/views\n", dump, flags=re.S)
    lines = [line.rstrip() for line in dump.splitlines()
             if not re.match(r"--|SET |SELECT pg_catalog\.|\\", line)]
    out = re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
    return "-- Made by tests/golden/accept from a fresh database.\n%s\n" % out


# golden file (from the source tree's root) -> how its content is made
GOLDENS = {
    "schema/expected.sql": schema,
    "tests/golden/why.txt": why.whys,
    "tests/golden/help-plaintiff.txt":
        lambda: output("plaintiff", "--help"),
    "tests/golden/help-plaintiff-hub.txt":
        lambda: output("plaintiff-hub", "--help"),
    "tests/golden/help-plaintiff-agent.txt":
        lambda: output("plaintiff-agent", "--help"),
    "tests/golden/sample-hub.conf":
        lambda: output("plaintiff-hub", "sample-config"),
    "tests/golden/sample-agent.conf":
        lambda: output("plaintiff-agent", "sample-config"),
}


def accept(names):
    for name, make in GOLDENS.items():
        if names and pathlib.Path(name).name not in names:
            continue
        text = make()
        path = SOURCE / name
        changed = not path.exists() or path.read_text() != text
        path.write_text(text)
        print("%s: %s" % (name, "written" if changed else "the same"))
    if not names or "mails" in names:
        # the program writes the bytes of mail_*.eml itself (test_mails.py)
        subprocess.run([str(BUILD / "tests/golden/golden_mails"), str(HERE)],
                       check=True)
        print("tests/golden/mail_*.eml: written")
