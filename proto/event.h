/*
 * An event: one log line that accuses one address, and its id.
 *
 * The id is made from the line's content, so that the same line seen twice
 * (read again after a crash, collected by two agents) is one event, and two
 * equal lines are two: 4 bytes of log time in seconds, big-endian, then 12
 * bytes of BLAKE2b over site, host, second, program, pid, message, ordinal.
 */
#ifndef PLAINTIFF_EVENT_H
#define PLAINTIFF_EVENT_H

#include <stdint.h>

#include "proto/base/addr.h"
#include "proto/base/text.h"
#include "proto/kind.h"

enum {
	EVENT_ID_BYTES = 16,
	EVENT_MESSAGE_BYTES = 1000, /* at most, of message */
	EVENT_TEXT_BYTES = 255,     /* at most, of every other text */
	EVENT_TEXT_ID_BYTES = 33,   /* id in hex and the NUL */
};

#define EVENT_NO_PID (-1)
#define EVENT_NO_PORT 0

/* Texts are UTF-8 without NUL (text_clean), owned by someone else; absent
 * ones have at == NULL. */
struct event {
	uint8_t id[EVENT_ID_BYTES];
	int64_t time_us;     /* of the log line */
	int64_t read_us;     /* when the agent read it */
	enum kind kind;
	struct addr source;  /* the accused */
	uint16_t source_port;/* EVENT_NO_PORT if the line does not say */
	struct addr local;   /* our address; family 0 if unknown */
	uint16_t local_port; /* EVENT_NO_PORT if unknown */
	uint32_t ordinal;    /* among equal lines of that second, from 0 */
	int64_t pid;         /* EVENT_NO_PID if the line has none */
	struct text host;    /* as logged */
	struct text program; /* tag as logged, without the pid */
	struct text service; /* postfix/submission/smtpd, dovecot/imap-login */
	struct text ptr;     /* client name as logged; absent for "unknown" */
	struct text login;
	struct text mechanism;
	struct text rule;    /* name of the rule that matched */
	struct text message; /* behind the tag, passwords removed */
};

/* Computes e->id from the other members and the site label ("" usually). */
void event_make_id(struct event *e, struct text site);
/* Is e->id what event_make_id gives? */
bool event_id_is_true(const struct event *e, struct text site);
/* Lower-case hex. Returns out. */
const char *event_format_id(char out[EVENT_TEXT_ID_BYTES],
    const uint8_t id[EVENT_ID_BYTES]);

#endif
