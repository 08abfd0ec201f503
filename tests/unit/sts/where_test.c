/* SPDX-License-Identifier: ISC */
#include "sts/where.h"

#include "tests/unit.h"

#include <arpa/inet.h>
#include <string.h>

#include "conf/conf.h"
#include "sts/conf.h"

static const struct dns_answer absent = { .found = ABSENT, .name = "" };

static int
setup(void **state)
{
	const struct conf_text t = { "pabal.conf",
		SLICE("domains = a.test\n") };
	struct conf_errors errors = { 0 };
	void *conf = NULL;
	const int rc = conf_load(&sts_conf_desc, &t, 1, &conf, &errors);

	(void)state;
	conf_errors_fini(&errors);
	sts_conf = conf;
	return rc;
}

static int
teardown(void **state)
{
	void *conf = (void *)(uintptr_t)sts_conf;

	(void)state;
	sts_conf = NULL;
	conf_free(&conf);
	return 0;
}

/* Where a host with the AAAA record IP is; "": nowhere, as IP is inside. */
static void
check(const char *ip, const char *text)
{
	struct dns_record record = { .aaaa = { 0 } };
	struct dns_answer aaaa = {
		.found = FOUND, .name = "h.test", .records = &record, .n = 1
	};
	struct dns_answers answers;
	struct sts_where w;

	assert_int_equal(inet_pton(AF_INET6, ip, record.aaaa), 1);
	dns_answers_init(&answers);
	dns_answers_put(&answers, SLICE("h.test"), DNS_A, &absent);
	dns_answers_put(&answers, SLICE("h.test"), DNS_AAAA, &aaaa);
	assert_true(sts_where(&answers, SLICE("h.test"), &w));
	if (!slice_eq(buf_slice(&w.text), slice_str(text)) ||
	    w.inside != (text[0] == '\0') || (w.why != NULL) != w.inside)
		fail_msg("%s: %s", ip, buf_cstr(&w.text));
	buf_fini(&w.text);
	dns_answers_fini(&answers);
}

/* Behind NAT64 and 6to4 an address inside is no less inside. */
static void
test_inside(void **state)
{
	(void)state;
	check("2001:db8::1", "[2001:db8::1]");
	check("::1", "");
	check("fd00::1", "");
	check("::ffff:10.0.0.1", "");
	check("::ffff:192.0.2.1", "192.0.2.1");
	check("64:ff9b::10.0.0.1", "");
	check("64:ff9b::127.0.0.1", "");
	check("64:ff9b::169.254.169.254", "");
	check("64:ff9b::192.0.2.1", "[64:ff9b::c000:201]");
	check("64:ff9b:0:1::10.0.0.1", "[64:ff9b:0:1::a00:1]");
	check("2002:0a00:0001::1", "");
	check("2002:7f00:0001::", "");
	check("2002:c0a8:0101:1:2:3:4:5", "");
	check("2002:c000:0201::1", "[2002:c000:201::1]");
	check("2003:0a00:0001::1", "[2003:a00:1::1]");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_inside),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
