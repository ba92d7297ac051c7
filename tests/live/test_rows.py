"""Protects what the C code says to PostgreSQL: runs each program of tests/rows
on a database of its own, one case each."""
import os
import subprocess

import pytest

from conftest import BUILD

PROGRAMS = sorted(p for p in (BUILD / "tests" / "rows").glob("rows_*")
                  if p.is_file() and os.access(p, os.X_OK))


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda p: p.name)
def test_rows(path, database):
    env = dict(os.environ, PLAINTIFF_TEST_CONNECT=database.connect,
               CMOCKA_MESSAGE_OUTPUT="STDOUT")
    done = subprocess.run([str(path)], env=env, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True,
                          errors="replace", timeout=300)
    assert done.returncode == 0, done.stdout[-8000:]
