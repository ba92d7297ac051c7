/*
 * Runs the agent on a file of hostile lines and compares every event with the
 * truth; see hostile.h.
 */
#include <errno.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proto/base/clock.h"
#include "proto/base/text.h"
#include "tests/rules/hostile.h"

extern char **environ;

/* One key of an object as scan prints it. */
struct answer {
	uint64_t line;
	struct addr ip;
	enum kind kind;
	int64_t time_us;
	bool has_login;
	uint64_t login;
};

static unsigned
hex4(const char *s)
{
	char four[5] = {0};

	memcpy(four, s, 4);
	return (unsigned)strtoul(four, NULL, 16);
}

/* Undoes the escapes of a JSON string that begins behind its quote.  Returns
 * what follows the closing quote, NULL if there is none. */
static const char *
unquote(const char *s, char *out, size_t cap, size_t *n)
{
	*n = 0;
	for (; *s != '"'; s++) {
		unsigned c = (unsigned char)*s;

		if (c == '\0' || *n + 4 > cap)
			return NULL;
		if (c != '\\') {
			out[(*n)++] = *s;
			continue;
		}
		c = (unsigned char)*++s;
		switch (c) {
		case 'n': c = '\n'; break;
		case 't': c = '\t'; break;
		case 'r': c = '\r'; break;
		case 'b': c = '\b'; break;
		case 'f': c = '\f'; break;
		case 'u':
			if (strlen(s) < 5)
				return NULL;
			c = hex4(s + 1);
			s += 4;
			break;
		default: break;
		}
		out[(*n)++] = (char)c;
	}
	return s + 1;
}

/* A flat object; false if it is none. */
static bool
read_answer(const char *s, struct answer *a)
{
	static char value[4 * HOSTILE_LINE_BYTES];
	char key[64];
	size_t k, n;

	memset(a, 0, sizeof *a);
	if (*s++ != '{')
		return false;
	while (*s == '"') {
		bool quoted;

		s = unquote(s + 1, key, sizeof key - 1, &k);
		if (s == NULL || *s++ != ':')
			return false;
		key[k] = '\0';
		quoted = *s == '"';
		if (quoted) {
			s = unquote(s + 1, value, sizeof value - 1, &n);
			if (s == NULL)
				return false;
		} else {
			n = strcspn(s, ",}");
			if (n >= sizeof value)
				return false;
			memcpy(value, s, n);
			s += n;
		}
		value[n] = '\0';
		if (strcmp(key, "line") == 0)
			a->line = strtoull(value, NULL, 10);
		else if (strcmp(key, "ip") == 0)
			addr_parse((struct text){value, n}, &a->ip);
		else if (strcmp(key, "kind") == 0)
			a->kind = kind_of_name((struct text){value, n});
		else if (strcmp(key, "time") == 0)
			clock_parse(value, n, &a->time_us);
		else if (strcmp(key, "login") == 0 && quoted) {
			a->has_login = true;
			a->login = hostile_hash(value, n);
		}
		if (*s == ',')
			s++;
	}
	return *s == '}';
}

static bool
is_reported(enum kind k)
{
	return k == KIND_AUTH_FAILURE || k == KIND_RELAY_DENIED;
}

/* Wrong as the issue counts it: another address, or a kind that would be
 * reported and is not true. */
static const char *
fault(const struct truth *t, const struct addr *ip, enum kind kind)
{
	if (t->expect == EXPECT_NOTHING || !addr_equal(&t->ip, ip))
		return "address";
	if (is_reported(kind) && kind != t->kind && kind != t->also)
		return "kind";
	return NULL;
}

static void
show(FILE *file, const struct truth *t, const struct answer *a,
    const char *what)
{
	char line[HOSTILE_LINE_BYTES], safe[4 * HOSTILE_LINE_BYTES];
	char said[ADDR_TEXT_BYTES], true_ip[ADDR_TEXT_BYTES];
	const char *kind = kind_name(t->kind);

	fseek(file, (long)t->at, SEEK_SET);
	if (fgets(line, sizeof line, file) == NULL)
		return;
	line[strcspn(line, "\n")] = '\0';
	fprintf(stderr, "wrong %s: said %s %s, true %s %s\n  %.*s\n", what,
	    addr_format(said, &a->ip), kind_name(a->kind),
	    t->expect == EXPECT_NOTHING ? "nobody, client" : "",
	    addr_format(true_ip, &t->ip),
	    (int)text_neuter(safe, sizeof safe, line, strlen(line)), safe);
	if (kind != NULL)
		fprintf(stderr, "  (%s)\n", kind);
}

static void
judge_one(const struct judge_options *o, FILE *file, const struct truth *t,
    const struct answer *a, struct verdict *v)
{
	const char *what = fault(t, &a->ip, a->kind);

	if (what != NULL && *what == 'a')
		v->wrong_ip++;
	else if (what != NULL)
		v->wrong_kind++;
	else {
		v->found++;
		if (a->kind != t->kind && a->kind != t->also)
			v->other_kind++;
		if (a->has_login && t->has_login && a->login != t->login)
			v->other_login++;
	}
	if (what == NULL && a->time_us != t->time_us) {
		v->wrong_time++;
		what = "time";
	}
	if (what != NULL &&
	    v->wrong_ip + v->wrong_kind + v->wrong_time <= o->show)
		show(file, t, a, what);
}

static int
read_answers(const struct judge_options *o, FILE *from, FILE *file,
    const struct truths *truths, struct verdict *v)
{
	char *line = NULL;
	size_t cap = 0;
	struct answer a;
	uint64_t last = 0;
	int result = 0;

	while (getline(&line, &cap, from) > 0) {
		const struct truth *t;

		if (!read_answer(line, &a) || a.line == 0 ||
		    a.line > truths->n || a.line <= last) {
			fprintf(stderr, "no answer: %s", line);
			result = -1;
			break;
		}
		/* lines passed over without an event */
		for (uint64_t i = last + 1; i < a.line; i++)
			v->missed += truths->at[i - 1].expect == EXPECT_EVENT;
		last = a.line;
		t = &truths->at[a.line - 1];
		judge_one(o, file, t, &a, v);
	}
	for (uint64_t i = last; i < truths->n; i++)
		v->missed += truths->at[i].expect == EXPECT_EVENT;
	free(line);
	return result;
}

static void
control(const struct judge_options *o, FILE *file,
    const struct truths *truths, struct verdict *v)
{
	char line[HOSTILE_LINE_BYTES + 2];
	struct naive *n = naive_open();
	struct addr ip;
	enum kind kind;

	rewind(file);
	for (uint64_t i = 0; i < truths->n && i < o->control_lines; i++) {
		if (fgets(line, sizeof line, file) == NULL)
			break;
		v->naive_lines++;
		if (naive_line(n, line, &ip, &kind) &&
		    fault(&truths->at[i], &ip, kind) != NULL)
			v->naive_wrong++;
	}
	naive_close(n);
}

int
judge_file(const struct judge_options *o, const char *name,
    const struct truths *truths, struct verdict *v)
{
	const char *argv[] = {o->agent, "scan", "--json", "--zone", "UTC",
		"--now", "2026-12-31T00:00:00Z", "--rules", o->rules, name,
		NULL};
	posix_spawn_file_actions_t actions;
	FILE *from, *file = fopen(name, "r");
	int fds[2], status, result, error;
	pid_t pid;

	*v = (struct verdict){.lines = truths->n};
	if (file == NULL || pipe(fds) != 0) {
		fprintf(stderr, "%s: %s\n", name, strerror(errno));
		return -1;
	}
	for (size_t i = 0; i < truths->n; i++)
		v->expected += truths->at[i].expect == EXPECT_EVENT;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, fds[1], 1);
	posix_spawn_file_actions_addclose(&actions, fds[0]);
	posix_spawn_file_actions_addclose(&actions, fds[1]);
	error = posix_spawn(&pid, o->agent, &actions, NULL,
	    (char *const *)(uintptr_t)argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	close(fds[1]);
	from = fdopen(fds[0], "r");
	if (error != 0 || from == NULL) {
		fprintf(stderr, "%s: %s\n", o->agent, strerror(error));
		return -1;
	}
	result = read_answers(o, from, file, truths, v);
	fclose(from);
	if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status) ||
	    WEXITSTATUS(status) != 0) {
		fprintf(stderr, "%s scan failed on %s\n", o->agent, name);
		result = -1;
	}
	control(o, file, truths, v);
	fclose(file);
	return result;
}
