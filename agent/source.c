/* Passes each call to the kind of source it is for; see source.h. */
#include "agent/source.h"

#include <stddef.h>
#include <string.h>

#include "agent/source_ops.h"

bool
source_is_journal(const char *name)
{
	return strcmp(name, "journal") == 0 ||
	       strncmp(name, "journal:/", strlen("journal:/")) == 0;
}

void
source_close(struct source *s)
{
	if (s != NULL)
		s->ops->close(s);
}

enum source_result
source_next(struct source *s, struct text *line)
{
	return s->ops->next(s, line);
}

struct text
source_ahead(const struct source *s)
{
	return s->ops->ahead == NULL ? (struct text){0} : s->ops->ahead(s);
}

void
source_take(struct source *s, size_t n)
{
	if (n > 0)
		s->ops->take(s, n);
}

bool
source_place(const struct source *s, struct source_place *out)
{
	return s->ops->place(s, out);
}

bool
source_has_moved(const struct source *s)
{
	return s->ops->has_moved(s);
}

void
source_commit(struct source *s)
{
	s->ops->commit(s);
}

void
source_rewind(struct source *s)
{
	s->ops->rewind(s);
}

int
source_fd(const struct source *s)
{
	return s->ops->fd(s);
}

int64_t
source_bound_us(const struct source *s)
{
	return s->ops->bound_us(s);
}

const char *
source_name(const struct source *s)
{
	return s->ops->name(s);
}

unsigned
source_losses(const struct source *s)
{
	return s->ops->losses == NULL ? 0 : s->ops->losses(s);
}

bool
source_is_endangered(struct source *s)
{
	return s->ops->is_endangered != NULL && s->ops->is_endangered(s);
}

bool
source_is_gone(const struct source *s, bool *unread)
{
	*unread = false;
	return s->ops->is_gone != NULL && s->ops->is_gone(s, unread);
}

void
source_set_grace(struct source *s, int64_t grace_ms)
{
	if (s->ops->set_grace != NULL)
		s->ops->set_grace(s, grace_ms);
}
