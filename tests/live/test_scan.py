"""Protects what people and scripts see of `plaintiff-agent scan` and
check-rules: keys, exit codes, line numbers, compressed files, huge lines, and
that hostile text neither steers a terminal nor breaks JSON."""
import gzip
import json
import os
import subprocess

import pytest

from conftest import program

SASL = (b"Mar  4 13:01:16 mx1 postfix/submission/smtpd[254]: warning: "
        b"unknown[203.0.113.7]:40112: SASL LOGIN authentication failed: "
        b"authentication failure, sasl_username=%s\n")
OURS = (b"Mar  4 13:01:17 mx1 postfix/smtpd[254]: warning: "
        b"unknown[203.0.113.7]: SASL LOGIN authentication failed: Connection "
        b"lost to authentication server\n")
KEYS = ["line", "time", "host", "program", "pid", "service", "kind", "ip",
        "port", "ptr", "login", "mechanism", "rule"]


def scan(*args, data=None, code=0):
    done = subprocess.run(
        [program("plaintiff-agent"), "scan", "--zone", "UTC", "--now",
         "2025-03-05T00:00:00Z", *map(str, args)], input=data or b"",
        capture_output=True)
    assert done.returncode == code, done.stderr
    return done


def events(*args, data=None):
    out = scan("--json", *args, data=data).stdout
    return [json.loads(line) for line in out.decode().split("\n") if line]


def test_keys_and_values():
    got, = events(data=SASL % b"carol")
    assert list(got) == KEYS
    assert got == {
        "line": 1, "time": "2025-03-04T13:01:16Z", "host": "mx1",
        "program": "postfix/submission/smtpd", "pid": 254,
        "service": "postfix/submission/smtpd", "kind": "auth_failure",
        "ip": "203.0.113.7", "port": 40112, "ptr": None, "login": "carol",
        "mechanism": "LOGIN", "rule": "postfix.sasl-failed"}


def test_zone_and_now():
    done = subprocess.run(
        [program("plaintiff-agent"), "scan", "--json", "--zone",
         "Europe/Berlin", "--now", "2024-01-01T00:00:00Z"],
        input=SASL.replace(b"Mar", b"Jul") % b"x", capture_output=True)
    assert json.loads(done.stdout)["time"] == "2023-07-04T11:01:16Z"


def test_our_own_failures_only_with_all():
    assert events(data=OURS) == []
    got, = events("--all", data=OURS)
    assert got["kind"] == "backend_failure"


def test_lines_end_at_lf_only():
    data = ("a\u2028b\x0bc\x0cd\x85e\rf\n".encode("latin-1", "replace") +
            "\u2028\u0085\n".encode() + SASL % "a\u2028b\x85".encode())
    got, = events(data=data)
    assert got["line"] == 3
    assert got["login"] == "a\u2028b\x85"


def test_files_compressed_and_not(tmp_path):
    plain, packed = tmp_path / "mail.log", tmp_path / "mail.log.2.gz"
    plain.write_bytes(SASL % b"one")
    packed.write_bytes(gzip.compress(b"x\n" * 300000 + SASL % b"two"))
    got = events(plain, packed)
    assert [(e["line"], e["login"]) for e in got] == [
        (1, "one"), (300001, "two")]
    cut = tmp_path / "cut.gz"
    cut.write_bytes(packed.read_bytes()[:-20])
    assert b"cut.gz: line" in scan("--json", cut, code=74).stderr
    xz = tmp_path / "mail.log.xz"
    xz.write_bytes(b"\xfd7zXZ\x00\x00")
    assert b"xz -dc" in scan("--json", xz, code=66).stderr


def test_the_year_is_that_of_the_file(tmp_path):
    log = tmp_path / "mail.log"
    log.write_bytes(SASL % b"x")
    os.utime(log, (1583366400, 1583366400))
    out = subprocess.run(
        [program("plaintiff-agent"), "scan", "--json", "--zone", "UTC", log],
        capture_output=True).stdout
    assert json.loads(out)["time"] == "2020-03-04T13:01:16Z"


def test_what_can_be_read_is_read(tmp_path):
    log = tmp_path / "mail.log"
    log.write_bytes(SASL % b"x")
    done = scan("--json", tmp_path / "missing", log, code=66)
    assert json.loads(done.stdout)["login"] == "x"
    assert b"missing: No such file" in done.stderr


@pytest.mark.parametrize("args, code, said", [
    (["--jsn"], 64, b"usage:"), (["--now", "yesterday"], 64, b"not a time"),
    (["--zone", "Mars/Base"], 64, b"no such zone"),
    (["--json", "--explain"], 64, b"exclude"),
    (["--unmatched", "--explain"], 64, b"exclude"),
    (["--rules", "/nonexistent"], 78, b"/nonexistent: No such file"),
    (["--help"], 0, b"")])
def test_wrong_use(args, code, said):
    assert said in scan(*args, code=code).stderr


def test_huge_and_broken_lines():
    huge = SASL[:-1] % (b"a" * 1000000) + b"\n"
    bad = SASL % b"n\0l\xff\xc3("
    got = events(data=huge + bad + SASL % b"last")
    assert [(e["line"], e["login"]) for e in got] == [
        (2, "n\\x00l\\xff\\xc3("), (3, "last")]


def test_memory_does_not_grow_with_a_line(tmp_path):
    log = tmp_path / "mail.log"
    with open(log, "wb") as f:
        f.write(SASL[:-1] % b"a")
        for _ in range(64):
            f.write(b"a" * (1 << 20))
        f.write(b"\n" + SASL % b"x")
    script = ("ulimit -v 65536; exec %s scan --json --now "
              "2025-03-05T00:00:00Z %s" % (program("plaintiff-agent"), log))
    if "asan" in program("plaintiff-agent"):
        script = script.partition("; ")[2]
    done = subprocess.run(["sh", "-c", script], capture_output=True)
    assert json.loads(done.stdout)["line"] == 2, done.stderr


def test_for_people():
    data = SASL % b"\x1b[31mred" + SASL % b"two" + OURS + b"junk\n"
    out = scan(data=data).stdout.decode()
    rows = out.splitlines()
    assert rows[1].split() == [
        "2", "2", "auth_failure", "2025-03-04T13:01:16Z",
        "2025-03-04T13:01:16Z", "203.0.113.7"]
    assert rows[-1] == ("2 events in 4 lines; 1 lines without a header that "
                        "we know")


def test_explain():
    data = (SASL % b"\x1b[31m\xe2\x80\xaered" +
            (SASL % b"x").replace(b"SASL", b"SASSY") + b"junk\n" +
            b"Mar  4 13:01:16 mx1 cron[1]: x\n")
    out = scan("--explain", data=data).stdout
    assert b"\x1b" not in out and b"\xe2\x80\xae" not in out
    rows = out.decode().splitlines()
    assert rows[0].startswith("1: auth_failure 203.0.113.7 by "
                              "[postfix.sasl-failed], login \\x1b[31m")
    assert "nearest [postfix.sasl-" in rows[1]
    column = int(rows[1].partition("column ")[2].partition(",")[0])
    assert data.split(b"\n")[1][column - 1:].startswith(b"SY LOGIN")
    assert rows[2] == "3: no header that we know"
    assert rows[3] == "4: no rule concerns program cron"


def test_explain_a_line_of_a_session():
    data = (b"Mar  4 13:01:16 mx1 smtpd[84]: a1 smtp connected "
            b"address=203.0.113.7 host=<unknown>\n"
            b"Mar  4 13:01:17 mx1 smtpd[84]: a1 smtp authentication "
            b"user=carol result=permfail\n"
            b"Mar  4 13:01:17 mx1 smtpd[84]: a2 smtp authentication "
            b"user=carol result=permfail\n")
    rows = scan("--explain", data=data).stdout.decode().splitlines()
    assert rows[0].startswith("1: no event of [opensmtpd.connected] by itself")
    assert rows[1] == ("2: auth_failure 203.0.113.7 by [opensmtpd.auth], "
                       "login carol")
    assert rows[2].startswith("3: no event of [opensmtpd.auth] by itself")


def test_check_rules(tmp_path):
    done = subprocess.run([program("plaintiff-agent"), "check-rules"],
                          capture_output=True, text=True)
    assert done.returncode == 0 and "all good" in done.stdout, done.stderr
    (tmp_path / "a.rules").write_text(
        "[a.b]\nprogram = x\nkind = auth_failure\n"
        "template = {user} from {ip}: {said}\n"
        "hit = x from 203.0.113.7: y\nip = 203.0.113.7\n")
    done = subprocess.run(
        [program("plaintiff-agent"), "check-rules", tmp_path],
        capture_output=True, text=True)
    assert done.returncode != 0
    assert done.stderr.startswith(
        "%s/a.rules:4: a client could forge the address" % tmp_path)


def test_unmatched():
    head = b"Mar  4 13:01:16 mx1 postfix/smtpd[7]: "
    data = (SASL % b"carol" + OURS + b"no header\n" +
            head + b"connect from unknown[203.0.113.7]\n" +
            head + b"connect from mx.example[203.0.113.8]\n" +
            head + b"carol@example.org \x1b[2J at 203.0.113.7: <a>\n" +
            head + b"connect from localhost[127.0.0.1]\n" +
            b"Mar  4 13:01:16 mx1 kernel: eth0 up\n")
    out = scan("--unmatched", data=data).stdout.decode()
    assert out.splitlines() == [
        "   lines    first  shape",
        "       2        4  postfix/smtpd: connect from HOST[IP]",
        "       1        6  postfix/smtpd: MAIL \\x1b[N at IP: <>"]
    rows = [json.loads(line) for line in scan(
        "--json", "--unmatched", data=data).stdout.decode().splitlines()]
    assert rows == [
        {"lines": 2, "first": 4, "program": "postfix/smtpd",
         "shape": "connect from HOST[IP]"},
        {"lines": 1, "first": 6, "program": "postfix/smtpd",
         "shape": "MAIL \x1b[N at IP: <>"}]
