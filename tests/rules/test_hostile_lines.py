"""Protects third parties: whatever a client writes, no format lets it choose
whom we accuse, nor of what (hostile_lines makes the lines and judges)."""
import os
import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("PLAINTIFF_BUILD", ROOT / "build"))
RULES = os.environ.get("PLAINTIFF_RULES", str(ROOT / "agent" / "rules"))
AGENT = BUILD / "agent" / "plaintiff-agent"


def hostile_lines(*options, agent=AGENT):
    return subprocess.run(
        [str(BUILD / "tests" / "rules" / "hostile_lines"), *options,
         str(agent), RULES], capture_output=True, text=True,
        errors="replace", timeout=3600, check=False)


def test_nobody_is_accused_wrongly():
    done = hostile_lines("-n", "2000")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.long
def test_nobody_is_accused_wrongly_in_a_million_lines_each():
    done = hostile_lines("-n", "1000000", "-s", "7")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("answer, column", [
    ('{"line":1,"time":"2026-03-01T00:00:00Z","kind":"auth_failure",'
     '"ip":"198.51.100.7","login":null}', "accused wrongly 1"),
    ('{"line":1,"time":"2026-03-01T00:00:00Z"}', "accused wrongly 1"),
])
def test_the_judge_sees_a_wrong_answer(tmp_path, answer, column):
    liar = tmp_path / "agent"
    liar.write_text("#!/bin/sh\necho '%s'\n" % answer)
    liar.chmod(0o755)
    done = hostile_lines("-n", "10", "-f", "courier", agent=liar)
    assert done.returncode == 1
    assert column in done.stdout


def test_the_judge_sees_an_agent_that_fails(tmp_path):
    liar = tmp_path / "agent"
    liar.write_text("#!/bin/sh\nexit 3\n")
    liar.chmod(0o755)
    assert hostile_lines("-n", "10", "-f", "courier",
                         agent=liar).returncode > 1
