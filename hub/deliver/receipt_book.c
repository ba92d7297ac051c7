/* Fates of mails by a log; see receipt_book.h. */
#include "hub/deliver/receipt_book.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "hub/deliver/receipt.h"
#include "proto/base/arena.h"

enum {
	BUCKETS = 4096,
	NOBODY = -1,
	/* of a log that is read; beyond, nothing is called complete */
	MOST_ENTRIES = 2000000,
};

struct session {
	struct session *next;
	int64_t pid;
	bool open;
	bool old; /* begun before the mark */
	struct queue *queue; /* the mail that it has begun last */
};

struct queue {
	struct queue *next;
	struct text id;
	ptrdiff_t mail; /* NOBODY: none of ours, as far as known */
	bool cut;
};

struct mail {
	const char *id;
	size_t pending; /* queue ids with it that were not cut off */
	struct text taken; /* its queue id */
};

struct receipt_book {
	struct arena *a;
	struct session *sessions[BUCKETS];
	struct queue *queues[BUCKETS];
	struct mail *mails;
	size_t n;
	size_t entries, open_old;
	bool marked;
	bool lively;   /* a session began and ended behind the mark */
	bool gap;
};

struct receipt_book *
receipt_book_open(struct arena *a, const char *const *ids, size_t n)
{
	struct receipt_book *b = arena_alloc(a, sizeof *b);

	b->a = a;
	b->n = n;
	b->mails = arena_array(a, n + 1, sizeof *b->mails);
	for (size_t i = 0; i < n; i++)
		b->mails[i].id = arena_string(a, ids[i]);
	return b;
}

static size_t
bucket(const char *s, size_t n)
{
	uint32_t h = 2166136261u;

	for (size_t i = 0; i < n; i++)
		h = (h ^ (unsigned char)s[i]) * 16777619u;
	return h % BUCKETS;
}

static bool
same(struct text a, struct text b)
{
	return a.n == b.n && memcmp(a.at, b.at, a.n) == 0;
}

static struct text
keep(struct receipt_book *b, struct text t)
{
	return (struct text){.at = arena_copy(b->a, t.at, t.n), .n = t.n};
}

static bool
has_room(struct receipt_book *b)
{
	if (b->entries < MOST_ENTRIES) {
		b->entries++;
		return true;
	}
	b->gap = true;
	return false;
}

static struct session *
session_of(const struct receipt_book *b, int64_t pid)
{
	struct session *s = b->sessions[(uint64_t)pid % BUCKETS];

	while (s != NULL && s->pid != pid)
		s = s->next;
	return s;
}

static void
session_open(struct receipt_book *b, struct session *s, bool old)
{
	s->open = true;
	s->old = old;
	s->queue = NULL;
	b->open_old += old;
}

static void
session_close(struct receipt_book *b, struct session *s)
{
	if (!s->open)
		return;
	b->open_old -= s->old;
	s->open = false;
	s->queue = NULL;
}

/* The session of any line but CONNECT: one that is not known began before
 * the first line. */
static struct session *
session_at(struct receipt_book *b, int64_t pid)
{
	struct session *s = session_of(b, pid);

	if (s == NULL && has_room(b)) {
		s = arena_alloc(b->a, sizeof *s);
		s->pid = pid;
		s->next = b->sessions[(uint64_t)pid % BUCKETS];
		b->sessions[(uint64_t)pid % BUCKETS] = s;
	}
	if (s != NULL && !s->open)
		session_open(b, s, true);
	return s;
}

static struct queue *
queue_of(const struct receipt_book *b, struct text id)
{
	struct queue *q = b->queues[bucket(id.at, id.n)];

	while (q != NULL && !same(q->id, id))
		q = q->next;
	return q;
}

/* Queue ids are used again: what an earlier mail of the name was, it is no
 * more. */
static struct queue *
queue_anew(struct receipt_book *b, struct text id)
{
	struct queue *q = queue_of(b, id);

	if (q == NULL && has_room(b)) {
		struct queue **at = &b->queues[bucket(id.at, id.n)];

		q = arena_alloc(b->a, sizeof *q);
		q->id = keep(b, id);
		q->next = *at;
		*at = q;
	}
	if (q != NULL) {
		q->mail = NOBODY;
		q->cut = false;
	}
	return q;
}

static ptrdiff_t
mail_of(const struct receipt_book *b, struct text id)
{
	for (size_t i = 0; i < b->n; i++)
		if (same(id, text_of(b->mails[i].id)))
			return (ptrdiff_t)i;
	return NOBODY;
}

static void
queue_has_id(struct receipt_book *b, struct text queue, struct text id)
{
	ptrdiff_t mail = id.n == 0 ? NOBODY : mail_of(b, id);
	struct queue *q = queue_of(b, queue);

	if (mail == NOBODY) {
		/* another mail has this queue id now */
		if (q != NULL)
			q->mail = NOBODY;
		return;
	}
	if (q == NULL)
		q = queue_anew(b, queue);
	if (q == NULL || q->mail == mail)
		return;
	q->mail = mail;
	if (!q->cut)
		b->mails[mail].pending++;
}

static void
queue_cut(struct receipt_book *b, struct queue *q)
{
	if (q == NULL || q->cut)
		return;
	q->cut = true;
	if (q->mail != NOBODY)
		b->mails[q->mail].pending--;
}

static void
queue_active(struct receipt_book *b, struct text id)
{
	const struct queue *q = queue_of(b, id);

	if (q != NULL && q->mail != NOBODY && !q->cut)
		b->mails[q->mail].taken = q->id;
}

static void
connect_line(struct receipt_book *b, int64_t pid)
{
	struct session *s = session_of(b, pid);

	if (s != NULL)
		session_close(b, s);
	s = session_at(b, pid);
	if (s == NULL)
		return;
	session_close(b, s);
	session_open(b, s, !b->marked);
}

static void
disconnect_line(struct receipt_book *b, int64_t pid)
{
	struct session *s = session_at(b, pid);

	if (s == NULL)
		return;
	b->lively |= !s->old;
	session_close(b, s);
}

static void
restart_line(struct receipt_book *b)
{
	for (size_t i = 0; i < BUCKETS; i++)
		for (struct session *s = b->sessions[i]; s != NULL; s = s->next)
			session_close(b, s);
}

static void
taken_line(struct receipt_book *b, struct text id, struct text queue)
{
	ptrdiff_t mail = mail_of(b, id);

	if (mail != NOBODY)
		b->mails[mail].taken = keep(b, queue);
}

/* Lines of a session's own mail. */
static void
mail_line(struct receipt_book *b, const struct receipt *r)
{
	struct session *s = session_at(b, r->pid);

	if (s == NULL)
		return;
	if (r->kind == RECEIPT_CLIENT)
		s->queue = queue_anew(b, r->queue);
	else
		queue_cut(b, s->queue);
}

void
receipt_book_line(struct receipt_book *book, struct text line)
{
	struct receipt r = receipt_read(line);
	struct session *s;

	switch (r.kind) {
	case RECEIPT_NONE:
		break;
	case RECEIPT_CONNECT:
		connect_line(book, r.pid);
		break;
	case RECEIPT_DISCONNECT:
		disconnect_line(book, r.pid);
		break;
	case RECEIPT_CLIENT:
	case RECEIPT_CUT:
		mail_line(book, &r);
		break;
	case RECEIPT_ID:
		queue_has_id(book, r.queue, r.id);
		break;
	case RECEIPT_REJECTED:
		queue_cut(book, queue_of(book, r.queue));
		break;
	case RECEIPT_ACTIVE:
		queue_active(book, r.queue);
		break;
	case RECEIPT_DIED:
		s = session_of(book, r.pid);
		if (s != NULL)
			session_close(book, s);
		break;
	case RECEIPT_RESTART:
		restart_line(book);
		break;
	case RECEIPT_TAKEN:
		taken_line(book, r.id, r.queue);
		break;
	case RECEIPT_GAP:
		book->gap = true;
		break;
	}
}

void
receipt_book_mark(struct receipt_book *book)
{
	book->marked = true;
}

enum receipt_fate
receipt_book_fate(const struct receipt_book *book, size_t i,
    struct text *queue)
{
	const struct mail *m = &book->mails[i];

	*queue = m->taken;
	if (m->taken.n != 0)
		return RECEIPT_FATE_TAKEN;
	if (book->marked && book->lively && book->open_old == 0 &&
	    !book->gap && m->pending == 0)
		return RECEIPT_FATE_NOT_TAKEN;
	return RECEIPT_FATE_UNKNOWN;
}
