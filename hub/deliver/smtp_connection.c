/*
 * One connection to the relay; see smtp_connection.h.
 *
 * libcurl makes it: address, TLS and its checks, EHLO, STARTTLS,
 * authentication (CURLOPT_CONNECT_ONLY).  Mails then go over it by smtp_talk,
 * since libcurl itself waits for the answer to a mail's end in a way that
 * stops every other transfer, and does not tell what of a mail was written.
 */
#include "hub/deliver/smtp_connection.h"

#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sysexits.h>

#include "proto/base/arena.h"
#include "proto/base/clock.h"
#include "proto/base/die.h"

enum { CONNECT_S = 30 };

/* Options are constants and our own texts: one that fails is a libcurl that
 * cannot do what we rely on. */
#define SET(curl, option, value)                                       \
	do {                                                           \
		if (curl_easy_setopt(curl, option, value) != CURLE_OK) \
			die(EX_SOFTWARE, "libcurl refuses " #option);  \
	} while (0)

static bool
line_has(const char *line, size_t n, const char *word)
{
	size_t length = strlen(word);

	return n >= 4 + length && memcmp(line, "250", 3) == 0 &&
	    strncasecmp(line + 4, word, length) == 0 &&
	    (n == 4 + length || line[4 + length] == ' ' ||
	        line[4 + length] == '=');
}

/* Answers of the server while it connects, a line or several a call. */
static size_t
on_header(char *in, size_t size, size_t count, void *arg)
{
	struct smtp_connection *s = arg;
	size_t n = size * count;

	for (size_t at = 0; at < n;) {
		const char *line = in + at;
		const char *end = memchr(line, '\n', n - at);
		size_t length = end == NULL ? n - at : (size_t)(end - line);

		at += length + 1;
		while (length != 0 && line[length - 1] == '\r')
			length--;
		s->pipelining |= line_has(line, length, "PIPELINING");
		s->auth |= line_has(line, length, "AUTH");
		s->line[text_neuter(s->line, sizeof s->line - 1, line,
		    length)] = '\0';
	}
	return n;
}

static size_t
on_body(char *in, size_t size, size_t count, void *arg)
{
	(void)in;
	(void)arg;
	return size * count;
}

const char *
smtp_connection_url(const struct smtp_relay *relay, struct arena *a)
{
	size_t n = strlen(relay->url);
	char *hello = arena_string(a, relay->hello);

	if (n != 0 && relay->url[n - 1] == '/')
		n--;
	/* the path is what libcurl says in EHLO */
	for (char *p = hello; *p != '\0'; p++)
		if (strchr("/?#% ", *p) != NULL || (unsigned char)*p <= 0x20 ||
		    (unsigned char)*p >= 0x7f)
			*p = '-';
	return arena_printf(a, "%.*s/%s", (int)n, relay->url, hello);
}

static void
set_up(CURL *c, const char *url, const struct smtp_relay *relay,
    struct smtp_connection *s)
{
	SET(c, CURLOPT_URL, url);
	SET(c, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
	SET(c, CURLOPT_CONNECT_ONLY, 1L);
	SET(c, CURLOPT_PROXY, "");
	SET(c, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	SET(c, CURLOPT_NOSIGNAL, 1L);
	SET(c, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_S);
	SET(c, CURLOPT_SERVER_RESPONSE_TIMEOUT, (long)relay->timeout_s);
	SET(c, CURLOPT_TIMEOUT, (long)(2 * relay->timeout_s));
	SET(c, CURLOPT_HEADERFUNCTION, on_header);
	SET(c, CURLOPT_HEADERDATA, s);
	SET(c, CURLOPT_WRITEFUNCTION, on_body);
	SET(c, CURLOPT_ERRORBUFFER, s->error);
	SET(c, CURLOPT_USE_SSL,
	    (long)(relay->starttls ? CURLUSESSL_ALL : CURLUSESSL_NONE));
	if (relay->ca[0] != '\0') {
		SET(c, CURLOPT_CAINFO, relay->ca);
		SET(c, CURLOPT_CAPATH, NULL);
	}
	if (relay->user[0] != '\0') {
		SET(c, CURLOPT_USERNAME, relay->user);
		SET(c, CURLOPT_PASSWORD, relay->password);
	}
}

void
smtp_connection_begin(struct smtp_connection *s, CURLM *multi,
    const char *url, const struct smtp_relay *relay)
{
	*s = (struct smtp_connection){.multi = multi, .curl = curl_easy_init(),
	    .fd = CURL_SOCKET_BAD, .opened_ms = clock_mono_ms()};
	if (s->curl == NULL)
		die(EX_OSERR, "out of memory");
	set_up(s->curl, url, relay, s);
	if (curl_multi_add_handle(multi, s->curl) != CURLM_OK)
		die(EX_SOFTWARE, "libcurl refuses a connection");
}

bool
smtp_connection_made(struct smtp_connection *s, CURLcode result,
    const char **why)
{
	long code = 0;

	if (result == CURLE_OK &&
	    curl_easy_getinfo(s->curl, CURLINFO_ACTIVESOCKET, &s->fd) ==
	        CURLE_OK && s->fd != CURL_SOCKET_BAD)
		return true;
	(void)curl_easy_getinfo(s->curl, CURLINFO_RESPONSE_CODE, &code);
	*why = code >= 400 && s->line[0] != '\0' ? s->line
	    : s->error[0] != '\0'                ? s->error
	                          : curl_easy_strerror(result);
	return false;
}

bool
smtp_connection_is_quiet(struct smtp_connection *s)
{
	char byte;
	size_t n;

	return curl_easy_recv(s->curl, &byte, 1, &n) == CURLE_AGAIN;
}

void
smtp_connection_end(struct smtp_connection *s, bool polite)
{
	size_t sent;

	if (s->curl == NULL)
		return;
	if (polite && s->fd != CURL_SOCKET_BAD)
		(void)curl_easy_send(s->curl, "QUIT\r\n", 6, &sent);
	/* libcurl shall not wait for an answer */
	if (s->fd != CURL_SOCKET_BAD)
		(void)shutdown(s->fd, SHUT_RDWR);
	(void)curl_multi_remove_handle(s->multi, s->curl);
	curl_easy_cleanup(s->curl);
	*s = (struct smtp_connection){.fd = CURL_SOCKET_BAD};
}
