/* Lists of the administrator's command; see table.h. */
#include "hub/ctl/table.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "hub/db.h"
#include "proto/base/buf.h"
#include "proto/base/clock.h"
#include "proto/base/text.h"

/* A byte becomes at most \xNN. */
enum { GROWTH = 4 };

void
table_neuter(struct buf *out, const char *s, size_t n)
{
	while (n != 0) {
		/* whole characters: a piece must not cut one */
		size_t piece = n < 1024 ? n : 1024;
		char safe[GROWTH * 1024];

		while (piece < n && piece > 1020 &&
		    ((unsigned char)s[piece] & 0xc0) == 0x80)
			piece--;
		buf_add(out, safe, text_neuter(safe, sizeof safe, s, piece));
		s += piece;
		n -= piece;
	}
}

/* PostgreSQL's text of a time in UTC, which ends in "+00", as RFC 3339. */
static void
add_time(struct buf *out, struct text t, bool fraction)
{
	char s[CLOCK_TEXT_BYTES];
	int64_t us;

	if (t.n > 3 && t.n < sizeof s &&
	    memcmp(t.at + t.n - 3, "+00", 3) == 0) {
		memcpy(s, t.at, t.n - 3);
		s[t.n - 3] = 'Z';
		if (clock_parse(s, t.n - 2, &us) != 0) {
			buf_puts(out, clock_format(s, us, fraction));
			return;
		}
	}
	buf_add(out, t.at, t.n); /* "infinity" */
}

static void
add_cell(struct buf *out, const struct db_rows *rows, size_t row,
    size_t column)
{
	struct text t = db_text(rows, row, column);

	if (t.at == NULL)
		buf_puts(out, "-");
	else if (db_column_shape(rows, column) == DB_SHAPE_TIME)
		add_time(out, t, false);
	else if (db_column_shape(rows, column) == DB_SHAPE_FLAG)
		buf_puts(out, db_flag(rows, row, column) ? "yes" : "no");
	else
		table_neuter(out, t.at, t.n);
}

/* Characters, which is columns near enough for a list. */
static size_t
width_of(const struct buf *cell)
{
	size_t width = 0;

	for (size_t i = 0; i < cell->n; i++)
		width += ((unsigned char)cell->data[i] & 0xc0) != 0x80;
	return width;
}

static size_t
column_width(const struct db_rows *rows, size_t column, struct buf *cell)
{
	size_t width = strlen(db_column_name(rows, column));

	for (size_t row = 0; row < db_rows_count(rows); row++) {
		buf_reset(cell);
		add_cell(cell, rows, row, column);
		if (width_of(cell) > width)
			width = width_of(cell);
	}
	return width;
}

static void
pad(struct buf *out, size_t n)
{
	while (n-- > 0)
		buf_putc(out, ' ');
}

static void
add_aligned(struct buf *out, const struct buf *cell, size_t width, bool right,
    bool last)
{
	size_t fill = width > width_of(cell) ? width - width_of(cell) : 0;

	if (right)
		pad(out, fill);
	if (cell->n != 0)
		buf_add(out, cell->data, cell->n);
	if (!right && !last)
		pad(out, fill);
	buf_puts(out, last ? "\n" : "  ");
}

void
table_text(struct buf *out, const struct db_rows *rows, size_t columns)
{
	size_t most = db_column_count(rows);
	struct buf cell = {0};
	size_t width[64];

	if (columns == 0 || columns > most)
		columns = most;
	if (columns > sizeof width / sizeof width[0])
		columns = sizeof width / sizeof width[0];
	if (db_rows_count(rows) == 0) {
		buf_puts(out, "none\n");
		return;
	}
	for (size_t i = 0; i < columns; i++)
		width[i] = column_width(rows, i, &cell);
	for (size_t row = 0; row <= db_rows_count(rows); row++)
		for (size_t i = 0; i < columns; i++) {
			buf_reset(&cell);
			if (row == 0)
				buf_puts(&cell, db_column_name(rows, i));
			else
				add_cell(&cell, rows, row - 1, i);
			add_aligned(out, &cell, width[i],
			    db_column_shape(rows, i) == DB_SHAPE_NUMBER,
			    i + 1 == columns);
		}
	buf_free(&cell);
}

static void
json_value(struct buf *out, const struct db_rows *rows, size_t row,
    size_t column)
{
	struct text t = db_text(rows, row, column);

	if (t.at == NULL) {
		buf_puts(out, "null");
		return;
	}
	switch (db_column_shape(rows, column)) {
	case DB_SHAPE_NUMBER:
		buf_add(out, t.at, t.n);
		return;
	case DB_SHAPE_FLAG:
		buf_puts(out, t.at[0] == 't' ? "true" : "false");
		return;
	case DB_SHAPE_TIME:
		buf_putc(out, '"');
		add_time(out, t, true);
		buf_putc(out, '"');
		return;
	case DB_SHAPE_TEXT:
		buf_putc(out, '"');
		buf_json(out, t.at, t.n);
		buf_putc(out, '"');
		return;
	}
}

void
table_json_members(struct buf *out, const struct db_rows *rows, size_t row)
{
	for (size_t i = 0; i < db_column_count(rows); i++) {
		buf_printf(out, "%s\"%s\": ", i == 0 ? "" : ", ",
		    db_column_name(rows, i));
		json_value(out, rows, row, i);
	}
}

void
table_json(struct buf *out, const struct db_rows *rows)
{
	buf_putc(out, '[');
	for (size_t row = 0; row < db_rows_count(rows); row++) {
		buf_puts(out, row == 0 ? "\n{" : ",\n{");
		table_json_members(out, rows, row);
		buf_putc(out, '}');
	}
	buf_puts(out, db_rows_count(rows) == 0 ? "]" : "\n]");
}

void
table_flush(struct buf *out)
{
	if (out->n != 0)
		(void)fwrite(out->data, 1, out->n, stdout);
	buf_free(out);
}
