/* Header fields; see web_head.h. */
#include "hub/lookup/web_head.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "proto/base/clock.h"

#define BLANKS " \t\r\n"

struct text
web_head_value(struct text line, const char *name)
{
	size_t n = strlen(name);

	if (line.n <= n || line.at[n] != ':' ||
	    strncasecmp(line.at, name, n) != 0)
		return (struct text){0};
	return text_trim((struct text){line.at + n + 1, line.n - n - 1},
	    BLANKS);
}

/* 1..12, or 0. */
static int
month_of(const char *s)
{
	static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

	for (int i = 0; i < 12; i++)
		if (memcmp(names + 3 * i, s, 3) == 0)
			return i + 1;
	return 0;
}

/* The three forms of RFC 9110 5.6.7: IMF-fixdate, RFC 850, asctime. */
static bool
parse_date(const char *s, int64_t *out_s)
{
	int day, year, hour, minute, second, month, n = 0;
	char name[4] = "";

	if (sscanf(s, "%*3[A-Za-z], %2d %3[A-Za-z] %4d %2d:%2d:%2d GMT%n",
	        &day, name, &year, &hour, &minute, &second, &n) == 6 &&
	    n != 0 && s[n] == '\0')
		goto parsed;
	n = 0;
	if (sscanf(s, "%*9[A-Za-z], %2d-%3[A-Za-z]-%2d %2d:%2d:%2d GMT%n",
	        &day, name, &year, &hour, &minute, &second, &n) == 6 &&
	    n != 0 && s[n] == '\0') {
		/* two digits mean the year nearest to now; servers that still
		 * write so do not speak of the past */
		year += 2000;
		goto parsed;
	}
	n = 0;
	if (sscanf(s, "%*3[A-Za-z] %3[A-Za-z] %2d %2d:%2d:%2d %4d%n", name,
	        &day, &hour, &minute, &second, &year, &n) != 6 ||
	    n == 0 || s[n] != '\0')
		return false;
parsed:
	month = month_of(name);
	if (month == 0 || day < 1 || day > 31 || year < 1970 || hour < 0 ||
	    hour > 23 || minute < 0 || minute > 59 || second < 0 ||
	    second > 60)
		return false;
	*out_s = clock_days(year, month, day) * 86400 + hour * 3600 +
	    minute * 60 + second;
	return true;
}

bool
web_head_retry_after(struct text value, int64_t now_s, uint32_t most_s,
    uint32_t *out_s)
{
	int64_t wait_s = 0, at_s;
	char s[40];

	value = text_trim(value, BLANKS);
	if (value.n == 0 || value.n >= sizeof s)
		return false;
	memcpy(s, value.at, value.n);
	s[value.n] = '\0';
	if (strspn(s, "0123456789") == value.n) {
		for (size_t i = 0; i < value.n && wait_s <= most_s; i++)
			wait_s = wait_s * 10 + (s[i] - '0');
	} else {
		if (!parse_date(s, &at_s))
			return false;
		wait_s = at_s - now_s;
	}
	*out_s = wait_s < 1 ? 1 : wait_s > most_s ? most_s : (uint32_t)wait_s;
	return true;
}

bool
web_head_type_is(const char *type, const char *list)
{
	struct text t = text_trim((struct text){type, strcspn(type, ";")},
	    BLANKS);

	while (*list != '\0') {
		size_t n = strcspn(list, ",");
		struct text one = text_trim((struct text){list, n}, BLANKS);

		if (t.n != 0 && one.n == t.n &&
		    strncasecmp(one.at, t.at, t.n) == 0)
			return true;
		list += n + (list[n] == ',');
	}
	return false;
}
