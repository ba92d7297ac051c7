/*
 * Hostile log lines whose truth is known by construction.  A format writes
 * what its daemon would write for a client that chooses its login, HELO,
 * sender, recipient, commands and reverse DNS to deceive us; beside each line
 * it notes the address the daemon saw and what really happened.
 *
 * hostile_text.c makes the client's texts and the daemons' masking of them,
 * hostile_<daemon>.c the lines, hostile_naive.c the control, hostile_judge.c
 * compares the agent's answer, hostile.c is the program.
 */
#ifndef PLAINTIFF_HOSTILE_H
#define PLAINTIFF_HOSTILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "proto/base/addr.h"
#include "proto/kind.h"

enum { HOSTILE_LINE_BYTES = 8192, HOSTILE_TEXT_BYTES = 2048 };

enum head {
	HEAD_SYSLOG,    /* RFC 3164 and RFC 3339 in turn */
	HEAD_RFC5424,
	HEAD_SHORT_ISO, /* journalctl -o short-iso */
	HEAD_EXIM,      /* Exim's own files */
	HEAD_DOVECOT,   /* Dovecot's own file with an ISO date */
	HEAD_NONE,
};

enum expect {
	EXPECT_NOTHING, /* an event on this line accuses without ground */
	EXPECT_MAYBE,   /* nothing, or exactly this */
	EXPECT_EVENT,
};

struct truth {
	enum expect expect;
	enum kind kind;
	enum kind also; /* as right as kind; KIND_NONE if there is none */
	struct addr ip;
	int64_t time_us;
	bool has_login;
	uint64_t login; /* hostile_hash of it */
	uint64_t at;    /* offset of the line in the file */
};

struct truths {
	struct truth *at;
	size_t n;
	size_t cap;
};

struct draft;

struct format {
	const char *name;
	enum head head;
	void (*make)(struct draft *d); /* one or more lines */
	/* texts a client would choose against this format; see
	 * draft_attack for the escapes.  NULL ends the list. */
	const char *const *targets;
	/* why lines of it cannot be judged, or NULL */
	const char *caveat;
};

struct draft {
	uint64_t random;
	const struct format *format;
	FILE *out;
	uint64_t written;
	struct truths *truths;
	int64_t clock_us;
	char line[HOSTILE_LINE_BYTES];
	size_t n;
	size_t message; /* where the message begins */
	int64_t stamp_us;
	char ip[ADDR_TEXT_BYTES]; /* the client's true address */
	char ptr[256];            /* its name, "" if it has none */
	bool has_login;
	uint64_t login;
};

/* How a daemon shows what a client sent: writes at most max bytes. */
typedef size_t draft_mask(char *out, const char *in, size_t n, size_t max);

draft_mask mask_printable; /* Postfix, Dovecot: "?" */
draft_mask mask_sanitize;  /* Dovecot: as above, and "..." where it is cut */
draft_mask mask_helo;      /* Postfix's HELO */
draft_mask mask_exim;      /* \n, \ooo */
draft_mask mask_exim_helo; /* what Exim accepts as HELO by default */
draft_mask mask_caret;     /* Cyrus: ^J */
draft_mask mask_vis;       /* OpenSMTPD's user: \040 */
draft_mask mask_octal;     /* rsyslog: #012 */

/* 0 .. n - 1. */
unsigned draft_pick(struct draft *d, unsigned n);
/* True in percent of the cases. */
bool draft_chance(struct draft *d, unsigned percent);
/* One of a NULL-terminated list. */
const char *draft_one_of(struct draft *d, const char *const *list);
#define DRAFT_ONE(d, ...) \
	draft_one_of(d, (const char *const[]){__VA_ARGS__, NULL})

/* A new client: address, and a name in 30 % of the cases. */
void draft_client(struct draft *d);
/* Starts a line of a daemon; tag is the program without the pid (without
 * meaning for heads of files), pid 0 leaves "[pid]" out. */
void draft_begin(struct draft *d, const char *tag, unsigned pid);
void draft_put(struct draft *d, const char *text);
void draft_putf(struct draft *d, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void draft_bytes(struct draft *d, const char *s, size_t n);
/* Ends the line and notes its truth. */
void draft_end(struct draft *d, enum expect expect, enum kind kind,
    enum kind also);
void draft_nothing(struct draft *d);
/* Cuts the message so that the line is n bytes long. */
void draft_cut(struct draft *d, size_t n);

/* Raw text a client might send, never with NUL or LF ... */
size_t attack_raw(struct draft *d, char *out, size_t cap);
/* ... one text from a pattern: %a an IPv4 address of a third party, %6 an
 * IPv6 one, %w a word, %n a number, %% a percent sign. */
size_t attack_expand(struct draft *d, char *out, size_t cap,
    const char *pattern);
/* Attack text straight into the line, masked. */
void draft_attack(struct draft *d, draft_mask *mask, size_t max);
/* The same, remembered as the login of the line. */
void draft_login(struct draft *d, draft_mask *mask, size_t max);
/* This, as the daemon shows it, is the login of the line. */
void draft_is_login(struct draft *d, const char *s, size_t n);

uint64_t hostile_hash(const char *s, size_t n);
void truths_add(struct truths *t, struct truth one);

extern const struct format formats_postfix[];
extern const struct format formats_dovecot[];
extern const struct format formats_exim[];
extern const struct format formats_rest[];

/* What a plain search with regular expressions makes of a line: true if it
 * accuses somebody. */
struct naive;
struct naive *naive_open(void);
void naive_close(struct naive *n);
bool naive_line(struct naive *n, const char *line, struct addr *ip,
    enum kind *kind);

struct verdict {
	uint64_t lines, expected, found, missed;
	uint64_t wrong_ip, wrong_kind, wrong_time;
	uint64_t other_kind, other_login; /* not reported as such: shown */
	uint64_t naive_lines, naive_wrong;
};

struct judge_options {
	const char *agent, *rules;
	unsigned show; /* so many wrong lines are printed */
	uint64_t control_lines;
};

/* Runs the agent on the file and compares.  -1, said on stderr, when the
 * agent fails or prints what is no answer. */
int judge_file(const struct judge_options *o, const char *file,
    const struct truths *truths, struct verdict *out)
    __attribute__((warn_unused_result));

#endif
