/* The operator's greetings; see greetings.h. */
#include "hub/report/greetings.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "hub/conf.h"
#include "hub/report/compose.h"
#include "hub/report/greeting.h"
#include "proto/base/arena.h"
#include "proto/base/file.h"
#include "proto/base/log.h"

enum { GREETING_MAX_BYTES = 65536, FILES_MOST = 10000 };

#define SUFFIX ".txt"

/* ---- files ---- */

/* Absent when there is no path. */
static int
read_one(struct arena *a, const char *setting, const char *path,
    struct text *out)
{
	const char *why;

	*out = (struct text){0};
	if (path[0] == '\0')
		return 0;
	if (file_read(a, path, GREETING_MAX_BYTES, out, &why) < 0) {
		log_error("cannot read %s %s: %s", setting, path, why);
		return -1;
	}
	if (!text_is_utf8(out->at, out->n)) {
		log_error("%s %s is not UTF-8", setting, path);
		return -1;
	}
	return greeting_check(*out, path);
}

static int
read_general(const struct hub_conf *conf, struct arena *a,
    struct greetings *out)
{
	const struct {
		enum language language;
		const char *setting, *path;
	} list[] = {
	    {LANGUAGE_EN, "report.greeting", conf->report_greeting},
	    {LANGUAGE_DE, "report.greeting_de", conf->report_greeting_de},
	    {LANGUAGE_FR, "report.greeting_fr", conf->report_greeting_fr},
	};

	_Static_assert(sizeof list / sizeof list[0] == LANGUAGE_COUNT,
	    "a setting for each language");
	for (size_t i = 0; i < LANGUAGE_COUNT; i++) {
		struct text *t = &out->general[list[i].language];

		if (read_one(a, list[i].setting, list[i].path, t) < 0)
			return -1;
		/* the operator's words in English rather than ours */
		if (t->at == NULL)
			*t = out->general[LANGUAGE_EN];
	}
	return 0;
}

bool
greetings_file(const char *name, char domain[GREETINGS_DOMAIN_BYTES],
    enum language *language)
{
	struct text t = text_of(name);
	char *mark;

	*language = LANGUAGE_EN;
	if (!text_ends(t, SUFFIX) ||
	    t.n - strlen(SUFFIX) >= GREETINGS_DOMAIN_BYTES)
		return false;
	memcpy(domain, t.at, t.n - strlen(SUFFIX));
	domain[t.n - strlen(SUFFIX)] = '\0';
	/* no domain of mail has this character: it begins the language, so
	 * that example.de.txt is one of example.de */
	mark = strchr(domain, '_');
	if (mark != NULL) {
		*mark = '\0';
		if (!language_of_name(mark + 1, language) ||
		    *language == LANGUAGE_EN)
			return false;
	}
	return text_is_domain(domain, GREETINGS_DOMAIN_BYTES - 1);
}

static int
by_domain(const void *x, const void *y)
{
	const struct greeting_of *a = x, *b = y;
	int order = strcmp(a->domain, b->domain);

	return order != 0 ? order
	                  : (a->language > b->language) -
	                      (a->language < b->language);
}

/* One file of the folder.  Hidden ones are an editor's. */
static int
add(struct arena *a, const char *folder, const char *name,
    struct greeting_of *list, size_t *n)
{
	const char *path = arena_printf(a, "%s/%s", folder, name);
	char domain[GREETINGS_DOMAIN_BYTES];
	struct greeting_of *g = &list[*n];

	if (name[0] == '.')
		return 0;
	if (*n == FILES_MOST) {
		log_error("report.greetings %s: over %d files", folder,
		    FILES_MOST);
		return -1;
	}
	if (!greetings_file(name, domain, &g->language)) {
		log_error("report.greetings %s is named after no domain: it "
		          "must be DOMAIN.txt, DOMAIN_de.txt or "
		          "DOMAIN_fr.txt, in lower case", path);
		return -1;
	}
	g->domain = arena_string(a, domain);
	++*n;
	return read_one(a, "report.greetings", path, &g->text);
}

static int
read_folder(const char *folder, struct arena *a, struct greetings *out)
{
	struct greeting_of *list;
	int result = 0;
	DIR *dir;

	if (folder[0] == '\0')
		return 0;
	dir = opendir(folder);
	if (dir == NULL) {
		log_error("cannot read report.greetings %s: %s", folder,
		    strerror(errno));
		return -1;
	}
	list = arena_array(a, FILES_MOST, sizeof *list);
	for (struct dirent *d = readdir(dir); d != NULL; d = readdir(dir))
		if (add(a, folder, d->d_name, list, &out->n) < 0)
			result = -1;
	(void)closedir(dir);
	if (out->n != 0)
		qsort(list, out->n, sizeof *list, by_domain);
	out->of = list;
	return result;
}

int
greetings_load(const struct hub_conf *conf, struct arena *a,
    struct greetings *out)
{
	*out = (struct greetings){.n = 0};
	if (read_general(conf, a, out) < 0)
		return -1;
	return read_folder(conf->report_greetings, a, out);
}

/* ---- which one ---- */

/* What stands behind the last @; absent: there is none. */
static struct text
domain_of_login(struct text login)
{
	const char *at = login.at == NULL
	    ? NULL
	    : memrchr(login.at, '@', login.n);

	if (at == NULL)
		return (struct text){0};
	return (struct text){.at = at + 1,
	    .n = login.n - (size_t)(at + 1 - login.at)};
}

/* False: its login is of another domain than *seen. */
static bool
agrees(const struct compose_event *e, struct text *seen)
{
	struct text domain = domain_of_login(e->login);

	if (domain.at == NULL)
		return true;
	if (seen->at == NULL)
		*seen = domain;
	return domain.n == seen->n &&
	    strncasecmp(domain.at, seen->at, domain.n) == 0;
}

bool
greetings_domain(const struct compose_facts *f,
    char domain[GREETINGS_DOMAIN_BYTES])
{
	struct text seen = {0};
	int64_t listed = 0;

	for (size_t i = 0; i < f->source_count; i++) {
		const struct compose_source *s = &f->sources[i];

		listed += (int64_t)s->line_count;
		for (size_t j = 0; j < s->line_count; j++)
			if (!agrees(&s->lines[j], &seen))
				return false;
	}
	if (listed != f->events || seen.at == NULL ||
	    seen.n >= GREETINGS_DOMAIN_BYTES)
		return false;
	memcpy(domain, seen.at, seen.n);
	domain[seen.n] = '\0';
	text_lower(domain);
	return strlen(domain) == seen.n &&
	    text_is_domain(domain, GREETINGS_DOMAIN_BYTES - 1);
}

static const struct greeting_of *
find(const struct greetings *g, const char *domain, enum language l)
{
	struct greeting_of wanted = {.domain = domain, .language = l};

	return bsearch(&wanted, g->of, g->n, sizeof *g->of, by_domain);
}

struct text
greetings_choose(const struct greetings *g, const struct compose_facts *f)
{
	char domain[GREETINGS_DOMAIN_BYTES];
	const struct greeting_of *own = NULL;

	if (g->n != 0 && greetings_domain(f, domain)) {
		own = find(g, domain, f->language);
		if (own == NULL)
			own = find(g, domain, LANGUAGE_EN);
	}
	return own != NULL ? own->text : g->general[f->language];
}
