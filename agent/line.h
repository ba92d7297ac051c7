/*
 * The header of a log line: stamp, host, program and pid, and where the
 * message begins.  Only the shape is looked at here, so that a line without
 * a hit costs little; what instant the stamp means is stamp.h.
 *
 * Everything is anchored at the first byte: a stamp or a tag further right
 * is text that a client wrote.
 */
#ifndef PLAINTIFF_LINE_H
#define PLAINTIFF_LINE_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/base/text.h"

/* A longer line is no log line of any daemon we know. */
enum { LINE_BYTES = 64 * 1024 };

enum line_form {
	LINE_RFC3164, /* "Mar  4 13:01:16", "Mar 04 ...", "Mar 4 ..." */
	LINE_RFC3339, /* "2025-03-24T13:01:16.123456+01:00", "... +0100" */
};

struct line {
	enum line_form form;
	struct text stamp; /* as written */
	struct text host;
	struct text program; /* tag without the pid */
	struct text message; /* behind "tag[pid]: " */
	int64_t pid;         /* EVENT_NO_PID if there is none */
};

/* False when the line has no header that we know.  The texts of *out lie in
 * the line. */
bool line_parse(struct text line, struct line *out);

#endif
