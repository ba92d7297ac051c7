/*
 * Reading the text of a rules file; see rules.h, and docs/rules.md for the
 * keys.  A block is a head "[daemon.form]" and "key = value" lines; "#"
 * begins a comment only as the first sign of a line, since messages may hold
 * it anywhere.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "agent/rules_inside.h"
#include "proto/base/arena.h"

enum { NAME_BYTES = 64 };

struct parsing {
	struct rules *r;
	const char *file;
	unsigned line;
	struct buf *errors;
	struct block *block;   /* NULL before the first */
	struct sample *sample; /* the hit that ip, login ... belong to */
	int result;
};

__attribute__((format(printf, 2, 3))) static void
complain(struct parsing *p, const char *fmt, ...)
{
	va_list ap;
	char what[512];

	va_start(ap, fmt);
	(void)vsnprintf(what, sizeof what, fmt, ap);
	va_end(ap);
	buf_printf(p->errors, "%s:%u: %s\n", p->file, p->line, what);
	p->result = -1;
	if (p->block != NULL)
		p->block->refused = true;
}

static const char *
copy(struct parsing *p, struct text t)
{
	return arena_copy(p->r->arena, t.at, t.n);
}

/* The newest template of the block being read, or NULL. */
static struct form *
newest_form(struct parsing *p)
{
	struct rules *r = p->r;

	if (r->form_count == 0 || p->block == NULL ||
	    r->forms[r->form_count - 1].block != r->block_count - 1)
		return NULL;
	return &r->forms[r->form_count - 1];
}

static void
finish_template(struct parsing *p)
{
	struct form *f = newest_form(p);
	unsigned line = p->line;

	if (f == NULL || p->block->hits > 0 || p->block->refused)
		return;
	p->line = f->line;
	complain(p, "template without a hit = line below it");
	p->line = line;
}

static void
finish_block(struct parsing *p)
{
	struct block *b = p->block;
	unsigned line = p->line;

	p->sample = NULL;
	if (b == NULL)
		return;
	finish_template(p);
	p->line = b->rule.line;
	if (newest_form(p) == NULL && !b->refused)
		complain(p, "[%s] has no template", b->rule.name);
	p->line = line;
}

static bool
is_block_name(struct text name)
{
	for (size_t i = 0; i < name.n; i++) {
		char c = name.at[i];

		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
			c == '-' || (c == '.' && i > 0)))
			return false;
	}
	return name.n > 0 && name.n <= NAME_BYTES &&
	       memchr(name.at, '.', name.n) != NULL;
}

static void
begin_block(struct parsing *p, struct text name)
{
	struct rules *r = p->r;
	struct block *b;

	finish_block(p);
	p->block = NULL;
	for (size_t i = 0; i < r->block_count; i++)
		if (text_is(name, r->blocks[i].rule.name))
			complain(p, "[%s] is there already: %s:%u",
			    r->blocks[i].rule.name, r->blocks[i].rule.file,
			    r->blocks[i].rule.line);
	r->blocks = rules_grow(
	    r->blocks, r->block_count, &r->block_cap, sizeof *r->blocks);
	b = &r->blocks[r->block_count++];
	*b = (struct block){
	    .rule = {.name = copy(p, name), .file = p->file, .line = p->line}};
	p->block = b;
	if (!is_block_name(name))
		complain(p, "[%s]: a name is like [postfix.sasl-failed]",
		    b->rule.name);
}

static void
set_program(struct parsing *p, struct text value)
{
	struct block *b = p->block;

	if (b->program_count == RULES_PROGRAMS)
		complain(p, "more than %d programs", RULES_PROGRAMS);
	else if (value.n == 0)
		complain(p, "program without a name");
	else
		b->programs[b->program_count++] = copy(p, value);
}

static void
set_kind(struct parsing *p, struct text value)
{
	const char *word = copy(p, value), *near;

	p->block->rule.kind = kind_of_name(value);
	if (p->block->rule.kind != KIND_NONE)
		return;
	near = kind_nearest(word);
	if (near != NULL)
		complain(p, "no kind \"%s\"; is it %s?", word, near);
	else
		complain(p, "no kind \"%s\"", word);
}

static void
set_client(struct parsing *p, struct text value)
{
	p->block->client = template_client_of_name(value);
	if (p->block->client == CLIENT_NONE)
		complain(p, "client is postfix, exim, sendmail, dovecot or "
			    "dovecot-auth, not \"%s\"",
		    copy(p, value));
}

static void
set_no_login(struct parsing *p, struct text value)
{
	p->block->rule.no_login = text_of(copy(p, value));
}

static void
set_service(struct parsing *p, struct text value)
{
	const char *star = memchr(value.at, '*', value.n);

	if (value.n == 0 || (star != NULL && star != value.at + value.n - 1))
		complain(p, "service is a name, or one that ends in \"*\"");
	else
		p->block->rule.service = text_of(copy(p, value));
}

static void
set_session(struct parsing *p, struct text value)
{
	static const char *const names[] = {[RULE_BEGINS] = "begins",
	    [RULE_INSIDE] = "inside",
	    [RULE_MARKS] = "marks",
	    [RULE_MARKED] = "marked",
	    [RULE_ENDS] = "ends",
	    [RULE_AWAY] = "away",
	    [RULE_EXCUSED] = "excused"};

	for (int i = RULE_BEGINS; i <= RULE_EXCUSED; i++)
		if (text_is(value, names[i]))
			p->block->rule.session = (enum rule_session)i;
	if (p->block->rule.session == RULE_ALONE)
		complain(p, "session is begins, inside, marks, marked, ends, "
			    "away or excused, not \"%s\"", copy(p, value));
}

static void
set_attempt(struct parsing *p, struct text value)
{
	static const char *const names[] = {[RULE_FIRST_LINE] = "first",
	    [RULE_ONE_ATTEMPT] = "one",
	    [RULE_ALL_ATTEMPTS] = "all"};

	for (int i = RULE_FIRST_LINE; i <= RULE_ALL_ATTEMPTS; i++)
		if (text_is(value, names[i]))
			p->block->rule.attempt = (enum rule_attempt)i;
	if (p->block->rule.attempt == RULE_NO_ATTEMPT)
		complain(p, "attempt is first, one or all, not \"%s\"",
		    copy(p, value));
}

/* The kind belongs to an event: not every line of a session is one. */
static void
check_kind(struct parsing *p)
{
	const struct rule *r = &p->block->rule;
	bool silent = r->session == RULE_BEGINS || r->session == RULE_MARKS ||
	              r->session == RULE_ENDS || r->session == RULE_AWAY;

	if (p->block->refused)
		return;
	if (r->kind == KIND_NONE && !silent)
		complain(p, "kind = must stand above the template");
	else if (r->kind != KIND_NONE && silent)
		complain(p, "no event comes of it: no kind =");
}

static struct template *
compile(struct parsing *p, struct text value, const char **why)
{
	struct arena *a = p->r->arena;
	struct template *t;
	bool after;

	if (rule_has_address(&p->block->rule)) {
		t = template_compile(a, value, p->block->client, why);
		if (t == NULL || p->block->rule.session == RULE_ALONE ||
		    p->block->rule.session == RULE_EXCUSED)
			return t;
		(void)template_lead(t, &after);
		if (after)
			return t;
		*why = "the session's {qid} has to stand first";
		return NULL;
	}
	return template_compile_session(
	    a, value, p->block->rule.session != RULE_AWAY, why);
}

/* What it has in common with the forms before is looked at once. */
static void
share(struct rules *r, struct template *t)
{
	for (size_t i = 0; i < r->form_count; i++)
		template_share(t, r->forms[i].template);
	template_number(t, &r->next_number);
}

static void
add_template(struct parsing *p, struct text value)
{
	struct rules *r = p->r;
	const char *why = "";
	struct form f = {.block = r->block_count - 1, .line = p->line};
	struct template *t;

	finish_template(p);
	if (p->block->program_count == 0)
		complain(p, "program = must stand above the template");
	check_kind(p);
	f.template = t = compile(p, value, &why);
	if (t == NULL) {
		complain(p, "%s", why);
		return;
	}
	r->forms =
	    rules_grow(r->forms, r->form_count, &r->form_cap, sizeof *r->forms);
	share(r, t);
	r->forms[r->form_count++] = f;
	p->block->hits = 0;
}

static void
add_sample(struct parsing *p, struct text value, bool is_hit)
{
	struct rules *r = p->r;
	const struct form *f = newest_form(p);

	p->sample = NULL;
	if (f == NULL) {
		if (!p->block->refused)
			complain(p, "sample without a template above it");
		return;
	}
	r->samples = rules_grow(
	    r->samples, r->sample_count, &r->sample_cap, sizeof *r->samples);
	p->sample = &r->samples[r->sample_count++];
	*p->sample = (struct sample){.is_hit = is_hit,
	    .line = p->line,
	    .block = r->block_count - 1,
	    .form = r->form_count - 1,
	    .message = text_of(copy(p, value))};
	if (is_hit)
		p->block->hits++;
	else
		p->sample = NULL;
}

static void
add_hit(struct parsing *p, struct text value)
{
	add_sample(p, value, true);
}

static void
add_miss(struct parsing *p, struct text value)
{
	add_sample(p, value, false);
}

static const struct {
	const char *name;
	void (*set)(struct parsing *p, struct text value);
	size_t at; /* without set: the member of the hit above */
} keys[] = {
    {"program", set_program, 0},
    {"kind", set_kind, 0},
    {"client", set_client, 0},
    {"no-login", set_no_login, 0},
    {"service", set_service, 0},
    {"session", set_session, 0},
    {"attempt", set_attempt, 0},
    {"template", add_template, 0},
    {"hit", add_hit, 0},
    {"miss", add_miss, 0},
    {"ip", NULL, offsetof(struct sample, ip)},
    {"port", NULL, offsetof(struct sample, port)},
    {"ptr", NULL, offsetof(struct sample, ptr)},
    {"login", NULL, offsetof(struct sample, login)},
    {"mechanism", NULL, offsetof(struct sample, mechanism)},
    {"local", NULL, offsetof(struct sample, local)},
    {"local-port", NULL, offsetof(struct sample, local_port)},
};

enum { KEYS = sizeof keys / sizeof keys[0] };

static void
unknown_key(struct parsing *p, const char *word)
{
	const char *names[KEYS], *near;

	for (size_t i = 0; i < KEYS; i++)
		names[i] = keys[i].name;
	near = text_nearest(word, names, KEYS);
	if (near != NULL)
		complain(p, "no key \"%s\"; is it %s?", word, near);
	else
		complain(p, "no key \"%s\"", word);
}

static void
set_key(struct parsing *p, struct text key, struct text value)
{
	struct text *member;

	for (size_t i = 0; i < KEYS; i++) {
		if (!text_is(key, keys[i].name))
			continue;
		if (keys[i].set != NULL) {
			keys[i].set(p, value);
			return;
		}
		if (p->sample == NULL) {
			if (!p->block->refused)
				complain(p, "%s = belongs below a hit",
				    keys[i].name);
			return;
		}
		member = (struct text *)((char *)p->sample + keys[i].at);
		*member = text_of(copy(p, value));
		return;
	}
	unknown_key(p, copy(p, key));
}

static void
parse_line(struct parsing *p, struct text line)
{
	const char *equals;
	struct text key;

	line = text_trim(line, " \t\r");
	if (line.n == 0 || line.at[0] == '#')
		return;
	if (line.at[0] == '[') {
		if (line.at[line.n - 1] != ']')
			complain(p, "a block begins [daemon.form]");
		else
			begin_block(p,
			    (struct text){.at = line.at + 1, .n = line.n - 2});
		return;
	}
	equals = memchr(line.at, '=', line.n);
	if (equals == NULL) {
		complain(p, "neither [daemon.form] nor key = value");
		return;
	}
	if (p->block == NULL) {
		complain(p, "key = value in front of the first [daemon.form]");
		return;
	}
	key = text_trim((struct text){.at = line.at,
	    .n = (size_t)(equals - line.at)}, " \t\r");
	set_key(p, key,
	    text_trim((struct text){.at = equals + 1,
		.n = line.n - (size_t)(equals - line.at) - 1}, " \t\r"));
}

int
rules_add(
    struct rules *r, const char *file, struct text bytes, struct buf *errors)
{
	struct parsing p = {
	    .r = r, .file = arena_string(r->arena, file), .errors = errors};

	r->file_count++;
	for (size_t at = 0; at < bytes.n;) {
		const char *s = bytes.at + at;
		const char *end = memchr(s, '\n', bytes.n - at);
		size_t n = end == NULL ? bytes.n - at : (size_t)(end - s);

		p.line++;
		if (text_is_utf8(s, n))
			parse_line(&p, (struct text){.at = s, .n = n});
		else
			complain(&p, "this line is not UTF-8");
		at += n + 1;
	}
	finish_block(&p);
	return p.result;
}
