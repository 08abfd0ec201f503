/* SPDX-License-Identifier: ISC */
#include "report/tlsread.h"

#include "tests/unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"

#define ABOUT "\"organization-name\":\"o\",\"report-id\":\"1\","
#define POLICY(rest)                                                           \
	"{" ABOUT "\"policies\":[{\"policy\":{\"policy-type\":"                \
	"\"sts\",\"policy-domain\":\"d.test\"}" rest "}]}"
#define DETAIL(rest) POLICY(",\"failure-details\":[{" rest "}]")

/* What is read of JSON, as lines; or "!" and why not. */
static void
check(const char *json, const char *wanted)
{
	struct buf says = { .max = 1 << 16 };
	struct tlsread r;
	struct err err;

	if (tlsread(&r, slice_str(json), &err) == -1) {
		buf_addf(&says, "!%s", err.text);
	} else {
		for (size_t i = 0; i < r.n; i++) {
			const struct tlsread_row *w = &r.rows[i];

			buf_addf(&says, "%.*s %.*s %.*s %llu %.*s %.*s %.*s\n",
			    SLICE_FMT(w->domain), SLICE_FMT(w->policy),
			    SLICE_FMT(w->result),
			    (unsigned long long)w->sessions, SLICE_FMT(w->host),
			    SLICE_FMT(w->host_ip), SLICE_FMT(w->reason));
		}
		tlsread_fini(&r);
	}
	if (strncmp(buf_cstr(&says), wanted, strlen(wanted)) != 0 ||
	    (*wanted != '!' && says.n != strlen(wanted)))
		fail_msg("%s: %s, not %s", json, buf_cstr(&says), wanted);
	buf_fini(&says);
}

static void
test_read(void **state)
{
	static const struct {
		const char *json, *wanted;
	} rows[] = {
		{ "{" ABOUT "\"policies\":[]}", "" },
		{ POLICY(",\"summary\":{\"total-successful-session-count\":3,"
			 "\"total-failure-session-count\":0}"),
		    "d.test sts successful 3   \n" },
		/* In whatever order, and with what nobody knows. */
		{ " {\"policies\" : [ { \"summary\":{\"x\":[{}],"
		  "\"total-successful-session-count\":1}, \"failure-details\":["
		  "{\"failed-session-count\":2,\"result-type\":\"a\","
		  "\"receiving-ip\":\"i\",\"receiving-mx-hostname\":\"h\","
		  "\"failure-reason-code\":\"w\"}],\"policy\":{\"mx-host\":["
		  "\"m\"],\"policy-domain\":\"d\",\"policy-type\":\"tlsa\"}}],"
		  "\"report-id\":\"1\",\"organization-name\":\"o\",\"y\":null}",
		    "d tlsa a 2 h i w\nd tlsa successful 1   \n" },
		{ DETAIL("\"result-type\":\"\\u0041\\\"\\ud83d\\ude00\\ud83d\","
			 "\"failed-session-count\":1"),
		    "d.test sts A\"\xf0\x9f\x98\x80\xef\xbf\xbd 1   \n" },
		/* Controls are none of a text. */
		{ DETAIL("\"result-type\":\"a\\nb\\u001b\\u0000c\","
			 "\"failed-session-count\":1"),
		    "d.test sts a b  c 1   \n" },
		{ "", "!" },
		{ "[]", "!no TLS report" },
		{ "{}", "!no TLS report: it has no id" },
		{ "{" ABOUT "\"policies\":[]", "!no TLS report: a comma" },
		{ "{" ABOUT "\"policies\":[]}}", "!no TLS report: something" },
		{ "{" ABOUT "\"policies\":[{}]}",
		    "!no TLS report: a policy without a domain" },
		{ DETAIL("\"result-type\":\"a\""),
		    "!no TLS report: a failure without a result or a count" },
		{ DETAIL("\"result-type\":\"a\",\"failed-session-count\":-1"),
		    "!no TLS report: a failure without" },
		{ DETAIL("\"result-type\":\"a\",\"failed-session-count\":"
			 "99999999999999999999"),
		    "!no TLS report: a failure without" },
		{ DETAIL("\"result-type\":\"\xff\",\"failed-session-count\":1"),
		    "!no TLS report: a string that is no UTF-8" },
		{ DETAIL("\"result-type\":\"a\nb\""),
		    "!no TLS report: a string that is none" },
		{ DETAIL("\"result-type\":\"\\x\""),
		    "!no TLS report: a string that is none" },
		{ DETAIL("\"result-type\":\"\\u12\""),
		    "!no TLS report: a string that is none" },
		{ DETAIL("'result-type':1"), "!no TLS report: a name" },
		{ DETAIL("\"a\":nil"), "!no TLS report: no value" },
		{ DETAIL("\"a\":1 \"b\":2"), "!no TLS report: a comma" },
		{ "{" ABOUT "\"a\":[[[[[[[[[[[[[[[[[[",
		    "!no TLS report: it is too deep" },
		{ "{" ABOUT "\"a\":\"", "!no TLS report: a string" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		check(rows[i].json, rows[i].wanted);
}

/* What one report can make of memory has an end. */
static void
test_bounds(void **state)
{
	struct buf text = { .max = 64 << 20 };
	struct tlsread r;
	struct err err;

	(void)state;
	buf_adds(&text, "{" ABOUT "\"a\":\"");
	for (size_t i = 0; i < 20000; i++)
		buf_addc(&text, 'x');
	buf_adds(&text, "\"}");
	assert_int_equal(tlsread(&r, buf_slice(&text), &err), -1);
	assert_non_null(strstr(err.text, "too long"));
	buf_reset(&text);
	buf_adds(&text, "{" ABOUT "\"policies\":[{\"failure-details\":[");
	for (size_t i = 0; i <= TLSREAD_ROWS_MAX; i++)
		buf_addf(&text,
		    "%s{\"result-type\":\"a\","
		    "\"failed-session-count\":1}",
		    i > 0 ? "," : "");
	buf_adds(&text, "]}]}");
	assert_int_equal(tlsread(&r, buf_slice(&text), &err), -1);
	assert_non_null(strstr(err.text, "too many"));
	buf_reset(&text);
	buf_adds(
	    &text, DETAIL("\"failed-session-count\":1,\"result-type\":\""));
	buf_truncate(&text, text.n - strlen("}]}]}"));
	for (size_t i = 0; i < 2000; i++)
		buf_addc(&text, 'x');
	buf_adds(&text, "\"}]}]}");
	assert_int_equal(tlsread(&r, buf_slice(&text), &err), 0);
	assert_int_equal(r.n, 1);
	assert_int_equal(r.rows[0].result.n, TLSREAD_TEXT_MAX);
	tlsread_fini(&r);
	buf_fini(&text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
