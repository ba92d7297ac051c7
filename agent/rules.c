/* Sets of rules and the folders they come from; see rules.h. */
#include "agent/rules.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/rules_inside.h"
#include "proto/base/arena.h"
#include "proto/base/die.h"
#include "proto/base/file.h"

#ifndef PLAINTIFF_RULES_FOLDER
#error "the build says where the rules are installed"
#endif

#define OWN_RULES_FOLDER "/etc/plaintiff/rules"

enum {
	FILE_BYTES = 4 * 1024 * 1024,
};

struct rules *
rules_new(void)
{
	struct rules *r = calloc(1, sizeof *r);

	if (r == NULL)
		die(71, "rules: out of memory");
	r->arena = arena_open(0);
	r->next_number = 1;
	return r;
}

void
rules_close(struct rules *r)
{
	if (r == NULL)
		return;
	arena_close(r->arena);
	free(r->blocks);
	free(r->forms);
	free(r->samples);
	free(r);
}

void *
rules_grow(void *array, size_t count, size_t *cap, size_t element)
{
	if (count < *cap)
		return array;
	*cap = *cap == 0 ? 16 : 2 * *cap;
	array = reallocarray(array, *cap, element);
	if (array == NULL)
		die(71, "rules: out of memory");
	return array;
}

struct rules_counts
rules_count(const struct rules *r)
{
	return (struct rules_counts){.files = r->file_count,
	    .rules = r->block_count,
	    .templates = r->form_count,
	    .samples = r->sample_count};
}

bool
rule_has_address(const struct rule *r)
{
	return r->session == RULE_ALONE || r->session == RULE_BEGINS ||
	       r->session == RULE_MARKED || r->session == RULE_EXCUSED;
}

static int
is_rules_file(const struct dirent *e)
{
	size_t n = strlen(e->d_name);

	return n > 6 && e->d_name[0] != '.' &&
	       strcmp(e->d_name + n - 6, ".rules") == 0;
}

static int
add_file(struct rules *r, const char *path, struct buf *errors)
{
	struct text bytes;
	const char *why;

	if (file_read(r->arena, path, FILE_BYTES, &bytes, &why) < 0) {
		buf_printf(errors, "%s: %s\n", path, why);
		return -1;
	}
	return rules_add(r, path, bytes, errors);
}

static int
add_folder(struct rules *r, const char *folder, struct buf *errors)
{
	struct dirent **files;
	int n = scandir(folder, &files, is_rules_file, alphasort), result = 0;

	if (n < 0) {
		buf_printf(errors, "%s: %s\n", folder, strerror(errno));
		return -1;
	}
	for (int i = 0; i < n; i++) {
		const char *path =
		    arena_printf(r->arena, "%s/%s", folder, files[i]->d_name);

		if (add_file(r, path, errors) < 0)
			result = -1;
		free(files[i]);
	}
	free(files);
	return result;
}

struct rules *
rules_open(const char *dir, struct buf *errors)
{
	const char *folder = dir != NULL ? dir : getenv("PLAINTIFF_RULES");
	struct rules *r = rules_new();
	int result;

	if (folder != NULL && folder[0] != '\0') {
		result = add_folder(r, folder, errors);
	} else {
		folder = PLAINTIFF_RULES_FOLDER;
		result = add_folder(r, folder, errors);
		if (access(OWN_RULES_FOLDER, F_OK) == 0 &&
		    add_folder(r, OWN_RULES_FOLDER, errors) < 0)
			result = -1;
	}
	if (result == 0 && r->form_count == 0) {
		buf_printf(errors, "%s: no rules in this folder\n", folder);
		result = -1;
	}
	if (result == 0)
		result = rules_check(r, errors);
	if (result == 0)
		return r;
	rules_close(r);
	return NULL;
}
