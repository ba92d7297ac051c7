#!/usr/bin/env python3
"""Makes one manual page.  usage: page.py SCDOC PAGE.scd OUTPUT [PROGRAM]

Where PAGE.scd has a line "@SETTINGS@", what PROGRAM prints for
"settings-scdoc" is put in its place."""
import pathlib
import subprocess
import sys


def main():
    scdoc, page, output = sys.argv[1:4]
    text = pathlib.Path(page).read_text()
    if len(sys.argv) > 4:
        settings = subprocess.run([sys.argv[4], "settings-scdoc"], check=True,
                                  capture_output=True, text=True).stdout
        text = text.replace("@SETTINGS@\n", settings.strip("\n") + "\n")
    made = subprocess.run([scdoc], input=text, check=True,
                          capture_output=True, text=True).stdout
    pathlib.Path(output).write_text(made)


main()
