#!/usr/bin/env python3
"""Holds the laws of docs/architecture.md and docs/style.md over the source
tree.  usage: lint.py [--root DIR] [LAW...]

Prints "ok LAW" or each breach as FILE:LINE: LAW: what; exits 1 on a breach.
controls.py shows for every law that a tree which breaks it is refused."""
import argparse
import pathlib
import sys

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import includes  # noqa: E402
import texts     # noqa: E402
import tree      # noqa: E402


def all_laws(edges):
    laws = {name: (lambda t, f=f: f(t, edges))
            for name, f in includes.LAWS.items()}
    laws.update(texts.LAWS)
    return laws


def main():
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("--root", default=HERE.parent.parent)
    ask.add_argument("law", nargs="*")
    args = ask.parse_args()
    laws = all_laws(includes.Edges(HERE / "edges"))
    unknown = set(args.law) - set(laws)
    if unknown:
        ask.error("no law %s; there are: %s" % (
            ", ".join(sorted(unknown)), " ".join(laws)))
    source = tree.Tree(args.root)
    bad = 0
    for name in args.law or laws:
        breaches = list(laws[name](source))
        for path, line, what in breaches:
            print("%s:%d: %s: %s" % (path, line, name, what))
        if breaches:
            print("not ok %s" % name)
            bad += 1
        else:
            print("ok %s" % name)
    return 1 if bad else 0


sys.exit(main())
