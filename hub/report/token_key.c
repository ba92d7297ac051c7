/* The key of tokens; see token_key.h. */
#include "hub/report/token_key.h"

#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/base/arena.h"
#include "proto/base/file.h"

enum { HEX_CHARS = 2 * TOKEN_KEY_BYTES, FILE_MAX_BYTES = 200 };

static int
read_file(const char *path, unsigned char out[TOKEN_KEY_BYTES],
    const char **why)
{
	struct arena *a = arena_open(0);
	struct text t = {0};
	size_t n = 0;
	int result = -1;

	if (!file_is_secret(path, why))
		goto out;
	if (file_read(a, path, FILE_MAX_BYTES, &t, why) < 0)
		goto out;
	while (t.n != 0 && (t.at[t.n - 1] == '\n' || t.at[t.n - 1] == '\r'))
		t.n--;
	*why = "it does not hold 64 hexadecimal digits";
	if (t.n != HEX_CHARS || sodium_hex2bin(out, TOKEN_KEY_BYTES, t.at, t.n,
	                            NULL, &n, NULL) < 0 || n != TOKEN_KEY_BYTES)
		goto out;
	result = 0;
out:
	arena_close(a);
	return result;
}

/* An administrator's preview as root must not lock the hub out. */
static int
give_to_folder(const char *path)
{
	char folder[PATH_MAX];
	struct stat st;

	if (geteuid() != 0)
		return 0;
	(void)snprintf(folder, sizeof folder, "%s", path);
	return stat(dirname(folder), &st) < 0
	    ? -1
	    : chown(path, st.st_uid, st.st_gid);
}

/* A new file under a name of its own, then linked to where it belongs:
 * whoever comes second finds the first one's, whole. */
static int
make_file(const char *path, const char **why)
{
	unsigned char key[TOKEN_KEY_BYTES];
	char line[HEX_CHARS + 1];
	struct arena *a = arena_open(0);
	const char *own = arena_printf(a, "%s.%ld", path, (long)getpid());
	int result = -1;

	randombytes_buf(key, sizeof key);
	sodium_bin2hex(line, sizeof line, key, sizeof key);
	line[HEX_CHARS] = '\n';
	if (file_write(own, 0600, line, sizeof line, why) < 0)
		goto out;
	if (give_to_folder(own) < 0 ||
	    (link(own, path) < 0 && errno != EEXIST))
		*why = strerror(errno);
	else
		result = 0;
	(void)unlink(own);
out:
	sodium_memzero(key, sizeof key);
	sodium_memzero(line, sizeof line);
	arena_close(a);
	return result;
}

int
token_key_load(const char *path, unsigned char out[TOKEN_KEY_BYTES],
    const char **why)
{
	if (access(path, F_OK) < 0 && errno == ENOENT &&
	    make_file(path, why) < 0)
		return -1;
	return read_file(path, out, why);
}
