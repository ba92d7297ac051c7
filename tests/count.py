#!/usr/bin/env python3
"""Adds up the cases of JUnit files for tests/run.

usage: count.py FILE...   prints "PASSED FAILED SKIPPED", then on further
lines the names of the failed and the skipped ones.  A file that is missing,
unreadable or holds no case counts as one failure."""
import sys
import xml.etree.ElementTree as ET


def main():
    passed = failed = skipped = 0
    notes = []
    for path in sys.argv[1:]:
        try:
            cases = list(ET.parse(path).getroot().iter("testcase"))
        except (OSError, ET.ParseError) as e:
            cases, notes = [], notes + ["failed: %s: %s" % (path, e)]
            failed += 1
            continue
        if not cases:
            notes.append("failed: %s holds no test" % path)
            failed += 1
        for case in cases:
            name = "%s.%s" % (case.get("classname", ""), case.get("name"))
            if case.find("failure") is not None or \
                    case.find("error") is not None:
                failed += 1
                notes.append("failed: " + name)
            elif case.find("skipped") is not None:
                skipped += 1
                why = case.find("skipped").get("message") or ""
                notes.append("skipped: %s %s" % (name, why))
            else:
                passed += 1
    print(passed, failed, skipped)
    print("\n".join(notes))


main()
