#!/usr/bin/env python3
"""Copies log files with all their stamps moved by one span of time, so that
the newest stamp of all becomes ten minutes ago.  The sample logs are shown
this way, since events older than two weeks are not reported.

usage: recent.py OUTPUT_FOLDER FILE...    (stamps without a zone are UTC)"""
import datetime
import pathlib
import re
import sys

UTC = datetime.timezone.utc
OLD = re.compile(r"^[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d")
NEW = re.compile(r"^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?\+00:00")
SAMPLE_YEAR = 2026


def stamp(line):
    """(time, end of the stamp, rest of a second as text)"""
    m = NEW.match(line)
    if m:
        when = datetime.datetime.fromisoformat(m.group(1))
        return when.replace(tzinfo=UTC), m.end(), m.group(2) or ""
    m = OLD.match(line)
    if not m:
        sys.exit("no stamp: %s" % line)
    when = datetime.datetime.strptime(
        "%d %s" % (SAMPLE_YEAR, m.group(0)), "%Y %b %d %H:%M:%S")
    return when.replace(tzinfo=UTC), m.end(), None


def main():
    folder = pathlib.Path(sys.argv[1])
    files = {p: pathlib.Path(p).read_text().splitlines()
             for p in sys.argv[2:]}
    newest = max(stamp(line)[0] for lines in files.values() for line in lines)
    now = datetime.datetime.now(UTC).replace(microsecond=0)
    by = now - datetime.timedelta(minutes=10) - newest
    for path, lines in files.items():
        out = []
        for line in lines:
            when, end, rest = stamp(line)
            when += by
            if rest is None:
                text = when.strftime("%b ") + "%2d" % when.day + \
                    when.strftime(" %H:%M:%S")
            else:
                text = when.strftime("%Y-%m-%dT%H:%M:%S") + rest + "+00:00"
            out.append(text + line[end:])
        (folder / pathlib.Path(path).name).write_text("\n".join(out) + "\n")


main()
