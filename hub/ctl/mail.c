/* Mails for people and pipes; see mail.h. */
#include "hub/ctl/mail.h"

#include <string.h>

#include "hub/ctl/table.h"
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
