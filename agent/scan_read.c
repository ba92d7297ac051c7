/* Reading finished logs; see scan_read.h. */
#include "agent/scan_read.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "agent/line.h"
#include "proto/base/clock.h"
#include "proto/base/die.h"

enum {
	BLOCK_BYTES = 256 * 1024,
};

_Static_assert(BLOCK_BYTES > 2 * LINE_BYTES, "a line must fit into a block");

struct scan_file {
	int fd;
	gzFile gz; /* NULL: plain */
	struct stat st;
	int64_t done_bytes;
	bool at_end;
	bool in_long_line; /* the rest of it is to be skipped */
	size_t from, to;   /* bytes of data not yet handed out */
	char data[BLOCK_BYTES];
};

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
	(void)gzbuffer(f->gz, BLOCK_BYTES);
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
	if (f->fd >= 0)
		(void)close(f->fd);
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

/* More bytes behind those that are left. */
static int
fill(struct scan_file *f, const char **why)
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
	return 0;
}

int
scan_file_next(struct scan_file *f, struct scan_line *out, const char **why)
{
	size_t seen = 0;

	for (;;) {
		char *s = f->data + f->from;
		size_t left = f->to - f->from;
		char *lf = memchr(s + seen, '\n', left - seen);

		if (lf == NULL && !f->at_end && left <= LINE_BYTES) {
			seen = left;
			if (fill(f, why) < 0)
				return -1;
			continue;
		}
		if (lf == NULL && !f->at_end) {
			/* keep its beginning, forget the rest */
			if (!f->in_long_line) {
				f->in_long_line = true;
				out->text =
				    (struct text){.at = s, .n = LINE_BYTES + 1};
				out->too_long = true;
				f->from = f->to;
				return 1;
			}
			f->from = f->to;
			seen = 0;
			if (fill(f, why) < 0)
				return -1;
			continue;
		}
		if (lf == NULL && left == 0)
			return 0;
		f->from += lf == NULL ? left : (size_t)(lf - s) + 1;
		seen = 0;
		if (f->in_long_line) {
			f->in_long_line = false;
			continue;
		}
		*out = (struct scan_line){
		    .text = {
			.at = s, .n = lf == NULL ? left : (size_t)(lf - s)}};
		return 1;
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

void
scan_file_progress(
    const struct scan_file *f, int64_t *done_bytes, int64_t *all_bytes)
{
	*done_bytes = f->done_bytes;
	*all_bytes = S_ISREG(f->st.st_mode) ? f->st.st_size : 0;
}
