/*
 * Where a mail goes: into a folder, or to the relay when the settings say
 * live.  Called by deliver, and by the administrator's command for mails to
 * himself.  The names of results are those of smtp.h.
 */
#ifndef PLAINTIFF_TRANSPORT_H
#define PLAINTIFF_TRANSPORT_H

#include "hub/deliver/smtp.h"
#include "proto/base/text.h"

struct arena;
struct hub_conf;

/* -1: the settings do not make a transport; logged with the setting's name. */
int transport_check(const struct hub_conf *conf)
    __attribute__((warn_unused_result));

/* What the n-th mail of a report is called: "4f0c...", "4f0c...-2". */
const char *transport_name(const char *uuid, int64_t n, struct arena *a);

/* "writing to /folder" or "sending through smtp://...": stored with the
 * claim, so that after a crash it is known what had been begun. */
const char *transport_plan(const struct hub_conf *conf, struct arena *a);

/* After a crash: the file that a mail of that name is in by such a plan, or
 * NULL for another plan. */
const char *transport_plan_file(const char *plan, const char *name,
    struct arena *a);

/* The relay of the settings, in the arena.  -1: logged. */
int transport_relay(const struct hub_conf *conf, struct arena *a,
    struct smtp_relay *out) __attribute__((warn_unused_result));

/* Writes NAME.eml: SMTP_SENT or SMTP_LATER.  *said: for people, in the
 * arena. */
enum smtp_result transport_write(const struct hub_conf *conf,
    const char *name, struct text mail, struct arena *a, const char **said);

/* One mail to one recipient, or into NAME.eml, and waits for its end. */
enum smtp_result transport_send(const struct hub_conf *conf,
    const char *name, const char *recipient, struct text mail,
    struct arena *a, const char **said);

#endif
