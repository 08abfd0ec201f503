/* SPDX-License-Identifier: ISC */
#include "dns/pass.h"

#include "tests/unit.h"

#include <string.h>

#include "base/mem.h"

static const char host_a[] = "mx.example", host_b[] = "";

/* What was put is got, and no byte less is enough. */
static void
round_trip(enum dns_type type, const struct dns_answer *answer, struct arena *a,
    struct dns_answer *got)
{
	struct buf out = { .max = 1 << 20 };
	struct slice copy;
	struct cur c;

	dns_pass_put_answer(&out, type, answer);
	assert_false(out.failed);
	copy = arena_slice(a, buf_slice(&out));
	for (size_t n = 0; n < copy.n; n++) {
		c = cur_of(slice_sub(copy, 0, n));
		assert_false(dns_pass_get_answer(&c, type, a, got));
	}
	c = cur_of(copy);
	assert_true(dns_pass_get_answer(&c, type, a, got));
	assert_true(cur_end(&c));
	assert_false(dns_pass_get_answer(&c, type, a, got));
	assert_int_equal(got->found, answer->found);
	assert_int_equal(got->nxdomain, answer->nxdomain);
	assert_int_equal(got->secure, answer->secure);
	assert_int_equal(got->ttl_s, answer->ttl_s);
	assert_int_equal(got->n, answer->n);
	assert_string_equal(got->name, answer->name);
	buf_fini(&out);
}

static void
test_answers(void **state)
{
	struct dns_record addresses[] = { { .a = { 192, 0, 2, 1 } },
		{ .a = { 192, 0, 2, 255 } } };
	struct dns_record six[] = { { .aaaa = { 0x20, 1, [15] = 9 } } };
	struct dns_record mx[] = {
		{ .mx = { .preference = 0xfffe, .host = host_a } },
		{ .mx = { .preference = 0, .host = host_b } },
	};
	struct dns_record txt[] = { { .txt = SLICE("a\0b") },
		{ .txt = SLICE("") } };
	struct dns_record ptr[] = { { .name = host_a } };
	struct dns_answer in = { .found = FOUND,
		.ttl_s = 0x01020304,
		.n = 2,
		.name = "a.example",
		.secure = true };
	struct dns_answer out;
	struct arena a;

	(void)state;
	arena_init(&a);
	in.records = addresses;
	round_trip(DNS_A, &in, &a, &out);
	assert_memory_equal(out.records[1].a, addresses[1].a, 4);
	in.records = mx;
	round_trip(DNS_MX, &in, &a, &out);
	assert_int_equal(out.records[0].mx.preference, 0xfffe);
	assert_string_equal(out.records[0].mx.host, host_a);
	assert_string_equal(out.records[1].mx.host, "");
	in.records = txt;
	round_trip(DNS_TXT, &in, &a, &out);
	assert_int_equal(out.records[0].txt.n, 3);
	assert_memory_equal(out.records[0].txt.p, "a\0b", 3);
	in.n = 1;
	in.records = six;
	round_trip(DNS_AAAA, &in, &a, &out);
	assert_memory_equal(out.records[0].aaaa, six[0].aaaa, 16);
	in.records = ptr;
	round_trip(DNS_PTR, &in, &a, &out);
	assert_string_equal(out.records[0].name, host_a);
	in = (struct dns_answer){
		.found = ABSENT, .nxdomain = true, .name = ""
	};
	round_trip(DNS_TXT, &in, &a, &out);
	in = (struct dns_answer){ .found = TEMPFAIL, .name = "" };
	round_trip(DNS_TXT, &in, &a, &out);
	assert_non_null(out.why);
	arena_fini(&a);
}

/* An answer that contradicts itself is none. */
static void
test_no_answer(void **state)
{
	/* found, flags, ttl, name, count */
	static const struct slice bad[] = {
		SLICE("\3\0\0\0\0\0\0\0\0"),             /* no such word */
		SLICE("\0\0\0\0\0\0\0\0\0"),             /* found nothing */
		SLICE("\1\0\0\0\0\0\0\0\1\1\2\3\4"),     /* absent, one */
		SLICE("\0\0\0\0\0\0\0\xff\xff\1\2\3\4"), /* too many */
	};
	struct dns_answer out;
	struct arena a;

	(void)state;
	arena_init(&a);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct cur c = cur_of(bad[i]);

		assert_false(dns_pass_get_answer(&c, DNS_A, &a, &out));
		assert_false(cur_ok(&c));
	}
	arena_fini(&a);
}

static void
test_questions(void **state)
{
	struct buf out = { .max = 65536 };
	struct arena a;
	const char *name;
	enum dns_type type;
	char longest[DNS_NAME_MAX + 1];
	struct cur c;

	(void)state;
	arena_init(&a);
	dns_pass_put_question(&out, "one.example", DNS_TXT);
	dns_pass_put_question(&out, "two.example", DNS_PTR);
	c = cur_of(buf_slice(&out));
	assert_true(dns_pass_get_question(&c, &a, &name, &type));
	assert_string_equal(name, "one.example");
	assert_int_equal(type, DNS_TXT);
	assert_true(dns_pass_get_question(&c, &a, &name, &type));
	assert_string_equal(name, "two.example");
	assert_int_equal(type, DNS_PTR);
	assert_false(dns_pass_get_question(&c, &a, &name, &type));
	assert_true(cur_end(&c));
	/* nobody's business, too long, cut off */
	buf_reset(&out);
	dns_pass_put_question(&out, "_25._tcp.example", DNS_TLSA);
	c = cur_of(buf_slice(&out));
	assert_false(dns_pass_get_question(&c, &a, &name, &type));
	assert_false(cur_ok(&c));
	memset(longest, 'a', sizeof longest);
	longest[DNS_NAME_MAX] = '\0';
	buf_reset(&out);
	dns_pass_put_question(&out, longest, DNS_A);
	c = cur_of(buf_slice(&out));
	assert_false(dns_pass_get_question(&c, &a, &name, &type));
	buf_reset(&out);
	dns_pass_put_question(&out, "one.example", DNS_A);
	c = cur_of(slice_sub(buf_slice(&out), 0, out.n - 1));
	assert_false(dns_pass_get_question(&c, &a, &name, &type));
	buf_fini(&out);
	arena_fini(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_no_answer),
		cmocka_unit_test(test_questions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
