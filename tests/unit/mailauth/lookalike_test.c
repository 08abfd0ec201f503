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
	{ "=?utf-8?q?boss=40ours=E3=80=82example?= <x@b.example>", "the name shows an address of ours: boss@ours.example", "the name shows another address", NULL },
	{ "ours\xef\xbd\xa1\x65xample <x@b.example>", "the name shows a domain of ours", NULL, NULL },
	{ "\"boss@\xe2\xa0\x80ours\xe2\x81\xa5.\xef\xbf\xb9\x65\xef\xbf\xbcxam\xe2\x80\xa8p\xe2\x80\xa9le\" <x@b.example>", "the name shows an address of ours: boss@ours.example", "the name shows another address", NULL },
	/* what is not what it looks like */
	{ "=?utf-8?q?Boss=C2=80?= <x@b.example>", NULL, NULL, "the name has control characters" },
	{ "=?utf-8?q?Boss=C2=9F?= <x@b.example>", NULL, NULL, "the name has control characters" },
	{ "=?iso-8859-1?q?O=92Brien?= <x@b.example>", NULL, NULL, NULL },
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

#define ZERO "=E2=80=8B"
/* Field after field or name after name: BEFORE, MORE so many times, AFTER. */
static const struct {
	const char *before, *more;
	size_t times;
	const char *after, *own, *other, *disguised;
} long_rows[] = {
	/* what stands before the text */
	{ "", "=?utf-8?q?" ZERO ZERO ZERO ZERO ZERO ZERO "?= ", 40, "=?utf-8?q?boss=40ours.example?= <x@b.example>", "the name shows an address of ours: boss@ours.example", "the name shows another address", NULL },
	{ "\"", "\xe2\x80\x8b", 800, "boss@ours.example\" <x@b.example>", "the name shows an address of ours: boss@ours.example", "the name shows another address", NULL },
	{ "", "=?utf-8?q?" "?= ", 250, "=?utf-8?q?boss=40ours.example?= <x@b.example>", "the name shows an address of ours: boss@ours.example", "the name shows another address", NULL },
	{ "\"", " ", 2100, "boss@ours.example\" <x@b.example>", "the name shows an address of ours:  boss@ours.example", "the name shows another address", NULL },
	{ "\"", " ", 5000, "boss@ours.example\" <x@b.example>", NULL, NULL, "the name is too long" },
	{ "\"", "\xef\xb7\xba", 1000, "boss@ours.example\" <x@b.example>", NULL, NULL, "the name is too long" },
	{ "=?utf-8?q?", ZERO, 120, "boss=40ours.example?= <x@b.example>", NULL, NULL, "the name is too long" },
	{ "x", "y", 1000, "@b.example", NULL, NULL, "the address is too long" },
	/* how many there are */
	{ "", "<>,", 33, "\"boss@ours.example\" <x@b.example>", "the name shows an address of ours", "the name shows another address", NULL },
	{ "", "<>,", 63, "\"boss@ours.example\" <x@b.example>", "the name shows an address of ours", "the name shows another address", NULL },
	{ "", "<>,", 64, "\"boss@ours.example\" <x@b.example>", NULL, NULL, "From names too many" },
	{ "", "a@b.example\r\nFrom: ", 64, "ours.example <x@b.example>", NULL, NULL, "From names too many" },
	{ "", "\r\nFrom: ", 64, "ours.example <x@b.example>", NULL, NULL, "From names too many" },
	{ "\"", "a@b.example ", 65, "boss@ours.example\" <x@b.example>", "the name shows a domain of ours", NULL, "From names too many" },
	{ "\"", "a@c\xc3\xa9.b.example ", 17, "boss@ours.example\" <x@b.example>", "the name shows a domain of ours", NULL, "From names too many" },
	{ "", "a@c\xc3\xa9.b.example, ", 17, "ours.example <x@b.example>", NULL, NULL, "From names too many" },
	{ "", "a@xn--c-cja.b.example, ", 17, "ours.example <x@b.example>", NULL, NULL, "From names too many" },
	{ "", "\"a name of 40 bytes, more or less as such\" <a@b.example>, ", 60, "ours.example <x@b.example>", "the name shows a domain of ours", NULL, NULL },
	{ "", "=?utf-8?q?" ZERO ZERO ZERO ZERO ZERO ZERO ZERO ZERO ZERO ZERO ZERO ZERO ZERO ZERO ZERO ZERO ZERO ZERO ZERO ZERO ZERO ZERO ZERO ZERO ZERO ZERO ZERO ZERO ZERO ZERO ZERO ZERO ZERO ZERO ZERO ZERO ZERO ZERO ZERO ZERO "?= <a@b.example>, ", 50, "x@b.example", NULL, NULL, "From names too many" },
	{ "", "=?koi8-r?q?=C1?= =?big5?q?a?= ", 9, "<x@b.example>", NULL, NULL, "From names too many" },
	{ "a@b.example, \"", "\xef\xb7\xba", 400, "\" <x@b.example>, \"\xef\xb7\xba\" <x@b.example>, ours.example <x@b.example>", "the name shows a domain of ours", NULL, NULL },
	/* honest ones */
	{ "\"", "\xea\xb0\x80\xeb\x82\x98 ", 70, "\" <x@b.example>", NULL, NULL, NULL },
	{ "", "=?utf-8?b?44Oi44O844OL44Oz44Kw5aiY44CC?= ", 25, "<x@b.example>", NULL, NULL, NULL },
	{ "", "=?iso-2022-jp?b?GyRCO0VAaBsoQg==?= ", 40, "<x@b.example>", NULL, NULL, NULL },
	{ "\"", "\xd8\xa7\xd9\x84\xd8\xb3\xd9\x84\xd8\xa7\xd9\x85 \xe2\x80\x8f", 30, "\" <x@b.example>", NULL, NULL, NULL },
	{ "\"", "\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91\xa7", 45, "\" <x@b.example>", NULL, NULL, NULL },
	{ "\"[", "Announcements of the list ", 18, "]\" <x@b.example>", NULL, NULL, NULL },
	{ "", "a@b.example, ", 60, "c@d.example", NULL, NULL, NULL },
};
/* clang-format on */

static void
check(size_t row, const char *from, const char *what, struct slice found,
    const char *wanted)
{
	if (wanted == NULL ? found.n > 0
			   : !slice_starts(found, slice_str(wanted)))
		fail_msg("row %zu, %s: %s: \"%.*s\"", row, from, what,
		    SLICE_FMT(found));
}

static void
test_long(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(long_rows); i++) {
		struct buf header = { .max = 30000 };
		struct lookalike l;
		struct arena a;

		arena_init(&a);
		buf_addf(
		    &header, "Subject: x\r\nFrom: %s", long_rows[i].before);
		for (size_t n = 0; n < long_rows[i].times; n++)
			buf_adds(&header, long_rows[i].more);
		buf_addf(&header, "%s\r\n\r\n", long_rows[i].after);
		assert_false(header.failed);
		lookalike_find(buf_slice(&header), &own, &a, &l);
		check(i, long_rows[i].more, "own", l.own, long_rows[i].own);
		check(
		    i, long_rows[i].more, "other", l.other, long_rows[i].other);
		check(i, long_rows[i].more, "disguised", l.disguised,
		    long_rows[i].disguised);
		arena_fini(&a);
		buf_fini(&header);
	}
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
		check(i, rows[i].from, "own", l.own, rows[i].own);
		check(i, rows[i].from, "other", l.other, rows[i].other);
		check(i, rows[i].from, "disguised", l.disguised,
		    rows[i].disguised);
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
		cmocka_unit_test(test_long),
		cmocka_unit_test(test_fields),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
