/* Languages of reports; see language.h. */
#include "hub/report/language.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

/* Belgium, Switzerland and Luxembourg have several languages: the largest
 * share decides, and Belgium, where none of ours has it, gets English.  Of
 * other countries that speak French those where it alone is official. */
static const struct {
	const char *name, *countries;
} languages[LANGUAGE_COUNT] = {
    [LANGUAGE_EN] = {"en", ""},
    [LANGUAGE_DE] = {"de", " DE AT CH LI "},
    [LANGUAGE_FR] = {"fr", " FR MC LU RE GP MQ GF YT NC PF PM WF BL MF BJ BF "
                           "CG CD CI GA GN ML NE SN TG "},
};

const char *
language_name(enum language l)
{
	return languages[l].name;
}

bool
language_of_name(const char *name, enum language *out)
{
	for (int l = 0; l < LANGUAGE_COUNT; l++)
		if (strcmp(languages[l].name, name) == 0) {
			*out = (enum language)l;
			return true;
		}
	return false;
}

enum language
language_of_country(const char *country)
{
	if (strlen(country) != 2)
		return LANGUAGE_EN;
	for (int l = 0; l < LANGUAGE_COUNT; l++)
		for (const char *s = languages[l].countries; *s != '\0'; s++)
			if (s[0] == ' ' &&
			    strncasecmp(s + 1, country, 2) == 0)
				return (enum language)l;
	return LANGUAGE_EN;
}

enum language
language_choose(const char *set, const char *country)
{
	enum language l;

	if (set != NULL && language_of_name(set, &l))
		return l;
	return country == NULL ? LANGUAGE_EN : language_of_country(country);
}
