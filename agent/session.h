/*
 * What one line of a session says and another one needs: OpenSMTPD names the
 * client when it connects and its failures later; sendmail names the failure
 * first and the client when it is done with the message.
 *
 * A session is known by host, program, pid and the id that the daemon writes
 * at the left end of its message: equal ids on two hosts are two sessions,
 * and an id in a client's text is none.  It is forgotten some time, or some
 * bytes of log, after its last line; when there are too many, the one that
 * was silent for longest goes.  What is forgotten is a miss.
 *
 * Belongs to detect.c, which keeps it with the log position.  No files, no
 * clock.
 */
#ifndef PLAINTIFF_SESSION_H
#define PLAINTIFF_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/base/buf.h"
#include "proto/base/text.h"

struct match;
struct sessions;

enum {
	/* as long as a server waits for a command (RFC 5321 4.5.3.2.7); a
	 * shorter time could be waited out by those who know it */
	SESSION_TIME_US = 5 * 60 * 1000 * 1000,
	SESSION_BYTES = 1024 * 1024,
	SESSION_COUNT = 256,
};

/* A line, as far as its session goes. */
struct session_line {
	struct text host;
	struct text program;
	struct text id;
	int64_t pid;
	int64_t time_us;   /* its stamp */
	uint64_t at_bytes; /* bytes of log read so far */
};

struct sessions *sessions_open(void);
void sessions_close(struct sessions *s);

/* The line names the client: addresses and ports in m. */
void session_begin(struct sessions *s, const struct session_line *line,
    const struct match *m);
/* The line needs it: fills these members of *m.  The name is not kept: it is
 * said of the line that an event shows.  False when the session is not
 * known. */
bool session_client(struct sessions *s, const struct session_line *line,
    struct match *m);
/* The line says what the client did, or takes back that it was said; the
 * latter is true if it was. */
void session_mark(struct sessions *s, const struct session_line *line);
bool session_take_mark(struct sessions *s, const struct session_line *line);
/* The line is its last. */
void session_end(struct sessions *s, const struct session_line *line);

/* As bytes and back, when at_bytes of log were read; load forgets all there
 * was, and refuses (-1) bytes that save did not write. */
void sessions_save(
    const struct sessions *s, uint64_t at_bytes, struct buf *out);
int sessions_load(struct sessions *s, uint64_t at_bytes, struct text bytes)
    __attribute__((warn_unused_result));

#endif
