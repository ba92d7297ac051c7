/* Reading finished logs; see scan_read.h. */
#include "agent/scan_read_inside.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/base/arena.h"
#include "proto/base/clock.h"
#include "proto/base/die.h"

/* What the first bytes say; other compressions are for a pipe. */
static const char *
refuse_magic(const unsigned char *s, ssize_t n)
{
	static const char xz[] = "\xfd"
				 "7zXZ",
			  zst[] = "\x28\xb5\x2f\xfd", bz[] = "BZh";

	if (n >= 5 && memcmp(s, xz, 5) == 0)
		return "is compressed with xz; use xz -dc FILE | "
		       "plaintiff-agent scan -";
	if (n >= 4 && memcmp(s, zst, 4) == 0)
		return "is compressed with zstd; use zstd -dc FILE | "
		       "plaintiff-agent scan -";
	if (n >= 3 && memcmp(s, bz, 3) == 0)
		return "is compressed with bzip2; use bzip2 -dc FILE | "
		       "plaintiff-agent scan -";
	return NULL;
}

static int
look_inside(struct scan_file *f, const char **why)
{
	unsigned char magic[6];
	ssize_t n;

	if (!S_ISREG(f->st.st_mode))
		return 0;
	n = pread(f->fd, magic, sizeof magic, 0);
	if (n < 0) {
		*why = strerror(errno);
		return -1;
	}
	*why = refuse_magic(magic, n);
	if (*why != NULL)
		return -1;
	if (n < 2 || magic[0] != 0x1f || magic[1] != 0x8b)
		return 0;
	/* gzclose is to close its own descriptor */
	f->gz = gzdopen(dup(f->fd), "rb");
	if (f->gz == NULL) {
		*why = "out of memory or descriptors";
		return -1;
	}
	(void)gzbuffer(f->gz, SCAN_BLOCK_BYTES);
	return 0;
}

struct scan_file *
scan_file_open(const char *path, const char **why)
{
	struct scan_file *f = malloc(sizeof *f);

	if (f == NULL)
		die(71, "scan: out of memory");
	memset(f, 0, offsetof(struct scan_file, data));
	f->fd = strcmp(path, "-") == 0 ? dup(STDIN_FILENO)
	                               : open(path, O_RDONLY | O_CLOEXEC);
	if (f->fd < 0 || fstat(f->fd, &f->st) < 0) {
		*why = strerror(errno);
		goto fail;
	}
	if (S_ISDIR(f->st.st_mode)) {
		*why = strerror(EISDIR);
		goto fail;
	}
	if (look_inside(f, why) < 0)
		goto fail;
	return f;
fail:
	scan_file_close(f);
	return NULL;
}

void
scan_file_close(struct scan_file *f)
{
	if (f == NULL)
		return;
	if (f->gz != NULL)
		(void)gzclose(f->gz);
	prefetch_close(&f->prefetch);
	if (f->fd >= 0)
		(void)close(f->fd);
	arena_close(f->arena);
	buf_free(&f->entry);
	free(f);
}

static ssize_t
read_some(struct scan_file *f, char *to, size_t n, const char **why)
{
	ssize_t got;

	if (f->gz != NULL) {
		int code;

		got = gzread(f->gz, to, (unsigned)n);
		*why = gzerror(f->gz, &code);
		if (got == 0 && code != Z_OK && code != Z_STREAM_END)
			got = -1;
		f->done_bytes = gzoffset(f->gz);
		return got;
	}
	do
		got = read(f->fd, to, n);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		*why = strerror(errno);
	else
		f->done_bytes += got;
	return got;
}

int
scan_file_fill(struct scan_file *f, const char **why)
{
	ssize_t got;

	memmove(f->data, f->data + f->from, f->to - f->from);
	f->to -= f->from;
	f->from = 0;
	got = read_some(f, f->data + f->to, sizeof f->data - f->to, why);
	if (got < 0)
		return -1;
	f->at_end = got == 0;
	f->to += (size_t)got;
	f->next = NULL;
	if (f->gz == NULL && S_ISREG(f->st.st_mode))
		f->next = prefetch_next(&f->prefetch, f->fd, f->done_bytes,
		    sizeof f->data);
	return 0;
}

/* Is it the output of `journalctl -o export`?  Asked once. */
static int
look_for_entries(struct scan_file *f, const char **why)
{
	static const char first[] = "__CURSOR=";
	size_t n = sizeof first - 1;

	f->looked = true;
	while (!f->at_end && f->to < n)
		if (scan_file_fill(f, why) < 0)
			return -1;
	if (f->to >= n && memcmp(f->data, first, n) == 0)
		f->arena = arena_open(0);
	return 0;
}

/* A line longer than any that we know: its beginning, once. */
static int
take_long_line(struct scan_file *f, struct scan_lines *out)
{
	out->text =
	    (struct text){.at = f->data + f->from, .n = LINE_BYTES + 1};
	f->in_long_line = true;
	f->from = f->to;
	return 1;
}

/* Forgets the rest of a long line, or what there is of it. */
static void
skip_long_line(struct scan_file *f)
{
	char *s = f->data + f->from;
	char *lf = memchr(s, '\n', f->to - f->from);

	f->from = lf == NULL ? f->to : (size_t)(lf + 1 - f->data);
	f->in_long_line = lf == NULL;
}

int
scan_file_next(struct scan_file *f, struct scan_lines *out, const char **why)
{
	out->is_one = false;
	out->next = NULL;
	if (!f->looked && look_for_entries(f, why) < 0)
		return -1;
	if (f->arena != NULL)
		return scan_file_next_entry(f, out, why);
	for (;;) {
		char *s = f->data + f->from, *lf;
		size_t left = f->to - f->from;

		if (f->in_long_line && left > 0) {
			skip_long_line(f);
			continue;
		}
		lf = memrchr(s, '\n', left);
		if (lf != NULL || (f->at_end && left > 0)) {
			size_t n = lf == NULL ? left : (size_t)(lf - s) + 1;

			f->from += n;
			out->text = (struct text){.at = s, .n = n};
			out->next = f->next;
			return 1;
		}
		if (f->at_end)
			return 0;
		if (left > LINE_BYTES)
			return take_long_line(f, out);
		if (scan_file_fill(f, why) < 0)
			return -1;
	}
}

int64_t
scan_file_time_us(const struct scan_file *f)
{
	if (!S_ISREG(f->st.st_mode))
		return INT64_MIN;
	return (int64_t)f->st.st_mtim.tv_sec * CLOCK_SECOND_US +
	       f->st.st_mtim.tv_nsec / 1000;
}

size_t
scan_file_peek(const struct scan_file *f, int64_t offset, char *to, size_t n)
{
	ssize_t got = -1;

	if (f->gz == NULL && S_ISREG(f->st.st_mode))
		got = pread(f->fd, to, n, offset);
	return got < 0 ? 0 : (size_t)got;
}

void
scan_file_progress(
    const struct scan_file *f, int64_t *done_bytes, int64_t *all_bytes)
{
	*done_bytes = f->done_bytes;
	*all_bytes = S_ISREG(f->st.st_mode) ? f->st.st_size : 0;
}
