/* SPDX-License-Identifier: ISC */
/* Against tests/flow/dnsserver.py, started here. */
#include "dns/mx.h"

#include "tests/unit/dns/server.h"

#include "base/mem.h"

static const char zone[] =
    "{"
    "\"two.test\": {\"MX\": [\"20 b.test.\", \"10 a.test.\"]},"
    "\"a.test\": {\"A\": [\"192.0.2.1\"], \"AAAA\": [\"2001:db8::1\"]},"
    "\"b.test\": {\"A\": [\"192.0.2.2\"]},"
    "\"implicit.test\": {\"A\": [\"192.0.2.3\"]},"
    "\"alias.test\": {\"CNAME\": [\"two.test.\"]},"
    "\"xn--grn-ioa.test\": {\"MX\": [\"10 b.test.\"], "
    "\"A\": [\"192.0.2.4\"]},"
    "\"null.test\": {\"MX\": [\"0 .\"]},"
    "\"txtonly.test\": {\"TXT\": [\"x\"]},"
    "\"nowhere.test\": {\"MX\": [\"10 missing.test.\"]},"
    "\"broken.test\": \"SERVFAIL\","
    "\"half.test\": {\"MX\": [\"10 broken.test.\", \"20 b.test.\"]},"
    "\"brokenmx.test\": {\"MX\": [\"10 broken.test.\"]}"
    "}";

static int
setup(void **state)
{
	(void)state;
	dnsserver_start(zone);
	ev_init();
	dnsserver_use(5000);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	dns_close();
	dnsserver_stop();
	return 0;
}

static struct mx_list got;
static char got_why[200];

static void
on_list(struct mx_query *q, const struct mx_list *list, const char *why)
{
	assert_null(q->search);
	got = *list;
	snprintf(got_why, sizeof got_why, "%s", why);
	ev_stop();
}

static void
test_domains(void **state)
{
	static const struct {
		const char *domain;
		bool address_only;
		enum mx_kind kind;
		const char *hosts;
	} rows[] = {
		{ "two.test", false, MX_HOSTS,
		    "10 a.test insecure other 2001:db8::1 192.0.2.1\n"
		    "20 b.test insecure other 192.0.2.2\n" },
		{ "alias.test", false, MX_HOSTS,
		    "10 a.test insecure other 2001:db8::1 192.0.2.1\n"
		    "20 b.test insecure other 192.0.2.2\n" },
		{ "implicit.test", false, MX_HOSTS,
		    "0 implicit.test insecure other 192.0.2.3\n" },
		{ "a.test", true, MX_HOSTS,
		    "0 a.test insecure other 2001:db8::1 192.0.2.1\n" },
		{ "grün.test", false, MX_HOSTS,
		    "10 b.test insecure other 192.0.2.2\n" },
		{ "grün.test", true, MX_HOSTS,
		    "0 xn--grn-ioa.test insecure other 192.0.2.4\n" },
		{ "xn--grün.test", false, MX_NO_DOMAIN, "" },
		{ "two.test", true, MX_NO_ADDRESS, "" },
		{ "null.test", false, MX_NULL, "" },
		{ "missing.test", false, MX_NO_DOMAIN, "" },
		{ "missing.test", true, MX_NO_DOMAIN, "" },
		{ "", false, MX_NO_DOMAIN, "" },
		{ "txtonly.test", false, MX_NO_ADDRESS, "" },
		/* one that has MX does not fall back to its own address */
		{ "nowhere.test", false, MX_NO_ADDRESS, "" },
		{ "broken.test", false, MX_TEMPFAIL, "" },
		{ "brokenmx.test", false, MX_TEMPFAIL, "" },
		{ "half.test", false, MX_HOSTS,
		    "20 b.test insecure other 192.0.2.2\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct mx_query q = { 0 };
		struct buf text;

		buf_init(&text, 4000);
		mx_find(&q, slice_str(rows[i].domain), rows[i].address_only,
		    on_list);
		ev_run();
		mxlist_format(&got, &text);
		if (got.kind != rows[i].kind)
			fail_msg("%s: kind %d", rows[i].domain, got.kind);
		assert_string_equal(buf_cstr(&text), rows[i].hosts);
		if (got.kind == MX_TEMPFAIL)
			assert_string_equal(got_why, "server failure");
		buf_fini(&text);
	}
}

static void
never(struct mx_query *q, const struct mx_list *list, const char *why)
{
	(void)q, (void)list, (void)why;
	fail_msg("called after mx_cancel");
}

static void
test_cancel(void **state)
{
	struct mx_query a = { 0 }, b = { 0 }, c = { 0 };

	(void)state;
	mx_find(&a, SLICE("two.test"), false, never);
	mx_find(&b, SLICE("a.test"), true, never);
	mx_cancel(&a);
	mx_cancel(&b);
	mx_cancel(&b);
	mx_find(&c, SLICE("implicit.test"), false, on_list);
	ev_run();
	assert_int_equal(got.kind, MX_HOSTS);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_domains),
		cmocka_unit_test(test_cancel),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
