/* The words of a report; see wording.h. */
#include "hub/report/wording.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "proto/base/buf.h"

static const struct {
	const char *word, *one, *many, *explain;
} kinds[KIND_COUNT] = {
    [KIND_NONE] = {"other", "event", "events", NULL},
    [KIND_AUTH_FAILURE] = {"login", "login failure", "login failures",
        "login: a try to log in to a mailbox of ours with a wrong name or "
        "password (SMTP AUTH or alike; brute force, login attack)."},
    [KIND_RELAY_DENIED] = {"relay", "relay attempt", "relay attempts",
        "relay: a try to send mail to third parties through our server "
        "without any right to (open relay probing)."},
    [KIND_UNKNOWN_RECIPIENT] = {"recipient", "unknown recipient",
        "unknown recipients",
        "recipient: mail for a mailbox that does not exist here."},
    [KIND_ENUMERATION] = {"enumeration", "address guess", "address guesses",
        "enumeration: guessing which mailboxes exist here."},
    [KIND_PROTOCOL_ABUSE] = {"protocol", "protocol violation",
        "protocol violations",
        "protocol: what was sent is not the mail protocol."},
    [KIND_POLICY_REJECT] = {"policy", "policy refusal", "policy refusals",
        "policy: mail refused by our rules."},
    [KIND_DNSBL_REJECT] = {"blocklist", "blocklist refusal",
        "blocklist refusals",
        "blocklist: refused since a blocklist names the address."},
    [KIND_RATE_LIMIT] = {"rate", "rate limit hit", "rate limit hits",
        "rate: more connections or messages than anybody may have."},
    [KIND_TLS_FAILURE] = {"tls", "TLS failure", "TLS failures",
        "tls: a TLS session that failed."},
    [KIND_PROBE] = {"probe", "probe", "probes",
        "probe: a connection that only looked what is there."},
    [KIND_PTR_MISMATCH] = {"rdns", "reverse DNS mismatch",
        "reverse DNS mismatches",
        "rdns: reverse DNS and forward DNS contradict each other."},
    [KIND_SPAM_CONTENT] = {"spam", "spam message", "spam messages",
        "spam: a message that was refused as spam."},
    [KIND_BACKEND_FAILURE] = {"other", "event", "events", NULL},
    [KIND_LOGIN_SUCCESS] = {"other", "event", "events", NULL},
};

const char *
wording_kind(enum kind k)
{
	return kinds[k].word;
}

const char *
wording_count(enum kind k, int64_t count)
{
	return count == 1 ? kinds[k].one : kinds[k].many;
}

const char *
wording_explain(enum kind k)
{
	return kinds[k].explain;
}

const char *
wording_subject(const int64_t counts[KIND_COUNT])
{
	int64_t other = 0;

	for (int k = 0; k < KIND_COUNT; k++)
		if (k != KIND_AUTH_FAILURE && k != KIND_RELAY_DENIED)
			other += counts[k];
	if (counts[KIND_AUTH_FAILURE] == 0 && counts[KIND_RELAY_DENIED] == 0)
		return "Abuse of our mail servers";
	if (other != 0)
		return "SMTP login attempts (brute force) and other abuse";
	if (counts[KIND_AUTH_FAILURE] == 0)
		return "SMTP relay attempts (open relay probing)";
	if (counts[KIND_RELAY_DENIED] == 0)
		return "SMTP login attempts (brute force)";
	return "SMTP login attempts (brute force) and relay attempts";
}

static bool
ends_with(struct text t, const char *end)
{
	size_t n = strlen(end);

	return t.n >= n && memcmp(t.at + t.n - n, end, n) == 0;
}

static bool
holds(struct text t, const char *part)
{
	return t.n != 0 && memmem(t.at, t.n, part, strlen(part)) != NULL;
}

const char *
wording_service(struct text service, uint16_t port)
{
	if (holds(service, "smtps") || holds(service, "submissions"))
		return "submissions";
	if (holds(service, "submission"))
		return "submission";
	if (holds(service, "imap"))
		return "imap";
	if (holds(service, "pop3"))
		return "pop3";
	if (holds(service, "sieve"))
		return "sieve";
	switch (port) {
	case 25:
		return "smtp";
	case 465:
		return "submissions";
	case 587:
		return "submission";
	case 110:
	case 995:
		return "pop3";
	case 143:
	case 993:
		return "imap";
	case 4190:
		return "sieve";
	default:
		break;
	}
	if (ends_with(service, "smtpd") || holds(service, "exim") ||
	    holds(service, "postscreen") || holds(service, "sendmail") ||
	    holds(service, "sm-mta"))
		return "smtp";
	return "-";
}

void
wording_counts(struct buf *out, const int64_t counts[KIND_COUNT])
{
	const char *between = "";

	for (int k = 0; k < KIND_COUNT; k++) {
		if (counts[k] == 0)
			continue;
		buf_printf(out, "%s%" PRId64 " %s", between, counts[k],
		    wording_count((enum kind)k, counts[k]));
		between = ", ";
	}
}
