/* Showing what is read next; see prefetch.h.  A window of the file at a time,
 * so that it costs little memory and few calls. */
#include "agent/prefetch.h"

#include <stdbool.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

enum { WINDOW_BYTES = 2 << 20 };

/* Is the byte there, and in memory?  To show what is not would wait for the
 * disk, which reads ahead by itself. */
static bool
is_cached(int fd, int64_t offset)
{
	char byte;
	const struct iovec one = {.iov_base = &byte, .iov_len = 1};

	return preadv2(fd, &one, 1, offset, RWF_NOWAIT) == 1;
}

const char *
prefetch_next(struct prefetch *p, int fd, int64_t offset, size_t n)
{
	int64_t end = p->from + WINDOW_BYTES;
	void *at;

	if (p->at != NULL && offset >= p->from && offset + (int64_t)n <= end)
		return p->at + (offset - p->from);
	prefetch_close(p);
	p->from = offset - offset % sysconf(_SC_PAGESIZE);
	if (offset + (int64_t)n > p->from + WINDOW_BYTES ||
	    !is_cached(fd, p->from + WINDOW_BYTES - 1))
		return NULL;
	/* pages that are not shown at once never are: nobody reads them */
	at = mmap(NULL, WINDOW_BYTES, PROT_READ, MAP_SHARED | MAP_POPULATE, fd,
	    p->from);
	if (at == MAP_FAILED)
		return NULL;
	p->at = at;
	return p->at + (offset - p->from);
}

void
prefetch_close(struct prefetch *p)
{
	if (p->at != NULL)
		(void)munmap(p->at, WINDOW_BYTES);
	p->at = NULL;
}
