/* One request by libcurl; see web_transfer.h. */
#include "hub/lookup/web_transfer.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sysexits.h>

#include <curl/curl.h>

#include "hub/lookup/web.h"
#include "hub/lookup/web_guard.h"
#include "hub/lookup/web_head.h"
#include "proto/base/addr.h"
#include "proto/base/arena.h"
#include "proto/base/die.h"

enum {
	HTTPS_PORT = 443,
	WHY_BYTES = 150,
	TYPE_BYTES = 100,
	SLOW_BYTES_A_SECOND = 100,
	SLOW_S = 10,
	IDLE_S = 10, /* a connection kept for the next request to its host */
};

struct web_transfer {
	struct web_transfer_ask ask;
	CURL *curl;
	struct curl_slist *fields;
	struct buf body;
	char retry_after[64];
	size_t retry_after_n;
	char refused[ADDR_TEXT_BYTES + 16]; /* not connected to; "": none */
	const char *over; /* which cap was passed; NULL: none */
	char error[CURL_ERROR_SIZE];
};

/* One line a call; of redirects, 1xx answers and trailers, too. */
static size_t
on_header(char *in, size_t size, size_t count, void *arg)
{
	struct web_transfer *t = arg;
	size_t n = size * count;
	struct text value;

	*t->ask.header_lines += 1;
	*t->ask.header_bytes += n;
	if (*t->ask.header_lines > WEB_HEADERS_MOST ||
	    *t->ask.header_bytes > WEB_HEADER_BYTES) {
		t->over = "too many header fields";
		return 0;
	}
	value = web_head_value((struct text){in, n}, "Retry-After");
	if (value.at != NULL) {
		t->retry_after_n = value.n < sizeof t->retry_after ? value.n
		                                                   : 0;
		memcpy(t->retry_after, value.at, t->retry_after_n);
	}
	return n;
}

/* After decompression: what counts is what we would have to keep. */
static size_t
on_body(char *in, size_t size, size_t count, void *arg)
{
	struct web_transfer *t = arg;
	size_t n = size * count;

	if (n > t->ask.max_bytes - t->body.n) {
		t->over = "body is over its limit";
		return 0;
	}
	buf_add(&t->body, in, n);
	return n;
}

static bool
read_sockaddr(const struct sockaddr *s, struct addr *out, uint16_t *port)
{
	if (s->sa_family == AF_INET) {
		struct sockaddr_in in;

		memcpy(&in, s, sizeof in);
		*port = ntohs(in.sin_port);
		return addr_from_bytes(&in.sin_addr, 4, out);
	}
	if (s->sa_family == AF_INET6) {
		struct sockaddr_in6 in;

		memcpy(&in, s, sizeof in);
		*port = ntohs(in.sin6_port);
		return addr_from_bytes(&in.sin6_addr, 16, out);
	}
	return false;
}

/* The name has been resolved, and nothing has been sent: what a name, a
 * number form, a redirect or a second answer of a DNS server hid is an address
 * now (0x7f000001, ::ffff:127.0.0.1, rebinding). */
static curl_socket_t
on_open(void *arg, curlsocktype purpose, struct curl_sockaddr *to)
{
	struct web_transfer *t = arg;
	struct addr address;
	uint16_t port = 0;

	(void)purpose;
	if (!read_sockaddr(&to->addr, &address, &port))
		return CURL_SOCKET_BAD;
	if (port != HTTPS_PORT && port != t->ask.port) {
		(void)snprintf(t->refused, sizeof t->refused, "port %u", port);
		return CURL_SOCKET_BAD;
	}
	if (!web_guard_allows(t->ask.inside, &address)) {
		(void)addr_format(t->refused, &address);
		return CURL_SOCKET_BAD;
	}
	return socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
}

/* Options are constants and our own texts: one that fails is a libcurl that
 * cannot do what we rely on. */
#define SET(curl, option, value)                                       \
	do {                                                           \
		if (curl_easy_setopt(curl, option, value) != CURLE_OK) \
			die(EX_SOFTWARE, "libcurl refuses " #option);  \
	} while (0)

/* Whom we talk to and how. */
static void
set_peer(CURL *c, struct web_transfer *t)
{
	SET(c, CURLOPT_PROTOCOLS_STR, web_guard_schemes());
	SET(c, CURLOPT_REDIR_PROTOCOLS_STR, web_guard_schemes());
	SET(c, CURLOPT_FOLLOWLOCATION, 0L); /* web.c does, with its pace */
	SET(c, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
	SET(c, CURLOPT_OPENSOCKETFUNCTION, on_open);
	SET(c, CURLOPT_OPENSOCKETDATA, t);
	SET(c, CURLOPT_PROXY, "");
	SET(c, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	SET(c, CURLOPT_SSL_VERIFYPEER, 1L);
	SET(c, CURLOPT_SSL_VERIFYHOST, 2L);
	SET(c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	SET(c, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	SET(c, CURLOPT_HTTP09_ALLOWED, 0L);
	SET(c, CURLOPT_MAXAGE_CONN, (long)IDLE_S);
	if (t->ask.ca_file != NULL)
		SET(c, CURLOPT_CAINFO, t->ask.ca_file);
	if (t->ask.resolve != NULL)
		SET(c, CURLOPT_RESOLVE, t->ask.resolve);
}

/* How much and how long. */
static void
set_limits(CURL *c, struct web_transfer *t)
{
	SET(c, CURLOPT_NOSIGNAL, 1L);
	SET(c, CURLOPT_CONNECTTIMEOUT_MS, (long)t->ask.connect_ms);
	SET(c, CURLOPT_TIMEOUT_MS, (long)t->ask.total_ms);
	SET(c, CURLOPT_LOW_SPEED_LIMIT, (long)SLOW_BYTES_A_SECOND);
	SET(c, CURLOPT_LOW_SPEED_TIME, (long)SLOW_S);
	/* else a transfer that has timed out waits for getaddrinfo, which may
	 * take half a minute; its thread ends by itself */
	SET(c, CURLOPT_QUICK_EXIT, 1L);
	SET(c, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)t->ask.max_bytes);
	SET(c, CURLOPT_WRITEFUNCTION, on_body);
	SET(c, CURLOPT_WRITEDATA, t);
	SET(c, CURLOPT_HEADERFUNCTION, on_header);
	SET(c, CURLOPT_HEADERDATA, t);
}

static void
set_request(CURL *c, struct web_transfer *t)
{
	SET(c, CURLOPT_URL, t->ask.url);
	SET(c, CURLOPT_USERAGENT, t->ask.agent);
	SET(c, CURLOPT_ACCEPT_ENCODING, "gzip");
	SET(c, CURLOPT_ERRORBUFFER, t->error);
	SET(c, CURLOPT_PRIVATE, t->ask.whose);
	if (t->ask.accept != NULL) {
		struct buf field = {0};

		buf_printf(&field, "Accept: %s", t->ask.accept);
		t->fields = curl_slist_append(NULL, field.data);
		buf_free(&field);
		if (t->fields == NULL)
			die(EX_OSERR, "out of memory");
		SET(c, CURLOPT_HTTPHEADER, t->fields);
	}
}

struct web_transfer *
web_transfer_begin(void *multi, const struct web_transfer_ask *ask)
{
	struct web_transfer *t = calloc(1, sizeof *t);

	if (t == NULL || (t->curl = curl_easy_init()) == NULL)
		die(EX_OSERR, "out of memory");
	t->ask = *ask;
	set_peer(t->curl, t);
	set_limits(t->curl, t);
	set_request(t->curl, t);
	if (curl_multi_add_handle(multi, t->curl) != CURLM_OK)
		die(EX_SOFTWARE, "libcurl refuses a transfer");
	return t;
}

void *
web_transfer_whose(void *easy)
{
	char *whose = NULL;

	(void)curl_easy_getinfo(easy, CURLINFO_PRIVATE, &whose);
	return whose;
}

void
web_transfer_close(void *multi, struct web_transfer *t)
{
	if (t == NULL)
		return;
	(void)curl_multi_remove_handle(multi, t->curl);
	curl_easy_cleanup(t->curl);
	curl_slist_free_all(t->fields);
	buf_free(&t->body);
	free(t);
}

static const char *
harmless(struct arena *a, const char *s, size_t most_bytes)
{
	char *out;

	if (s == NULL)
		return NULL;
	out = arena_alloc(a, most_bytes + 1);
	(void)text_neuter(out, most_bytes, s, strlen(s));
	return out;
}

static const char *
failure(struct web_transfer *t, CURLcode result, struct arena *a)
{
	if (t->over != NULL)
		return t->over;
	if (t->refused[0] != '\0')
		return arena_printf(a, "%s is not to be connected to",
		    t->refused);
	if (result == CURLE_OPERATION_TIMEDOUT)
		return "not answered in time";
	/* the same code is that of an answer without a head */
	if (result == CURLE_UNSUPPORTED_PROTOCOL &&
	    strstr(t->error, "HTTP/0.9") == NULL)
		return "not by https";
	if (result == CURLE_FILESIZE_EXCEEDED)
		return "body is over its limit";
	return harmless(a, t->error[0] != '\0' ? t->error
	                                       : curl_easy_strerror(result),
	    WHY_BYTES);
}

void
web_transfer_finish(struct web_transfer *t, int result, struct arena *a,
    struct web_transfer_end *out, struct buf *body)
{
	char *type = NULL, *redirect = NULL;
	long status = 0;

	*out = (struct web_transfer_end){.answered = result == CURLE_OK};
	(void)curl_easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, &status);
	(void)curl_easy_getinfo(t->curl, CURLINFO_CONTENT_TYPE, &type);
	(void)curl_easy_getinfo(t->curl, CURLINFO_REDIRECT_URL, &redirect);
	out->status = (int)status;
	out->type = harmless(a, type, TYPE_BYTES);
	if (redirect != NULL && strlen(redirect) <= WEB_URL_BYTES)
		out->redirect = arena_string(a, redirect);
	if (t->retry_after_n != 0)
		out->retry_after = (struct text){
		    arena_copy(a, t->retry_after, t->retry_after_n),
		    t->retry_after_n};
	if (!out->answered)
		out->why = failure(t, (CURLcode)result, a);
	*body = t->body;
	t->body = (struct buf){0};
}

bool
web_transfer_host(struct arena *a, const char *url, const char **host,
    uint16_t *port)
{
	CURLU *u = curl_url();
	char *h = NULL, *p = NULL, *name;
	bool good = false;
	size_t n;

	if (u == NULL)
		die(EX_OSERR, "out of memory");
	if (strlen(url) > WEB_URL_BYTES ||
	    curl_url_set(u, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME) !=
	        CURLUE_OK)
		goto done;
	(void)curl_url_get(u, CURLUPART_HOST, &h, 0);
	(void)curl_url_get(u, CURLUPART_PORT, &p, CURLU_DEFAULT_PORT);
	/* other schemes may have no host; they get no further than libcurl's
	 * check of the scheme */
	name = arena_string(a, h == NULL || h[0] == '\0' ? "-" : h);
	text_lower(name);
	n = strlen(name);
	if (n > 1 && name[n - 1] == '.')
		name[n - 1] = '\0';
	*host = name;
	*port = p == NULL ? 0 : (uint16_t)strtoul(p, NULL, 10);
	good = true;
done:
	curl_free(h);
	curl_free(p);
	curl_url_cleanup(u);
	return good;
}
