/*
 * Running the samples of rules; see rules.h.  A hit has to be found by the
 * template it stands below, through the same look-up that log lines take,
 * and has to say exactly what is written below it: nothing more.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/rules_inside.h"
#include "proto/base/addr.h"
#include "proto/base/arena.h"

struct checking {
	const struct rules *r;
	const struct sample *sample;
	struct buf *errors;
	int result;
};

__attribute__((format(printf, 2, 3))) static void
complain(struct checking *c, const char *fmt, ...)
{
	char what[1024], shown[2048];
	size_t n;
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(what, sizeof what, fmt, ap);
	va_end(ap);
	n = text_neuter(shown, sizeof shown - 1, what, strlen(what));
	shown[n] = '\0';
	buf_printf(c->errors, "%s:%u: %s\n",
	    c->r->blocks[c->sample->block].rule.file, c->sample->line, shown);
	c->result = -1;
}

static const char *
show(const struct rules *r, struct text t)
{
	return t.at == NULL ? "nothing" : arena_copy(r->arena, t.at, t.n);
}

static void
compare(struct checking *c, const char *key, struct text want, struct text got)
{
	if (!text_equal(want, got))
		complain(c, "the sample gives %s = %s, but %s is written here",
		    key, show(c->r, got), show(c->r, want));
}

static struct text
number(const struct rules *r, unsigned v)
{
	return v == 0 ? (struct text){0}
	              : text_of(arena_printf(r->arena, "%u", v));
}

static struct text
address(const struct rules *r, const struct addr *a)
{
	char s[ADDR_TEXT_BYTES];

	return a->family == 0
	           ? (struct text){0}
	           : text_of(arena_string(r->arena, addr_format(s, a)));
}

static void
compare_all(struct checking *c, const struct match *m, struct text login)
{
	const struct sample *s = c->sample;

	if (s->ip.at == NULL && rule_has_address(&c->r->blocks[s->block].rule))
		complain(c, "hit without ip = below it");
	else
		compare(c, "ip", s->ip, address(c->r, &m->source));
	compare(c, "port", s->port, number(c->r, m->source_port));
	compare(c, "ptr", s->ptr, m->ptr);
	compare(c, "login", s->login, login);
	compare(c, "mechanism", s->mechanism, m->mechanism);
	compare(c, "local", s->local, address(c->r, &m->local));
	compare(c, "local-port", s->local_port, number(c->r, m->local_port));
}

/* A program's name that fits the pattern. */
static struct text
example(const struct rules *r, const char *pattern)
{
	char *name = arena_string(r->arena, pattern);
	size_t n = 0;

	for (const char *s = pattern; *s != '\0'; s++)
		if (*s != '*')
			name[n++] = *s;
	return (struct text){.at = name, .n = n};
}

static void
check_hit(struct checking *c, const struct rules_view *v)
{
	const struct sample *s = c->sample;
	const struct form *want = &c->r->forms[s->form], *got;
	const struct rule *rule;
	struct match m;
	size_t form;
	struct text login;

	rule = rules_find_form(v, s->message, &m, &form);
	if (rule == NULL) {
		(void)template_match(want->template, s->message, &m);
		complain(c,
		    "the template in line %u does not match this "
		    "sample, from its byte %zu on",
		    want->line, m.stopped + 1);
		return;
	}
	got = &c->r->forms[form];
	if (got != want) {
		complain(c,
		    "the template in line %u is not reached: [%s] in "
		    "%s:%u matches this sample first",
		    want->line, rule->name, rule->file, got->line);
		return;
	}
	login = m.login;
	if (rule->no_login.at != NULL && text_equal(login, rule->no_login))
		login = (struct text){0};
	compare_all(c, &m, login);
}

static void
check_miss(struct checking *c, const struct rules_view *v)
{
	const struct rule *rule;
	struct match m;
	size_t form;

	rule = rules_find_form(v, c->sample->message, &m, &form);
	if (rule != NULL && c->r->forms[form].block == c->sample->block)
		complain(c, "the template in line %u matches this sample",
		    c->r->forms[form].line);
}

/* The views of the samples' programs, each opened once. */
struct views {
	struct opened {
		struct text program;
		struct rules_view *view; /* NULL: no form concerns it */
	} *at;
	size_t n, cap;
};

static const struct rules_view *
view_of(struct views *all, struct rules *r, struct text program)
{
	struct opened *o;

	for (size_t i = 0; i < all->n; i++)
		if (text_equal(all->at[i].program, program))
			return all->at[i].view;
	all->at = rules_grow(all->at, all->n, &all->cap, sizeof *all->at);
	o = &all->at[all->n++];
	o->program = program;
	o->view = rules_view_open(r, program);
	return o->view;
}

int
rules_check(struct rules *r, struct buf *errors)
{
	struct checking c = {.r = r, .errors = errors};
	struct views views = {0};

	for (size_t i = 0; i < r->sample_count; i++) {
		const struct block *b = &r->blocks[r->samples[i].block];

		c.sample = &r->samples[i];
		for (size_t k = 0; k < b->program_count; k++) {
			const struct rules_view *v =
			    view_of(&views, r, example(r, b->programs[k]));

			if (v == NULL)
				continue;
			if (c.sample->is_hit)
				check_hit(&c, v);
			else
				check_miss(&c, v);
		}
	}
	for (size_t i = 0; i < views.n; i++)
		rules_view_close(views.at[i].view);
	free(views.at);
	return c.result;
}
