-- Statements of lookup about the hosts that take the mail of contacts; prepared
-- when it connects.

-- name: lookup_mx_enter
-- domains of up to $1 contacts that were not seen yet
INSERT INTO mail_domain (domain)
SELECT DISTINCT split_part(c.key, '@', 2) AS domain
FROM (SELECT key FROM contact WHERE mail_domain IS NULL
	ORDER BY contact LIMIT $1::bigint) c
WHERE NOT EXISTS (SELECT FROM mail_domain d
	WHERE d.domain = split_part(c.key, '@', 2))
ORDER BY domain
ON CONFLICT DO NOTHING;

-- name: lookup_mx_assign
-- and what is known of them.  Shared locks: nobody records another host at
-- the same time; a contact that report has in hand comes later.  By place in
-- the table and by a list: joins may read all of it
WITH c AS MATERIALIZED (
	SELECT ctid AS place, split_part(key, '@', 2) AS domain FROM contact
	WHERE mail_domain IS NULL ORDER BY contact LIMIT $1::bigint
	FOR UPDATE SKIP LOCKED
), d AS MATERIALIZED (
	SELECT domain, mx FROM mail_domain
	WHERE domain = ANY (ARRAY(SELECT DISTINCT domain FROM c)) FOR SHARE
)
UPDATE contact x SET mail_domain = d.domain, mx = d.mx
FROM c JOIN d USING (domain) WHERE x.ctid = c.place;

-- name: lookup_mx_claim
-- up to $1 domains that are due, leased for $2 ms
WITH due AS (
	SELECT ctid AS place FROM mail_domain
	WHERE next_ask <= now() AND (lease_until IS NULL OR lease_until <= now())
	ORDER BY next_ask LIMIT $1::bigint
	FOR UPDATE SKIP LOCKED
)
UPDATE mail_domain d
SET lease_until = now() + $2::bigint * interval '1 millisecond'
FROM due WHERE d.ctid = due.place
RETURNING d.domain, us(d.lease_until);

-- name: lookup_mx_record
-- what was said of domains $2: asked again after $6 seconds; a failure
-- changes nothing, and is tried again after $7, doubled each time, $8 at most
UPDATE mail_domain d SET
	state = CASE a.state WHEN 'failed' THEN d.state ELSE a.state END,
	mx = CASE a.state WHEN 'failed' THEN d.mx ELSE a.mx END,
	asked = CASE a.state WHEN 'failed' THEN d.asked ELSE now() END,
	why = a.why,
	tries = CASE a.state WHEN 'failed' THEN d.tries + 1 ELSE 0 END,
	next_ask = now() + CASE a.state WHEN 'failed' THEN least($8::bigint,
		$7::bigint * 2 ^ least(d.tries, 20)) ELSE $6::bigint END
		* interval '1 second',
	lease_until = NULL
FROM unnest($2::text[], $3::text[], $4::text[], $5::text[])
	AS a (domain, state, mx, why)
WHERE d.domain = a.domain AND d.lease_until = ts($1::bigint);

-- name: lookup_mx_contacts
-- a statement of its own, to see contacts that another lookup has assigned
-- while it held the domain
UPDATE contact c SET mx = d.mx FROM mail_domain d
WHERE d.domain = ANY ($1::text[]) AND c.mail_domain = d.domain
	AND c.mx IS DISTINCT FROM d.mx;

-- name: lookup_mx_drop
-- addresses whose contact's domain takes no mail have no contact, and are
-- asked for again; the administrator's word stands.  Lists, so that it is by
-- indexes
UPDATE source s SET state = 'new', contact = NULL, next_ask = now(),
	lease_until = NULL
WHERE s.contact = ANY (ARRAY(SELECT c.contact FROM contact c
		WHERE c.mail_domain = ANY (ARRAY(SELECT domain
			FROM mail_domain WHERE state = 'none'))))
	AND s.method IS DISTINCT FROM 'administrator';
