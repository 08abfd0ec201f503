/* SPDX-License-Identifier: ISC */
#include "report/tlsreport.h"

#include "tests/unit.h"

#include "base/mem.h"
#include "report/aggregate.h"

#define STS "version: STSv1\nmode: enforce\nmx: mx.a.test\nmx: *.b.test\n"

#define STS_JSON                                                               \
	"{\"policy-type\":\"sts\",\"policy-string\":[\"version: STSv1\","      \
	"\"mode: enforce\",\"mx: mx.a.test\",\"mx: *.b.test\"],"               \
	"\"policy-domain\":\"a.test\",\"mx-host\":[\"mx.a.test\","             \
	"\"*.b.test\"]}"

#define NONE_JSON                                                              \
	"{\"policy-type\":\"no-policy-found\",\"policy-domain\":\"a.test\"}"

static void
test_rows(void **state)
{
	static const struct {
		struct tlsreport_row row;
		const char *policy, *failure; /* "#": its count */
	} rows[] = {
		{ { .policy = "no-policy-found",
		      .domain = SLICE("a.test"),
		      .mx_host = SLICE("mx.a.test") },
		    NONE_JSON, "#" },
		{ { .policy = "sts",
		      .strings = SLICE(STS),
		      .domain = SLICE("a.test"),
		      .result = "sts-policy-fetch-error" },
		    STS_JSON,
		    "{\"result-type\":\"sts-policy-fetch-error\","
		    "\"failed-session-count\":#}" },
		{ { .policy = "tlsa",
		      .strings = SLICE("3 1 1 ab\n\n2 0 1 cd"),
		      .domain = SLICE("a.test"),
		      .result = "validation-failure",
		      .sending_ip = SLICE("192.0.2.1"),
		      .mx_host = SLICE("mx.a.test"),
		      .receiving_ip = SLICE("2001:db8::1"),
		      .reason = SLICE("\"x\"\n\\\xff") },
		    "{\"policy-type\":\"tlsa\",\"policy-string\":"
		    "[\"3 1 1 ab\",\"2 0 1 cd\"],\"policy-domain\":\"a.test\"}",
		    "{\"result-type\":\"validation-failure\","
		    "\"sending-mta-ip\":\"192.0.2.1\","
		    "\"receiving-mx-hostname\":\"mx.a.test\","
		    "\"receiving-ip\":\"2001:db8::1\","
		    "\"failure-reason-code\":\"\\\"x\\\"\\u000a\\\\"
		    "\xef\xbf\xbd\",\"failed-session-count\":#}" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf out = { .max = 10000 }, want = { .max = 10000 },
			   got = { .max = 10000 };
		size_t group, at;

		tlsreport_put_row(&out, &rows[i].row, &group, &at);
		buf_addf(&want, "%s\n%s", rows[i].policy, rows[i].failure);
		buf_add(&got, slice_sub(buf_slice(&out), 0, at));
		buf_addc(&got, '#');
		buf_add(&got, slice_from(buf_slice(&out), at));
		assert_string_equal(buf_cstr(&got), buf_cstr(&want));
		assert_int_equal(group, strlen(rows[i].policy) + 1);
		buf_fini(&out);
		buf_fini(&want);
		buf_fini(&got);
	}
}

static void
add(struct tlsreport *t, const struct tlsreport_row *row, uint64_t count,
    struct buf *out)
{
	struct buf text = { .max = 10000 };
	size_t group, at;

	tlsreport_put_row(&text, row, &group, &at);
	tlsreport_row(t, buf_slice(&text), at, count, out);
	buf_fini(&text);
}

static void
test_report(void **state)
{
	const struct aggregate_about about = { .organization = SLICE("O \"&\""),
		.email = SLICE("a@b.test"),
		.id = SLICE("1@b.test"),
		.begin_s = 1764547200,
		.end_s = 1764633599 };
	const struct tlsreport_row good = { .policy = "sts",
		.strings = SLICE(STS),
		.domain = SLICE("a.test") };
	struct tlsreport_row bad = good, none = { .policy = "no-policy-found",
		.domain = SLICE("a.test") };
	struct buf out = { .max = 10000 };
	struct tlsreport t;

	(void)state;
	bad.result = "certificate-expired";
	tlsreport_head(&t, &about, &out);
	add(&t, &bad, 2, &out);
	add(&t, &good, 7, &out);
	bad.result = "validation-failure";
	add(&t, &bad, 3, &out);
	add(&t, &none, 4, &out);
	tlsreport_foot(&t, &out);
	assert_string_equal(buf_cstr(&out),
	    "{\"organization-name\":\"O \\\"&\\\"\",\"date-range\":"
	    "{\"start-datetime\":\"2025-12-01T00:00:00Z\","
	    "\"end-datetime\":\"2025-12-01T23:59:59Z\"},"
	    "\"contact-info\":\"a@b.test\",\"report-id\":\"1@b.test\","
	    "\"policies\":[{\"policy\":" STS_JSON ",\"failure-details\":["
	    "{\"result-type\":\"certificate-expired\","
	    "\"failed-session-count\":2},"
	    "{\"result-type\":\"validation-failure\","
	    "\"failed-session-count\":3}],"
	    "\"summary\":{\"total-successful-session-count\":7,"
	    "\"total-failure-session-count\":5}},"
	    "{\"policy\":" NONE_JSON ","
	    "\"summary\":{\"total-successful-session-count\":4,"
	    "\"total-failure-session-count\":0}}]}\n");
	buf_fini(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_report),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
