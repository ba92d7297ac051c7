/* Log records on stderr (log.h), and die (die.h), which is the last one. */
#include "proto/base/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "proto/base/die.h"
#include "proto/base/text.h"

enum { RECORD_BYTES = 2000 };

static const char *log_name = "plaintiff";
static int log_is_quiet;

void
log_open(const char *name)
{
	log_name = name;
}

void
log_quiet(int quiet)
{
	log_is_quiet = quiet;
}

/* One write a record, so that records of several processes never mix. */
static void
log_record(int priority, const char *fmt, va_list ap)
{
	char raw[RECORD_BYTES];
	char out[4 * RECORD_BYTES + 100];
	int saved = errno;
	size_t at = 0;
	int n;

	if (log_is_quiet && priority > LOG_NOTICE)
		return;
	n = vsnprintf(raw, sizeof raw, fmt, ap);
	if (n < 0)
		n = 0;
	if ((size_t)n >= sizeof raw)
		n = (int)sizeof raw - 1;
	if (!isatty(STDERR_FILENO))
		at += (size_t)snprintf(out, 8, "<%d>", priority);
	at += (size_t)snprintf(out + at, 64, "%s: ", log_name);
	at += text_neuter(out + at, sizeof out - at - 1, raw, (size_t)n);
	out[at++] = '\n';
	while (write(STDERR_FILENO, out, at) < 0 && errno == EINTR)
		;
	errno = saved;
}

#define LOG_FUNCTION(name, priority)                                       \
	void name(const char *fmt, ...)                                    \
	{                                                                  \
		va_list ap;                                                \
                                                                           \
		va_start(ap, fmt);                                         \
		log_record(priority, fmt, ap);                             \
		va_end(ap);                                                \
	}

LOG_FUNCTION(log_error, LOG_ERR)
LOG_FUNCTION(log_warning, LOG_WARNING)
LOG_FUNCTION(log_notice, LOG_NOTICE)
LOG_FUNCTION(log_info, LOG_INFO)

void
log_verror(const char *fmt, va_list ap)
{
	log_record(LOG_ERR, fmt, ap);
}

_Noreturn void
die(int code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_record(LOG_CRIT, fmt, ap);
	va_end(ap);
	exit(code);
}
