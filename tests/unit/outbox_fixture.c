/* See outbox_fixture.h. */
#include "tests/unit/outbox_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proto/base/arena.h"
#include "proto/base/clock.h"

int
setup(void **state)
{
	struct fixture *x = calloc(1, sizeof *x);

	assert_non_null(x);
	strcpy(x->folder, "/tmp/plaintiff-outbox-XXXXXX");
	assert_non_null(mkdtemp(x->folder));
	x->options = (struct outbox_options){.folder = x->folder,
	    .max_bytes = 1 << 20,
	    .keep_us = 15 * 60 * CLOCK_SECOND_US,
	    .keep_bytes = 1 << 20};
	x->arena = arena_open(0);
	x->o = outbox_open(&x->options);
	*state = x;
	return x->o == NULL ? -1 : 0;
}

int
teardown(void **state)
{
	struct fixture *x = *state;
	char command[200];

	outbox_close(x->o);
	arena_close(x->arena);
	clock_set(INT64_MIN);
	(void)snprintf(command, sizeof command, "rm -r '%s'", x->folder);
	assert_int_equal(system(command), 0);
	free(x);
	return 0;
}

void
reopen(struct fixture *x)
{
	outbox_close(x->o);
	x->o = outbox_open(&x->options);
	assert_non_null(x->o);
}

struct event
make(struct fixture *x, int n)
{
	struct event e = {.time_us = INT64_C(1700000000000000) + n,
	    .read_us = 1700000000,
	    .kind = KIND_AUTH_FAILURE,
	    .pid = EVENT_NO_PID,
	    .host = TEXT("mx1"),
	    .mechanism = TEXT(""),
	    .message = text_of(arena_printf(x->arena, "message %d", n))};

	assert_true(addr_parse(TEXT("2001:db8::7"), &e.source));
	event_make_id(&e, TEXT(""));
	return e;
}

void
put(struct fixture *x, int from, int to)
{
	for (int i = from; i < to; i++) {
		struct event e = make(x, i);

		assert_int_equal(outbox_put(x->o, &e), OUTBOX_OK);
	}
}

size_t
fetch(struct fixture *x, int64_t after, struct event *events, int64_t *seqs)
{
	return outbox_fetch(x->o, after, 100, x->arena, events, seqs);
}
