/* SPDX-License-Identifier: ISC */
#include "dmarc/from.h"

#include "tests/unit.h"

#include <stdio.h>

#include "base/buf.h"
#include "base/mem.h"

/* "good a.example b.example" */
static void
say(const struct dmarc_from *from, struct buf *out)
{
	static const char *const states[] = { "good", "absent", "several",
		"malformed" };

	buf_adds(out, states[from->state]);
	for (size_t i = 0; i < from->n && from->state == DMARC_FROM_GOOD; i++)
		buf_addf(out, " %.*s", SLICE_FMT(from->domains[i]));
}

static void
test_values(void **state)
{
	static const struct {
		const char *value, *says;
	} rows[] = {
		{ "a@x.example", "good x.example" },
		{ "<a@X.Example>", "good x.example" },
		{ "\"Joe, (x) <a@b>\" <a@x.example>", "good x.example" },
		{ "Joe <a@x.example> (not b@y.example)", "good x.example" },
		{ "Joe\r\n <a@x.example>", "good x.example" },
		{ "a@x.example, b@y.example", "good x.example y.example" },
		{ "a@x.example,\r\n b@x.example", "good x.example" },
		{ "Team: a@x.example, b@y.example;",
		    "good x.example y.example" },
		{ "nobody:;", "good" },
		{ "a@[192.0.2.1]", "good" },
		{ "<@route.example:a@x.example>", "good x.example" },
		{ "\"a@y.example\"@x.example", "good x.example" },
		{ "a@b\xc3\xbc"
		  "cher.example",
		    "good xn--bcher-kva.example" },
		{ "a@x.example.", "good x.example" },
		{ "=?utf-8?q?a=40y=2Eexample?= <a@x.example>",
		    "good x.example" },
		/* some programs show the one, some the other */
		{ "a@y.example <b@x.example>", "good y.example x.example" },
		{ "a@x.example <a@x.example>", "good x.example" },
		/* what can be read in two ways */
		{ "", "malformed" },
		{ "Joe", "malformed" },
		{ "Joe <a>", "malformed" },
		{ "<a@x.example> <b@y.example>", "malformed" },
		{ "<a@x.example> b@y.example", "malformed" },
		{ "<a@x.example", "malformed" },
		{ "<<a@x.example>>", "malformed" },
		{ "a@x.example b@y.example", "malformed" },
		{ "a@x.example@y.example", "malformed" },
		{ "a@x.example> <b@y.example", "malformed" },
		{ "\"Joe <a@x.example>", "malformed" },
		{ "Joe (x <a@x.example>", "malformed" },
		{ "a@x.example\x01", "malformed" },
		{ "a@=?utf-8?q?x?=.example", "malformed" },
		{ "a@x..example", "malformed" },
		{ "a@x.example;b@y.example <c@z.example;d@w.example>",
		    "malformed" },
		{ "a@1.x, a@2.x, a@3.x, a@4.x, a@5.x, a@6.x, a@7.x, a@8.x",
		    "good 1.x 2.x 3.x 4.x 5.x 6.x 7.x 8.x" },
		{ "a@1.x, a@2.x, a@3.x, a@4.x, a@5.x, a@6.x, a@7.x, a@8.x, "
		  "a@9.x",
		    "malformed" },
		{ "a@x,a@x,a@x,a@x,a@x,a@x,a@x,a@x,a@x,a@x,a@x,a@x,a@x,a@x,"
		  "a@x,a@x,a@x,a@x,a@x,a@x,a@x,a@x,a@x,a@x,a@x,a@x,a@x,a@x,"
		  "a@x,a@x,a@x,a@x,a@x,a@y",
		    "malformed" },
	};
	struct buf out = { .max = 999 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct dmarc_from from;
		struct arena a;

		arena_init(&a);
		dmarc_from_parse(slice_str(rows[i].value), &a, &from);
		buf_reset(&out);
		say(&from, &out);
		if (!slice_is(buf_slice(&out), rows[i].says))
			print_error("%s: %s, not %s\n", rows[i].value,
			    buf_cstr(&out), rows[i].says);
		assert_true(slice_is(buf_slice(&out), rows[i].says));
		arena_fini(&a);
	}
	buf_fini(&out);
}

static void
test_fields(void **state)
{
	static const struct {
		const char *header, *says;
	} rows[] = {
		{ "To: x@y.example\r\n", "absent" },
		{ "From: a@x.example\r\nTo: b\r\n", "good x.example" },
		{ "From: a@x.example\r\nfrom: b@y.example\r\n", "several" },
		{ "From: a@x.example\r\nFROM : b@y.example\r\n", "several" },
		{ "X: y\r\n\r\nFrom: a@x.example\r\n", "absent" },
		{ "From:\r\n a@x.example\r\n", "good x.example" },
	};
	struct buf out = { .max = 999 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct dmarc_from from;
		struct arena a;

		arena_init(&a);
		dmarc_from_find(slice_str(rows[i].header), &a, &from);
		buf_reset(&out);
		say(&from, &out);
		assert_string_equal(buf_cstr(&out), rows[i].says);
		assert_int_equal(dmarc_from_why(from.state) == NULL,
		    from.state == DMARC_FROM_GOOD);
		arena_fini(&a);
	}
	buf_fini(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_fields),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
