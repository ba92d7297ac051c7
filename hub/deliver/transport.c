/* Folder or relay; see transport.h. */
#include "hub/deliver/transport.h"

#include <errno.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "hub/conf.h"
#include "proto/base/arena.h"
#include "proto/base/file.h"
#include "proto/base/log.h"

enum {
	MAIL_MODE = 0640,
	FOLDER_MODE = 0750,
	PASSWORD_MAX_BYTES = 4096,
	WAIT_MS = 1000,
};

static const char writing[] = "writing to ";

static int
check_relay(const struct hub_conf *conf)
{
	const char *why;
	bool tls = conf->deliver_starttls ||
	    strncasecmp(conf->deliver_relay, "smtps:", 6) == 0;

	if (!smtp_relay_is_good(conf->deliver_relay, &why)) {
		log_error("deliver.relay = \"%s\" cannot be used: %s",
		    conf->deliver_relay, why);
		return -1;
	}
	if (conf->deliver_user[0] == '\0')
		return 0;
	if (!tls) {
		log_error("deliver.user is set: the password would go in the "
		          "clear; use smtps://... or deliver.starttls = yes");
		return -1;
	}
	if (!file_is_secret(conf->deliver_password_file, &why)) {
		log_error("deliver.password_file \"%s\" cannot be used: %s",
		    conf->deliver_password_file, why);
		return -1;
	}
	return 0;
}

int
transport_check(const struct hub_conf *conf)
{
	if (conf->deliver_live)
		return check_relay(conf);
	if (conf->deliver_mail_folder[0] == '\0') {
		log_error("deliver.mail_folder is empty and deliver.live = no: "
		          "mail would go nowhere");
		return -1;
	}
	return 0;
}

int
transport_relay(const struct hub_conf *conf, struct arena *a,
    struct smtp_relay *out)
{
	struct text password = TEXT("");
	const char *why;

	if (conf->deliver_user[0] != '\0' &&
	    file_read(a, conf->deliver_password_file, PASSWORD_MAX_BYTES,
	        &password, &why) < 0) {
		log_error("cannot read deliver.password_file %s: %s",
		    conf->deliver_password_file, why);
		return -1;
	}
	*out = (struct smtp_relay){
	    .url = conf->deliver_relay,
	    .hello = conf->deliver_hello,
	    .starttls = conf->deliver_starttls,
	    .ca = conf->deliver_ca,
	    .user = conf->deliver_user,
	    .password = arena_copy(a, password.at,
	        strcspn(password.at, "\r\n")),
	    .timeout_s = conf->deliver_timeout,
	};
	return 0;
}

const char *
transport_name(const char *uuid, int64_t n, struct arena *a)
{
	return n == 1 ? uuid : arena_printf(a, "%s-%lld", uuid, (long long)n);
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

enum smtp_result
transport_write(const struct hub_conf *conf, const char *name,
    struct text mail, struct arena *a, const char **said)
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

static enum smtp_result
send_one(const struct hub_conf *conf, const char *recipient, struct text mail,
    struct arena *a, const char **said)
{
	struct smtp_relay relay;
	struct smtp_pool *pool;
	struct smtp_done done;

	*said = "";
	if (transport_relay(conf, a, &relay) < 0)
		return SMTP_LATER;
	pool = smtp_pool_open(&relay, 1);
	smtp_pool_add(pool,
	    &(struct smtp_ask){
	        .sender = conf->report_from,
	        .recipient = recipient,
	        .mail = mail,
	    });
	while (smtp_pool_wait(pool, WAIT_MS, -1, &done, 1) == 0)
		;
	smtp_pool_close(pool);
	*said = arena_string(a, done.said);
	return done.result;
}

enum smtp_result
transport_send(const struct hub_conf *conf, const char *name,
    const char *recipient, struct text mail, struct arena *a,
    const char **said)
{
	if (!conf->deliver_live)
		return transport_write(conf, name, mail, a, said);
	return send_one(conf, recipient, mail, a, said);
}
