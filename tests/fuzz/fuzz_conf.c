/*
 * Any bytes as a settings file: never a crash, and each line is a section, a
 * setting within a section, or a complaint with its number.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "proto/base/arena.h"
#include "proto/base/conf_parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void
on_line(void *ctx, const struct conf_line *l)
{
	unsigned *last = ctx;

	assert(l->number > *last);
	*last = l->number;
	switch (l->kind) {
	case CONF_LINE_SECTION:
		assert(l->section[0] != '\0' &&
		    strpbrk(l->section, " []=#\n") == NULL);
		break;
	case CONF_LINE_SETTING:
		assert(l->section != NULL);
		assert(l->key[0] != '\0' &&
		    strpbrk(l->key, " []=#\n") == NULL);
		assert(strchr(l->value, '\n') == NULL);
		assert(text_is_utf8(l->value, strlen(l->value)));
		break;
	case CONF_LINE_BAD:
		assert(l->why != NULL);
		break;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct arena *a = arena_open(0);
	unsigned last = 0;

	conf_parse_bytes((struct text){.at = (const char *)bytes, .n = n}, a,
	    on_line, &last);
	arena_close(a);
	return 0;
}
