/* CURVE key files; see curve.h. */
#include "proto/curve.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>
#include <zmq.h>

#include "proto/base/arena.h"
#include "proto/base/die.h"
#include "proto/base/file.h"

int
curve_read(const char *path, struct curve_key *out, const char **why)
{
	struct arena *a = arena_open(0);
	struct text t;
	int result = -1;

	if (!file_is_secret(path, why) ||
	    file_read(a, path, 1024, &t, why) < 0)
		goto done;
	while (t.n != 0 && (t.at[t.n - 1] == '\n' || t.at[t.n - 1] == '\r'))
		t.n--;
	if (t.n != CURVE_TEXT_BYTES - 1) {
		*why = "not a key: 40 characters of Z85 expected";
		goto done;
	}
	memcpy(out->secret_text, t.at, t.n);
	out->secret_text[t.n] = '\0';
	if (!curve_is_public(out->secret_text) ||
	    zmq_curve_public(out->public_text, out->secret_text) != 0) {
		*why = "not a key: 40 characters of Z85 expected";
		goto done;
	}
	result = 0;
done:
	arena_close(a);
	return result;
}

int
curve_make(const char *path, struct curve_key *out, const char **why)
{
	char line[CURVE_TEXT_BYTES + 1];
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0) {
		*why = strerror(errno);
		return -1;
	}
	curve_make_fleeting(out);
	memcpy(line, out->secret_text, CURVE_TEXT_BYTES - 1);
	line[CURVE_TEXT_BYTES - 1] = '\n';
	if (write(fd, line, CURVE_TEXT_BYTES) != CURVE_TEXT_BYTES ||
	    fsync(fd) < 0) {
		*why = strerror(errno);
		(void)close(fd);
		(void)unlink(path);
		return -1;
	}
	(void)close(fd);
	return 0;
}

void
curve_make_fleeting(struct curve_key *out)
{
	if (zmq_curve_keypair(out->public_text, out->secret_text) != 0)
		die(EX_SOFTWARE, "libzmq was built without CURVE");
}

bool
curve_is_public(const char *s)
{
	unsigned char raw[32];

	return strlen(s) == CURVE_TEXT_BYTES - 1 &&
	    zmq_z85_decode(raw, s) != NULL;
}

void
curve_encode(char out[CURVE_TEXT_BYTES], const unsigned char raw[32])
{
	(void)zmq_z85_encode(out, raw, 32);
}
