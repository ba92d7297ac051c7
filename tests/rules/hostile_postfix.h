/*
 * What the two files of hostile Postfix lines share; see hostile.h.
 */
#ifndef PLAINTIFF_HOSTILE_POSTFIX_H
#define PLAINTIFF_HOSTILE_POSTFIX_H

struct draft;

/* A mail address the client sent, as Postfix keeps it and as it shows it. */
struct path {
	char bare[512];   /* unquoted local part: in replies */
	char quoted[512]; /* in from=<> and to=<> since 3.5 */
};

/* One of smtpd's tags, a pid. */
const char *postfix_tag(struct draft *d);
unsigned postfix_pid(struct draft *d);
/* name[address], some with :port. */
void postfix_client(struct draft *d);
void postfix_path(struct draft *d, struct path *p);

/* Lines that accuse nobody; postscreen's. */
void postfix_nobody(struct draft *d);
void postfix_postscreen(struct draft *d);

#endif
