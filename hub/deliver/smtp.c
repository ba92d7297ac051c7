/*
 * SMTP through libcurl; see smtp.h.
 *
 * What is certain after a failure depends on two things that libcurl does
 * not tell by its error code: whether the end of the mail can have reached
 * the server (only after our read callback has given the last byte does
 * libcurl write the final dot), and which command the last reply belongs to
 * (seen through the debug callback).
 */
#include "hub/deliver/smtp.h"

#include <curl/curl.h>
#include <poll.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <unistd.h>

#include "proto/base/arena.h"
#include "proto/base/die.h"

enum {
	CONNECT_S = 30,
	WAIT_MS = 1000,
	LINE_MAX_BYTES = 300, /* of the server's words that are kept */
};

enum stage {
	STAGE_CONNECT, /* banner, EHLO, STARTTLS */
	STAGE_MAIL,    /* MAIL, RCPT, DATA or the mail */
};

struct transfer {
	struct text mail;
	size_t at;
	bool ended; /* libcurl knows that the mail is at its end */
	bool began;
	bool leaving; /* replies from here on are to QUIT */
	enum stage stage;
	curl_socket_t fd; /* CURL_SOCKET_BAD: none */
	char line[LINE_MAX_BYTES]; /* the server's last words */
};

static size_t
on_read(char *out, size_t size, size_t count, void *arg)
{
	struct transfer *t = arg;
	size_t n = t->mail.n - t->at, room = size * count;

	if (n > room)
		n = room;
	t->began = true;
	memcpy(out, t->mail.at + t->at, n);
	t->at += n;
	/* libcurl was told the size: it asks no more after the last byte, and
	 * writes the final dot by itself */
	if (t->at == t->mail.n)
		t->ended = true;
	return n;
}

/* Answers of the server come as headers, a line or several a call. */
static size_t
on_header(char *in, size_t size, size_t count, void *arg)
{
	struct transfer *t = arg;
	size_t n = size * count, length;

	if (t->leaving)
		return n;
	while (n != 0 && (in[n - 1] == '\n' || in[n - 1] == '\r'))
		n--;
	length = text_neuter(t->line, sizeof t->line - 1, in, n);
	t->line[length] = '\0';
	return size * count;
}

static size_t
on_body(char *in, size_t size, size_t count, void *arg)
{
	(void)in;
	(void)arg;
	return size * count;
}

static int
on_debug(CURL *curl, curl_infotype type, char *data, size_t n, void *arg)
{
	struct transfer *t = arg;

	(void)curl;
	if (type != CURLINFO_HEADER_OUT || n < 5)
		return 0;
	if (strncasecmp(data, "QUIT", 4) == 0) {
		/* libcurl would now wait for the answer before it tells what
		 * came of the mail */
		t->leaving = true;
		if (t->fd != CURL_SOCKET_BAD)
			(void)shutdown(t->fd, SHUT_RD);
	} else if (strncasecmp(data, "MAIL ", 5) == 0 ||
	    strncasecmp(data, "RCPT ", 5) == 0 ||
	    strncasecmp(data, "DATA", 4) == 0) {
		t->stage = STAGE_MAIL;
	}
	return 0;
}

static int
on_socket(void *arg, curl_socket_t fd, curlsocktype purpose)
{
	struct transfer *t = arg;

	(void)purpose;
	t->fd = fd;
	return CURL_SOCKOPT_OK;
}

static int
on_close(void *arg, curl_socket_t fd)
{
	struct transfer *t = arg;

	if (t->fd == fd)
		t->fd = CURL_SOCKET_BAD;
	return close(fd);
}

void
smtp_open(void)
{
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		die(EX_SOFTWARE, "libcurl does not start");
}

void
smtp_close(void)
{
	curl_global_cleanup();
}

bool
smtp_relay_is_good(const char *relay, const char **why)
{
	CURLU *url = curl_url();
	char *scheme = NULL, *host = NULL, *path = NULL, *user = NULL;
	bool good = false;

	if (url == NULL)
		die(EX_OSERR, "out of memory");
	*why = "it must be smtp://host:port or smtps://host:port";
	if (curl_url_set(url, CURLUPART_URL, relay, 0) != CURLUE_OK ||
	    curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK ||
	    curl_url_get(url, CURLUPART_HOST, &host, 0) != CURLUE_OK)
		goto done;
	if (strcmp(scheme, "smtp") != 0 && strcmp(scheme, "smtps") != 0)
		goto done;
	if (curl_url_get(url, CURLUPART_PATH, &path, 0) == CURLUE_OK &&
	    strcmp(path, "/") != 0)
		goto done;
	if (curl_url_get(url, CURLUPART_USER, &user, 0) == CURLUE_OK) {
		*why = "no user or password may stand in it";
		goto done;
	}
	good = true;
done:
	curl_free(scheme);
	curl_free(host);
	curl_free(path);
	curl_free(user);
	curl_url_cleanup(url);
	return good;
}

static const char *
make_url(const struct smtp_ask *ask, struct arena *a)
{
	size_t n = strlen(ask->relay);
	char *hello = arena_string(a, ask->hello);

	if (n != 0 && ask->relay[n - 1] == '/')
		n--;
	/* the path is what libcurl says in EHLO */
	for (char *p = hello; *p != '\0'; p++)
		if (strchr("/?#% ", *p) != NULL || (unsigned char)*p <= 0x20 ||
		    (unsigned char)*p >= 0x7f)
			*p = '-';
	return arena_printf(a, "%.*s/%s", (int)n, ask->relay, hello);
}

/* Options are constants and our own texts: one that fails is a libcurl that
 * cannot do what we rely on. */
#define SET(curl, option, value)                                       \
	do {                                                           \
		if (curl_easy_setopt(curl, option, value) != CURLE_OK) \
			die(EX_SOFTWARE, "libcurl refuses " #option);  \
	} while (0)

static void
set_up(CURL *c, const struct smtp_ask *ask, struct transfer *t,
    struct curl_slist *recipients, char *error, struct arena *a)
{
	SET(c, CURLOPT_URL, make_url(ask, a));
	SET(c, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
	SET(c, CURLOPT_PROXY, "");
	SET(c, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	SET(c, CURLOPT_NOSIGNAL, 1L);
	SET(c, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_S);
	SET(c, CURLOPT_SERVER_RESPONSE_TIMEOUT, (long)ask->timeout_s);
	/* a server that takes a byte now and then must not hold us for ever */
	SET(c, CURLOPT_TIMEOUT, (long)(2 * ask->timeout_s + 300));
	SET(c, CURLOPT_MAIL_FROM, arena_printf(a, "<%s>", ask->sender));
	SET(c, CURLOPT_MAIL_RCPT, recipients);
	SET(c, CURLOPT_UPLOAD, 1L);
	SET(c, CURLOPT_INFILESIZE_LARGE, (curl_off_t)ask->mail.n);
	SET(c, CURLOPT_READFUNCTION, on_read);
	SET(c, CURLOPT_READDATA, t);
	SET(c, CURLOPT_HEADERFUNCTION, on_header);
	SET(c, CURLOPT_HEADERDATA, t);
	SET(c, CURLOPT_WRITEFUNCTION, on_body);
	SET(c, CURLOPT_DEBUGFUNCTION, on_debug);
	SET(c, CURLOPT_DEBUGDATA, t);
	SET(c, CURLOPT_VERBOSE, 1L);
	SET(c, CURLOPT_SOCKOPTFUNCTION, on_socket);
	SET(c, CURLOPT_SOCKOPTDATA, t);
	SET(c, CURLOPT_CLOSESOCKETFUNCTION, on_close);
	SET(c, CURLOPT_CLOSESOCKETDATA, t);
	SET(c, CURLOPT_ERRORBUFFER, error);
}

static bool
stop_asked(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	return fd >= 0 && poll(&p, 1, 0) > 0;
}

/* Drives the transfer to its end. */
static CURLcode
drive(CURLM *multi, const struct smtp_ask *ask, const struct transfer *t)
{
	CURLcode result = CURLE_ABORTED_BY_CALLBACK;
	int running = 1, left;
	CURLMsg *m;

	for (;;) {
		if (curl_multi_perform(multi, &running) != CURLM_OK)
			return CURLE_FAILED_INIT;
		while ((m = curl_multi_info_read(multi, &left)) != NULL)
			if (m->msg == CURLMSG_DONE)
				result = m->data.result;
		if (running == 0)
			return result;
		if (!t->began && stop_asked(ask->stop_fd))
			return CURLE_ABORTED_BY_CALLBACK;
		(void)curl_multi_poll(multi, NULL, 0, WAIT_MS, NULL);
	}
}

/* Before libcurl's own end: it would wait for an answer to QUIT, and of a
 * transfer given up half-way it would even write the final dot. */
static void
hang_up(struct transfer *t, const struct smtp_ask *ask)
{
	if (t->fd == CURL_SOCKET_BAD)
		return;
	if (t->ended && strncasecmp(ask->relay, "smtp:", 5) == 0)
		(void)send(t->fd, "QUIT\r\n", 6, MSG_NOSIGNAL | MSG_DONTWAIT);
	(void)shutdown(t->fd, SHUT_RDWR);
}

/* What is certain now; code is that of the last reply. */
static enum smtp_result
judge(CURLcode result, long code, const struct transfer *t)
{
	if (t->ended || result == CURLE_OK) {
		/* the last reply is that to the end of the mail, unless it
		 * is still the 354 that asked for it */
		if (code >= 200 && code < 300)
			return SMTP_SENT;
		if (code >= 400 && code < 500)
			return SMTP_LATER;
		if (code >= 500 && code < 600)
			return SMTP_REFUSED;
		return SMTP_UNSURE;
	}
	/* without its end no server may take a mail */
	if (code >= 500 && code < 600 && t->stage == STAGE_MAIL &&
	    result != CURLE_OK)
		return SMTP_REFUSED;
	return SMTP_LATER;
}

static const char *
words(const struct transfer *t, CURLcode result, long code,
    const char *error, struct arena *a)
{
	const char *why = error[0] != '\0' ? error : curl_easy_strerror(result);

	if (result == CURLE_OK || code >= 400)
		return arena_string(a, t->line);
	if (t->ended)
		return arena_printf(a, "no answer to the end of the mail: %s",
		    why);
	return arena_printf(a, "%s", why);
}

enum smtp_result
smtp_send(const struct smtp_ask *ask, struct arena *a, const char **said)
{
	struct transfer t = {.mail = ask->mail, .fd = CURL_SOCKET_BAD};
	char error[CURL_ERROR_SIZE] = "";
	struct curl_slist *recipients = curl_slist_append(NULL,
	    arena_printf(a, "<%s>", ask->recipient));
	CURLM *multi = curl_multi_init();
	CURL *curl = curl_easy_init();
	CURLcode result;
	long code = 0;

	if (recipients == NULL || multi == NULL || curl == NULL)
		die(EX_OSERR, "out of memory");
	set_up(curl, ask, &t, recipients, error, a);
	if (curl_multi_add_handle(multi, curl) != CURLM_OK)
		die(EX_SOFTWARE, "libcurl refuses a transfer");
	result = drive(multi, ask, &t);
	(void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &code);
	*said = words(&t, result, code, error, a);
	hang_up(&t, ask);
	(void)curl_multi_remove_handle(multi, curl);
	curl_easy_cleanup(curl);
	(void)curl_multi_cleanup(multi);
	curl_slist_free_all(recipients);
	return judge(result, code, &t);
}
