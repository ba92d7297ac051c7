/* Protects: writes that are held back are in the file when SQLite counts on
 * them, and one that failed is told to it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/outbox_file.h"

enum { FILE_BYTES = 1 << 20, STEPS = 8000 };

static uint32_t seed = 1;

static uint32_t
draw(uint32_t below)
{
	seed = seed * 1664525u + 1013904223u;
	return (seed >> 8) % below;
}

static sqlite3_file *
open_file(const char *path)
{
	sqlite3_vfs *v = sqlite3_vfs_find(outbox_vfs());
	sqlite3_file *f;

	assert_non_null(v);
	f = calloc(1, (size_t)v->szOsFile);
	assert_int_equal(v->xOpen(v, path, f, SQLITE_OPEN_READWRITE |
	    SQLITE_OPEN_CREATE | SQLITE_OPEN_MAIN_DB, NULL), SQLITE_OK);
	return f;
}

/* What the file has, by other means. */
static void
compare(const char *path, const unsigned char *model, size_t n)
{
	static unsigned char seen[FILE_BYTES + 1];
	int fd = open(path, O_RDONLY);

	assert_true(fd >= 0);
	assert_int_equal(read(fd, seen, sizeof seen), n);
	assert_memory_equal(seen, model, n);
	(void)close(fd);
}

static void
is_a_file(void **state)
{
	static unsigned char model[FILE_BYTES], some[150000], back[150000];
	char path[] = "/tmp/plaintiff-vfs-XXXXXX";
	size_t size = 0, at = 0, compared = 0;
	sqlite3_int64 measured;
	sqlite3_file *f;

	(void)state;
	(void)close(mkstemp(path));
	f = open_file(path);
	for (int step = 0; step < STEPS; step++) {
		uint32_t kind = draw(100);
		size_t n = 1 + draw(draw(50) == 0 ? 130000 : 5000);

		/* mostly one behind the other */
		if (draw(8) == 0)
			at = draw(FILE_BYTES);
		if (at + n > FILE_BYTES)
			at = 0;
		if (kind < 85) {
			for (size_t i = 0; i < n; i++)
				some[i] = (unsigned char)draw(256);
			assert_int_equal(f->pMethods->xWrite(f, some, (int)n,
			    (sqlite3_int64)at), SQLITE_OK);
			memcpy(model + at, some, n);
			at += n;
			size = at > size ? at : size;
		} else if (kind < 90) {
			int rc = f->pMethods->xRead(f, back, (int)n,
			    (sqlite3_int64)at);

			assert_int_equal(rc, at + n <= size
			    ? SQLITE_OK : SQLITE_IOERR_SHORT_READ);
			if (rc == SQLITE_OK)
				assert_memory_equal(back, model + at, n);
		} else if (kind < 94) {
			assert_int_equal(f->pMethods->xSync(f,
			    SQLITE_SYNC_NORMAL), SQLITE_OK);
			compare(path, model, size);
			compared++;
		} else if (kind < 98) {
			assert_int_equal(f->pMethods->xFileSize(f, &measured),
			    SQLITE_OK);
			assert_int_equal(measured, size);
		} else if (at < size) {
			assert_int_equal(f->pMethods->xTruncate(f,
			    (sqlite3_int64)at), SQLITE_OK);
			memset(model + at, 0, size - at);
			size = at;
			compare(path, model, size);
		}
	}
	assert_true(compared > 100);
	assert_int_equal(f->pMethods->xClose(f), SQLITE_OK);
	compare(path, model, size);
	free(f);
	(void)unlink(path);
}

/* A write that is held back fails later: at the next sync or write at the
 * latest, whatever was asked between. */
static void
failure_is_told(void **state)
{
	static const char some[4096];
	sqlite3_int64 size;
	sqlite3_file *f = open_file("/dev/full");

	(void)state;
	for (int i = 0; i < 4; i++) {
		assert_int_equal(f->pMethods->xWrite(f, some, sizeof some, 0),
		    SQLITE_OK);
		/* SQLite does not look at what these answer */
		if (i % 2 == 1) {
			(void)f->pMethods->xFileControl(f,
			    SQLITE_FCNTL_LOCKSTATE, &size);
			(void)f->pMethods->xFileSize(f, &size);
			(void)f->pMethods->xUnlock(f, SQLITE_LOCK_NONE);
		}
		if (i < 2)
			assert_int_equal(f->pMethods->xSync(f,
			    SQLITE_SYNC_NORMAL), SQLITE_FULL);
		else
			assert_int_equal(f->pMethods->xWrite(f, some,
			    sizeof some, 1 << 20), SQLITE_FULL);
	}
	/* told once: the next transaction may do better */
	(void)f->pMethods->xClose(f);
	free(f);
}

/* In place of libc's, for SQLite, too: how often, and whether it works. */
static int syncs;
static bool sync_fails;

static int
synced(void)
{
	syncs++;
	errno = EIO;
	return sync_fails ? -1 : 0;
}

int
fsync(int fd)
{
	(void)fd;
	return synced();
}

int
fdatasync(int fd)
{
	(void)fd;
	return synced();
}

/* Does a sync ask the disk? */
static bool
asks(sqlite3_file *f, int expected)
{
	int before = syncs;

	assert_int_equal(f->pMethods->xSync(f, SQLITE_SYNC_NORMAL), expected);
	return syncs != before;
}

/* A sync that is left out must be one of nothing. */
static void
changes_are_synced(void **state)
{
	char path[] = "/tmp/plaintiff-vfs-XXXXXX";
	int fd = mkstemp(path);
	sqlite3_file *f = open_file(path);

	(void)state;
	assert_true(fd >= 0);
	/* another may have written before we opened it */
	assert_true(asks(f, SQLITE_OK));
	assert_false(asks(f, SQLITE_OK));
	assert_int_equal(f->pMethods->xWrite(f, "some", 4, 0), SQLITE_OK);
	assert_true(asks(f, SQLITE_OK));
	assert_false(asks(f, SQLITE_OK));
	assert_int_equal(f->pMethods->xTruncate(f, 2), SQLITE_OK);
	assert_true(asks(f, SQLITE_OK));
	assert_int_equal(f->pMethods->xWrite(f, "more", 4, 2), SQLITE_OK);
	sync_fails = true;
	assert_true(asks(f, SQLITE_IOERR_FSYNC));
	sync_fails = false;
	assert_true(asks(f, SQLITE_OK));
	assert_int_equal(f->pMethods->xClose(f), SQLITE_OK);
	free(f);
	(void)close(fd);
	(void)unlink(path);
}

/* What was set aside behind the end of the file stays when SQLite cuts it to
 * the size it has, and goes when it gets shorter. */
static void
room_stays(void **state)
{
	static const char some[8192];
	char path[] = "/tmp/plaintiff-vfs-XXXXXX";
	int fd = mkstemp(path);
	sqlite3_file *f = open_file(path);
	struct stat st;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(f->pMethods->xWrite(f, some, sizeof some, 0),
	    SQLITE_OK);
	assert_int_equal(f->pMethods->xSync(f, SQLITE_SYNC_NORMAL),
	    SQLITE_OK);
	if (fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, FILE_BYTES) == 0) {
		assert_int_equal(f->pMethods->xTruncate(f, sizeof some),
		    SQLITE_OK);
		assert_int_equal(fstat(fd, &st), 0);
		assert_int_equal(st.st_size, sizeof some);
		assert_true(st.st_blocks * 512 >= FILE_BYTES);
		assert_int_equal(f->pMethods->xTruncate(f, 4096), SQLITE_OK);
		assert_int_equal(fstat(fd, &st), 0);
		assert_int_equal(st.st_size, 4096);
		assert_true(st.st_blocks * 512 < FILE_BYTES);
	}
	assert_int_equal(f->pMethods->xClose(f), SQLITE_OK);
	free(f);
	(void)close(fd);
	(void)unlink(path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(is_a_file),
	    cmocka_unit_test(failure_is_told),
	    cmocka_unit_test(changes_are_synced),
	    cmocka_unit_test(room_stays),
	};

	return cmocka_run_group_tests_name("outbox_vfs", tests, NULL, NULL);
}
