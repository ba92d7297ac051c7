/* Made-up facts; see facts.h. */
#include "tests/golden/facts.h"

#include "proto/base/clock.h"

const int64_t facts_made_us = INT64_C(1795219200) * CLOCK_SECOND_US;

static const unsigned char secret[COMPOSE_SECRET_BYTES] = "only for tests";

struct addr
facts_address(const char *s)
{
	struct addr a = {0};

	(void)addr_parse(text_of(s), &a);
	return a;
}

struct compose_event
facts_event(int ago_s, enum kind kind, uint16_t port, const char *to,
    uint16_t our_port, const char *service, const char *login)
{
	return (struct compose_event){
	    .time_us = facts_made_us - ago_s * CLOCK_SECOND_US,
	    .kind = kind,
	    .port = port,
	    .destination = facts_address(to),
	    .destination_port = our_port,
	    .service = text_of(service),
	    .login = text_of(login),
	};
}

struct compose_source
facts_source(const char *address, const struct compose_event *lines, size_t n)
{
	struct compose_source s = {.address = facts_address(address),
	    .events = (int64_t)n,
	    .hosts = 1,
	    .first_us = lines[0].time_us,
	    .last_us = lines[n - 1].time_us,
	    .method = "abusix",
	    .asked_us = facts_made_us - CLOCK_DAY_US - CLOCK_SECOND_US,
	    .lines = lines,
	    .line_count = n};

	for (size_t i = 0; i < n; i++)
		s.kinds[lines[i].kind]++;
	return s;
}

struct compose_facts
facts_of(const struct compose_source *sources, size_t n)
{
	struct compose_facts f = {
	    .contact = 17,
	    .secret = secret,
	    .uuid = "4f0c8a52-19d7-4c0e-9b1a-0a5d3e6f7788",
	    .made_us = facts_made_us,
	    .organisation = "Example Mail",
	    .from = "abuse-report@mail.example",
	    .reply_to = "abuse-report@mail.example",
	    .domain = "mail.example",
	    .to = "abuse@isp.example",
	    .sources = sources,
	    .source_count = n,
	    .listed = n,
	    .xarf_max = 20,
	    .xarf_max_bytes = 1 << 20,
	    .hosts = 2,
	    .first_us = sources[0].first_us,
	    .last_us = sources[0].last_us,
	};

	for (size_t i = 0; i < n; i++) {
		f.events += sources[i].events;
		if (sources[i].first_us < f.first_us)
			f.first_us = sources[i].first_us;
		if (sources[i].last_us > f.last_us)
			f.last_us = sources[i].last_us;
		for (int k = 0; k < KIND_COUNT; k++)
			f.kinds[k] += sources[i].kinds[k];
	}
	return f;
}
