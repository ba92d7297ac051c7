/*
 * The header of a log line: stamp, host, program and pid, and where the
 * message begins.  Only the shape is looked at here, so that a line without
 * a hit costs little; what instant the stamp means is stamp.h.
 *
 * Everything is anchored at the first byte: a stamp or a tag further right
 * is text that a client wrote.  A daemon's own decoration in front of its
 * message is taken off here too, so that rules see one message however it
 * was logged:
 *
 *   Dovecot   the process becomes the program, "dovecot/imap-login", from
 *             syslog ("dovecot: imap-login: ...") and from its own file
 *             ("imap-login: Info: ..."); "Info: ", "(pid): " are gone
 *   Exim      own log files have program "exim"; its stamp and "[pid] " are
 *             gone, also behind a syslog header
 */
#ifndef PLAINTIFF_LINE_H
#define PLAINTIFF_LINE_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/base/text.h"

/* A longer line is no log line of any daemon we know. */
enum { LINE_BYTES = 64 * 1024 };

enum line_form {
	LINE_RFC3164, /* "Mar  4 13:01:16", "Mar 04 ...", "Mar 4 ...", with or
	                 without a fraction; local, no year */
	LINE_RFC3339, /* "2025-03-24T13:01:16.123456+01:00", "... +0100" */
	LINE_LOCAL,   /* "2025-03-24 13:01:16", with or without a fraction;
	                 local unless " +0100" or " UTC" follows */
	LINE_TAI64N,  /* "@400000004c91b044077a9e94" */
	LINE_UNIX,    /* "1795294951.637443": seconds */
	LINE_JOURNAL, /* "1795294951637443": microseconds */
	LINE_ASSP,    /* "Apr-07-13 07:08:36", local */
	LINE_KERIO,   /* "17/Jun/2011 17:00:45", local */
};

struct line {
	enum line_form form;
	struct text stamp; /* as written */
	struct text host;  /* absent in a daemon's own file */
	struct text program; /* tag without the pid; see above */
	struct text message; /* behind "tag[pid]: "; see above */
	int64_t pid;         /* EVENT_NO_PID if there is none */
	/* a record that Exim split for syslog, "[2/3] ": which piece of how
	 * many; 0: no piece */
	uint8_t piece, pieces;
	bool is_cut; /* its line goes on in the next piece */
};

/* False when the line has no header that we know.  The texts of *out lie in
 * the line or are static. */
bool line_parse(struct text line, struct line *out);

#endif
