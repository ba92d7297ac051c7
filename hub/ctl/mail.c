/* Mails for the administrator; see mail.h. */
#include "hub/ctl/mail.h"

#include <string.h>

#include "hub/ctl/table.h"
#include "hub/deliver/transport.h"
#include "proto/base/arena.h"
#include "proto/base/buf.h"

void
mail_show(struct buf *out, struct text mail, bool terminal)
{
	if (!terminal && mail.n != 0)
		buf_add(out, mail.at, mail.n);
	while (terminal && mail.n != 0) {
		const char *end = memchr(mail.at, '\n', mail.n);
		size_t n = end == NULL ? mail.n : (size_t)(end - mail.at);
		size_t used = end == NULL ? n : n + 1;

		if (n != 0 && mail.at[n - 1] == '\r')
			n--;
		table_neuter(out, mail.at, n);
		buf_putc(out, '\n');
		mail.at += used;
		mail.n -= used;
	}
}

int
mail_ready(const struct hub_conf *conf)
{
	return transport_check(conf);
}

bool
mail_to_me(const struct hub_conf *conf, const char *name, const char *to,
    struct text mail, struct arena *a, const char **said)
{
	/* a name that nobody takes for a report's own file */
	return transport_send(conf, arena_printf(a, "to-me-%s", name), to, mail,
	    a, said) == SMTP_SENT;
}
