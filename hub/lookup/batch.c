/* The claims of one step, sorted as they go; see batch.h. */
#include "hub/lookup/batch.h"

#include <string.h>

#include "hub/conf.h"
#include "hub/lookup/ask.h"
#include "hub/lookup/case.h"
#include "proto/base/arena.h"

/* An address that is never reported, and so never asked for. */
static const char *
unreportable_why(const struct hub_conf *conf, const struct lookup_case *k)
{
	if (k->ours)
		return "address of one of our own hosts";
	if (!hub_conf_reportable(conf, &k->address))
		return "address is in filter.unreportable or filter.own";
	return NULL;
}

/* What is certain without asking anybody. */
static void
say_at_once(struct batch *b, struct lookup_case *k, const char *method,
    enum ask_state state, const char *text)
{
	struct ask_answer *answer = arena_alloc(b->arena, sizeof *answer);

	*answer = (struct ask_answer){.address = k->address, .state = state};
	if (state == ASK_FOUND) {
		answer->mailboxes[answer->mailboxes_n++] = text_of(text);
		answer->ttl_s = UINT32_MAX; /* until the table is changed */
	} else {
		answer->why = text_of(text);
	}
	case_said(k, method, answer)->trusted = true;
	case_judge(b->arena, b->conf, &b->rules, k);
	b->settled[b->settled_n++] = k;
}

void
batch_sort(struct batch *b, struct lookup_case *cases, size_t n)
{
	b->open = arena_array(b->arena, n + 1, sizeof(void *));
	b->settled = arena_array(b->arena, n + 1, sizeof(void *));
	b->back = arena_array(b->arena, n + 1, sizeof(void *));
	b->park = arena_array(b->arena, n + 1, sizeof *b->park);
	for (size_t i = 0; i < n; i++) {
		struct lookup_case *k = &cases[i];
		const char *why = unreportable_why(b->conf, k);

		if (why != NULL) {
			k->parked = true;
			say_at_once(b, k, "settings", ASK_REFUSED, why);
		} else if (k->old) {
			b->park[b->park_n++] = k->address;
		} else if (k->mailbox != NULL) {
			say_at_once(b, k, "administrator", ASK_FOUND,
			    k->mailbox);
		} else {
			b->open[b->open_n++] = k;
		}
	}
}

void
batch_give_up(struct batch *b, size_t from)
{
	for (size_t i = from; i < b->open_n; i++)
		b->back[b->back_n++] = b->open[i];
	b->open_n = from;
}

void
batch_sift(struct batch *b)
{
	size_t left = 0;

	for (size_t i = 0; i < b->open_n; i++) {
		struct lookup_case *k = b->open[i];

		if (case_wants_rdap(k))
			b->open[left++] = k;
		else
			b->settled[b->settled_n++] = k;
	}
	b->open_n = left;
}

/* Was the last word that of a range which was at hand? */
static bool
is_by_range(const struct lookup_case *k)
{
	return k->said_n > 0 &&
	    strcmp(k->said[k->said_n - 1].method, "range") == 0;
}

void
batch_narrow(struct batch *b)
{
	for (size_t i = 0; i < b->open_n; i++) {
		struct lookup_case *k = b->open[i];

		if (is_by_range(k) && !case_is_shared(&k->said[k->said_n - 1]))
			k->said_n--;
	}
}

/* A server that is left alone for now. */
static void
put_off(struct batch *b, struct lookup_case *k)
{
	struct ask_answer *answer = arena_alloc(b->arena, sizeof *answer);

	*answer = (struct ask_answer){.address = k->address,
	    .method = ASK_RDAP, .state = ASK_FAILED,
	    .later_s = (uint32_t)(k->later_s > UINT32_MAX ? UINT32_MAX
	                                                 : k->later_s),
	    .why = TEXT("the server asked us to wait")};
	(void)case_said(k, ask_method_name(ASK_RDAP), answer);
	case_judge(b->arena, b->conf, &b->rules, k);
	b->settled[b->settled_n++] = k;
}

void
batch_sort_servers(struct batch *b)
{
	size_t left = 0;

	for (size_t i = 0; i < b->open_n; i++) {
		struct lookup_case *k = b->open[i];

		if (is_by_range(k) || k->base == NULL || !b->conf->lookup_rdap)
			b->settled[b->settled_n++] = k;
		else if (k->later_s > 0)
			put_off(b, k);
		else
			b->open[left++] = k;
	}
	b->open_n = left;
}

void
batch_settle(struct batch *b)
{
	for (size_t i = 0; i < b->open_n; i++)
		b->settled[b->settled_n++] = b->open[i];
	b->open_n = 0;
	for (size_t i = 0; i < b->settled_n; i++) {
		struct lookup_case *k = b->settled[i];

		settle(b->conf, &k->before, k->said, k->said_n, &k->after);
	}
}
