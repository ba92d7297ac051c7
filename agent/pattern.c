/* Patterns of log files; see pattern.h. */
#include "agent/pattern.h"

#include <fnmatch.h>
#include <glob.h>
#include <string.h>

#include "agent/sibling.h"
#include "proto/base/arena.h"

bool
pattern_is(const char *s)
{
	return s[0] == '/' && strpbrk(s, "*?[") != NULL;
}

size_t
pattern_list(const char *s, struct arena *a, const char ***paths)
{
	glob_t g;
	size_t n = 0;

	*paths = NULL;
	if (glob(s, 0, NULL, &g) != 0) {
		globfree(&g);
		return 0;
	}
	*paths = arena_array(a, g.gl_pathc + 1, sizeof **paths);
	for (size_t i = 0; i < g.gl_pathc; i++)
		if (!sibling_is_rotated_name(g.gl_pathv[i]))
			(*paths)[n++] = arena_string(a, g.gl_pathv[i]);
	globfree(&g);
	return n;
}

bool
pattern_names(const char *s, const char *path)
{
	return pattern_is(s) && fnmatch(s, path, FNM_PATHNAME |
	    FNM_PERIOD) == 0 && !sibling_is_rotated_name(path);
}
