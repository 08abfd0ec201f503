/* SPDX-License-Identifier: ISC */
#include "origin/dnsbl.h"

#include "tests/unit.h"

#include <sys/socket.h>

#include "base/mem.h"
#include "dns/zone.h"
#include "sys/addr.h"

/* clang-format off */
static const struct {
	const char *word;
	bool ok;
	int weight;
	const char *zone, *shown;
} words[] = {
	{ "bl.test",                         true, 1,    "bl.test", "bl.test" },
	{ "bl.test*3",                       true, 3,    "bl.test", "bl.test" },
	{ "wl.test*-1000",                   true, -1000, "wl.test", "wl.test" },
	{ "bl.test=127.0.0.2",               true, 1,    "bl.test", "bl.test" },
	{ "bl.test=127.0.0.[2..11]*2",       true, 2,    "bl.test", "bl.test" },
	{ "bl.test=127.[0..255].0.[2;4;10..11]", true, 1, "bl.test", "bl.test" },
	{ "abcdefghijklmnopqrst.bl.test",    true, 1,
	    "abcdefghijklmnopqrst.bl.test",  "bl.test" },
	{ "abcdefghijklmnopqrs.bl.test",     true, 1,
	    "abcdefghijklmnopqrs.bl.test",   "abcdefghijklmnopqrs.bl.test" },
	{ "",                                false, 0, NULL, NULL },
	{ "bl test",                         false, 0, NULL, NULL },
	{ ".bl.test",                        false, 0, NULL, NULL },
	{ "bl.test.",                        false, 0, NULL, NULL },
	{ "bl.test*",                        false, 0, NULL, NULL },
	{ "bl.test*0",                       false, 0, NULL, NULL },
	{ "bl.test*1001",                    false, 0, NULL, NULL },
	{ "bl.test*+1",                      false, 0, NULL, NULL },
	{ "bl.test*1*2",                     false, 0, NULL, NULL },
	{ "bl.test=",                        false, 0, NULL, NULL },
	{ "bl.test=127.0.0",                 false, 0, NULL, NULL },
	{ "bl.test=127.0.0.256",             false, 0, NULL, NULL },
	{ "bl.test=127.0.0.2.3",             false, 0, NULL, NULL },
	{ "bl.test=127.0.0.[2..]",           false, 0, NULL, NULL },
	{ "bl.test=127.0.0.[11..2]",         false, 0, NULL, NULL },
	{ "bl.test=127.0.0.[2",              false, 0, NULL, NULL },
	{ "bl.test=127.0.0.[]",              false, 0, NULL, NULL },
	{ "bl.test=127.0.0.2..11",           false, 0, NULL, NULL },
	{ "bl.test=10.0.0.2",                false, 0, NULL, NULL },
};

static const char zone_text[] =
    "1.2.0.192.bad.test. A 127.0.0.2\n"
    "1.2.0.192.bad.test. TXT \"spam from here\"\n"
    "2.2.0.192.bad.test. A 127.0.0.12\n"
    "3.2.0.192.bad.test. A 127.0.0.12\n"
    "3.2.0.192.bad.test. A 127.0.0.3\n"
    "1.2.0.192.mute.test. A 127.0.0.2\n"
    "4.2.0.192.bad.test. A 127.255.255.254\n"
    "5.2.0.192.bad.test. A 198.51.100.1\n"
    "6.2.0.192.bad.test. A 127.0.0.2\n"
    "6.2.0.192.bad.test. A 127.255.255.255\n"
    "7.2.0.192.bad.test. FAIL\n"
    "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.bad.test. A 127.0.0.2\n"
    "1.2.0.192.all.test. A 127.0.0.2\n"
    "1.0.0.127.all.test. A 127.0.0.2\n"
    "1.2.0.192.slow.test. A 127.0.0.2\n"
    "1.0.0.127.slow.test. FAIL\n"
    "1.2.0.192.good.test. A 127.0.10.1\n";

static const struct {
	const char *sites, *ip;
	int score;
	const char *heaviest; /* "": none */
	const char *text;
	enum dnsbl_error error; /* of the first site */
} rows[] = {
	{ "bad.test",           "192.0.2.1", 1, "bad.test", "spam from here", DNSBL_OK },
	{ "bad.test*5",         "192.0.2.1", 5, "bad.test", "spam from here", DNSBL_OK },
	{ "bad.test",           "192.0.2.99", 0, "", "", DNSBL_OK },
	{ "bad.test",           "2001:db8::1", 1, "bad.test", "", DNSBL_OK },
	{ "bad.test",           "2001:db8::2", 0, "", "", DNSBL_OK },
	{ "bad.test=127.0.0.[2..11]", "192.0.2.2", 0, "", "", DNSBL_OK },
	{ "bad.test=127.0.0.[2..11]", "192.0.2.3", 1, "bad.test", "", DNSBL_OK },
	{ "bad.test",           "192.0.2.4", 0, "", "", DNSBL_REFUSED },
	{ "bad.test",           "192.0.2.5", 0, "", "", DNSBL_OUTSIDE },
	{ "bad.test",           "192.0.2.6", 0, "", "", DNSBL_REFUSED },
	{ "bad.test",           "192.0.2.7", 0, "", "", DNSBL_SILENT },
	{ "all.test",           "192.0.2.1", 0, "", "", DNSBL_ALL },
	{ "all.test*-5",        "192.0.2.1", 0, "", "", DNSBL_ALL },
	{ "slow.test",          "192.0.2.1", 0, "", "", DNSBL_SILENT },
	{ "all.test bad.test",  "192.0.2.1", 1, "bad.test", "spam from here", DNSBL_ALL },
	{ "bad.test mute.test*2", "192.0.2.1", 3, "mute.test", "", DNSBL_OK },
	{ "bad.test good.test*-3", "192.0.2.1", -2, "bad.test", "", DNSBL_OK },
	{ "good.test*-3",       "192.0.2.1", -3, "", "", DNSBL_OK },
};
/* clang-format on */

static void
test_parse(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		struct dnsbl_site s;
		struct err err = { .text = "" };

		if ((dnsbl_parse(slice_str(words[i].word), &s, &err) == 0) !=
		    words[i].ok)
			fail_msg("%s: %s", words[i].word, err.text);
		if (!words[i].ok) {
			assert_true(err.text[0] != '\0');
			continue;
		}
		assert_int_equal(s.weight, words[i].weight);
		assert_true(slice_is(s.zone, words[i].zone));
		assert_true(slice_is(dnsbl_shown(&s), words[i].shown));
	}
}

static size_t
read_sites(struct slice list, struct dnsbl_site *sites)
{
	size_t n = 0;

	while (list.n > 0)
		assert_int_equal(
		    dnsbl_parse(slice_cut(list, ' ', &list), &sites[n++], NULL),
		    0);
	return n;
}

static void
check(const struct dns_zone *zone, size_t i)
{
	struct dnsbl_site sites[4];
	const size_t n = read_sites(slice_str(rows[i].sites), sites);
	struct dns_answers answers;
	struct dnsbl_verdict v;
	struct arena arena;
	struct addr a;
	uint8_t ip[16];
	int rounds = 0;

	assert_true(addr_of_ip(&a, AF_UNSPEC, slice_str(rows[i].ip), 0));
	assert_true(addr_ip16(&a, ip));
	arena_init(&arena);
	dns_answers_init(&answers);
	while (!dnsbl_check(sites, n, ip, 1, &answers, &arena, &v)) {
		assert_true(rounds++ < 4);
		dns_zone_answer(zone, &answers);
	}
	if (v.score != rows[i].score || v.sites[0].error != rows[i].error ||
	    !slice_is(v.heaviest != NULL ? v.heaviest->zone : SLICE(""),
		rows[i].heaviest) ||
	    !slice_is(v.text, rows[i].text))
		fail_msg("%s %s: %d %s %.*s", rows[i].sites, rows[i].ip,
		    v.score, dnsbl_error_text(v.sites[0].error),
		    SLICE_FMT(v.text));
	dns_answers_fini(&answers);
	arena_fini(&arena);
}

static void
test_check(void **state)
{
	struct dns_zone *zone = dns_zone_parse(slice_str(zone_text), NULL);

	(void)state;
	assert_non_null(zone);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		check(zone, i);
	dns_zone_free(&zone);
}

/* Nothing but what has answered counts. */
static void
test_give_up(void **state)
{
	struct dnsbl_site sites[4];
	const size_t n = read_sites(SLICE("bad.test mute.test"), sites);
	const uint8_t ip[16] = { [10] = 0xff, 0xff, 192, 0, 2, 1 };
	struct dns_record hit = { .a = { 127, 0, 0, 2 } };
	struct dns_answers answers;
	struct dnsbl_verdict v;
	struct arena arena;

	(void)state;
	arena_init(&arena);
	dns_answers_init(&answers);
	assert_false(dnsbl_check(sites, n, ip, 1, &answers, &arena, &v));
	assert_int_equal(answers.n, 4);
	dns_answers_put(&answers, SLICE("1.2.0.192.bad.test"), DNS_A,
	    &(struct dns_answer){
		.found = FOUND, .name = "", .records = &hit, .n = 1 });
	dns_answers_put(&answers, SLICE("1.0.0.127.bad.test"), DNS_A,
	    &(struct dns_answer){ .found = ABSENT, .name = "" });
	dns_answers_give_up(&answers);
	assert_true(dnsbl_check(sites, n, ip, 1, &answers, &arena, &v));
	assert_int_equal(v.score, 1);
	assert_int_equal(v.sites[1].error, DNSBL_SILENT);
	dns_answers_fini(&answers);
	arena_fini(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_check),
		cmocka_unit_test(test_give_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
