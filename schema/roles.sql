-- One role a stage, with only its grants; plaintiff_admin is the
-- administrator's command.  Run after every upgrade, as the schema's owner.
-- The roles may log in; how they prove who they are is pg_hba.conf's matter.
DO $$
DECLARE
	role text;
BEGIN
	FOREACH role IN ARRAY ARRAY['plaintiff_receive', 'plaintiff_lookup',
		'plaintiff_report', 'plaintiff_deliver', 'plaintiff_bounce',
		'plaintiff_tidy', 'plaintiff_admin']
	LOOP
		IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) THEN
			BEGIN
				EXECUTE format('CREATE ROLE %I LOGIN', role);
			EXCEPTION WHEN duplicate_object OR unique_violation THEN
				NULL; -- another database of this cluster was quicker
			END;
		END IF;
	END LOOP;
END $$;

REVOKE ALL ON SCHEMA plaintiff FROM PUBLIC;
GRANT USAGE ON SCHEMA plaintiff TO plaintiff_receive, plaintiff_lookup,
	plaintiff_report, plaintiff_deliver, plaintiff_bounce, plaintiff_tidy,
	plaintiff_admin;
REVOKE ALL ON ALL TABLES IN SCHEMA plaintiff FROM plaintiff_receive,
	plaintiff_lookup, plaintiff_report, plaintiff_deliver, plaintiff_bounce,
	plaintiff_tidy, plaintiff_admin;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA plaintiff FROM PUBLIC;
GRANT EXECUTE ON FUNCTION us, ts, id_floor, host_label, outage_margin,
	setting, window_begin, login_domain, login_hash, up_to_eight, array_all,
	tries_sum, threshold_met, address_verdict
	TO plaintiff_receive,
	plaintiff_lookup, plaintiff_report, plaintiff_deliver, plaintiff_bounce,
	plaintiff_tidy, plaintiff_admin;

GRANT EXECUTE ON FUNCTION tor_margin, tor_ipv6, tor_stale, tor_settle,
	tor_wait, tor_verdict TO plaintiff_lookup, plaintiff_report, plaintiff_admin;

-- receive: adds events and what belongs to them, changes only counters
GRANT SELECT ON agent, kind TO plaintiff_receive;
GRANT SELECT, INSERT, DELETE ON agent_address TO plaintiff_receive;
GRANT SELECT, INSERT, UPDATE ON agent_outbox TO plaintiff_receive;
GRANT SELECT, INSERT ON name, event, evidence, witness, set_aside
	TO plaintiff_receive;
GRANT UPDATE (state, quarantined) ON agent TO plaintiff_receive;
GRANT SELECT, INSERT, UPDATE, DELETE ON agent_day TO plaintiff_receive;
GRANT USAGE, SELECT ON SEQUENCE stored_seq TO plaintiff_receive;
GRANT EXECUTE ON FUNCTION partition_days TO plaintiff_receive;

-- lookup: counts events, keeps sources, answers and contacts
GRANT SELECT ON event, kind, name, agent_address TO plaintiff_lookup;
GRANT SELECT (id, login) ON evidence TO plaintiff_lookup;
GRANT SELECT ON SEQUENCE stored_seq TO plaintiff_lookup;
GRANT SELECT, INSERT, UPDATE ON watermark, tally, source, contact
	TO plaintiff_lookup;
GRANT SELECT, INSERT ON answer, outage TO plaintiff_lookup;
GRANT SELECT ON contact_prefix, contact_refusal, escalation
	TO plaintiff_lookup;
GRANT SELECT, INSERT, UPDATE ON network, rdap_server, bootstrap_file,
	mail_domain TO plaintiff_lookup;
GRANT SELECT, INSERT ON network_piece TO plaintiff_lookup;
GRANT SELECT, INSERT, DELETE ON bootstrap TO plaintiff_lookup;
GRANT SELECT, INSERT, UPDATE ON tor_fetch TO plaintiff_lookup;
GRANT SELECT, INSERT, DELETE ON tor_exit, tor_cover TO plaintiff_lookup;
GRANT SELECT, INSERT ON tor_answer TO plaintiff_lookup;
GRANT SELECT ON reportable TO plaintiff_lookup;

-- report: reads everything about events, writes reports
GRANT SELECT ON event, evidence, kind, name, agent, agent_address, tally,
	contact, answer, watermark TO plaintiff_report;
GRANT SELECT ON source, timely, reportable, excused, allegedfix, policy,
	threshold, tried, source_verdict,
	contact_verdict, allow_prefix, allow_mailbox, switch, clock_tick
	TO plaintiff_report;
GRANT EXECUTE ON FUNCTION contacts_with_room, unreported, logins_of
	TO plaintiff_report, plaintiff_admin;
GRANT EXECUTE ON FUNCTION contacts_to_tell TO plaintiff_report;
GRANT UPDATE (domain, control, drawn, forced) ON contact TO plaintiff_report;
GRANT SELECT, INSERT ON control_case TO plaintiff_report;
GRANT UPDATE (clock_stopped, clock_apart) ON switch
	TO plaintiff_report, plaintiff_deliver, plaintiff_admin;
GRANT INSERT, UPDATE ON clock_tick
	TO plaintiff_report, plaintiff_deliver, plaintiff_admin;
GRANT SELECT ON tor_exit, tor_cover, tor_answer, tor_fetch
	TO plaintiff_report;
GRANT SELECT, INSERT, DELETE ON stored_mark TO plaintiff_report;
GRANT UPDATE (reported_upto, pending) ON source TO plaintiff_report;
GRANT SELECT, INSERT ON report, report_source, report_mail TO plaintiff_report;

-- deliver: moves reports on, cannot change what they say
GRANT SELECT ON report, report_mail, contact, report_source, agent_address,
	switch, clock_tick, allow_prefix, allow_mailbox TO plaintiff_deliver;
GRANT UPDATE (state, changed, owner, tries, next_try, said, quiet) ON report
	TO plaintiff_deliver;
GRANT UPDATE (state, changed, said, claimed, log_from) ON report_mail
	TO plaintiff_deliver;
GRANT SELECT, INSERT ON contact_event TO plaintiff_deliver;

-- bounce: keeps what came back, and what follows for a contact
GRANT SELECT ON report, report_mail, report_source, contact, source, tally
	TO plaintiff_bounce;
GRANT UPDATE (state, state_why, state_since, state_report, dead) ON contact
	TO plaintiff_bounce;
GRANT UPDATE (next_ask, tries) ON source TO plaintiff_bounce;
GRANT SELECT ON contact_event TO plaintiff_bounce;
GRANT UPDATE (judged) ON contact_event TO plaintiff_bounce;
GRANT SELECT, INSERT ON reply TO plaintiff_bounce;
GRANT SELECT, INSERT, UPDATE ON bounce, heard, allegedfix, escalation
	TO plaintiff_bounce;

-- tidy: removes what is past its time, through two functions and deletes
GRANT EXECUTE ON FUNCTION partitions_make, partitions_drop, partition_days
	TO plaintiff_tidy;
GRANT SELECT, DELETE ON set_aside, answer, tally, outage, report,
	report_source, tor_exit, tor_cover, tor_answer TO plaintiff_tidy;
GRANT SELECT, INSERT, UPDATE ON agent_past TO plaintiff_tidy;
GRANT SELECT ON source, contact, agent TO plaintiff_tidy;
GRANT UPDATE (logins) ON tally, source TO plaintiff_tidy;

-- the administrator's command
GRANT SELECT ON ALL TABLES IN SCHEMA plaintiff TO plaintiff_admin;
GRANT SELECT, USAGE ON SEQUENCE stored_seq TO plaintiff_admin;
GRANT UPDATE (stored) ON event TO plaintiff_admin;
GRANT EXECUTE ON FUNCTION partition_days, effect_days, case_outcome
	TO plaintiff_admin;
GRANT INSERT ON agent TO plaintiff_admin;
GRANT UPDATE (state, revoked, quarantined, released) ON agent
	TO plaintiff_admin;
GRANT UPDATE (contact, state, changed, said, quiet, next_try, owner) ON report
	TO plaintiff_admin;
GRANT UPDATE (state, changed, said, log_from) ON report_mail
	TO plaintiff_admin;
GRANT INSERT, UPDATE, DELETE ON contact_prefix TO plaintiff_admin;
GRANT INSERT, UPDATE ON contact_refusal TO plaintiff_admin;
GRANT INSERT, UPDATE (merged_into) ON contact TO plaintiff_admin;
GRANT INSERT, UPDATE (state, contact, next_ask, last_seen) ON source
	TO plaintiff_admin;
GRANT INSERT, UPDATE, DELETE ON allow_prefix, allow_mailbox
	TO plaintiff_admin;
GRANT UPDATE (state, note, mode, form, language, forced) ON contact
	TO plaintiff_admin;
GRANT UPDATE (stopped, why, who) ON switch TO plaintiff_admin;
GRANT DELETE ON clock_tick TO plaintiff_admin;
GRANT UPDATE (state_why, state_since, state_report, dead) ON contact
	TO plaintiff_admin;
GRANT UPDATE (given_back, sources, events) ON report TO plaintiff_admin;
GRANT UPDATE (stored) ON watermark TO plaintiff_admin;
GRANT EXECUTE ON FUNCTION purge_attribute, purge_remove TO plaintiff_admin;
GRANT UPDATE, DELETE ON tally TO plaintiff_admin;
GRANT UPDATE, DELETE ON source TO plaintiff_admin;
GRANT DELETE ON set_aside, agent_address, outage, report_source
	TO plaintiff_admin;
GRANT INSERT, UPDATE ON agent_past TO plaintiff_admin;
GRANT UPDATE (kind, classified_by) ON reply TO plaintiff_admin;
GRANT INSERT, UPDATE, DELETE ON allegedfix TO plaintiff_admin;
GRANT INSERT, UPDATE ON escalation TO plaintiff_admin;
GRANT UPDATE (tries) ON source TO plaintiff_admin;
