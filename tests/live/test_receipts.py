"""Protects against a report that is sent twice or lost when nobody answered
for it: the log of a real Postfix or Exim tells what became of it, also when
it was rotated meanwhile, and nothing is guessed from a log that has gaps."""
import gzip
import os
import re
import shutil
import time

import pytest

import exim_server
import postfix_server
from conftest import BUILD, wait_until
from postfix_server import PostfixServer
from rows import Rows
from smtp_proxy import SmtpProxy


@pytest.fixture
def rows(database):
    return Rows(database)


@pytest.fixture(scope="module")
def postfix(tmp_path_factory):
    if postfix_server.why_not():
        pytest.skip(postfix_server.why_not())
    folder = tmp_path_factory.mktemp("postfix")
    with PostfixServer(folder / "p", deliver_to=folder / "mail") as p:
        yield p


@pytest.fixture
def proxy(postfix):
    p = SmtpProxy(postfix.port["smtp"])
    yield p
    p.close()


@pytest.fixture
def live(hub, proxy, postfix):
    hub.set("filter", unreportable=["special"])
    hub.set("deliver", live="yes", relay=proxy.url, hello="hub.example",
            timeout="5s", lost_after="1s", log=postfix.log)
    return hub


def put(rows, n=1):
    reports = [rows.report("abuse@isp%d.example" % i, "8.8.8.8")
               for i in range(n)]
    for report, message_id in rows.d.query(
            "SELECT report, message_id FROM report_mail"):
        rows.d.query(
            "UPDATE report_mail SET mail = convert_to(%s, 'UTF8')"
            " WHERE report = %s", "From: a@hub.example\r\nMessage-ID: <%s>"
            "\r\nSubject: x\r\n\r\n%s" % (message_id, "line\r\n" * 50),
            report)
    return reports


def states(rows):
    return dict(rows.d.query("SELECT state, count(*) FROM report GROUP BY 1"))


def delivered(postfix, rows):
    """How often each of our mails is in Postfix's Maildir."""
    ours = [m for m, in rows.d.query("SELECT message_id FROM report_mail")]
    found = [re.search(rb"^Message-ID: <(.*?)>", f.read_bytes(), re.M | re.I)
             .group(1).decode()
             for f in (postfix.folder.parent / "mail/all/new").iterdir()]
    return sorted(found.count(m) for m in ours)


def all_sent(hub, rows, postfix, n):
    """Lets deliver work until every report is sent, then each was, once."""
    p = hub.start("deliver")

    def sent():
        rows.d.query("UPDATE report SET next_try = now()"
                     " WHERE next_try > now()")
        return states(rows) == {"sent": n}
    wait_until(sent, 40)
    assert p.stop() == 0
    wait_until(lambda: delivered(postfix, rows) == [1] * n, 10)
    assert rows.d.one("SELECT sum(remainder) FROM report_balance"
                      " WHERE item LIKE '%%mails'") == 0
    return p


FAULTS = {2: "cut-early", 3: "cut-before", 4: "cut-after", 5: "lose",
          6: "hang"}


@pytest.mark.slow
def test_the_log_tells(live, rows, proxy, postfix):
    """Each way to get no answer, amidst mails that get one."""
    proxy.fault = FAULTS.get
    put(rows, 9)
    p = all_sent(live, rows, postfix, 9)
    assert sorted(proxy.faults) == sorted(FAULTS.values())
    assert p.stderr.count("report lost") == 3
    assert p.stderr.count("receipt queue=") == 2


def test_killed_while_sending(live, rows, proxy, postfix):
    """kill -9 with mails in the relay's hands and on their way to it."""
    proxy.fault = lambda n: "hang" if n % 2 else "lose" if n < 5 else None
    live.set("deliver", timeout="60s", parallel=4)
    put(rows, 6)
    p = live.start("deliver")
    wait_until(lambda: proxy.mails == 4)
    p.kill()
    proxy.fault = lambda n: None
    assert states(rows).get("sending", 0) == 4
    p = all_sent(live, rows, postfix, 6)
    assert p.stderr.count("ended while sending") == 4


@pytest.mark.parametrize("how", ["gzip", "copytruncate"])
def test_rotated_meanwhile(live, rows, proxy, postfix, how):
    """The log is a copy that this test rotates: the place is found again in
    whatever the file has become."""
    log = live.folder / "mail.log"
    shutil.copy(postfix.log, log)
    live.set("deliver", log=log)
    proxy.fault = lambda n: "cut-before"
    put(rows)
    live.set("deliver", lost_after="1h")
    live.once("deliver")
    assert states(rows) == {"unknown": 1}
    proxy.fault = lambda n: None
    old = log.with_name("mail.log.1")

    def copy_on(path, begin):
        with open(postfix.log, "rb") as f, open(path, "ab") as out:
            f.seek(begin)
            out.write(f.read())
    size = log.stat().st_size
    wait_until(lambda: b"lost connection after DATA" in
               postfix.log.read_bytes()[size:])
    copy_on(log, size)
    begin = log.stat().st_size
    if how == "copytruncate":
        shutil.copy(log, old)
        os.truncate(log, 0)
    else:
        with gzip.open(str(old) + ".gz", "wb") as out:
            out.write(log.read_bytes())
        log.unlink()
        log.touch()
    live.set("deliver", lost_after="1s")
    p = live.start("deliver")

    def sent():
        nonlocal begin
        size = postfix.log.stat().st_size
        if size > begin:
            copy_on(log, begin)
            begin = size
        return states(rows) == {"sent": 1}
    wait_until(sent, 20)
    assert p.stop() == 0
    assert "report lost" in p.stderr
    wait_until(lambda: delivered(postfix, rows) == [1], 10)


@pytest.mark.slow
@pytest.mark.parametrize("how", ["another log", "gap", "gone"])
def test_nothing_is_guessed(live, rows, proxy, postfix, how):
    """A log that does not show it all lets a report be unknown, whatever time
    passes; the administrator resolves it."""
    log = live.folder / "mail.log"
    log.write_bytes(postfix.log.read_bytes())
    live.set("deliver", log=log, lost_after="1h")
    proxy.fault = lambda n: "cut-before"
    put(rows)
    live.once("deliver")
    proxy.fault = lambda n: None
    if how == "gap":
        log.write_bytes(log.read_bytes() + b"Nov 28 04:56:32 mx1 rsyslogd: "
                        b"imjournal: 9 messages lost due to rate-limiting\n")
    elif how == "gone":
        log.write_bytes(b"Nov 28 04:56:32 mx1 x: another file\n" * 2000)
    live.set("deliver", lost_after="1s")
    p = live.start("deliver")
    visits = "connect from unknown[127.0.0.1]\n"
    before = postfix.log.read_text().count(visits)
    wait_until(lambda: postfix.log.read_text().count(visits) > before)
    if how != "another log":
        # all that the relay has logged is there for it to see
        with open(log, "ab") as out:
            out.write(postfix.log.read_bytes()[-20000:])
    time.sleep(2.5)  # two more looks at it
    assert states(rows) == {"unknown": 1}
    assert p.stop() == 0
    live.ctl("report", "resolve", 1, "lost")
    live.once("deliver")
    assert states(rows) == {"sent": 1}
    wait_until(lambda: delivered(postfix, rows) == [1], 10)


@pytest.mark.slow
def test_exim(hub, rows, tmp_path):
    """Exim's line with our Message-ID is a receipt, too."""
    if exim_server.why_not():
        pytest.skip(exim_server.why_not())
    unpacked = exim_server.unpacked(BUILD)
    with exim_server.EximServer(tmp_path / "exim", unpacked) as exim:
        proxy = SmtpProxy(exim.port, lambda n: "cut-after")
        hub.set("filter", unreportable=["special"])
        hub.set("deliver", live="yes", relay=proxy.url, timeout="5s",
                lost_after="1s", log=exim.log)
        put(rows)
        rows.d.query("UPDATE report SET recipient = 'alice@near.example'")
        p = hub.start("deliver")
        wait_until(lambda: states(rows) == {"sent": 1}, 20)
        assert p.stop() == 0 and "receipt queue=" in p.stderr
        assert proxy.mails == 1
        proxy.close()
