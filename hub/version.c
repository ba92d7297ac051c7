/* Library versions; see version.h.  Includes each library's header for its
 * version call only. */
#include "hub/version.h"

#include <ares.h>
#include <curl/curl.h>
#include <libpq-fe.h>
#include <protobuf-c/protobuf-c.h>
#include <stdio.h>
#include <zmq.h>

#include "proto/base/log.h"

static int
zmq_number(void)
{
	int major, minor, patch;

	zmq_version(&major, &minor, &patch);
	return (major * 1000 + minor) * 1000 + patch;
}

void
version_print(void)
{
	int major, minor, patch;

	zmq_version(&major, &minor, &patch);
	printf("plaintiff-hub %s\n", PLAINTIFF_VERSION);
	printf("libzmq %d.%d.%d\n", major, minor, patch);
	printf("protobuf-c %s\n", protobuf_c_version());
	printf("libpq %d\n", PQlibVersion());
	printf("c-ares %s\n", ares_version(NULL));
	printf("libcurl %s\n", curl_version_info(CURLVERSION_NOW)->version);
}

bool
version_is_safe(void)
{
	const char *old = NULL;

	if (zmq_number() < 4003003)
		old = "libzmq is older than 4.3.3 (CVE-2020-15166)";
	else if (protobuf_c_version_number() < 1004001)
		old = "protobuf-c is older than 1.4.1 (CVE-2022-48468)";
	else if (curl_version_info(CURLVERSION_NOW)->version_num < 0x075700)
		old = "libcurl is older than 7.87";
	if (old != NULL)
		log_error("refused: %s", old);
	return old == NULL;
}
