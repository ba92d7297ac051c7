/* The settings of the hub that views look at, told to each session; see
 * db.h. */
#include "hub/conf.h"
#include "hub/db.h"
#include "hub/threshold.h"
#include "proto/base/arena.h"
#include "proto/base/buf.h"

static void
arg_prefixes(struct db_args *args, const struct hub_conf *conf,
    struct arena *a)
{
	const struct prefixes *lists[] = {&conf->filter_unreportable,
	    &conf->filter_own};
	struct buf out = {0};
	char s[ADDR_TEXT_BYTES];

	for (size_t k = 0; k < 2; k++)
		for (size_t i = 0; i < lists[k]->n; i++)
			buf_printf(&out, "%s%s", out.n == 0 ? "{" : ",",
			    prefix_format(s, &lists[k]->at[i]));
	db_arg_string(args, out.n == 0 ? "{}"
	    : arena_printf(a, "%.*s}", (int)out.n, out.data));
	buf_free(&out);
}

static void
arg_words(struct db_args *args, const struct conf_texts *words,
    struct arena *a)
{
	char *all = arena_string(a, "");

	for (size_t i = 0; i < words->n; i++)
		all = arena_printf(a, "%s%s%s", all, i == 0 ? "" : " ",
		    words->at[i]);
	text_lower(all);
	db_arg_string(args, all);
}

enum db_result
db_tell_settings(struct db *db, const struct hub_conf *conf)
{
	static const char tell[] =
	    "SELECT set_config('plaintiff.' || n, v, false)"
	    " FROM (VALUES ('report_days', $1), ('outage_margin', $2),"
	    " ('report_every', $3), ('quorum_agents', $4),"
	    " ('quorum_events', $5), ('login_since', $6), ('held_share', $7),"
	    " ('domain_week', $8), ('mx_week', $9), ('new_day', $10),"
	    " ('mails_hour', $11), ('thresholds', $12),"
	    " ('login_domains', $13), ('unreportable', $14),"
	    " ('tor_margin', $15), ('tor_stale', $16), ('tor_settle', $17),"
	    " ('tor_ipv6', $18)) AS s (n, v)";
	struct arena *a = arena_open(0);
	struct db_args *args = db_args_new(a);
	enum db_result r;

	db_arg_int(args, conf->report_days);
	db_arg_int(args, conf->report_outage_margin);
	db_arg_int(args, conf->report_every);
	db_arg_int(args, conf->report_quorum_agents);
	db_arg_int(args, conf->report_quorum_events);
	db_arg_string(args, conf->report_login_since ? "on" : "off");
	db_arg_int(args, conf->report_held_share);
	db_arg_int(args, conf->report_domain_week);
	db_arg_int(args, conf->report_mx_week);
	db_arg_int(args, conf->report_new_day);
	db_arg_int(args, conf->report_mails_hour);
	db_arg_string(args, threshold_tell(&conf->report_kind,
	    &conf->report_threshold, a));
	arg_words(args, &conf->report_login_domain, a);
	arg_prefixes(args, conf, a);
	db_arg_int(args, conf->tor_list[0] == '\0' ? -1 : conf->tor_margin);
	db_arg_int(args, conf->tor_stale);
	db_arg_int(args, conf->tor_settle);
	db_arg_string(args, conf->tor_ipv6 ? "yes" : "no");
	r = db_query(db, tell, args, NULL);
	arena_close(a);
	return r;
}
