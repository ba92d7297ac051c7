/* Notification and the status command; see status.h. */
#include "agent/status.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sysexits.h>
#include <unistd.h>

#include "agent/conf.h"
#include "agent/logfile.h"
#include "agent/outbox.h"
#include "proto/base/arena.h"
#include "proto/base/buf.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"

void
status_notify(const char *state)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	size_t n = path == NULL ? 0 : strlen(path);
	int fd;

	if (n < 2 || n >= sizeof to.sun_path ||
	    (path[0] != '/' && path[0] != '@'))
		return;
	memcpy(to.sun_path, path, n);
	if (to.sun_path[0] == '@')
		to.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	(void)sendto(fd, state, strlen(state), MSG_NOSIGNAL | MSG_DONTWAIT,
	    (struct sockaddr *)&to,
	    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n));
	(void)close(fd);
}

int64_t
status_watchdog_ms(void)
{
	const char *usec = getenv("WATCHDOG_USEC");

	return usec == NULL ? 0 : strtoll(usec, NULL, 10) / 2000;
}

struct figure {
	const char *name, *what;
	uint64_t value;
};

static void
print_json(const struct figure *all, size_t n, struct buf *b)
{
	for (size_t i = 0; i < n; i++)
		buf_printf(b, "\"%s\": %" PRIu64 ", ", all[i].name,
		    all[i].value);
}

/* How much of the file at this place was not read yet; -1: it is not the
 * file that has this name now. */
static int64_t
unread_bytes(const char *name, const struct source_place *p)
{
	struct logfile_facts f;

	if (logfile_stat_path(name, &f) < 0 || f.inode != p->inode ||
	    f.device != p->device || f.size < p->offset)
		return -1;
	return f.size - p->offset;
}

static void
print_source(const char *name, const struct source_place *p, bool json,
    struct buf *b)
{
	int64_t unread = unread_bytes(name, p);

	if (!json) {
		buf_printf(b, "%-13s %s offset %" PRId64 " inode %" PRIu64,
		    "source", name, p->offset, p->inode);
		if (p->inode == 0 && name[0] == '/')
			buf_puts(b, " not found yet");
		else if (unread >= 0)
			buf_printf(b, " unread %" PRId64, unread);
		else if (name[0] == '/')
			buf_puts(b, " in a rotated file");
		buf_puts(b, "\n");
		return;
	}
	buf_puts(b, "{\"file\": \"");
	buf_json(b, name, strlen(name));
	buf_printf(b, "\", \"inode\": %" PRIu64 ", \"offset\": %" PRId64
	    ", \"live\": %s", p->inode, p->offset,
	    unread >= 0 ? "true" : "false");
	if (unread >= 0)
		buf_printf(b, ", \"unread\": %" PRId64, unread);
	buf_puts(b, "}");
}

static void
print_sources(struct outbox *o, struct arena *a, bool json, struct buf *b)
{
	const char **names, *comma = "";
	size_t n = outbox_sources(o, a, &names);

	if (json)
		buf_puts(b, "\"sources\": [");
	for (size_t i = 0; i < n; i++) {
		struct source_place p;
		struct text memory;

		if (!outbox_place(o, names[i], a, &p, &memory))
			continue;
		if (json)
			buf_puts(b, comma);
		print_source(names[i], &p, json, b);
		comma = ", ";
	}
	if (json)
		buf_puts(b, "], ");
}

/* Events that were counted instead of kept. */
static void
print_lost(struct outbox *o, bool json, struct buf *b)
{
	enum { MOST = 100 };
	struct outbox_loss all[MOST];
	size_t n = outbox_lost(o, all, MOST);

	if (json)
		buf_puts(b, "\"counted\": [");
	for (size_t i = 0; i < n; i++) {
		char name[ADDR_TEXT_BYTES] = "others";
		char first[CLOCK_TEXT_BYTES], last[CLOCK_TEXT_BYTES];

		if (all[i].source.family != 0)
			(void)addr_format(name, &all[i].source);
		(void)clock_format(first, all[i].first_us, false);
		(void)clock_format(last, all[i].last_us, false);
		buf_printf(b, json ? "%s{\"source\": \"%s\", \"events\": %"
		        PRIu64 ", \"first\": \"%s\", \"last\": \"%s\"}"
		    : "%scounted       %s events %" PRIu64
		        " from %s to %s\n",
		    json && i != 0 ? ", " : "", name, all[i].events, first,
		    last);
	}
	if (json)
		buf_puts(b, "]}\n");
}

static void
print_all(struct outbox *o, bool json, struct buf *b)
{
	const struct wire_counters *c = outbox_counters(o);
	struct arena *a = arena_open(0);
	const struct figure all[] = {
	    {"lines", "complete lines read", c->lines},
	    {"ignored", "lines without an event", c->ignored},
	    {"unparsable", "lines without a known header", c->unparsable},
	    {"unreportable", "events from addresses never accused",
	        c->unreportable},
	    {"withheld", "repeated logins, attempts told twice: not sent",
	        c->withheld},
	    {"repeated", "events that were there already", c->repeated},
	    {"emitted", "events put into the outbox", c->emitted},
	    {"unacked", "of them not yet at the hub", c->unacked},
	    {"gaps", "events declared lost", c->gaps},
	    {"lost_places", "times that unread lines were gone",
	        c->lost_places},
	};
	const size_t n = sizeof all / sizeof all[0];
	int64_t remainder = (int64_t)(c->lines - c->ignored - c->unparsable -
	    c->unreportable - c->withheld - c->repeated - c->emitted);
	int64_t used, most, oldest_us = outbox_oldest_us(o);

	outbox_size(o, &used, &most);
	if (json) {
		buf_puts(b, "{\"outbox\": \"");
		for (size_t i = 0; i < WIRE_OUTBOX_BYTES; i++)
			buf_printf(b, "%02x", c->outbox[i]);
		buf_puts(b, "\", ");
		print_json(all, n, b);
		buf_printf(b, "\"remainder\": %" PRId64 ", \"bytes\": %" PRId64
		    ", \"most_bytes\": %" PRId64 ", \"lag_us\": %" PRId64 ", ",
		    remainder, used, most,
		    oldest_us == 0 ? 0 : clock_wall_us() - oldest_us);
	} else {
		for (size_t i = 0; i < n; i++)
			buf_printf(b, "%-13s %12" PRIu64 "  %s\n", all[i].name,
			    all[i].value, all[i].what);
		buf_printf(b, "%-13s %12" PRId64 "  lines not accounted for; "
		    "must be 0\n", "remainder", remainder);
		buf_printf(b, "%-13s %12" PRId64 "  of at most %" PRId64
		    " bytes\n", "size", used, most);
		buf_printf(b, "%-13s %12.3f  seconds that the oldest unsent "
		    "event waits\n", "lag", oldest_us == 0 ? 0.0
		        : (double)(clock_wall_us() - oldest_us) / 1e6);
	}
	print_sources(o, a, json, b);
	print_lost(o, json, b);
	arena_close(a);
}

int
status_print(const struct agent_conf *conf, bool json)
{
	const char *why = "";
	struct outbox *o = outbox_peek(conf->agent_state, &why);
	struct buf b = {0};

	if (o == NULL) {
		log_error("%s: %s", conf->agent_state, why);
		return EX_NOINPUT;
	}
	print_all(o, json, &b);
	outbox_close(o);
	(void)fwrite(b.data, 1, b.n, stdout);
	buf_free(&b);
	return fflush(stdout) == 0 ? EX_OK : EX_IOERR;
}
