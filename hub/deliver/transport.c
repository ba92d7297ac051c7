/* Folder or relay; see transport.h. */
#include "hub/deliver/transport.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "hub/conf.h"
#include "proto/base/arena.h"
#include "proto/base/file.h"
#include "proto/base/log.h"

enum { MAIL_MODE = 0640, FOLDER_MODE = 0750 };

static const char writing[] = "writing to ";

int
transport_check(const struct hub_conf *conf)
{
	const char *why;

	if (conf->deliver_live &&
	    !smtp_relay_is_good(conf->deliver_relay, &why)) {
		log_error("deliver.relay = \"%s\" cannot be used: %s",
		    conf->deliver_relay, why);
		return -1;
	}
	if (!conf->deliver_live && conf->deliver_mail_folder[0] == '\0') {
		log_error("deliver.mail_folder is empty and deliver.live = no: "
		          "mail would go nowhere");
		return -1;
	}
	return 0;
}

static const char *
file_of(const char *folder, const char *name, struct arena *a)
{
	return arena_printf(a, "%s/%s.eml", folder, name);
}

const char *
transport_plan(const struct hub_conf *conf, struct arena *a)
{
	if (conf->deliver_live)
		return arena_printf(a, "sending through %s",
		    conf->deliver_relay);
	return arena_printf(a, "%s%s", writing, conf->deliver_mail_folder);
}

const char *
transport_plan_file(const char *plan, const char *name, struct arena *a)
{
	size_t n = sizeof writing - 1;

	return strncmp(plan, writing, n) == 0 ? file_of(plan + n, name, a)
	                                      : NULL;
}

static enum smtp_result
write_file(const struct hub_conf *conf, const char *name, struct text mail,
    struct arena *a, const char **said)
{
	const char *path = file_of(conf->deliver_mail_folder, name, a);
	const char *why;

	if (mkdir(conf->deliver_mail_folder, FOLDER_MODE) < 0 &&
	    errno != EEXIST) {
		*said = arena_printf(a, "cannot make %s: %s",
		    conf->deliver_mail_folder, strerror(errno));
		return SMTP_LATER;
	}
	if (file_write(path, MAIL_MODE, mail.at, mail.n, &why) < 0) {
		*said = arena_printf(a, "cannot write %s: %s", path, why);
		return SMTP_LATER;
	}
	*said = arena_printf(a, "written to %s", path);
	return SMTP_SENT;
}

enum smtp_result
transport_send(const struct hub_conf *conf, const char *name,
    const char *recipient, struct text mail, int stop_fd, struct arena *a,
    const char **said)
{
	if (!conf->deliver_live)
		return write_file(conf, name, mail, a, said);
	return smtp_send(
	    &(struct smtp_ask){
	        .relay = conf->deliver_relay,
	        .hello = conf->deliver_hello,
	        .sender = conf->report_from,
	        .recipient = recipient,
	        .mail = mail,
	        .timeout_s = conf->deliver_timeout,
	        .stop_fd = stop_fd,
	    },
	    a, said);
}
