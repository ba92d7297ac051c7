"""Protects the XARF documents: each is valid by the schemas of XARF 4, which
are no part of this source (skipped without them), and one that is broken on
purpose is not."""
import copy
import json
import os
import pathlib
import re
import subprocess

import pytest

import read_mail

HERE = pathlib.Path(__file__).parent
BUILD = pathlib.Path(os.environ.get("PLAINTIFF_BUILD", HERE.parents[1] / "build"))


def schemas():
    """The folder of the schemas: PLAINTIFF_XARF, or beside the checkout."""
    places = [os.environ.get("PLAINTIFF_XARF", ""),
              *(p / "shared" / "xarf" / "v4" for p in HERE.parents)]
    for place in places:
        if place and (pathlib.Path(place) / "xarf-v4-master.json").exists():
            return pathlib.Path(place)
    return None


FOLDER = schemas()
pytestmark = pytest.mark.skipif(FOLDER is None,
                                reason="the schemas of XARF are not here")


@pytest.fixture(scope="module")
def validator():
    jsonschema = pytest.importorskip("jsonschema")
    store = {}
    for path in FOLDER.rglob("*.json"):
        schema = json.loads(path.read_text())
        store[schema["$id"]] = schema
    master = store[json.loads(
        (FOLDER / "xarf-v4-master.json").read_text())["$id"]]
    resolver = jsonschema.RefResolver(master["$id"], master, store=store)
    checker = jsonschema.FormatChecker()
    # these two want packages that Debian's does not depend on
    checker.checks("date-time")(lambda s: not isinstance(s, str) or re.match(
        r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$", s))
    checker.checks("hostname")(lambda s: not isinstance(s, str) or re.match(
        r"(?!-)[A-Za-z0-9-]{1,63}(\.(?!-)[A-Za-z0-9-]{1,63})*$", s))
    return jsonschema.Draft202012Validator(master, resolver=resolver,
                                           format_checker=checker)


@pytest.fixture(scope="module")
def documents(tmp_path_factory):
    """name -> document, of all golden mails."""
    folder = tmp_path_factory.mktemp("mails")
    subprocess.run([str(BUILD / "tests" / "golden" / "golden_mails"),
                    str(folder)], check=True)
    found = {}
    for path in sorted(folder.iterdir()):
        for name, d in read_mail.documents(
                read_mail.parse(path.read_bytes())):
            found["%s/%s" % (path.stem, name)] = d
    return found


def test_every_document_is_valid(validator, documents):
    assert len(documents) >= 15
    assert {d["type"] for d in documents.values()} == {
        "login_attack", "reconnaissance", "vulnerability_scan"}
    assert any(":" in d["source_identifier"] for d in documents.values())
    for name, d in documents.items():
        errors = [e.message for e in validator.iter_errors(d)]
        assert errors == [], name


REQUIRED = {
    "login_attack": ["source_port", "protocol", "first_seen"],
    "reconnaissance": ["protocol", "probed_resources", "first_seen"],
    "vulnerability_scan": ["scan_type", "protocol", "first_seen"],
}
CORE = ["xarf_version", "report_id", "timestamp", "reporter", "sender",
        "source_identifier", "category", "type"]
BROKEN = [("xarf_version", "3"), ("report_id", "4f0c8a52"),
          ("timestamp", "yesterday"), ("reporter", {"org": "x"}),
          ("sender", {"org": "x", "contact": "a@b.example", "domain": "y y"}),
          ("sender", {"org": "x", "contact": "a@b.example", "domain": "y", "more": 1}),
          ("source_port", 0), ("category", "mail"), ("type", "brute_force"),
          ("protocol", "smtp"), ("first_seen", "2026-11-20 03:12:44"),
          ("last_seen", 5), ("confidence", 2), ("tags", ["no namespace"]),
          ("evidence", [{"content_type": "text/plain"}]),
          ("description", "x" * 1001)]


@pytest.mark.parametrize("kind", sorted(REQUIRED))
def test_a_broken_document_is_refused(validator, documents, kind):
    good = next(d for d in documents.values() if d["type"] == kind)
    assert validator.is_valid(good)
    for field in CORE + REQUIRED[kind]:
        bad = copy.deepcopy(good)
        del bad[field]
        assert not validator.is_valid(bad), "without " + field
    for field, value in BROKEN:
        bad = dict(copy.deepcopy(good), **{field: value})
        assert not validator.is_valid(bad), "%s = %r" % (field, value)


def test_an_array_of_documents_is_refused(validator, documents):
    assert not validator.is_valid(list(documents.values())[:2])


def test_what_each_says(documents):
    """Ports and addresses where the line had them; not invented elsewhere."""
    d = documents["mail_xarf_en_1/xarf.json"]
    assert (d["type"], d["source_port"], d["destination_ip"],
            d["destination_port"], d["attempt_count"]) == (
                "login_attack", 51299, "192.0.2.25", 25, 2)
    assert "attack:open-relay-probe" in d["tags"]
    d = documents["mail_xarf_en_2/xarf.json"]
    assert (d["source_identifier"], d["destination_ip"],
            d["destination_port"], d["service"]) == (
                "2001:db8:1234:5678:9abc:def0:1234:5678", "2001:db8::25",
                465, "submissions")
    assert "case:again-after-fix" in d["tags"]
    d = documents["mail_many_sources/xarf.json"]
    assert d["type"] == "reconnaissance" and "source_port" not in d
    assert "destination_ip" not in d and d["total_probes"] == 10
    d = documents["mail_many_sources/xarf-3.json"]
    assert d["type"] == "vulnerability_scan"
    assert d["targeted_ports"] == [25] and d["total_requests"] == 1
