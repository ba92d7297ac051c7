/* Opening the outbox's file; see outbox_file.h. */
#include "agent/outbox_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "proto/base/clock.h"
#include "proto/base/log.h"

enum {
	VERSION = 3, /* as make_tables sets it */
};

/* Events counted instead of kept; '' stands for all other addresses. */
#define LOST_TABLE \
	"CREATE TABLE lost (source BLOB PRIMARY KEY, events INTEGER NOT NULL," \
	" first_us INTEGER NOT NULL, last_us INTEGER NOT NULL) " \
	"WITHOUT ROWID;\n"

/* Events many to a row; what is acknowledged, by batches; and which rows have
 * events of a span of time, for outbox_known.c. */
#define SEGMENT_TABLES \
	"CREATE TABLE segment (\n" \
	"  last INTEGER PRIMARY KEY, -- seq of its last event\n" \
	"  events INTEGER NOT NULL,\n" \
	"  spans BLOB NOT NULL,      -- that they are of\n" \
	"  ends BLOB NOT NULL,       -- of each, in bytes\n" \
	"  bytes BLOB NOT NULL,\n" \
	"  texts BLOB NOT NULL       -- that they share\n" \
	");\n" \
	"CREATE TABLE span (\n" \
	"  span INTEGER, last INTEGER, PRIMARY KEY (span, last)\n" \
	") WITHOUT ROWID;\n" \
	"CREATE TABLE acked (\n" \
	"  last INTEGER PRIMARY KEY, first INTEGER NOT NULL,\n" \
	"  batch INTEGER NOT NULL,   -- 0: given up\n" \
	"  acked_us INTEGER NOT NULL, sum BLOB NOT NULL\n" \
	");\n"

static const char tables[] =
    SEGMENT_TABLES
    "CREATE TABLE place (\n"
    "  name TEXT PRIMARY KEY,\n"
    "  device INTEGER, inode INTEGER, birth_us INTEGER,\n"
    "  offset INTEGER, head_bytes INTEGER, head BLOB,\n"
    "  tail_bytes INTEGER, tail BLOB, memory BLOB,\n"
    "  mtime_us INTEGER NOT NULL DEFAULT 0, sum BLOB\n"
    ") WITHOUT ROWID;\n"
    "CREATE TABLE state (\n"
    "  one INTEGER PRIMARY KEY CHECK (one = 1),\n"
    "  outbox BLOB NOT NULL,\n"
    "  lines INTEGER NOT NULL DEFAULT 0,\n"
    "  ignored INTEGER NOT NULL DEFAULT 0,\n"
    "  unparsable INTEGER NOT NULL DEFAULT 0,\n"
    "  unreportable INTEGER NOT NULL DEFAULT 0,\n"
    "  emitted INTEGER NOT NULL DEFAULT 0,\n"
    "  repeated INTEGER NOT NULL DEFAULT 0,\n"
    "  gaps INTEGER NOT NULL DEFAULT 0,\n"
    "  withheld INTEGER NOT NULL DEFAULT 0,\n"
    "  last_acked INTEGER NOT NULL DEFAULT 0,\n"
    "  batch_reserved INTEGER NOT NULL DEFAULT 0,\n"
    "  lost_places INTEGER NOT NULL DEFAULT 0,\n"
    "  seq INTEGER NOT NULL DEFAULT 0,      -- the highest ever used\n"
    "  sum BLOB                             -- over what only we change\n"
    ");\n"
    LOST_TABLE;

static const char upgrade_1[] =
    "BEGIN IMMEDIATE;\n"
    "ALTER TABLE event ADD COLUMN sum BLOB;\n"
    "ALTER TABLE place ADD COLUMN mtime_us INTEGER NOT NULL DEFAULT 0;\n"
    "ALTER TABLE place ADD COLUMN sum BLOB;\n"
    "ALTER TABLE state ADD COLUMN lost_places INTEGER NOT NULL DEFAULT 0;\n"
    "ALTER TABLE state ADD COLUMN sum BLOB;\n"
    LOST_TABLE
    "PRAGMA user_version = 2;\n"
    "COMMIT";

/* The rows stay as they are: outbox_old.c. */
static const char upgrade_2[] =
    "BEGIN IMMEDIATE;\n"
    SEGMENT_TABLES
    "ALTER TABLE state ADD COLUMN seq INTEGER NOT NULL DEFAULT 0;\n"
    "UPDATE state SET seq = coalesce((SELECT seq FROM sqlite_sequence "
    "WHERE name = 'event'), 0);\n"
    "PRAGMA user_version = 3;\n"
    "COMMIT";

/* Once the last row of an earlier release is gone. */
static const char drop_old[] = "DROP TABLE IF EXISTS event";

int
outbox_file_lock(const char *folder)
{
	char path[PATH_MAX];
	struct stat st;
	int fd;

	if (mkdir(folder, 0700) < 0 && errno != EEXIST) {
		log_error("outbox: cannot make folder=%s: %s", folder,
		    strerror(errno));
		return -1;
	}
	if (lstat(folder, &st) < 0 || !S_ISDIR(st.st_mode)) {
		log_error("outbox: not a folder: %s", folder);
		return -1;
	}
	if ((st.st_mode & 077) != 0 && chmod(folder, 0700) < 0) {
		log_error("outbox: others may open folder=%s: %s", folder,
		    strerror(errno));
		return -1;
	}
	if (snprintf(path, sizeof path, "%s/lock", folder) >=
	    (int)sizeof path) {
		log_error("outbox: path is too long: %s", folder);
		return -1;
	}
	fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0) {
		log_error("outbox: cannot open %s: %s", path, strerror(errno));
		return -1;
	}
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		log_error("outbox: another plaintiff-agent runs on folder=%s",
		    folder);
		(void)close(fd);
		return -1;
	}
	return fd;
}

static bool
sql(sqlite3 *db, const char *text)
{
	return sqlite3_exec(db, text, NULL, NULL, NULL) == SQLITE_OK;
}

/* A full check finds a row that lost its index entry, or the reverse; of a
 * large file it would take minutes.  SQLITE_OK, SQLITE_CORRUPT, or what kept
 * it from being judged. */
static int
soundness(struct outbox *o)
{
	enum { WHOLE_BYTES = 256 << 20 };
	bool small = outbox_number(o, "PRAGMA page_count") *
	    outbox_number(o, "PRAGMA page_size") <= WHOLE_BYTES;
	sqlite3_stmt *st = NULL;
	const char *said, *code;
	int rc = sqlite3_prepare_v2(o->db, small
	        ? "PRAGMA integrity_check(1)" : "PRAGMA quick_check(1)", -1,
	    &st, NULL);

	if (rc == SQLITE_OK && (rc = sqlite3_step(st)) == SQLITE_ROW) {
		said = (const char *)sqlite3_column_text(st, 0);
		code = strstr(said, "error code=");
		rc = strcmp(said, "ok") == 0 ? SQLITE_OK : SQLITE_CORRUPT;
		/* a disk that failed to read says nothing of the file */
		if (code != NULL && atoi(code + strlen("error code=")) > 0)
			rc = atoi(code + strlen("error code="));
	}
	(void)sqlite3_finalize(st);
	return rc;
}

/* Not by randomblob(): when /dev/urandom cannot be read SQLite draws the same
 * for everybody, and two outboxes of one name count as one. */
static bool
name_outbox(sqlite3 *db)
{
	unsigned char name[WIRE_OUTBOX_BYTES];
	sqlite3_stmt *st = NULL;
	bool ok;

	randombytes_buf(name, sizeof name);
	ok = sqlite3_prepare_v2(db,
	    "INSERT INTO state (one, outbox) VALUES (1, ?)", -1, &st, NULL) ==
	        SQLITE_OK &&
	    sqlite3_bind_blob(st, 1, name, sizeof name, SQLITE_STATIC) ==
	        SQLITE_OK &&
	    sqlite3_step(st) == SQLITE_DONE;
	(void)sqlite3_finalize(st);
	return ok;
}

static bool
make_tables(sqlite3 *db)
{
	return sql(db, "BEGIN IMMEDIATE") && sql(db, tables) &&
	    name_outbox(db) && sql(db, "PRAGMA user_version = 3; COMMIT");
}

/* Writes and removes a large row: the pages and the WAL stay, and with them
 * the room to record acknowledgements when the disk is full. */
static void
reserve_room(sqlite3 *db, int64_t bytes)
{
	char text[200];

	(void)snprintf(text, sizeof text,
	    "CREATE TABLE reserve (bytes BLOB);"
	    "INSERT INTO reserve VALUES (zeroblob(%lld));"
	    "DROP TABLE reserve", (long long)bytes);
	if (!sql(db, text))
		log_warning("outbox: no room to set aside: %s",
		    sqlite3_errmsg(db));
}

bool
outbox_file_limit(struct outbox *o)
{
	enum { GIB = 1 << 30, LEAST_BYTES = 512 << 10 };
	int64_t most = o->options.max_bytes;
	char text[100];

	if (most == 0) {
		struct statvfs fs;

		most = GIB;
		if (statvfs(o->options.folder, &fs) == 0 && fs.f_frsize != 0 &&
		    fs.f_blocks / 10 < GIB / fs.f_frsize)
			most = (int64_t)(fs.f_blocks / 10 * fs.f_frsize);
	}
	o->page_bytes = outbox_number(o, "PRAGMA page_size");
	if (o->page_bytes <= 0)
		return false;
	if (most < LEAST_BYTES)
		most = LEAST_BYTES;
	o->most_pages = most / o->page_bytes;
	/* new events stop here; the rest is for acknowledging the old */
	o->soft_pages = o->most_pages - o->most_pages / 8;
	(void)snprintf(text, sizeof text, "PRAGMA max_page_count = %lld; "
	    "PRAGMA wal_autocheckpoint = %lld", (long long)o->most_pages,
	    (long long)(OUTBOX_RESERVE_BYTES / o->page_bytes));
	return sql(o->db, text);
}

bool
outbox_file_hold(struct outbox *o, int64_t used_pages)
{
	int64_t need = used_pages * o->page_bytes + OUTBOX_RESERVE_BYTES;

	if (o->file_fd < 0 || need <= o->held_bytes)
		return true;
	/* twice as much, if there is: not at every turn */
	if (fallocate(o->file_fd, FALLOC_FL_KEEP_SIZE, 0,
	        need + OUTBOX_RESERVE_BYTES) == 0)
		o->held_bytes = need + OUTBOX_RESERVE_BYTES;
	else if (fallocate(o->file_fd, FALLOC_FL_KEEP_SIZE, 0, need) == 0 ||
	    errno == EOPNOTSUPP)
		o->held_bytes = need;
	else
		return false;
	return true;
}

bool
outbox_file_has_much_room(const struct outbox *o, int64_t used_pages)
{
	enum { DISK_BYTES = 128 << 20 };
	struct statvfs fs;

	return (o->soft_pages - used_pages) * o->page_bytes >=
	           OUTBOX_ROOM_BYTES &&
	       statvfs(o->options.folder, &fs) == 0 &&
	       (uint64_t)fs.f_bavail * fs.f_frsize >= DISK_BYTES;
}

static const char set_up[] =
    "PRAGMA journal_mode = WAL;\n"
    "PRAGMA synchronous = FULL;\n"
    "PRAGMA temp_store = MEMORY;\n"
    "PRAGMA cell_size_check = ON;\n"
    /* as OUTBOX_MEMORY_BYTES says: room for all of a transaction, else its
     * pages are written twice */
    "PRAGMA cache_size = -8192;\n"
    /* pages that become free are not written for that */
    "PRAGMA secure_delete = FAST";

enum opening { OPENED, UNSOUND, REFUSED };

static enum opening
open_once(struct outbox *o, const char *path)
{
	int persist = 1, rc;
	int64_t version;

	/* one thread of ours knows SQLite; refused when it runs already */
	(void)sqlite3_config(SQLITE_CONFIG_SINGLETHREAD);
	(void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	rc = sqlite3_open_v2(path, &o->db,
	    SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE |
	        SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_NOMUTEX, outbox_vfs());
	if (rc != SQLITE_OK) {
		log_error("outbox: cannot open %s: %s", path,
		    o->db == NULL ? "out of memory" : sqlite3_errmsg(o->db));
		return REFUSED;
	}
	(void)sqlite3_extended_result_codes(o->db, 1);
	(void)sqlite3_busy_timeout(o->db, 2000);
	(void)sqlite3_file_control(o->db, "main", SQLITE_FCNTL_PERSIST_WAL,
	    &persist);
	if (!sql(o->db, set_up)) {
		rc = sqlite3_errcode(o->db);
		goto judge;
	}
	version = outbox_number(o, "PRAGMA user_version");
	if (version > VERSION) {
		log_error("outbox: %s was made by a later release", path);
		return REFUSED;
	}
	if (version == 0) {
		if (!make_tables(o->db)) {
			rc = sqlite3_errcode(o->db);
			goto judge;
		}
		if (!outbox_file_limit(o))
			return REFUSED;
		reserve_room(o->db, o->options.max_bytes != 0 &&
		        o->options.max_bytes / 4 < OUTBOX_RESERVE_BYTES
		    ? o->options.max_bytes / 4 : OUTBOX_RESERVE_BYTES);
	}
	if ((version == 1 && !sql(o->db, upgrade_1)) ||
	    (version != 0 && version < VERSION && !sql(o->db, upgrade_2))) {
		rc = sqlite3_errcode(o->db);
		goto judge;
	}
	rc = soundness(o);
	if (rc != SQLITE_OK)
		goto judge;
	/* no room for that now does no harm */
	if (outbox_number(o, "SELECT NOT EXISTS (SELECT 1 FROM event)") != 0)
		(void)sql(o->db, drop_old);
	return outbox_file_limit(o) ? OPENED : REFUSED;
judge:
	/* half a table is no outbox either: state written by us is whole */
	if ((rc & 0xff) == SQLITE_CORRUPT || (rc & 0xff) == SQLITE_NOTADB ||
	    (rc & 0xff) == SQLITE_ERROR)
		return UNSOUND;
	log_error("outbox: cannot open %s: %s", path, sqlite3_errstr(rc));
	return REFUSED;
}

static bool
set_aside(const char *path)
{
	static const char *const suffixes[] = {"", "-wal", "-shm"};
	char stamp[CLOCK_TEXT_BYTES], from[PATH_MAX], to[PATH_MAX];

	(void)clock_format(stamp, clock_wall_us(), true);
	for (size_t i = 0; i < 3; i++) {
		if (snprintf(from, sizeof from, "%s%s", path, suffixes[i]) >=
		        (int)sizeof from ||
		    snprintf(to, sizeof to, "%s.corrupt-%s%s", path, stamp,
		        suffixes[i]) >= (int)sizeof to)
			return false;
		if (rename(from, to) < 0 && (i == 0 || errno != ENOENT)) {
			log_error("outbox: cannot rename %s: %s", from,
			    strerror(errno));
			return false;
		}
	}
	log_error("outbox: %s is corrupt; set aside as %s.corrupt-%s, a new "
	    "one is begun and the logs are read again", path, path, stamp);
	return true;
}

bool
outbox_file_open(struct outbox *o)
{
	char path[PATH_MAX];

	if (snprintf(path, sizeof path, "%s/outbox.db", o->options.folder) >=
	    (int)sizeof path) {
		log_error("outbox: path is too long: %s", o->options.folder);
		return false;
	}
	for (int tries = 0; tries < 2; tries++) {
		enum opening r = open_once(o, path);

		if (r == OPENED) {
			/* closing it would drop SQLite's locks: outbox_close
			 * does so last */
			o->file_fd = open(path,
			    O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
			o->held_bytes = 0;
			return true;
		}
		(void)sqlite3_close(o->db);
		o->db = NULL;
		if (r == REFUSED || !set_aside(path))
			return false;
		o->is_anew = true;
	}
	return false;
}
