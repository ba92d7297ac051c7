#!/usr/bin/env python3
"""Turns the wordings of reports into a C file, and fails when a text lacks
one, has one that nobody declared, or uses a field it does not have.
usage: embed.py WORDING.def OUTPUT.c MACHINE.txt LANGUAGE.txt..."""
import pathlib
import re
import sys

ROW = re.compile(r'^(WORDING\w*)\((\w+), "([^"]*)"\)$')
# lines are kept here, and joined elsewhere
KEEPS_LINES = {"greeting"}
bad = []


def declared(path):
    """(names of machine.txt, names of languages): name -> fields."""
    machine, language = {}, {}
    for line in pathlib.Path(path).read_text().splitlines():
        m = ROW.match(line)
        if not m:
            continue
        form, name, fields = m.group(1), m.group(2), set(m.group(3).split())
        if form == "WORDING_PLURAL":
            language[name + ".one"] = language[name + ".many"] = fields
        else:
            (machine if form == "WORDING_MACHINE" else language)[name] = fields
    return machine, language


def read(path, known):
    """name -> text of one file."""
    found, name = {}, None
    for n, line in enumerate(pathlib.Path(path).read_text().splitlines(), 1):
        where = "%s:%d: " % (path, n)
        m = re.match(r"\[([\w.]+)\]$", line)
        if m:
            name = m.group(1)
            if name not in known:
                bad.append(where + "no wording is called %s" % name)
            if name in found:
                bad.append(where + "%s is here twice" % name)
            found[name] = []
        elif line.startswith("#"):
            continue
        elif name is not None:
            found[name].append(line)
            for field in re.findall(r"\{([^}]*)\}?", line):
                if field not in known.get(name, {field}):
                    bad.append(where + "%s has no field {%s}" % (name, field))
        elif line.strip():
            bad.append(where + "text in front of the first [name]")
    for missing in sorted(set(known) - set(found)):
        bad.append("%s: lacks [%s]" % (path, missing))
    texts = {}
    for name, lines in found.items():
        text = "\n".join(lines).strip("\n")
        if name not in KEEPS_LINES:
            text = " ".join(text.split("\n"))
        if not text:
            bad.append("%s: [%s] is empty" % (path, name))
        texts[name] = text
    return texts


def literal(text):
    out = "".join(
        chr(b) if 0x20 <= b < 0x7f and chr(b) not in '"\\?' else "\\%03o" % b
        for b in text.encode())
    return "\n".join('        "%s"' % out[i:j] for i, j in pieces(out))


def pieces(out):
    """Ends of lines of source, never inside an escape."""
    i = 0
    while i < len(out):
        j = min(i + 60, len(out))
        while j < len(out) and "\\" in out[j - 3:j]:
            j += 1
        yield i, j
        i = j


def main():
    definition, output, machine_file, *languages = sys.argv[1:]
    machine, language = declared(definition)
    same = read(machine_file, machine)
    out = ['/* Made by hub/report/texts/embed.py: do not edit. */',
           '#include "hub/report/wording.h"', '',
           'const char *const wording_texts[LANGUAGE_COUNT][WORDING_COUNT] = {']
    for path in languages:
        name = pathlib.Path(path).stem.upper()
        out.append("    [LANGUAGE_%s] = {" % name)
        for key, text in {**same, **read(path, language)}.items():
            key = key.replace(".one", "").replace(".", "_")
            out.append("    [WORDING_%s] =\n%s," % (key, literal(text)))
        out.append("    },")
    out.append("};")
    if bad:
        sys.exit("\n".join(bad))
    pathlib.Path(output).write_text("\n".join(out) + "\n")


main()
