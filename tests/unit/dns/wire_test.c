/* SPDX-License-Identifier: ISC */
#include "dns/wire.h"

#include "tests/unit.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/mem.h"

/* Packets are written as hex; blanks separate what belongs together. */
static struct slice
unhex(const char *hex, struct buf *out)
{
	buf_init(out, 1000);
	for (const char *p = hex; *p != '\0'; p++) {
		char two[3] = { 0 };

		if (*p == ' ')
			continue;
		two[0] = *p++;
		two[1] = *p;
		buf_addc(out, (char)strtoul(two, NULL, 16));
	}
	return buf_slice(out);
}

/* header; question a.b IN of any type */
#define HEAD(flags, answers) "1234 " flags " 0001 " answers " 0000 0000 "
#define ASK                  "0161 0162 00 0000 0001 "

static void
test_forms(void **state)
{
	static const struct {
		const char *hex;
		enum dns_type type;
		enum found found;
		size_t n;
		const char *why;
	} rows[] = {
		{ HEAD("8180", "0000") ASK, DNS_A, ABSENT, 0, "no data" },
		{ HEAD("8183", "0000") ASK, DNS_A, ABSENT, 0, "nxdomain" },
		{ HEAD("8182", "0000") ASK, DNS_A, TEMPFAIL, 0, "servfail" },
		{ HEAD("8185", "0000") ASK, DNS_A, TEMPFAIL, 0, "refused" },
		{ HEAD("8180", "0001") ASK
		    "c00c 0001 0001 0000003c 0004 c0000201",
		    DNS_A, FOUND, 1, "A by pointer" },
		{ HEAD("8180", "0001") ASK
		    "c00c 0001 0001 0000003c 0003 c00002",
		    DNS_A, TEMPFAIL, 0, "A too short" },
		{ HEAD("8180", "0001") ASK
		    "c00c 0001 0001 0000003c 0004 c00002",
		    DNS_A, TEMPFAIL, 0, "cut off" },
		{ HEAD("8180", "0002") ASK
		    "c00c 0001 0001 0000003c 0004 c0000201",
		    DNS_A, TEMPFAIL, 0, "one record too few" },
		{ HEAD("8180", "0001") ASK
		    "0178 0162 00 0001 0001 0000003c 0004 c0000201",
		    DNS_A, ABSENT, 0, "of another name" },
		{ HEAD("8180", "0001") ASK
		    "c00c 0001 0003 0000003c 0004 c0000201",
		    DNS_A, ABSENT, 0, "of another class" },
		{ HEAD("8180", "0001") ASK
		    "c00c 000f 0001 0000003c 0005 000a 00 0000",
		    DNS_MX, TEMPFAIL, 0, "MX with bytes behind" },
		{ HEAD("8180", "0001") ASK
		    "c00c 000f 0001 0000003c 0003 0000 00",
		    DNS_MX, FOUND, 1, "null MX" },
		{ HEAD("8180", "0001") ASK
		    "c018 000f 0001 0000003c 0003 0000 00",
		    DNS_MX, TEMPFAIL, 0, "pointer to itself" },
		{ HEAD("8180", "0001") ASK
		    "c0ff 000f 0001 0000003c 0003 0000 00",
		    DNS_MX, TEMPFAIL, 0, "pointer past the end" },
		{ HEAD("8180", "0001") ASK
		    "8161 000f 0001 0000003c 0003 0000 00",
		    DNS_MX, TEMPFAIL, 0, "label type of no meaning" },
		{ HEAD("8180", "0001") ASK
		    "c00c 000f 0001 0000003c 0007 000a 03612e62 00",
		    DNS_MX, TEMPFAIL, 0, "dot inside a label" },
		{ HEAD("8180", "0001") ASK
		    "c00c 0010 0001 0000003c 0005 0161 026263",
		    DNS_TXT, FOUND, 1, "TXT of two strings" },
		{ HEAD("8180", "0001") ASK
		    "c00c 0010 0001 0000003c 0005 0161 036263",
		    DNS_TXT, TEMPFAIL, 0, "string longer than the data" },
		{ HEAD("8180", "0001") ASK "c00c 0034 0001 0000003c 0002 0301",
		    DNS_TLSA, TEMPFAIL, 0, "short TLSA" },
		{ "1234 8180 0000 0000 0000 0000", DNS_A, TEMPFAIL, 0,
		    "no question" },
		{ "1234 81", DNS_A, TEMPFAIL, 0, "no header" },
		{ "", DNS_A, TEMPFAIL, 0, "nothing" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct dns_answer answer;
		struct arena a;
		struct buf b;

		arena_init(&a);
		dns_wire_parse(
		    unhex(rows[i].hex, &b), rows[i].type, &a, &answer);
		if (answer.found != rows[i].found || answer.n != rows[i].n)
			fail_msg(
			    "%s: %d, %zu", rows[i].why, answer.found, answer.n);
		buf_fini(&b);
		arena_fini(&a);
	}
}

/* a.b CNAME c; c MX 10 mail.c, its TTL smaller; in any order */
static void
test_alias(void **state)
{
	static const char *const packets[] = {
		HEAD("8180", "0002") ASK
		"c00c 0005 0001 00000e10 0003 0163 00 "
		"0163 00 000f 0001 0000003c 000a 000a 044d61696c 0163 00",
		HEAD("8180", "0002") ASK
		"0163 00 000f 0001 0000003c 000a 000a 044d61696c 0163 00 "
		"c00c 0005 0001 00000e10 0003 0163 00",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(packets); i++) {
		struct dns_answer answer;
		struct arena a;
		struct buf b;

		arena_init(&a);
		dns_wire_parse(unhex(packets[i], &b), DNS_MX, &a, &answer);
		assert_int_equal(answer.found, FOUND);
		assert_string_equal(answer.name, "c");
		assert_int_equal(answer.ttl_s, 60);
		assert_int_equal(answer.records[0].mx.preference, 10);
		assert_string_equal(answer.records[0].mx.host, "mail.c");
		buf_fini(&b);
		arena_fini(&a);
	}
}

/* a.b CNAME c, c CNAME a.b */
static void
test_alias_loop(void **state)
{
	struct dns_answer answer;
	struct arena a;
	struct buf b;

	(void)state;
	arena_init(&a);
	dns_wire_parse(unhex(HEAD("8180", "0002") ASK
			   "c00c 0005 0001 00000e10 0003 0163 00 "
			   "0163 00 0005 0001 00000e10 0002 c00c",
			   &b),
	    DNS_A, &a, &answer);
	assert_int_equal(answer.found, TEMPFAIL);
	assert_non_null(answer.why);
	buf_fini(&b);
	arena_fini(&a);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_alias),
		cmocka_unit_test(test_alias_loop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
