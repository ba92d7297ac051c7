/* Library versions; see version.h.  Includes each library's header for its
 * version call only. */
#include "agent/version.h"

#include <protobuf-c/protobuf-c.h>
#include <sodium.h>
#include <sqlite3.h>
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
agent_version_print(void)
{
	int major, minor, patch;

	zmq_version(&major, &minor, &patch);
	printf("plaintiff-agent %s\n", PLAINTIFF_VERSION);
	printf("libzmq %d.%d.%d\n", major, minor, patch);
	printf("protobuf-c %s\n", protobuf_c_version());
	printf("sqlite %s\n", sqlite3_libversion());
	printf("libsodium %s\n", sodium_version_string());
}

bool
agent_version_is_safe(void)
{
	const char *old = NULL;

	if (zmq_number() < 4003003)
		old = "libzmq is older than 4.3.3 (CVE-2020-15166)";
	else if (protobuf_c_version_number() < 1004001)
		old = "protobuf-c is older than 1.4.1 (CVE-2022-48468)";
	if (old != NULL)
		log_error("refused: %s", old);
	return old == NULL;
}
