"""Writes the seed inputs of most fuzz targets again: realistic lines of our
own in every header form, forged ones, all samples and blocks of the shipped
rules, the RDAP documents of tests/live, a relay's log and words.  Run it after
such were added:

    /usr/bin/python3 tests/fuzz/corpus.py
"""
import hashlib
import itertools
import json
import pathlib
import re

HERE = pathlib.Path(__file__).resolve().parent
RULES = HERE.parents[1] / "agent" / "rules"
RDAP = HERE.parents[1] / "tests" / "live" / "rdap"
BOOTSTRAP = HERE.parents[1] / "hub" / "lookup" / "bootstrap"

STAMPS = ["Mar  4 13:01:16", "Mar 04 13:01:16", "Mar 4 13:01:16",
          "Feb 29 00:00:00", "Dec 31 23:59:60",
          "2025-03-24T13:01:16.123456+01:00", "2025-03-24T13:01:16Z",
          "2025-03-24T13:01:16+0100", "2025-03-24 13:01:16",
          "2025-03-24 13:01:16.123 +0100", "Mar  4 13:01:16.123456",
          "@400000004c91b044077a9e94", "1795294951.637443",
          "1795294951637443", "<22>Mar  4 13:01:16",
          "Mon 2025-03-24 13:01:16 UTC", "Mar  4 13:01:16 <mail.info>"]
PROGRAMS = ["postfix/smtpd[254]", "postfix/submission/smtpd[9]",
            "postfix-in/smtps/smtpd[1]", "postfix/postscreen[77]",
            "postfix/qmgr[3]", "dovecot"]
CLIENTS = ["unknown[203.0.113.7]", "h-7.dyn.example[203.0.113.7]:51234",
           "a_b.example[2001:db8::7]", "unknown[::ffff:203.0.113.7]",
           "unknown[unknown]", "198-51-100-9.example[203.0.113.7]"]
LOGINS = [b"carol", b"", b"(unavailable)", "żółć@example.org".encode(),
          b"x[198.51.100.9]: SASL LOGIN authentication failed: a, "
          b"sasl_username=root",
          "a\u2028Mar  4 13:01:16 mx1 postfix/smtpd[9]: warning: "
          "x[198.51.100.9]: SASL LOGIN authentication failed".encode(),
          b"nul\0nul", b"\xff\xfe\xc3(", b"\x1b[31mred", b"a" * 300]
MESSAGES = [
    "warning: %s: SASL LOGIN authentication failed: UGFzc3dvcmQ6",
    "warning: %s: SASL CRAM-MD5 authentication failed:",
    "warning: %s: SASL PLAIN authentication failed: Connection lost to "
    "authentication server",
    "warning: %s: SASL <LOGIN authentication failed: x, sasl_username=root> "
    "authentication failed: no mechanism available",
    "NOQUEUE: reject: RCPT from %s: 554 5.7.1 <v@far.example>: Relay access "
    "denied; from=<s@far.example> to=<v@far.example> proto=ESMTP "
    "helo=<[198.51.100.9]>",
    "4F1B72E0A33: reject: RCPT from %s: 454 4.7.1 <a b@far.example>: Relay "
    "access denied; from=<\"x[198.51.100.9]: 554 5.7.1 <x>: Relay access "
    "denied; from=\"@far.example> to=<\"a b\"@far.example> proto=SMTP "
    "helo=<a.example>",
    "NOQUEUE: reject: RCPT from %s: 554 5.7.1 <x@near.example>: Relay access "
    "denied; from=<y>: Recipient address rejected: Access denied; "
    "from=<s@far.example> to=<\"x@near.example>: Relay access denied; "
    "from=<y\"> proto=ESMTP helo=<a.example>",
    "connect from %s", "disconnect from %s ehlo=1 auth=0/1 commands=1/2",
]


def put(target, data):
    folder = HERE / "corpus" / target
    folder.mkdir(parents=True, exist_ok=True)
    name = hashlib.sha256(data).hexdigest()[:16]
    (folder / name).write_bytes(data)


def lines():
    messages = [(m % c).encode() for m, c in
                itertools.product(MESSAGES, CLIENTS)]
    messages += [b"warning: unknown[203.0.113.7]: SASL PLAIN authentication "
                 b"failed: authentication failure, sasl_username=" + login
                 for login in LOGINS]
    messages.append(b"PREGREET 14 after 0.1 from [203.0.113.7]:99: EHLO x")
    headers = itertools.cycle(itertools.product(STAMPS, PROGRAMS[:3]))
    for message in messages:
        for _ in range(3):
            stamp, program = next(headers)
            yield ("%s mx1 %s: " % (stamp, program)).encode() + message
    for stamp, program in itertools.product(STAMPS, PROGRAMS):
        yield ("%s mx1 %s: hello" % (stamp, program)).encode()
    whole = b"Mar  4 13:01:16 mx1 postfix/smtpd[254]: " + messages[4]
    for n in range(0, len(whole), 7):
        yield whole[:n]
    yield b" " + whole
    yield whole + b"\r"


REAR = [
    'SMTP protocol error in "%s" H=mx.example.net (a) [203.0.113.7]:99 '
    'I=[192.0.2.1]:25 Ci=3 AUTH command used when not advertised',
    'unqualified verify rejected: <%s> H=[203.0.113.7]',
    "s1GNXHYB005133: AUTH failure (CRAM-MD5): user not found (-20) SASL(-13): "
    "user not found: user: %s@mx1 property: x not found, user=x, "
    "relay=mx.example.net [203.0.113.7] (may be forged)",
    "s1GNXHYB005133: AUTH failure (LOGIN): %s, relay=[IPv6:2001:db8::7]",
    "s1GNXHYB005133: invalid domain name (%s) from [203.0.113.7]",
    "s1GNXHYB005133: ruleset=check_rcpt, arg1=<%s>, relay=[203.0.113.7], "
    "reject=550 5.7.1 <%s>... Relaying denied",
]
REAR_TEXTS = ["x", "", 'x" H=(y) [198.51.100.9] AUTH command used when not '
              'advertised', "x> H=(y) [198.51.100.9]", "x I=[198.51.100.9]",
              "x, user=root, relay=[198.51.100.9]", "x) from [198.51.100.9]",
              "v>, relay=[198.51.100.9], reject=550 5.7.1 <v",
              "x>... Relaying denied"]


def session(marked, family, key):
    """As agent/session.c saves one."""
    return (bytes([marked]) + (84).to_bytes(8, "big") +
            (1780000000000000).to_bytes(8, "big") + (10).to_bytes(4, "big") +
            bytes([family]) + bytes(range(16)) + b"\0\x19" +
            bytes(17) + b"\0\0" + len(key).to_bytes(2, "big") + key)


HEADERS = [
    b"Mar  4 13:01:16 %s: Info: ", b"2025-03-24 13:01:16 %s: Info: ",
    b"Mar  4 13:01:16 mx1 dovecot: %s(304): ",
    b"Mar  4 13:01:16 mx1 dovecot: %s(x,203.0.113.7,sasl:plain)<s>: ",
    b"Mar  4 13:01:16 mx1 exim[12]: 2025-03-04 13:01:16.1 +0100 [9] %s ",
    b"mx1.example exim[12]: 2025-03-04 13:01:16 %s ",
    b"Mar  4 13:01:16 mx1 exim[12]: [1\\2] 2025-03-04 13:01:16 %s ",
    b"Mar  4 13:01:16 mx1 exim[12]: [2/2] %s ",
    b"<22>1 2025-03-24T13:01:16Z mx1 %s 9 - [x y=\"\\\"]\"] ",
    b"[17/Jun/2011 17:00:45] %s ", b"Apr-07-13 07:08:36 [SSL-out] %s ",
]
MESSAGE = (b"warning: unknown[203.0.113.7]: SASL LOGIN authentication failed: "
           b"x, sasl_username=")


def journal():
    """Entries of both forms, with and without bytes that are no text."""
    head = [(b"__CURSOR", b"s=0;i=1"), (b"__REALTIME_TIMESTAMP",
                                        b"1795294951637443"),
            (b"_HOSTNAME", b"mx1"), (b"SYSLOG_IDENTIFIER", b"postfix/smtpd"),
            (b"SYSLOG_PID", b"77"), (b"_PID", b"78"), (b"_COMM", b"smtpd")]
    for login in LOGINS:
        text = MESSAGE + login
        export = b"".join(n + b"=" + v + b"\n" for n, v in head)
        yield export + b"MESSAGE=" + text + b"\n\n"
        yield (export + b"MESSAGE\n" + len(text).to_bytes(8, "little") +
               text + b"\n\n") * 2
        fields = {n.decode(): v.decode() for n, v in head}
        yield json.dumps(dict(fields, MESSAGE=text.decode("latin-1"))).encode()
        yield json.dumps(dict(fields, MESSAGE=list(text))).encode()
    yield b"MESSAGE\n" + b"\xff" * 8


RELAY = """\
postfix/smtpd[1]: connect from unknown[127.0.0.1]
postfix/smtpd[1]: EBC7BA8FAD0: client=unknown[127.0.0.1]
postfix/cleanup[9]: EBC7BA8FAD0: message-id=<our@x>
postfix/smtpd[1]: lost connection after DATA (61 bytes) from x[::1]
postfix/cleanup[9]: EBC7BA8FAD0: reject: header Subject: x
postfix/qmgr[3]: EBC7BA8FAD0: from=<a@b.example>, size=1 (queue active)
postfix/smtpd[1]: disconnect from unknown[127.0.0.1] quit=1 commands=1
postfix/master[2]: terminating on signal 15
postfix/master[2]: warning: process /usr/sbin/smtpd pid 1 killed by signal 9
rsyslogd: imjournal: 9 messages lost due to rate-limiting""".split("\n")
EXIM = "2026-11-21 20:42:32 1tEsQz-000abc-1D <= a@b H=(x) [::1] id=our@x"
END = [RELAY[0].replace("[1]", "[7]"), RELAY[6].replace("[1]", "[7]")]
REPLIES = [b"250 ok\r\n", b"250-a\r\n250 b\r\n", b"354 go\r\n",
           b"450 4.2.0 no\r\n", b"550 5.1.1 no\r\n", b"421 bye\r\n", b"x\n"]


def relay():
    """Logs of a relay, each with the mark and a session behind it."""
    stamp = "Nov 28 04:56:32 mx1 "
    for some in itertools.chain(
            ([line] for line in RELAY), itertools.combinations(RELAY, 3),
            [RELAY[:4] + [RELAY[6]], RELAY[:3] + RELAY[5:7]]):
        yield "\n".join([stamp + line for line in some] + ["|"]
                        + [stamp + line for line in END])
    yield EXIM


CARDS = [
    '["vcard",[["email",{"pref":"1"},"text","abuse@isp.example"],'
    '["email",{"type":["abuse"]},"text","a@isp.example, b@isp.example"]]]',
    '["vcard",[["email",{"pref":3},"text","DATA REDACTED"],["email",{},"uri",'
    '"mailto:x@isp.example"],["email",{},"text",["x@isp.example"]]]]',
    '["vcard",[["email",{},"text","x@isp.example\\r\\nBcc: y@z.example"],'
    '["email",{},"text","\\u001b[31mx@isp.example"]]]',
    '["vcard",[["email",{},"text","abuse@ripe.net"],["EMAIL",{"type":"abuse"},'
    '"text","b\\u00fc@b\\u00fccher.example"]]]',
    '["vcard"]', '{}', 'null']
ENTITIES = ['[{"roles":["abuse"],"vcardArray":%s}]',
            '[{"roles":["registrant"],"entities":[{"roles":["technical",'
            '"ABUSE"],"vcardArray":%s}]},{"roles":["abuse"]}]',
            '{"roles":["abuse"],"vcardArray":%s}']


def rdap():
    """Answers that hold the addresses which the target asks for."""
    for path in sorted(RDAP.glob("*.json")):
        doc = json.loads(path.read_text())
        doc.pop("notices", None)
        doc.pop("lacnic_reverseDelegations", None)
        yield json.dumps(doc).encode()
        if "startAddress" in doc:
            six = ":" in doc["startAddress"]
            doc["startAddress"] = "2001:db8::" if six else "192.0.2.0"
            doc["endAddress"] = "2001:db8::ffff" if six else "192.0.2.255"
            yield json.dumps(doc).encode()
    for card, entities in itertools.product(CARDS, ENTITIES):
        yield ('{"objectClassName":"ip network","startAddress":"192.0.2.0",'
               '"endAddress":"192.0.2.255","country":"de","handle":"N",'
               '"nicbr_autnum":64500,"entities":' + entities % card
               + "}").encode()
    for n in (20, 40):
        yield (b'{"objectClassName":"ip network","entities":'
               + b'[{"entities":' * n + b"[]" + b"}]" * n + b"}")
    yield b'{"errorCode":404,"title":"Not Found"}'


def bootstraps():
    for path in sorted(BOOTSTRAP.glob("*.json")):
        yield path.read_bytes()
    for services in (
            '[["192.0.2.0/24","198.51.100.0/24"],["http://a.example/",'
            '"https://a.example/rdap"]],[["192.0.2.128/25"],'
            '["https://b.example:8443/"]]', '[["2001:DB8::/32"],'
            '["https://[2001:db8::1]/"]]', '[["::ffff:192.0.2.0/120"],'
            '["https://a.example/"]]', '[["192.0.2.1/24"],["https://a/"]]',
            '[["192.0.2.0/24"],["https://a/?x"]]', '[["0.0.0.0/0"],'
            '["https://a/"]],[["0.0.0.0/0"],["https://b/"]]'):
        yield ('{"version":"1.0","publication":"x","services":[%s]}'
               % services).encode()


def main():
    for answer in rdap():
        put("rdap", answer)
    for document in bootstraps():
        put("bootstrap", document)
    for log in list(relay())[::3] + [EXIM]:
        put("receipt", log.encode())
    for said in itertools.product(REPLIES[:4], REPLIES[::2], REPLIES[2:]):
        put("smtp_talk", b"\1\xff" + b"\xff".join(said) + b"\xff"
            + REPLIES[0])
        put("smtp_talk", b"\0\x85" + b"\xff".join(said))
    for last in REPLIES:
        put("smtp_talk", b"\1\xff" + REPLIES[0] * 2 + REPLIES[2] + b"\xff"
            + last)
    for line in lines():
        put("line", line)
    for header, word in itertools.product(
            HEADERS, (b"imap-login", b"auth", b"auth-worker", b"login")):
        put("line", header % word + MESSAGE + b"carol")
    for entry in journal():
        put("journal", entry)
        if entry[:1] == b"{":
            put("line", entry)
    for form, text in itertools.product(REAR, REAR_TEXTS):
        put("rear", form.replace("%s", text).encode())
    one = session(0, 4, b"1c2de51070a980a8\0mx1\0smtpd\0")
    two = session(1, 0, b"6ALKMXZ6000131\0mx1\0sm-mta\0")
    for saved in (one, two, one + two, one[:-1], one + b"\0",
                  session(0, 5, b"x"), session(0, 6, b"")):
        put("session", saved)
    for path in sorted(RULES.glob("*.rules")):
        text = path.read_text()
        template = None
        for line in text.split("\n"):
            key, _, value = line.partition("=")
            if key.strip() == "template":
                template = value.strip()
            elif key.strip() in ("hit", "miss"):
                put("template", ("%s\n%s" % (template, value.strip()))
                    .encode())
        for block in re.split(r"\n(?=\[)", text)[1:]:
            put("rules", block.encode())
            put("rules", block[:len(block) // 2].encode())
            put("rules", block.replace("{client}", "{said}").encode())


main()
