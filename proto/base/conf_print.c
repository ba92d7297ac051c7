/* The settings table shown to people: sample file, man page, values. */
#include <stdio.h>
#include <string.h>

#include "proto/base/conf.h"

/* Writes s wrapped at 76 columns behind lead. */
static void
print_wrapped(FILE *to, const char *lead, const char *s)
{
	size_t column = strlen(lead);

	fputs(lead, to);
	while (*s != '\0') {
		size_t n = strcspn(s, " ");

		if (column > strlen(lead) && column + 1 + n > 76) {
			fprintf(to, "\n%s", lead);
			column = strlen(lead);
		} else if (column > strlen(lead)) {
			fputc(' ', to);
			column++;
		}
		fwrite(s, 1, n, to);
		column += n;
		s += n;
		s += strspn(s, " ");
	}
	fputc('\n', to);
}

static const char *
type_words(enum conf_type type)
{
	switch (type) {
	case CONF_TYPE_TEXT:
		return "text";
	case CONF_TYPE_PATH:
		return "path";
	case CONF_TYPE_FLAG:
		return "yes or no";
	case CONF_TYPE_COUNT:
		return "number";
	case CONF_TYPE_SECONDS:
		return "time (90s, 5m, 2h, 7d)";
	case CONF_TYPE_BYTES:
		return "size (64K, 10M, 1G)";
	case CONF_TYPE_TEXTS:
		return "text, repeatable";
	case CONF_TYPE_PREFIXES:
		return "prefix, special or none; repeatable";
	}
	return "";
}

void
conf_print_sample(const struct conf_table *t, FILE *to)
{
	const char *section = "";

	fprintf(to, "# %s: every setting, at its default.\n", t->program);
	for (size_t i = 0; i < t->count; i++) {
		const struct conf_row *row = &t->rows[i];

		if (strcmp(section, row->section) != 0) {
			section = row->section;
			fprintf(to, "\n[%s]\n", section);
		}
		fputc('\n', to);
		print_wrapped(to, "# ", row->what);
		fprintf(to, "# %s%s%s\n", type_words(row->type),
		    row->unit[0] == '\0' ? "" : "; ", row->unit);
		fprintf(to, "#%s = %s\n", row->name, row->fallback);
	}
}

/* scdoc gives a meaning to _ and * : escape them. */
static void
print_escaped(FILE *to, const char *s)
{
	for (; *s != '\0'; s++) {
		if (strchr("_*\\<>#", *s) != NULL)
			fputc('\\', to);
		fputc(*s, to);
	}
}

void
conf_print_scdoc(const struct conf_table *t, FILE *to)
{
	const char *section = "";

	fputs("# SETTINGS\n", to);
	for (size_t i = 0; i < t->count; i++) {
		const struct conf_row *row = &t->rows[i];

		if (strcmp(section, row->section) != 0) {
			section = row->section;
			fprintf(to, "\n## [%s]\n", section);
		}
		fputs("\n*", to);
		print_escaped(to, row->name);
		fprintf(to, "* = %s%s%s\n\t", type_words(row->type),
		    row->unit[0] == '\0' ? "" : "; ", row->unit);
		print_escaped(to, row->what);
		if (row->fallback[0] != '\0') {
			fputs(" Default: ", to);
			print_escaped(to, row->fallback);
			fputc('.', to);
		}
		fputc('\n', to);
	}
}

void
conf_print_values(const struct conf_table *t, const void *conf, FILE *to)
{
	char text[ADDR_TEXT_BYTES];

	for (size_t i = 0; i < t->count; i++) {
		const struct conf_row *row = &t->rows[i];
		const void *m = (const char *)conf + row->at;
		const struct conf_texts *texts = m;
		const struct prefixes *prefixes = m;

		switch (row->type) {
		case CONF_TYPE_TEXT:
		case CONF_TYPE_PATH:
			fprintf(to, "%s.%s = %s\n", row->section, row->name,
			    *(const char *const *)m);
			break;
		case CONF_TYPE_FLAG:
			fprintf(to, "%s.%s = %s\n", row->section, row->name,
			    *(const bool *)m ? "yes" : "no");
			break;
		case CONF_TYPE_COUNT:
		case CONF_TYPE_SECONDS:
		case CONF_TYPE_BYTES:
			fprintf(to, "%s.%s = %lld\n", row->section, row->name,
			    (long long)*(const int64_t *)m);
			break;
		case CONF_TYPE_TEXTS:
			for (size_t k = 0; k < texts->n; k++)
				fprintf(to, "%s.%s = %s\n", row->section,
				    row->name, texts->at[k]);
			break;
		case CONF_TYPE_PREFIXES:
			for (size_t k = 0; k < prefixes->n; k++)
				fprintf(to, "%s.%s = %s\n", row->section,
				    row->name,
				    prefix_format(text, &prefixes->at[k]));
			break;
		}
	}
}
