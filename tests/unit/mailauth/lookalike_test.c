/* SPDX-License-Identifier: ISC */
#include "mailauth/lookalike.h"

#include "tests/unit.h"

#include "base/buf.h"
#include "base/mem.h"
#include "conf/values.h"

static const char *names[] = { "ours.example", "my-mint.example", "localhost",
	"cdb:others", "xn--grn-ioa.example" };
static const struct conf_list own = { .v = names, .n = ARRAY_LEN(names) };

/* clang-format off */
static const struct {
	const char *from, *own, *other, *disguised; /* NULL: nothing */
} rows[] = {
	/* as people are called */
	{ "a@b.example", NULL, NULL, NULL },
	{ "Ann B. <a@b.example>", NULL, NULL, NULL },
	{ "\"Ann @ home\" <a@b.example>", NULL, NULL, NULL },
	{ "=?utf-8?q?Gr=C3=BCn=2C_Ann?= <a@gr\xc3\xbcn.test>", NULL, NULL, NULL },
	{ "\xd0\x98\xd0\xb2\xd0\xb0\xd0\xbd <\xd0\xb8\xd0\xb2\xd0\xb0\xd0\xbd@\xd0\xbf\xd0\xbe\xd1\x87\xd1\x82\xd0\xb0.example>", NULL, NULL, NULL },
	{ "=?utf-8?q?=D7=A9=D7=9C=E2=80=8F?= <a@b.example>", NULL, NULL, NULL },
	{ "=?utf-8?q?ends_so=0D=0A?= <a@b.example>", NULL, NULL, NULL },
	{ "\xe6\x97\xa5\xe6\x9c\xacnet <a@xn--wgv71a119e.jp>", NULL, NULL, NULL },
	{ "prvs=1=a+=b?c@b.example", NULL, NULL, NULL },
	{ "undisclosed:;", NULL, NULL, NULL },
	{ "", NULL, NULL, NULL },
	/* the name is the address */
	{ "\"a@b.example\" <a@b.example>", NULL, NULL, NULL },
	{ "\"a@b.example\" <a@mail.b.example>", NULL, NULL, NULL },
	{ "\"a@mail.b.example\" <a@b.example>", NULL, NULL, NULL },
	{ "\"boss@ours.example\" <boss@ours.example>", NULL, NULL, NULL },
	{ "ours.example <boss@mail.ours.example>", NULL, NULL, NULL },
	{ "\"ann@gr\xc3\xbcn.example\" <ann@xn--grn-ioa.example>", NULL, NULL, NULL },
	/* another */
	{ "\"a@c.example\" <a@b.example>", NULL, "the name shows another address: a@c.example", NULL },
	{ "\"Ann <a@c.example>\" <a@b.example>", NULL, "the name shows another address: ann <a@c.example>", NULL },
	{ "\"Ann (a@c.example) via L\" <l@b.example>", NULL, "the name shows another address", NULL },
	{ "l@b.example (a@c.example)", NULL, "the name shows another address", NULL },
	{ "=?utf-8?b?YUBjLmV4YW1wbGU=?= <l@b.example>", NULL, "the name shows another address: a@c.example", NULL },
	{ "=?utf-8?q?a=EF=BC=A0c=E2=80=8B.example?= <l@b.example>", NULL, "the name shows another address: a@c.example", NULL },
	{ "\"a@c.example:\" <x@c.example>, \"b@d.example\" <x@c.example>", NULL, "the name shows another address: b@d.example", NULL },
	{ "\"a@c.example\": x@c.example;", NULL, "the name shows another address", NULL },
	/* ours */
	{ "\"Boss boss@OURS.example\" <x@b.example>", "the name shows an address of ours: boss boss@ours.example", "the name shows another address", NULL },
	{ "\"boss@mail.ours.example\" <x@b.example>", "the name shows an address of ours", "the name shows another address", NULL },
	{ "ours.example support <x@b.example>", "the name shows a domain of ours: ours.example support", NULL, NULL },
	{ "\"Mail (www.Ours.Example)\" <x@b.example>", "the name shows a domain of ours", NULL, NULL },
	{ "\"ours.example.\" <x@b.example>", "the name shows a domain of ours", NULL, NULL },
	{ "\"b\xd0\xbess@\xd0\xbeurs.ex\xd0\xb0mple\" <x@b.example>", "the name shows an address of ours: boss@ours.example", "the name shows another address", NULL },
	{ "yours.example support <x@b.example>", NULL, NULL, NULL },
	{ "ours.example.org support <x@b.example>", NULL, NULL, NULL },
	{ "ours.examples <x@b.example>", NULL, NULL, NULL },
	{ "localhost <x@b.example>", NULL, NULL, NULL },
	{ "gr\xc3\xbcn.example <x@b.example>", "the name shows a domain of ours", NULL, NULL },
	{ "boss@0urs.example", "its domain looks like one of ours: 0urs.example", NULL, NULL },
	{ "boss@rny-rnint.example", "its domain looks like one of ours: rny-rnint.example", NULL, NULL },
	{ "boss@mail.0urs.example", "its domain looks like one of ours", NULL, NULL },
	{ "boss@0urs.example.test", NULL, NULL, NULL },
	{ "boss@xn--urs-red.example", "its domain looks like one of ours: xn--urs-red.example", NULL, "the address mixes scripts: \xd0\xbeurs.example" },
	/* what is not what it looks like */
	{ "=?utf-8?q?Boss=00?= <x@b.example>", NULL, NULL, "the name has control characters" },
	{ "=?utf-8?q?Boss=08=08?= <x@b.example>", NULL, NULL, "the name has control characters" },
	{ "\"Boss\x7f\" <x@b.example>", NULL, NULL, "the name has control characters" },
	{ "=?utf-8?q?Boss=E2=80=AEmoc?= <x@b.example>", NULL, NULL, "the name turns text around" },
	{ "\xe2\x80\xad\x42oss <x@b.example>", NULL, NULL, "the name turns text around" },
	{ "=?utf-8?b?cG90dXNAd2hpdGVob3VzZS5nb3Y=?=@b.example", NULL, NULL, "the address has an encoded word: =?utf-8?b?" },
	{ "\"=?utf-8?q?x?=\"@b.example", NULL, NULL, "the address has an encoded word" },
	{ "u\xcc\x88@b.example", NULL, NULL, "the address is not in normal form" },
	{ "a@u\xcc\x88.example", NULL, NULL, "the address is not in normal form" },
	{ "\xc3\xbc@b.example", NULL, NULL, NULL },
	{ "p\xd0\xb0yp\xd0\xb0l@b.example", NULL, NULL, "the address mixes scripts: p" },
	{ "\xd0\xb8\xd0\xb2\xd0\xb0\xd0\xbd.smith@b.example", NULL, NULL, NULL },
	{ "a@p\xd0\xb0ypal.example", NULL, NULL, "the address mixes scripts" },
	{ "a@xn--80ak6aa92e.com", NULL, NULL, "its domain is in letters that look like Latin ones: \xd0\xb0\xd1\x80\xd1\x80\xd3\x8f\xd0\xb5.com" },
	{ "a@xn--80ak6aa92e.xn--p1ai", NULL, NULL, NULL },
	{ "a@xn--e1afmkfd.example", NULL, NULL, NULL },
};
/* clang-format on */

static void
check(size_t row, const char *what, struct slice found, const char *wanted)
{
	if (wanted == NULL ? found.n > 0
			   : !slice_starts(found, slice_str(wanted)))
		fail_msg("row %zu, %s: %s: \"%.*s\"", row, rows[row].from, what,
		    SLICE_FMT(found));
}

static void
test_from(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf header = { .max = 1000 };
		struct lookalike l;
		struct arena a;

		arena_init(&a);
		buf_addf(
		    &header, "Subject: x\r\nFrom: %s\r\n\r\n", rows[i].from);
		lookalike_find(buf_slice(&header), &own, &a, &l);
		check(i, "own", l.own, rows[i].own);
		check(i, "other", l.other, rows[i].other);
		check(i, "disguised", l.disguised, rows[i].disguised);
		arena_fini(&a);
		buf_fini(&header);
	}
}

/* Nothing without From; each of several counts; the words alone are ASCII. */
static void
test_fields(void **state)
{
	struct lookalike l;
	struct arena a;

	(void)state;
	arena_init(&a);
	lookalike_find(
	    SLICE("Sender: \"a@c.test\" <b@d.test>\r\n\r\n"), &own, &a, &l);
	assert_int_equal(l.own.n + l.other.n + l.disguised.n, 0);
	lookalike_find(SLICE("From: a@b.test\r\nfrom: \"ours.example\" "
			     "<b@d.test>\r\n\r\n"),
	    &own, &a, &l);
	assert_true(slice_is(
	    lookalike_words(l.own), "the name shows a domain of ours"));
	assert_int_equal(lookalike_words(SLICE("")).n, 0);
	arena_fini(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_from),
		cmocka_unit_test(test_fields),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
