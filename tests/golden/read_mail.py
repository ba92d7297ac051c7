"""Reads a report back as a program of an abuse desk would: parts, headers, and
the facts of the text, the CSV and the XARF documents in one form each, so that
they can be compared.  Knows no program of ours."""
import base64
import csv
import email
import email.policy
import hashlib
import ipaddress
import io
import json
import re

HEADERS = ["from", "reply-to", "to", "subject", "date", "message-id",
           "auto-submitted", "mime-version", "content-type"]


def parse(raw):
    """Python's parser, any defect an error."""
    return email.message_from_bytes(
        raw, policy=email.policy.SMTP.clone(raise_on_defect=True))


def leaves(m):
    """The parts of the mail, those of a feedback report as one."""
    return list(m.iter_parts()) if m.is_multipart() else [m]


def text_of(m):
    part = leaves(m)[0]
    assert part.get_content_type() == "text/plain"
    return part.get_content().replace("\r\n", "\n")


def csv_of(m):
    for part in leaves(m):
        if part.get_content_type() == "text/csv":
            assert part.get_filename() == "report.csv"
            text = part.get_content()
            assert text.count("\n") == text.count("\r\n")
            return list(csv.DictReader(io.StringIO(text, newline="")))
    return None


def documents(m):
    """(name, document) of each, in order."""
    return [(part.get_filename(), json.loads(part.get_content()))
            for part in leaves(m)
            if part.get_content_type() == "application/json"]


def address(word):
    try:
        return str(ipaddress.ip_address(word))
    except ValueError:
        return None


def none(word):
    return None if word in ("", "-") else word


def event(words):
    """time, source, port, destination, port, service, kind, login"""
    assert len(words) == 8, words
    assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$", words[0]), words
    assert address(words[1]) == words[1]
    return tuple(none(w) for w in words)


def text_events(text):
    """Rows of the table; without the column of logins they have none."""
    rows = []
    for line in text.split("\n"):
        words = line.split()
        if re.match(r"\d{4}-\d\d-\d\dT\S+ +\S", line):
            rows.append(event(words + ["-"] * (8 - len(words))))
    return rows


def text_sources(text):
    """address -> [events, first, last], of what stands under each."""
    sources, at, block = {}, None, ""
    for line in text.split("\n") + [""]:
        if address(line) is not None:
            at, block = line, ""
        elif at is not None and line.startswith("  "):
            block += line
        elif at is not None:
            # French has a no-break space in front of its colon
            count = re.match(r" *(?:\D* )?(\d+)[^:]*?\s?:", re.sub(
                r"^ +(Again|Erneut|De nouveau)[^.]*\.", "", block))
            times = re.findall(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", block)
            sources[at] = [int(count.group(1))] + times[:2]
            at = None
    return sources


def csv_events(rows):
    return [event([r[k] or "-" for k in (
        "time", "source_ip", "source_port", "destination_ip",
        "destination_port", "service", "type", "login")])
        for r in rows if r["time"]]


def csv_sources(rows):
    return {r["source_ip"]: [int(r["source_events"]), r["source_first"],
                             r["source_last"]] for r in rows}


def csv_kinds(rows):
    return {r["source_ip"]: dict(
        (k, int(n)) for k, n in (p.split("=")
                                 for p in r["source_types"].split()))
        for r in rows}


def document_events(d):
    rows = []
    for item in d.get("evidence", []):
        payload = base64.b64decode(item["payload"], validate=True)
        assert item["size"] == len(payload)
        assert item["hash"] == "sha256:" + hashlib.sha256(payload).hexdigest()
        rows += [event(line.split()) for line in payload.decode().split("\n")
                 if line]
    return rows


def document_source(d):
    return [d["event_total"], d["first_seen"], d["last_seen"]]


def feedback(part):
    """The lines of a feedback report."""
    inner = part.get_payload(0)
    assert inner.get_content().strip() == ""
    return ["%s: %s" % pair for pair in inner.items()]


def everything(m):
    """All bytes of a mail, decoded: what a canary is looked for in."""
    out = [str(m.items())]
    for part in leaves(m):
        out.append(str(part.items()))
        if part.get_content_type() == "message/feedback-report":
            out += feedback(part)
            continue
        content = part.get_content()
        out.append(content if isinstance(content, str) else content.decode())
        if part.get_content_type() == "application/json":
            for item in json.loads(content).get("evidence", []):
                out.append(base64.b64decode(item["payload"]).decode())
    return "\n".join(out)
