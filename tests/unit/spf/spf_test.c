/* SPDX-License-Identifier: ISC */
#include "spf/spf.h"

#include "tests/unit.h"

#include <string.h>

#include "base/mem.h"
#include "dns/zone.h"
#include "sys/addr.h"

static const char zone_text[] =
    "$ORIGIN example.\n"
    "one TXT \"v=spf1 ip4:192.0.2\" \".1 -all\"\n"
    "two TXT \"v=spf1 -all\"\n"
    "two TXT \"v=spf1 ip4:192.0.2.1 -all\"\n"
    "helo TXT \"v=spf1 ip4:192.0.2.1 -all\"\n"
    "nowhere TXT \"v=spf1 redirect=absent.example\"\n"
    "nowhere-in TXT \"v=spf1 include:absent.example -all\"\n"
    "fails TXT \"v=spf1 a:silent.example -all\"\n"
    "silent FAIL\n"
    /* ten terms with ten hosts each */
    "many TXT \"v=spf1 mx mx mx mx mx mx mx mx mx mx -all\"\n"
    "many MX 1 h1\nmany MX 2 h2\nmany MX 3 h3\nmany MX 4 h4\nmany MX 5 h5\n"
    "many MX 6 h6\nmany MX 7 h7\nmany MX 8 h8\nmany MX 9 h9\nmany MX 10 h10\n"
    "h1 A 192.0.2.101\nh2 A 192.0.2.102\nh3 A 192.0.2.103\n"
    "h4 A 192.0.2.104\nh5 A 192.0.2.105\nh6 A 192.0.2.106\n"
    "h7 A 192.0.2.107\nh8 A 192.0.2.108\nh9 A 192.0.2.109\n"
    "h10 A 192.0.2.110\n"
    /* what has no IPv6 address is no void look-up to a client with one */
    "six TXT \"v=spf1 a:h1.example a:h2.example a:h3.example mx "
    "ip6:2001:db8::1 -all\"\n"
    "six MX 1 h1\nsix MX 2 h2\nsix MX 3 h3\n"
    "hole TXT \"v=spf1 a:x1.example a:x2.example a:x3.example "
    "ip4:192.0.2.1 -all\"\n"
    "soft TXT \"v=spf1 ~all exp=text.example\"\n"
    "hard TXT \"v=spf1 -all exp=text.example\"\n"
    "ten TXT \"v=spf1 a:h1.example a:h2.example a:h3.example a:h4.example "
    "a:h5.example a:h6.example a:h7.example a:h8.example a:h9.example "
    "a:h10.example -all exp=text.example\"\n"
    "mute TXT \"v=spf1 -all exp=silent.example\"\n"
    "text TXT \"no mail from %{i} for %{d}, says %{r}\"\n"
    "long TXT \"v=spf1 exists:%{l}.%{l}.%{l}.%{l}.%{l}.tail.example -all\"\n"
    "xn--bcher-kva TXT \"v=spf1 ip4:192.0.2.1 -all\"\n"
    "ptr TXT \"v=spf1 ptr -all\"\n"
    "1.2.0.192.in-addr.arpa. PTR liar.ptr.example.\n"
    "1.2.0.192.in-addr.arpa. PTR mail.ptr.example.\n"
    "liar.ptr A 192.0.2.2\nmail.ptr A 192.0.2.1\n"
    "pmacro TXT \"v=spf1 exists:%{p}.is.example -all\"\n"
    "mail.ptr.example.is A 127.0.0.1\n";

static struct spf_limits limits;

static enum spf_result
check(const char *ip, const char *helo, const char *sender,
    struct spf_verdict *v, struct arena *a)
{
	static struct dns_answers answers;
	struct spf_question q = { .helo = slice_str(helo),
		.sender = slice_str(sender),
		.receiver = SLICE("mx.example"),
		.limits = &limits };
	struct dns_zone *zone;
	struct addr addr;
	struct err err;

	assert_true(addr_of_ip(&addr, AF_UNSPEC, slice_str(ip), 0));
	assert_true(addr_ip16(&addr, q.ip));
	zone = dns_zone_parse(slice_str(zone_text), &err);
	assert_non_null(zone);
	dns_answers_init(&answers);
	while (!spf_check(&q, &answers, a, v))
		dns_zone_answer(zone, &answers);
	dns_answers_fini(&answers);
	dns_zone_free(&zone);
	return v->result;
}

static void
test_decisions(void **state)
{
	static const struct {
		const char *what, *ip, *sender;
		enum spf_result result;
		const char *why; /* NULL: not looked at */
	} rows[] = {
		{ "strings of a record are joined without a space", "192.0.2.1",
		    "a@one.example", SPF_PASS, "ip4:192.0.2.1" },
		{ "two records", "192.0.2.1", "a@two.example", SPF_PERMERROR,
		    "more than one record" },
		{ "the null sender: HELO", "192.0.2.1", "", SPF_PASS, NULL },
		{ "no record", "192.0.2.1", "a@absent.example", SPF_NONE,
		    "no record" },
		{ "redirect to nothing", "192.0.2.1", "a@nowhere.example",
		    SPF_PERMERROR, "redirect to a domain without a record" },
		{ "include of nothing", "192.0.2.1", "a@nowhere-in.example",
		    SPF_PERMERROR, "included domain has no record" },
		{ "no answer", "192.0.2.1", "a@fails.example", SPF_TEMPERROR,
		    "FAIL in the zone file" },
		{ "addresses of MX hosts are no terms", "192.0.2.110",
		    "a@many.example", SPF_PASS, "mx" },
		{ "nor do they make too many", "192.0.2.1", "a@many.example",
		    SPF_FAIL, "-all" },
		{ "no AAAA is not void", "2001:db8::1", "a@six.example",
		    SPF_PASS, "ip6:2001:db8::1" },
		{ "no such name is", "192.0.2.1", "a@hole.example",
		    SPF_PERMERROR, "too many void look-ups" },
		{ "names are cut from the left", "192.0.2.1",
		    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		    "a"
		    "@long.example",
		    SPF_FAIL, "-all" },
		{ "U-labels", "192.0.2.1",
		    "a@b\xc3\xbc"
		    "cher.example",
		    SPF_PASS, NULL },
		{ "a PTR name that does not lead back", "192.0.2.2",
		    "a@ptr.example", SPF_FAIL, "-all" },
		{ "one of several does", "192.0.2.1", "a@ptr.example", SPF_PASS,
		    "ptr" },
		{ "and it is what %{p} is", "192.0.2.1", "a@pmacro.example",
		    SPF_PASS, NULL },
		{ "mapped IPv4 is IPv4", "::ffff:192.0.2.1", "a@one.example",
		    SPF_PASS, NULL },
	};
	struct spf_verdict v;
	struct arena a;

	(void)state;
	limits = spf_limits_default;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		arena_init(&a);
		check(rows[i].ip, "helo.example", rows[i].sender, &v, &a);
		if (v.result != rows[i].result ||
		    (rows[i].why != NULL && !slice_is(v.why, rows[i].why)))
			fail_msg("%s: %s (%.*s)", rows[i].what,
			    spf_result_name(v.result), SLICE_FMT(v.why));
		assert_int_equal(v.by_helo, rows[i].sender[0] == '\0');
		arena_fini(&a);
	}
}

/* Limits are parameters. */
static void
test_limits(void **state)
{
	struct spf_verdict v;
	struct arena a;

	(void)state;
	arena_init(&a);
	limits = spf_limits_default;
	limits.void_strict = true;
	assert_int_equal(
	    check("2001:db8::1", "h", "a@six.example", &v, &a), SPF_PERMERROR);
	limits = spf_limits_default;
	limits.voids = 3;
	assert_int_equal(
	    check("192.0.2.1", "h", "a@hole.example", &v, &a), SPF_PASS);
	limits = spf_limits_default;
	limits.lookups = 9;
	assert_int_equal(
	    check("192.0.2.1", "h", "a@many.example", &v, &a), SPF_PERMERROR);
	limits = spf_limits_default;
	limits.hosts = 9;
	assert_int_equal(
	    check("192.0.2.1", "h", "a@many.example", &v, &a), SPF_PERMERROR);
	arena_fini(&a);
}

/* An explanation is for a fail alone. */
static void
test_explanation(void **state)
{
	struct spf_verdict v;
	struct arena a;

	(void)state;
	arena_init(&a);
	limits = spf_limits_default;
	assert_int_equal(
	    check("192.0.2.9", "h", "a@hard.example", &v, &a), SPF_FAIL);
	assert_true(slice_is(v.explanation,
	    "no mail from 192.0.2.9 for hard.example, says mx.example"));
	assert_int_equal(
	    check("192.0.2.9", "h", "a@soft.example", &v, &a), SPF_SOFTFAIL);
	assert_int_equal(v.explanation.n, 0);
	/* it is no term: behind ten of them it is asked for all the same */
	assert_int_equal(
	    check("192.0.2.9", "h", "a@ten.example", &v, &a), SPF_FAIL);
	assert_true(v.explanation.n > 0);
	/* and where it cannot be had, that changes nothing */
	assert_int_equal(
	    check("192.0.2.9", "h", "a@mute.example", &v, &a), SPF_FAIL);
	assert_int_equal(v.explanation.n, 0);
	arena_fini(&a);
}

/* When there is no time left, what is not known failed for now; what hosts a
 * record has is asked for at once, not one after the other. */
static void
test_time_and_rounds(void **state)
{
	struct spf_question q = { .helo = SLICE("h"),
		.sender = SLICE("a@many.example"),
		.ip = { [10] = 0xff, [11] = 0xff, 192, 0, 2, 1 },
		.limits = &spf_limits_default };
	struct dns_answers answers;
	struct spf_verdict v;
	struct arena a;
	struct err err;
	struct dns_zone *zone = dns_zone_parse(slice_str(zone_text), &err);
	unsigned rounds = 0;

	(void)state;
	arena_init(&a);
	dns_answers_init(&answers);
	for (; !spf_check(&q, &answers, &a, &v); rounds++)
		dns_zone_answer(zone, &answers);
	assert_int_equal(rounds, 3); /* TXT, MX, ten times A */
	assert_int_equal(v.result, SPF_FAIL);
	dns_answers_fini(&answers);

	dns_answers_init(&answers);
	assert_false(spf_check(&q, &answers, &a, &v));
	dns_zone_answer(zone, &answers);
	assert_false(spf_check(&q, &answers, &a, &v));
	dns_answers_give_up(&answers);
	assert_true(spf_check(&q, &answers, &a, &v));
	assert_int_equal(v.result, SPF_TEMPERROR);
	assert_true(slice_is(v.why, "no answer in time"));
	dns_answers_fini(&answers);
	dns_zone_free(&zone);
	arena_fini(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_decisions),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_explanation),
		cmocka_unit_test(test_time_and_rounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
