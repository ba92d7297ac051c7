#!/usr/bin/env python3
"""Turns a text into a C file.  usage: embed.py NAME TEXT OUTPUT.c"""
import pathlib
import sys

name, text, output = sys.argv[1:]
lines = pathlib.Path(text).read_text().splitlines()
quoted = ['    "%s\\n"' % l.replace("\\", "\\\\").replace('"', '\\"') for l in lines]
pathlib.Path(output).write_text(
    '/* Made by hub/report/texts/embed.py: do not edit. */\n'
    '#include "hub/report/texts.h"\n\nconst char %s[] =\n%s;\n' % (name, "\n".join(quoted)))
