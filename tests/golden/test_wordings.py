"""Protects the languages of reports: a text that lacks a wording, has one more
or uses another field fails the build, and says where."""
import pathlib
import shutil
import subprocess
import sys

import pytest

REPORT = pathlib.Path(__file__).resolve().parents[2] / "hub" / "report"


@pytest.fixture
def build(tmp_path):
    """Runs what the build runs on a copy; returns (exit code, said)."""
    folder = tmp_path / "report"
    shutil.copytree(REPORT, folder)

    def run(name=None, was="", becomes=""):
        if name is not None:
            path = folder / "texts" / name
            text = path.read_text()
            assert was in text
            path.write_text(text.replace(was, becomes, 1))
        done = subprocess.run(
            [sys.executable, str(folder / "texts" / "embed.py"),
             str(folder / "wording.def"), str(tmp_path / "out.c"),
             *(str(folder / "texts" / n) for n in (
                 "machine.txt", "en.txt", "de.txt", "fr.txt"))],
            stderr=subprocess.PIPE, text=True)
        assert (tmp_path / "out.c").exists() == (done.returncode == 0)
        return done.returncode, done.stderr
    return run


def test_as_they_are(build):
    assert build() == (0, "")


@pytest.mark.parametrize("name, was, becomes, says", [
    ("de.txt", "[zone]\n", "[zones]\n", "no wording is called zones"),
    ("de.txt", "[zone]\n", "[zones]\n", "lacks [zone]"),
    ("fr.txt", "{n} adresses", "{m} adresses",
     "addresses.many has no field {m}"),
    ("en.txt", "[zone]", "[heading_about]", "heading_about is here twice"),
    ("en.txt", "Summary\n", "\n", "[heading_summary] is empty"),
    ("machine.txt", "[zone_note]", "[zone]", "lacks [zone_note]"),
    ("de.txt", "[greeting]\n", "text\n[greeting]\n", "in front of"),
])
def test_a_broken_text(build, name, was, becomes, says):
    code, said = build(name, was, becomes)
    assert code != 0
    assert says in said
    assert "texts/%s:" % name in said
