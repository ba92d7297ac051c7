/*
 * A thousand agents in one process: the agent's own uplink, each with its own
 * CURVE key and connection, over stores in memory (fleet_store.h) that make
 * events at a given rate.  It reads no logs and has no outbox on a disk; other
 * scenarios have those.  Driven line by line through standard input by
 * scenarios/fleet.py; each command is answered by one line; ends with its
 * input.
 *
 * usage: fleet AGENTS BOTH KEYS BOOK HUB_KEY HUB...
 *
 * BOTH: per cent of the lines that two agents collect.  KEYS gets a line
 * "name key" an agent before the first answer, BOOK all events made.
 */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sysexits.h>
#include <unistd.h>

#include "agent/uplink.h"
#include "proto/base/arena.h"
#include "proto/base/clock.h"
#include "proto/base/die.h"
#include "proto/base/log.h"
#include "proto/curve.h"
#include "tests/chaos/fleet_store.h"

enum {
	AGENTS_MOST = 10000,
	/* libzmq has a limit of sockets for each; one thread each */
	AGENTS_A_CONTEXT = 500,
	TURN_MS = 20,    /* each uplink has a step in it */
	BURST_MS = 2000, /* between two looks of one agent into its log */
	COMMAND_BYTES = 256,
};

struct member {
	struct store store;
	struct curve_key key;
	char name[32];
	struct uplink *uplink;
	int64_t burst_ms;
};

/* What the scenario waits for. */
enum wish { WISH_NONE, WISH_UP, WISH_ACKED };

struct fleet {
	struct member *members;
	size_t n;
	void *contexts[AGENTS_MOST / AGENTS_A_CONTEXT + 1];
	const char *const *hubs;
	size_t hub_count;
	const char *hub_key;
	uint32_t both;
	uint64_t rate; /* lines a second, of all */
	uint64_t made, shared;
	FILE *book;
	struct arena *arena;
	enum wish wish;
	int64_t wished_ms;
	char command[COMMAND_BYTES];
	size_t command_bytes;
	bool ended;
};

/* ---- lines ---- */

static void
make_line(struct fleet *f, struct member *m)
{
	struct line l = store_make(&m->store);
	size_t other = m->store.owner % 2u == 0 ? m->store.owner + 1u : f->n;
	/* every other agent has a companion */
	bool both = other < f->n && l.number % 50 < f->both;

	if (both)
		store_add(&f->members[other].store, l);
	book_add(f->book, f->arena, &l, both ? 2 : 1);
	f->made++;
	f->shared += both;
}

static void
make_lines(struct fleet *f, struct member *m, int64_t now_ms)
{
	uint64_t lines = f->rate * BURST_MS / 1000, n = f->n;
	uint64_t mine = lines / n + (m->store.owner < lines % n);

	/* what a busy machine delayed is made up for */
	if (f->rate == 0 || now_ms < m->burst_ms)
		return;
	m->burst_ms += BURST_MS;
	for (; mine > 0; mine--)
		make_line(f, m);
}

/* Not all at the same moment. */
static void
make_from_now(struct fleet *f, uint64_t rate)
{
	int64_t now_ms = clock_mono_ms();

	f->rate = rate;
	for (size_t i = 0; i < f->n; i++)
		f->members[i].burst_ms =
		    now_ms + (int64_t)(i * BURST_MS / f->n);
}

/* ---- the agents ---- */

static void
connect_all(struct fleet *f)
{
	for (size_t i = 0; i < f->n; i++) {
		struct member *m = &f->members[i];
		void **context = &f->contexts[i / AGENTS_A_CONTEXT];

		if (*context == NULL)
			*context = uplink_context_open();
		m->uplink = uplink_open(&(struct uplink_options){
		    .context = *context,
		    .hubs = f->hubs,
		    .hub_count = f->hub_count,
		    .hub_key = f->hub_key,
		    .key = &m->key,
		    .host = m->name,
		    .site = "",
		    .feed = store_feed(&m->store)});
	}
}

static void
close_all(struct fleet *f)
{
	for (size_t i = 0; i < f->n; i++) {
		uplink_close(f->members[i].uplink);
		store_close(&f->members[i].store);
	}
	for (size_t i = 0; i < sizeof f->contexts / sizeof f->contexts[0]; i++)
		uplink_context_close(f->contexts[i]);
	free(f->members);
}

/* Names and keys of them all, for the hub's table. */
static void
make_members(struct fleet *f, const char *path)
{
	FILE *out = fopen(path, "w");

	f->members = calloc(f->n, sizeof *f->members);
	if (f->members == NULL)
		die(EX_OSERR, "out of memory");
	if (out == NULL)
		die(EX_CANTCREAT, "cannot write %s", path);
	for (size_t i = 0; i < f->n; i++) {
		struct member *m = &f->members[i];

		store_open(&m->store, (uint16_t)i);
		curve_make_fleeting(&m->key);
		(void)snprintf(m->name, sizeof m->name, "mx%zu", i);
		fprintf(out, "%s\t%s\n", m->name, m->key.public_text);
	}
	if (fclose(out) != 0)
		die(EX_IOERR, "cannot write %s", path);
}

/* ---- answers ---- */

/* Everything there is to know; the first member says what is answered. */
static void
answer(const struct fleet *f, double seconds)
{
	uint64_t unacked = 0, up = 0, set_aside = 0, gaps = 0, unacks = 0;
	uint64_t waiting = 0;
	int64_t longest_us = 0;
	const char *slowest = "";

	for (size_t i = 0; i < f->n; i++) {
		const struct member *m = &f->members[i];
		const struct store *s = &m->store;

		up += m->uplink != NULL && uplink_is_up(m->uplink);
		unacked += s->n - s->acked;
		waiting += s->n != s->acked;
		set_aside += s->set_aside;
		gaps += s->gaps;
		unacks += s->unacks;
		if (s->longest_us > longest_us) {
			longest_us = s->longest_us;
			slowest = m->name;
		}
	}
	printf("{\"seconds\": %.3f, \"made\": %llu, \"shared\": %llu, "
	       "\"unacked\": %llu, \"waiting\": %llu, \"up\": %llu, "
	       "\"set_aside\": %llu, \"gaps\": %llu, \"unacks\": %llu, "
	       "\"longest_s\": %.3f, \"slowest\": \"%s\"}\n",
	    seconds, (unsigned long long)f->made,
	    (unsigned long long)f->shared, (unsigned long long)unacked,
	    (unsigned long long)waiting, (unsigned long long)up,
	    (unsigned long long)set_aside, (unsigned long long)gaps,
	    (unsigned long long)unacks,
	    (double)longest_us / (double)CLOCK_SECOND_US, slowest);
	(void)fflush(stdout);
}

static void
answer_wish(struct fleet *f)
{
	if (f->wish == WISH_NONE)
		return;
	for (size_t i = 0; i < f->n; i++) {
		const struct member *m = &f->members[i];

		if (f->wish == WISH_UP ? !uplink_is_up(m->uplink)
		                       : m->store.acked != m->store.n)
			return;
	}
	f->wish = WISH_NONE;
	answer(f, (double)(clock_mono_ms() - f->wished_ms) / 1000);
}

/* ---- commands ---- */

/* connect: answered when all have heard WELCOME.  make N: lines a second.
 * drain: no more lines; answered when all are acknowledged.  round: one line
 * more of each agent, then the same.  look: answered now.  end. */
static void
obey(struct fleet *f, const char *command)
{
	f->wished_ms = clock_mono_ms();
	if (strcmp(command, "connect") == 0) {
		connect_all(f);
		f->wish = WISH_UP;
	} else if (strncmp(command, "make ", 5) == 0) {
		make_from_now(f, strtoull(command + 5, NULL, 10));
		answer(f, 0);
	} else if (strcmp(command, "drain") == 0) {
		f->rate = 0;
		f->wish = WISH_ACKED;
	} else if (strcmp(command, "round") == 0) {
		for (size_t i = 0; i < f->n; i++)
			make_line(f, &f->members[i]);
		f->wish = WISH_ACKED;
	} else if (strcmp(command, "look") == 0) {
		answer(f, 0);
	} else if (strcmp(command, "end") == 0) {
		book_end(f->book);
		answer(f, 0);
		f->ended = true;
	} else {
		die(EX_USAGE, "no command %s", command);
	}
}

static void
read_commands(struct fleet *f)
{
	struct pollfd in = {.fd = STDIN_FILENO, .events = POLLIN};
	ssize_t n;
	char *end;

	if (poll(&in, 1, 0) <= 0)
		return;
	n = read(STDIN_FILENO, f->command + f->command_bytes,
	    sizeof f->command - 1 - f->command_bytes);
	if (n <= 0) {
		f->ended = true;
		return;
	}
	f->command_bytes += (size_t)n;
	f->command[f->command_bytes] = '\0';
	while ((end = strchr(f->command, '\n')) != NULL) {
		*end++ = '\0';
		obey(f, f->command);
		f->command_bytes = strlen(end);
		memmove(f->command, end, f->command_bytes + 1);
	}
}

/* Every uplink has its step, spread over the turn: what came for it waits
 * twenty milliseconds at most, which costs less than to poll all sockets. */
static void
turn(struct fleet *f)
{
	enum { SLICES = 4 };

	for (size_t slice = 0; slice < SLICES && !f->ended; slice++) {
		int64_t now_ms = clock_mono_ms(), left_ms;

		read_commands(f);
		for (size_t i = slice; i < f->n; i += SLICES) {
			struct member *m = &f->members[i];

			make_lines(f, m, now_ms);
			if (m->uplink == NULL)
				continue;
			log_open(m->name);
			uplink_step(m->uplink);
		}
		answer_wish(f);
		left_ms = now_ms + TURN_MS / SLICES - clock_mono_ms();
		if (left_ms > 0)
			(void)poll(NULL, 0, (int)left_ms);
	}
}

int
main(int argc, char **argv)
{
	struct fleet *f = calloc(1, sizeof *f);
	struct rlimit files;

	if (f == NULL || argc < 7 || (f->n = strtoul(argv[1], NULL, 10)) == 0
	    || f->n > AGENTS_MOST) {
		fprintf(stderr, "usage: fleet AGENTS BOTH KEYS BOOK HUB_KEY "
		                "HUB...\n");
		return EX_USAGE;
	}
	log_open("fleet");
	(void)signal(SIGPIPE, SIG_IGN);
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &files);
	}
	f->both = (uint32_t)strtoul(argv[2], NULL, 10);
	f->hub_key = argv[5];
	f->hubs = (const char *const *)argv + 6;
	f->hub_count = (size_t)argc - 6;
	f->arena = arena_open(0);
	if ((f->book = fopen(argv[4], "wb")) == NULL)
		die(EX_CANTCREAT, "cannot write %s", argv[4]);
	make_members(f, argv[3]);
	book_begin(f->book);
	answer(f, 0);
	while (!f->ended)
		turn(f);
	close_all(f);
	arena_close(f->arena);
	(void)fclose(f->book);
	free(f);
	return EX_OK;
}
