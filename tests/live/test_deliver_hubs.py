"""Protects against mail that goes twice because several hubs, processes of
one hub, or a clock that jumps believe that it is theirs to send."""
import pytest

from conftest import wait_until
from test_deliver import (  # noqa: F401
    MAIL, claimed, live, put, relay, rows, state, states)


def test_rows_of_another_hub_are_left_alone(hub, rows):
    report, = put(rows)
    claimed(rows, "hub2", "x")
    hub.once("deliver")
    assert state(rows, report)[0] == "sending"


def test_another_hub_takes_over(hub, make_hub, rows):
    """After a day, or when the administrator says so; never from a hub whose
    deliver runs.  What was in its hands is not sent again."""
    first, second, third = put(rows, 3)
    claimed(rows, "hub2", "sending through smtp://127.0.0.1:25")
    rows.d.query("UPDATE report_mail SET log_from = 'its own'")
    rows.d.query("UPDATE report SET changed = now() - interval '25 hours'"
                 " WHERE report = %s", first)
    other = make_hub("hub2")
    running = rows.d.connection("plaintiff_deliver")
    with running.cursor() as c:
        c.execute("SELECT pg_advisory_lock(7411004, hashtext('hub2'))")
    refused = hub.ctl("report", "adopt", second, check=False)
    assert refused.returncode == 65 and "does not run" in refused.stderr
    hub.once("deliver")
    assert states(rows) == {"sending": 3}
    running.close()
    wait_until(lambda: rows.d.one("SELECT count(*) FROM pg_locks"
                                  " WHERE locktype = 'advisory'") == 0)
    hub.ctl("report", "adopt", second)
    p = hub.once("deliver")
    assert "taken over from another hub" in p.stderr
    assert [state(rows, r)[0] for r in (first, second, third)] == [
        "unknown", "unknown", "sending"]
    assert rows.d.query("SELECT owner, log_from FROM report JOIN report_mail"
                        " USING (report) ORDER BY report") == [
        ("hub1", None), ("hub1", None), ("hub2", "its own")]
    assert list(hub.mail.iterdir()) == list(other.mail.iterdir()) == []


@pytest.mark.slow
def test_second_process_of_the_name_waits(hub, rows, relay):
    r = relay()
    r.queue = [{"dot": "hang"}]
    live(hub, r)
    hub.set("deliver", timeout="60s", parallel=1)
    put(rows, 2)
    first = hub.start("deliver")
    wait_until(lambda: len(r.mails) == 1)
    second = hub.start("deliver")
    wait_until(lambda: "another deliver runs as hub=hub1" in second.stderr)
    assert states(rows) == {"sending": 1, "ready": 1}
    first.kill()
    wait_until(lambda: states(rows) == {"unknown": 1, "sent": 1}, 20)
    assert len(r.mails) == 2


def test_two_hubs_send_each_report_once(make_hub, rows):
    put(rows, 60)
    hubs = [make_hub("hub1"), make_hub("hub2")]
    processes = [h.start("deliver") for h in hubs]
    wait_until(lambda: states(rows) == {"sent": 60}, 30)
    for p in processes:
        assert p.stop() == 0
    names = [f.name for h in hubs for f in h.mail.iterdir()]
    assert len(names) == len(set(names)) == 60
