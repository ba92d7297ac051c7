"""Protects what people and scripts have read before: help texts, sample
settings and the schema change only on purpose (tests/golden/accept)."""
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import goldens  # noqa: E402


@pytest.mark.parametrize("name", sorted(goldens.GOLDENS),
                         ids=lambda n: pathlib.Path(n).name)
def test_golden(name):
    want = (goldens.SOURCE / name).read_text()
    assert goldens.GOLDENS[name]() == want, \
        "%s: if this is meant, run tests/golden/accept" % name


def test_normal_form_still_sees_a_change():
    """Control: what is left out of the dump must not be what matters."""
    dump = ("-- c\nSET x = 1;\nCREATE TABLE plaintiff.t (\n    a integer\n);\n"
            "GRANT SELECT ON TABLE plaintiff.t TO plaintiff_report;\n")
    for a, b in (("integer", "bigint"), ("SELECT", "ALL"), ("t (", "u (")):
        assert goldens.normal(dump) != goldens.normal(dump.replace(a, b, 1))
