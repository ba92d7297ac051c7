"""A database full of accused addresses for the benches decide and report:
contacts with ten addresses each that are due, as many addresses again that
tried once; each is at it for some hours of twelve days, at some of fifty
hosts."""

HOSTS = 50


def fill(d, contacts, events):
    """contacts * 10 addresses are due, so many again are not; about that many
    events in all.  Returns the addresses that are due."""
    due = contacts * 10
    each = max(3, round((events - due) / due))
    d.query("INSERT INTO agent (name, key) SELECT 'mx' || n,"
            " lpad(n::text, 40, 'k') FROM generate_series(1, %s) n", HOSTS)
    d.query("INSERT INTO name (text) SELECT 'mx' || n || '.example'"
            " FROM generate_series(1, %s) n", HOSTS)
    d.query("INSERT INTO name (text) VALUES ('postfix/submission/smtpd')")
    d.query("INSERT INTO contact (key, mailbox, domain) SELECT 'abuse@' || m,"
            " 'abuse@' || m, m FROM (SELECT 'isp' || n || '.example' AS m"
            " FROM generate_series(1, %s) n) c", contacts)
    # n below due: due addresses, each times; the others once
    d.query("""
        CREATE UNLOGGED TABLE plaintiff.plan AS
        SELECT n, '11.0.0.0'::inet + n AS address, i,
            mod(n * 7 + i / 2 * 13, %s) + 1 AS host,
            now() - interval '1 hour' - (mod(n::bigint * 7919, 1036800)
                + i * 1200) * interval '1 second' AS time
        FROM generate_series(0, %s - 1) n
        CROSS JOIN LATERAL generate_series(1,
            CASE WHEN n < %s THEN %s ELSE 1 END) i""",
            HOSTS, due * 2, due, each)
    d.query("""
        INSERT INTO event (id, time, agent, host, service, kind, port,
            destination, destination_port, address)
        SELECT (left(id_floor(time)::text, 8) || lpad(to_hex(n), 12, '0')
                || lpad(to_hex(i), 12, '0'))::uuid,
            date_trunc('second', time), host, host, %s + 1, 1,
            1024 + mod(n, 60000), '192.0.2.25', 587, address
        FROM plaintiff.plan""", HOSTS)
    d.query("INSERT INTO evidence (id, line, login) SELECT id, 'a line',"
            " 'user' || mod(port, 100) FROM event")
    d.query("DROP TABLE plaintiff.plan")
    count(d)
    d.query("""
        INSERT INTO source (address, contact, state, asked, fresh_until,
            first_seen, last_seen, pending, counted, weighed_from,
            attempts, logins, agents)
        SELECT t.address, c.contact, 'found', now(), now() + '1 day', t.first,
            t.last, 1, t.stored, t.first,
            ARRAY[t.events, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
            t.logins[1:8], t.agents[1:8]
        FROM (SELECT address, min(first) AS first, max(last) AS last,
            max(stored) AS stored, sum(events)::integer AS events,
            array_all(logins) AS logins, array_all(agents) AS agents
            FROM tally GROUP BY address) t
        JOIN contact c ON c.contact =
            mod(t.address - '11.0.0.0'::inet, %s) + 1""", contacts)
    d.query("INSERT INTO answer (address, method, state, contact,"
            " mailboxes, fresh_until) SELECT address, 'abusix', 'found',"
            " contact, ARRAY['x'], fresh_until FROM source")
    d.query("VACUUM ANALYZE")
    return due


def count(d):
    """As lookup counts, all at once."""
    d.query("""
        INSERT INTO tally (address, kind, host, day, events, first, last,
            stored, agents, logins)
        SELECT e.address, e.kind, e.host, (e.time AT TIME ZONE 'UTC')::date,
            count(*), min(e.time), max(e.time), max(e.stored),
            ARRAY[e.host], (array_agg(DISTINCT 100 + mod(e.port, 100)))[1:8]
        FROM event e GROUP BY e.address, e.kind, e.host, 4""")
    d.query("UPDATE watermark SET stored = (SELECT max(stored) FROM event)")
