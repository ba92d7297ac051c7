/*
 * Entries of the systemd journal, from `journalctl -o json`, `-o export` or
 * the journal itself, made one line each that line_parse reads: the time in
 * microseconds (__REALTIME_TIMESTAMP), host, tag, pid and message.  So rules,
 * scan and run know nothing of the journal.
 *
 * A message with control signs, which `journalctl -o short` shows only as
 * "[165B blob data]", is whole here.  Called by detect.c, scan_export.c and
 * source_journal.c; no files.
 *
 * https://systemd.io/JOURNAL_EXPORT_FORMATS/
 */
#ifndef PLAINTIFF_JOURNAL_H
#define PLAINTIFF_JOURNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/base/text.h"

struct arena;
struct buf;
struct line;

enum {
	JOURNAL_FIELD_BYTES = 64 * 1024, /* longer ones are not looked at */
	JOURNAL_NAME_BYTES = 64,         /* of a field; systemd's own limit */
};

/* What we want of an entry; zeroed is empty.  Texts are someone else's. */
struct journal_entry {
	struct text message, identifier, command, pid, syslog_pid, host, time;
};

/* Where a field of that name belongs, or NULL when we do not want it. */
struct text *journal_member(struct journal_entry *e, struct text name);

/* Appends the entry as a line without LF ("#012" for one in the message);
 * false, and nothing appended, when it has no message, tag or time. */
bool journal_write(struct buf *out, const struct journal_entry *e);

/* One object of -o json.  False when it is none, or says a thing twice. */
bool journal_read_json(
    struct arena *a, struct text record, struct journal_entry *e);

/* A log line that is an object of -o json, as line_parse has it; the texts
 * of *out lie in the arena. */
bool journal_parse(struct arena *a, struct text record, struct line *out);

enum journal_step {
	JOURNAL_MORE,  /* the field goes on behind these bytes */
	JOURNAL_FIELD, /* name and value */
	JOURNAL_LONG,  /* to be passed over: used bytes */
	JOURNAL_LINE,  /* to be passed over: up to the next LF */
	JOURNAL_END,   /* of the entry */
};

struct journal_field {
	struct text name, value; /* of a FIELD */
	uint64_t used;           /* bytes up to the next field */
};

/* The field at the beginning of bytes in -o export.  MORE only for less than
 * JOURNAL_FIELD_BYTES + 128. */
enum journal_step journal_read_field(
    struct text bytes, struct journal_field *out);

#endif
