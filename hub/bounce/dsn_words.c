/* Words of mail servers; see dsn_words.h. */
#include "hub/bounce/dsn_words.h"

#include <stddef.h>

const char *const dsn_words_nobody[] = {
    "user unknown", "unknown user", "no such user", "no such recipient",
    "no such mailbox", "no such person", "no such address",
    "unknown recipient", "recipient unknown", "recipient not found",
    "recipient address rejected: access denied",
    "user not found", "mailbox not found", "mailbox unavailable",
    "mailbox does not exist", "account does not exist",
    "email account that you tried to reach does not exist",
    "address does not exist", "recipient does not exist", "does not exist",
    "unknown local part", "unknown local-part", "unknown address",
    "unrouteable address", "unroutable address", "invalid recipient",
    "invalid mailbox", "invalid address", "invalid user", "not a valid user",
    "bad destination mailbox", "no mailbox here by that name",
    "no mailbox by that name", "doesn't have an account",
    "recipient address rejected: undeliverable",
    "user doesn't exist", "recipientnotfound", "adr_rej.nosuchuser",
    "account is disabled", "account has been disabled", "account disabled",
    "account is inactive", "account inactive", "mailbox is disabled",
    "mailbox disabled", "mailbox is inactive", "user disabled",
    "host not found", "domain not found", "host unknown", "unknown host",
    "unknown domain", "no such domain", "domain does not exist",
    "bad destination host", "bad destination domain", "domain name not found",
    "couldn't find any host named", "couldn't find any host by that name",
    "name service error", "nxdomain", "nullmx", "null mx",
    "does not accept mail", "doesn't accept mail", "no mx found for domain",
    "no mail servers", "unbekannter empfanger", "empfanger unbekannt",
    "empfanger existiert nicht", "adresse existiert nicht",
    "utilisateur inconnu", "destinataire inconnu", "n'existe pas",
    "usuario desconocido", "no existe", "destinatario desconocido", NULL};

const char *const dsn_words_later[] = {
    "mailbox full", "mailbox is full", "inbox is full",
    "quota", "over quota", "overquota", "out of storage",
    "storage allocation", "storage space", "insufficient storage",
    "insufficient system storage", "not enough disk", "disk full",
    "no space left", "exceeded storage", "mailbox size limit",
    "greylist*", "graylist*", "grey-list*", "try again later",
    "please try later", "temporar*", "timed out", "timeout",
    "connection refused", "no route to host", "network is unreachable",
    "network unreachable", "too many hops", "hop count", "mail loop*",
    "loops back", "loops", "loop detected", "mail forwarding loop",
    "routing loop", "retry time*", "too busy", "too many connections",
    "rate limit*", "all relevant mx records point to non-existent hosts",
    "server is unavailable", "service unavailable", "service not available",
    "connection lost", "lost connection", "resources", "deferred",
    "postfach voll", "postfach ist voll", "speicherplatz", "boite pleine",
    "boite aux lettres pleine", "espace disque", "buzon lleno",
    "buzon esta lleno", "cuota", NULL};

const char *const dsn_words_refused[] = {
    "spam", "junk", "unsolicited", "bulk", "blacklist*", "blocklist*",
    "black list", "block list", "denylist*", "dnsbl", "rbl", "spamhaus",
    "barracuda*", "sorbs", "spamcop", "senderscore", "reputation", "spf",
    "dkim", "dmarc", "sender policy", "unauthenticated",
    "authentication required", "authentication is required",
    "not authenticated", "virus", "malware", "suspicious", "too large",
    "too big", "message size exceeds", "size limit", "exceeds size",
    "exceeds the maximum", "exceeds maximum", "maximum size",
    "max message size", "message too long", "lines too long", "sender rejected",
    "sender verify failed", "sender address rejected", "sender domain",
    "listed at", "listed in", "relay access denied", "relaying denied",
    "relay not permitted", "unable to relay", "relay denied", "relaying",
    "too many recipients", "no ptr", "reverse dns", "content rejected",
    "content reject", NULL};

const char *const dsn_words_denied[] = {
    "blocked", "banned", "policy", "prohibited", "administratively",
    "access denied", "denied", "not authorized", "not authorised",
    "not permitted", "not allowed", "forbidden", "rejected by", "only accept*",
    "restricted", "abgelehnt", "verweigert", "refuse", "rechazado",
    "don't have permission", "do not have permission", NULL};

const char *const dsn_words_delayed[] = {
    "still being retried", "will keep trying", "will continue to be tried",
    "no action is required on your part", "delivery attempts will continue",
    "will be retried", "warning message only", "delivery is delayed",
    "could not be delivered for more than", "has been delayed",
    "you do not need to resend", "do not need to resend",
    "will retry", "verzogert", "retarde", "retrasado", NULL};

const char *const dsn_words_subject[] = {
    "failure notice", "undeliverable", "undelivered mail",
    "mail delivery failed", "mail delivery failure",
    "delivery status notification", "delivery failure", "delivery failed",
    "delivery notification", "returned mail", "returned to sender",
    "mail delivery system", "mail could not be delivered", "delivery problem",
    "message could not be delivered", "mail system error", "nondeliverable",
    "non-delivery", "undelivered", "delivery report", "delivery delayed",
    "message delayed", "warning: could not send", "warning: message",
    "delayed mail", "delivery delay", "unzustellbar", "nicht zustellbar",
    "nicht zugestellt", "zustellung fehlgeschlagen", "fehlgeschlagen",
    "unzustellbare", "non remis", "non distribue", "non delivre",
    "echec de la remise", "echec de remise", "avis de non-remise",
    "no se puede entregar", "no se pudo entregar", "no entregado",
    "entrega fallida", "fallo en la entrega", "error de entrega",
    "devuelto", NULL};

const char *const dsn_words_opening[] = {
    "this is the qmail-send program",
    "this is the mail system at host", "this is the mail delivery agent",
    "this message was created automatically by mail delivery software",
    "this message was created automatically by the mail system",
    "delivery to the following recipient* failed",
    "your message wasn't delivered", "your message could not be delivered",
    "message could not be delivered", "wasn't able to deliver",
    "was not able to deliver", "unable to deliver your message",
    "could not be delivered to", "message you sent could not be delivered",
    "the following addresses had permanent",
    "the following address failed", "the following addresses failed",
    "delivery has failed to these recipients", "address not found",
    "your message couldn't be delivered", "couldn't be delivered to",
    "there was a problem delivering your message",
    "i'm sorry to have to inform you that", "permanent fatal errors",
    "the mail system", "rejected your message",
    "fehler bei der nachrichtenzustellung", "konnte nicht zugestellt werden",
    "konnten nicht zugestellt werden", "n'a pas pu etre remis",
    "n'a pas pu etre distribue", "no se pudo entregar",
    "no se ha podido entregar", NULL};

const char *const dsn_words_sender[] = {
    "mailer-daemon", "postmaster", "mailerdaemon", "mail-daemon",
    "maildaemon", "mdaemon", "mail delivery sub*", "mail delivery system",
    "mail delivery service", "microsoftexchange*", "microsoft exchange",
    "microsoft outlook", "bounce*", "bounces*", NULL};

const char *const dsn_words_copy[] = {
    "--- below this line is a copy of the message",
    "--- below the next line is a copy of the message",
    "------ this is a copy of the message", "----- original message -----",
    "----- original message header", "--- original message",
    "-----original message-----", "original message headers",
    "original message follows", "- these recipients of your message",
    "------ the body of the message", "the original message was included",
    "--- the header of the original message", "message headers follow",
    "return-path: <", "received: from", "received: by",
    "ursprungliche nachricht", "urspruengliche nachricht",
    "message d'origine", "mensaje original", NULL};
