/*
 * One connection to the relay, from nothing to a session that takes mails
 * and to its end.  Says nothing of mails: smtp_talk.  Called by smtp_pool.
 */
#ifndef PLAINTIFF_SMTP_CONNECTION_H
#define PLAINTIFF_SMTP_CONNECTION_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stdint.h>

#include "hub/deliver/smtp.h"

struct arena;

struct smtp_connection {
	CURLM *multi;
	CURL *curl; /* NULL: no connection */
	curl_socket_t fd;
	int64_t opened_ms;
	bool pipelining, auth;      /* the server has it */
	char line[SMTP_SAID_BYTES]; /* its last words while connecting */
	char error[CURL_ERROR_SIZE];
};

/* The relay's address as libcurl wants it, with what to say in EHLO. */
const char *smtp_connection_url(const struct smtp_relay *relay,
    struct arena *a);

/* Begins it in the multi handle, which tells the end.  url and relay live
 * until then. */
void smtp_connection_begin(struct smtp_connection *s, CURLM *multi,
    const char *url, const struct smtp_relay *relay);
/* libcurl says how it ended: is there a session?  *why otherwise. */
bool smtp_connection_made(struct smtp_connection *s, CURLcode result,
    const char **why);
/* Between two mails: it is alive, and the server has said nothing. */
bool smtp_connection_is_quiet(struct smtp_connection *s);
/* polite: between two mails, where QUIT is in place.  Waits for nothing. */
void smtp_connection_end(struct smtp_connection *s, bool polite);

#endif
