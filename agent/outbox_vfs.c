/*
 * Writes of SQLite that follow one another, put together: it writes a page of
 * its log in two calls and a page of its file in one, a few KiB each, and both
 * the calls and the disk take half the time when they are few and large.
 *
 * While more follows the disk begins with what is there, so that less is left
 * for the sync.  That is a hint on a descriptor of our own: whether the bytes
 * arrived, and what went wrong on the way, the sync alone says.
 *
 * Nothing is promised earlier or later than before: what is held back is
 * written before the file is synced, read, measured, cut, closed or asked
 * anything.  Until the sync SQLite counts on none of it.  An error of writing
 * is the error of that call, and of all calls up to the next that SQLite gives
 * up a transaction for: what was held back is gone.  See outbox_file.h.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "agent/outbox_file.h"
#include "proto/base/die.h"

/* SQLite's own writing takes fewer than 128 KiB at a time, and takes none at
 * all of just as many. */
enum { HELD_BYTES = 120 << 10 };

/* To ask the disk costs as much for a little as for so much. */
enum { HINT_BYTES = 480 << 10 };

struct held_file {
	sqlite3_file base;
	sqlite3_int64 at; /* where the bytes held belong */
	int n;
	int failed;       /* SQLITE_OK, or why bytes are gone */
	int hint_fd;      /* to have the disk begin; -1: none */
	sqlite3_int64 hint_at; /* written, and nothing said of it yet */
	int hint_n;
	bool is_changed;  /* since the last sync, or before we opened it */
	char *bytes;      /* NULL: not a file to hold back for */
	sqlite3_file *real; /* behind this */
};

static struct held_file *
held(sqlite3_file *f)
{
	return (struct held_file *)(void *)f;
}

static sqlite3_file *
real(sqlite3_file *f)
{
	return held(f)->real;
}

/* Writes what is held; all is well, or what went wrong. */
static int
let_go(sqlite3_file *f)
{
	struct held_file *h = held(f);
	int n = h->n;

	h->n = 0;
	if (n > 0 && h->failed == SQLITE_OK)
		h->failed = h->real->pMethods->xWrite(
		    h->real, h->bytes, n, h->at);
	return h->failed;
}

/* The same, where the caller gives up a transaction for it. */
static int
let_go_or_tell(sqlite3_file *f)
{
	int rc = let_go(f);

	held(f)->failed = SQLITE_OK;
	return rc;
}

/* Has the disk begin with what was just written, when that is enough. */
static void
hint(struct held_file *h, sqlite3_int64 at, int n)
{
	if (at != h->hint_at + h->hint_n) {
		h->hint_at = at;
		h->hint_n = 0;
	}
	h->hint_n += n;
	if (h->hint_n < HINT_BYTES || h->hint_fd < 0)
		return;
	(void)sync_file_range(h->hint_fd, h->hint_at, h->hint_n,
	    SYNC_FILE_RANGE_WRITE);
	h->hint_at += h->hint_n;
	h->hint_n = 0;
}

/* Writes what is held; more follows. */
static int
let_go_on(sqlite3_file *f)
{
	struct held_file *h = held(f);
	int n = h->n, rc = let_go_or_tell(f);

	if (rc == SQLITE_OK && n > 0)
		hint(h, h->at, n);
	return rc;
}

static int
do_write(sqlite3_file *f, const void *bytes, int n, sqlite3_int64 at)
{
	struct held_file *h = held(f);

	h->is_changed = true;
	if (h->failed != SQLITE_OK || at != h->at + h->n ||
	    n > HELD_BYTES - h->n) {
		int rc = let_go_on(f);

		if (rc != SQLITE_OK)
			return rc;
	}
	if (n > HELD_BYTES)
		return h->real->pMethods->xWrite(h->real, bytes, n, at);
	if (h->n == 0)
		h->at = at;
	memcpy(h->bytes + h->n, bytes, (size_t)n);
	h->n += n;
	return SQLITE_OK;
}

static int
do_close(sqlite3_file *f)
{
	struct held_file *h = held(f);
	int written = let_go(f), rc = h->real->pMethods->xClose(h->real);

	/* behind SQLite's own: closing one drops the locks of all */
	if (h->hint_fd >= 0)
		(void)close(h->hint_fd);
	free(h->bytes);
	h->bytes = NULL;
	return written != SQLITE_OK ? written : rc;
}

static int
do_read(sqlite3_file *f, void *to, int n, sqlite3_int64 at)
{
	int rc = let_go(f);

	return rc != SQLITE_OK ? rc
	                       : real(f)->pMethods->xRead(real(f), to, n, at);
}

static int
do_size(sqlite3_file *f, sqlite3_int64 *size)
{
	int rc = let_go(f);

	return rc != SQLITE_OK ? rc
	                       : real(f)->pMethods->xFileSize(real(f), size);
}

/* SQLite cuts its file to the size it has at each checkpoint.  That gives
 * back what outbox_file_hold has set aside behind its end. */
static int
do_truncate(sqlite3_file *f, sqlite3_int64 size)
{
	sqlite3_int64 now;
	int rc = do_size(f, &now);

	if (rc != SQLITE_OK || now == size)
		return rc;
	held(f)->is_changed = true;
	return real(f)->pMethods->xTruncate(real(f), size);
}

/* Its log SQLite syncs at a commit, and again, unchanged, before it copies it
 * into its file. */
static int
do_sync(sqlite3_file *f, int flags)
{
	struct held_file *h = held(f);
	int rc = let_go_or_tell(f);

	if (rc != SQLITE_OK || !h->is_changed)
		return rc;
	rc = real(f)->pMethods->xSync(real(f), flags);
	h->is_changed = rc != SQLITE_OK;
	return rc;
}

static int
do_lock(sqlite3_file *f, int level)
{
	return real(f)->pMethods->xLock(real(f), level);
}

/* Another may read then. */
static int
do_unlock(sqlite3_file *f, int level)
{
	int rc = let_go(f), unlocked = real(f)->pMethods->xUnlock(
	    real(f), level);

	return rc != SQLITE_OK ? rc : unlocked;
}

static int
do_check_lock(sqlite3_file *f, int *is_locked)
{
	return real(f)->pMethods->xCheckReservedLock(real(f), is_locked);
}

static int
do_control(sqlite3_file *f, int what, void *arg)
{
	int rc = let_go(f);

	return rc != SQLITE_OK
	    ? rc : real(f)->pMethods->xFileControl(real(f), what, arg);
}

static int
do_sector_size(sqlite3_file *f)
{
	return real(f)->pMethods->xSectorSize(real(f));
}

static int
do_device(sqlite3_file *f)
{
	return real(f)->pMethods->xDeviceCharacteristics(real(f));
}

static int
do_shm_map(sqlite3_file *f, int page, int size, int extend,
    void volatile **out)
{
	return real(f)->pMethods->xShmMap(real(f), page, size, extend, out);
}

static int
do_shm_lock(sqlite3_file *f, int offset, int n, int flags)
{
	return real(f)->pMethods->xShmLock(real(f), offset, n, flags);
}

static void
do_shm_barrier(sqlite3_file *f)
{
	real(f)->pMethods->xShmBarrier(real(f));
}

static int
do_shm_unmap(sqlite3_file *f, int remove)
{
	return real(f)->pMethods->xShmUnmap(real(f), remove);
}

/* Version 2: without mapping a file into memory, which would not see what is
 * held back. */
static const sqlite3_io_methods methods = {.iVersion = 2,
    .xClose = do_close,
    .xRead = do_read,
    .xWrite = do_write,
    .xTruncate = do_truncate,
    .xSync = do_sync,
    .xFileSize = do_size,
    .xLock = do_lock,
    .xUnlock = do_unlock,
    .xCheckReservedLock = do_check_lock,
    .xFileControl = do_control,
    .xSectorSize = do_sector_size,
    .xDeviceCharacteristics = do_device,
    .xShmMap = do_shm_map,
    .xShmLock = do_shm_lock,
    .xShmBarrier = do_shm_barrier,
    .xShmUnmap = do_shm_unmap};

static int
do_open(sqlite3_vfs *v, const char *name, sqlite3_file *f, int flags,
    int *out_flags)
{
	sqlite3_vfs *under = v->pAppData;
	struct held_file *h = held(f);
	int rc;

	*h = (struct held_file){.is_changed = true,
	    .real = (sqlite3_file *)(void *)(h + 1)};
	rc = under->xOpen(under, name, h->real, flags, out_flags);
	/* SQLite closes what has methods, opened or not */
	if (h->real->pMethods == NULL)
		return rc;
	h->bytes = malloc(HELD_BYTES);
	if (h->bytes == NULL)
		die(EX_OSERR, "out of memory");
	h->hint_fd = name == NULL
	    ? -1 : open(name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	h->base.pMethods = &methods;
	return rc;
}

const char *
outbox_vfs(void)
{
	static const char name[] = "outbox";
	static sqlite3_vfs vfs;
	sqlite3_vfs *under;

	if (sqlite3_vfs_find(name) != NULL)
		return name;
	under = sqlite3_vfs_find("unix");
	if (under == NULL)
		return NULL;
	vfs = *under;
	vfs.pNext = NULL;
	vfs.zName = name;
	vfs.pAppData = under;
	vfs.szOsFile = (int)sizeof(struct held_file) + under->szOsFile;
	vfs.xOpen = do_open;
	return sqlite3_vfs_register(&vfs, 0) == SQLITE_OK ? name : NULL;
}
