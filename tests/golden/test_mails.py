"""Protects the mails to strangers: their exact bytes (any change of wording or
form shows as a difference here; `tests/golden/accept mails` takes it), what
programs of abuse desks find in them, and that text, CSV and XARF say the
same."""
import os
import pathlib
import re
import subprocess

import pytest

import read_mail

HERE = pathlib.Path(__file__).parent
BUILD = pathlib.Path(os.environ.get("PLAINTIFF_BUILD", HERE.parents[1] / "build"))
LANGUAGES = ["en", "de", "fr"]
CONSOLIDATED = ["one_source", "many_sources", "hostile"] + [
    "consolidated_" + l for l in LANGUAGES]
XARF = ["xarf_%s_%d" % (l, n) for l in LANGUAGES for n in (1, 2)]
TEXT = ["domain_greeting"] + ["text_" + l for l in LANGUAGES]
NAMES = CONSOLIDATED + XARF + TEXT


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("mails")
    subprocess.run([str(BUILD / "tests" / "golden" / "golden_mails"),
                    str(folder)], check=True)
    return folder


@pytest.fixture
def mail(made):
    return lambda name: read_mail.parse(
        (made / ("mail_%s.eml" % name)).read_bytes())


def test_all_are_here(made):
    assert sorted(p.name for p in made.iterdir()) == sorted(
        "mail_%s.eml" % n for n in NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_bytes(made, name):
    new = (made / ("mail_%s.eml" % name)).read_bytes()
    path = HERE / ("mail_%s.eml" % name)
    assert new.decode() == path.read_bytes().decode()


@pytest.mark.parametrize("name", NAMES)
def test_strict_parser(made, name):
    raw = (made / ("mail_%s.eml" % name)).read_bytes()
    m = read_mail.parse(raw)
    more = [] if m.is_multipart() else ["content-transfer-encoding"]
    assert [h.lower() for h in m.keys()] == read_mail.HEADERS + more
    assert len(m["From"].addresses) == len(m["To"].addresses) == 1
    assert m["From"].addresses[0].addr_spec == "abuse-report@mail.example"
    assert m["To"].addresses[0].addr_spec == "abuse@isp.example"
    assert raw.count(b"\n") == raw.count(b"\r\n")
    assert all(b < 0x7f for b in raw)
    assert all(len(line) <= 998 for line in raw.split(b"\r\n"))
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", read_mail.text_of(m))


@pytest.mark.parametrize("name", NAMES)
def test_as_programs_look_for_it(mail, name):
    """Rules taken from parsers of abuse desks and of AbuseIO."""
    m = mail(name)
    # dropped by one when present and anything else
    assert m["Auto-Submitted"] == "auto-generated"
    assert not m["Subject"].lower().startswith("re:")
    # the address is the first in the subject
    words = re.findall(r"[0-9a-fA-F.:]+", m["Subject"])
    accused = [w for w in words if read_mail.address(w)]
    assert len(accused) == 1
    assert "login attempts" in m["Subject"] and "SMTP" in m["Subject"]
    assert "brute force" in m["Subject"]
    assert re.search(r"local timezone is \+0000", read_mail.text_of(m), re.I)
    assert "UTC" in read_mail.text_of(m)
    # the first JSON part named xarf.json is taken, and only that
    docs = read_mail.documents(m)
    if docs:
        assert docs[0][0] == "xarf.json"
        assert docs[0][1]["source_identifier"] == accused[0]
        assert [n for n, _ in docs[1:]] == [
            "xarf-%d.json" % i for i in range(2, len(docs) + 1)]
    assert bool(docs) == (name not in TEXT)
    # ARF has a report and the message: what is none must not look like it
    types = [p.get_content_type() for p in read_mail.leaves(m)]
    assert "message/rfc822" not in types
    if name not in XARF:
        assert "message/feedback-report" not in types
        assert m.get_content_type() != "multipart/report"
    for part in read_mail.leaves(m):
        if part.get_content_type() != "message/feedback-report":
            assert part.get_content_type() in (
                "text/plain", "text/csv", "application/json")


@pytest.mark.parametrize("name", XARF)
def test_carrier_of_xarf(mail, name):
    m = mail(name)
    assert m.get_content_type() == "multipart/report"
    assert m["Content-Type"].params["report-type"] == "feedback-report"
    text, report, document = read_mail.leaves(m)
    assert text.get_content_type() == "text/plain"
    assert report.get_content_type() == "message/feedback-report"
    assert report.get_content_disposition() == "inline"
    assert read_mail.feedback(report) == [
        "Feedback-Type: xarf", "User-Agent: Plaintiff", "Version: 1"]
    assert document.get_content_type() == "application/json"
    assert document["Content-Type"].params["name"] == "xarf.json"
    assert document.get_content_disposition() == "attachment"
    assert document.get_filename() == "xarf.json"
    assert document["Content-Transfer-Encoding"] == "base64"


@pytest.mark.parametrize("name", CONSOLIDATED)
def test_documents_go_as_they_are(made, name):
    """So that a person can read them, too; and no mail system may take a line
    of one for something else.  The operator's name in `hostile` is not ASCII,
    which is the control."""
    m = read_mail.parse((made / ("mail_%s.eml" % name)).read_bytes())
    parts = [p for p in read_mail.leaves(m)
             if p.get_content_type() == "application/json"]
    assert parts
    for part in parts:
        if name == "hostile":
            assert part["Content-Transfer-Encoding"] == "base64"
            continue
        assert part["Content-Transfer-Encoding"] == "7bit"
        lines = part.get_payload().splitlines(keepends=True)
        assert len(lines) > 30
        for line in lines:
            assert re.match(r"[ {}][ -~]*(?<! )\r?\n$", line), line
            assert len(line) <= 900


@pytest.mark.parametrize("language", LANGUAGES)
def test_mails_of_one_report(mail, language):
    """In mode xarf one for each address, with ids of their own."""
    mails = [mail("xarf_%s_%d" % (language, n)) for n in (1, 2)]
    for header in ("Message-Id", "Subject"):
        assert len({m[header] for m in mails}) == 2
    assert len({m.get_boundary() for m in mails}) == 2
    assert len({read_mail.documents(m)[0][1]["report_id"]
                for m in mails}) == 2


def disagreements(m):
    """What text, CSV and documents do not say alike."""
    text = read_mail.text_of(m)
    events, sources = read_mail.text_events(text), read_mail.text_sources(text)
    rows, docs = read_mail.csv_of(m), read_mail.documents(m)
    bad = []
    if rows is not None:
        # the text has IPv4 first
        if sorted(map(str, read_mail.csv_events(rows))) != \
                sorted(map(str, events)):
            bad.append("events of the CSV")
        if read_mail.csv_sources(rows) != sources:
            bad.append("sources of the CSV")
    for name, d in docs:
        about = d["source_identifier"]
        if read_mail.document_events(d) != [e for e in events
                                            if e[1] == about]:
            bad.append("events of " + name)
        if read_mail.document_source(d) != sources[about]:
            bad.append("source of " + name)
        if rows is not None and d["event_counts"] != \
                read_mail.csv_kinds(rows)[about]:
            bad.append("types of " + name)
        if "source_port" in d and not any(
                e[1] == about and e[2] == str(d["source_port"])
                for e in events):
            bad.append("port of " + name)
    return bad


@pytest.mark.parametrize("name", NAMES)
def test_all_parts_say_the_same(mail, name):
    m = mail(name)
    assert read_mail.text_events(read_mail.text_of(m))
    assert read_mail.text_sources(read_mail.text_of(m))
    assert disagreements(m) == []


@pytest.mark.parametrize("was, becomes", [
    ("51234", "51235"), ("2026-11-19T23:16:40Z", "2026-11-19T23:16:41Z"),
    ("  3 events", "  4 events"), ("192.0.2.25", "192.0.2.26"),
    ("submissions", "smtp       "), ("user-", "user+"),
    ("first 2026-11-19T23:00:00Z", "first 2026-11-19T22:00:00Z")])
def test_a_difference_is_seen(made, was, becomes):
    """The control of the test above: the same mail, its text changed."""
    raw = (made / "mail_consolidated_en.eml").read_bytes()
    head, text, rest = raw.partition(b"report.csv has the same")
    assert was.encode() in head
    changed = head.replace(was.encode(), becomes.encode()) + text + rest
    assert disagreements(read_mail.parse(changed)) != []


def test_attribution_where_it_belongs(mail):
    """Abusix is named when a contact came from there, and only then."""
    for language in LANGUAGES:
        first, second = (read_mail.text_of(mail("xarf_%s_%d" % (language, n)))
                         for n in (1, 2))
        assert "abusix.com/contactdb" in first and "RDAP" not in first
        assert "abusix" not in second.lower() and "RDAP" in second


def test_no_canary(mail):
    for name in NAMES:
        everything = read_mail.everything(mail(name))
        assert not re.search(r"canary|victim|ours\.example", everything, re.I)
        # the control: a token is found in each part, also inside evidence
        parts = 1 if name in TEXT else 2 if name in XARF else 3
        if name != "many_sources":
            assert len(re.findall(r"\buser-[0-9a-f]{6}\b",
                                  everything)) >= parts


def test_the_same_login_is_the_same_token(mail):
    for name in CONSOLIDATED[3:]:
        tokens = [e[7] for e in read_mail.text_events(
            read_mail.text_of(mail(name))) if e[7]]
        assert len(tokens) == 3 and len(set(tokens)) == 2
    # however it is written
    tokens = [e[7] for e in read_mail.text_events(
        read_mail.text_of(mail("one_source")))]
    assert tokens[0] == tokens[2] != tokens[1]


def test_ipv6_is_whole(mail):
    """The ancestor cut it to 2001:db8:1234:5678."""
    text = read_mail.text_of(mail("many_sources"))
    whole = "2001:db8:1234:5678:9abc:def0:1234:5678"
    assert whole in text.split("\n")
    assert any(whole in line.split() and line.endswith(" login")
               for line in text.split("\n"))


def test_many_are_grouped(mail):
    text = read_mail.text_of(mail("many_sources"))
    assert "203.0.113.0/24: 3 addresses, 14 events" in text
    assert "2001:db8:1234:5678::/64: 2 addresses, 2 events" in text
    assert "203.0.112.0/24" not in text
    assert "203.0.112.7" not in text, "counted only"
    assert "1 address more with 1 event" in text


@pytest.mark.parametrize("name", NAMES)
def test_prose_is_narrow(mail, name):
    """Only table rows, and one word that has no blank, may be wider."""
    for line in read_mail.text_of(mail(name)).split("\n"):
        if not re.match(r"\d{4}-|time \(UTC\)|word-that", line):
            assert len(line) <= 75, line


def run_hostile(mailboxes, texts):
    done = subprocess.run(
        [str(BUILD / "tests" / "golden" / "hostile_mails"), str(mailboxes),
         str(texts)], stdout=subprocess.PIPE, text=True)
    print(done.stdout)
    assert done.returncode == 0, done.stdout


def test_hostile_texts():
    run_hostile(20000, 2000)


@pytest.mark.long
def test_a_million_hostile_mailboxes():
    run_hostile(1000000, 100000)
