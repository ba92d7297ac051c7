"""Protects the exact bytes of mails to strangers: any change of wording or
form shows as a difference here; `tests/golden/accept mails` takes it."""
import email
import email.policy
import os
import pathlib
import re
import subprocess

import pytest

HERE = pathlib.Path(__file__).parent
BUILD = pathlib.Path(os.environ.get("PLAINTIFF_BUILD", HERE.parents[1] / "build"))
NAMES = ["one_source", "many_sources", "hostile"]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("mails")
    subprocess.run([str(BUILD / "tests" / "golden" / "golden_mails"),
                    str(folder)], check=True)
    return folder


@pytest.mark.parametrize("name", NAMES)
def test_bytes(made, name):
    new = (made / ("mail_%s.eml" % name)).read_bytes()
    path = HERE / ("mail_%s.eml" % name)
    assert new.decode() == path.read_bytes().decode()


@pytest.mark.parametrize("name", NAMES)
def test_strict_parser(made, name):
    raw = (made / ("mail_%s.eml" % name)).read_bytes()
    m = email.message_from_bytes(
        raw, policy=email.policy.SMTP.clone(raise_on_defect=True))
    assert [h.lower() for h in m.keys()] == [
        "from", "reply-to", "to", "subject", "date", "message-id",
        "auto-submitted", "mime-version", "content-type",
        "content-transfer-encoding"]
    assert len(m["From"].addresses) == len(m["To"].addresses) == 1
    assert m["From"].addresses[0].addr_spec == "abuse-report@mail.example"
    assert m["To"].addresses[0].addr_spec == "abuse@isp.example"
    assert raw.count(b"\n") == raw.count(b"\r\n")
    assert all(b < 0x7f for b in raw)
    assert all(len(line) <= 200 for line in raw.split(b"\r\n"))
    text = m.get_content()
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]",
                         text.replace("\r\n", "\n"))
    # as the parsers of abuse desks look for it
    assert re.search(r"local timezone is \+0000", text, re.I)
    assert not m["Subject"].lower().startswith("re:")


def test_ipv6_is_whole(made):
    """The ancestor cut it to 2001:db8:1234:5678."""
    m = email.message_from_bytes((made / "mail_many_sources.eml").read_bytes(),
                                 policy=email.policy.SMTP)
    lines = m.get_content().splitlines()
    whole = "2001:db8:1234:5678:9abc:def0:1234:5678"
    assert whole in lines
    assert any(whole in line.split() and line.endswith(" login")
               for line in lines)
