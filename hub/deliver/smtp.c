/* libcurl's begin and end, and what a relay's address may be; see smtp.h. */
#include "hub/deliver/smtp.h"

#include <curl/curl.h>
#include <string.h>
#include <sysexits.h>

#include "proto/base/die.h"

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

