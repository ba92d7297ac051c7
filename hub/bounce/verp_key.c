/* The file of the key of tokens; see verp.h.  One line of 64 hexadecimal
 * digits, so that it can be copied to a second hub. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hub/bounce/verp.h"
#include "proto/base/arena.h"
#include "proto/base/file.h"

enum { LINE_BYTES = 2 * VERP_KEY_BYTES + 1 };

/* link() and not rename(): of several who make it at once, the first wins
 * and all read the same. */
static int
make(const char *path, const char **why)
{
	unsigned char raw[VERP_KEY_BYTES];
	char line[LINE_BYTES + 1], temporary[PATH_MAX];
	int n = snprintf(temporary, sizeof temporary, "%s.XXXXXX", path), fd;
	int result = -1;

	if (n < 0 || (size_t)n >= sizeof temporary) {
		*why = "path is too long";
		return -1;
	}
	randombytes_buf(raw, sizeof raw);
	(void)sodium_bin2hex(line, sizeof line, raw, sizeof raw);
	line[LINE_BYTES - 1] = '\n';
	fd = mkostemp(temporary, O_CLOEXEC);
	if (fd < 0) {
		*why = strerror(errno);
		return -1;
	}
	if (fchmod(fd, 0600) < 0 || write(fd, line, LINE_BYTES) != LINE_BYTES ||
	    fsync(fd) < 0 || (link(temporary, path) < 0 && errno != EEXIST))
		*why = strerror(errno);
	else
		result = 0;
	(void)close(fd);
	(void)unlink(temporary);
	sodium_memzero(raw, sizeof raw);
	return result;
}

int
verp_key_open(const char *path, struct verp_key *out, const char **why)
{
	struct arena *a = arena_open(0);
	struct text t;
	size_t n = 0;
	int result = -1;

	if (sodium_init() < 0) {
		*why = "libsodium does not start";
		goto done;
	}
	if (access(path, F_OK) != 0 && make(path, why) < 0)
		goto done;
	if (!file_is_secret(path, why) || file_read(a, path, 256, &t, why) < 0)
		goto done;
	if (t.n != LINE_BYTES || t.at[t.n - 1] != '\n' ||
	    sodium_hex2bin(out->bytes, sizeof out->bytes, t.at, t.n - 1, NULL,
	        &n, NULL) != 0 || n != VERP_KEY_BYTES)
		*why = "not a key: one line of 64 hexadecimal digits expected";
	else
		result = 0;
done:
	arena_close(a);
	return result;
}
