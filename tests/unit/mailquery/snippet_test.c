/* SPDX-License-Identifier: ISC */
#include "mailquery/snippet.h"

#include "tests/unit.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/mem.h"
#include "mailquery/criteria.h"

#define LONG                                                                   \
	"one two three four five six seven eight nine ten eleven twelve "      \
	"thirteen fourteen fifteen sixteen needle seventeen eighteen nineteen"

static void
test_marks(void **state)
{
	static const struct {
		const char *text, *wanted;
		size_t max;
		const char *want; /* NULL: nothing is found */
	} rows[] = {
		{ "Plans for Monday", "plan", 255,
		    "<mark>Plan</mark>s for Monday" },
		{ "Plans for Monday", "monday PLANS", 255,
		    "<mark>Plans</mark> for <mark>Monday</mark>" },
		{ "Plans", "tuesday", 255, NULL },
		{ "", "a", 255, NULL },
		{ "a < b & needle > c", "needle", 255,
		    "a &lt; b &amp; <mark>needle</mark> &gt; c" },
		{ "Stra\xc3\x9f"
		  "e nach K\xc3\xb6ln",
		    "STRASSE", 255,
		    "<mark>Stra\xc3\x9f"
		    "e</mark> nach K\xc3\xb6ln" },
		{ "a bcd", "bc c", 255, "a <mark>bc</mark>d" },
		{ "a bcd", "b bcd", 255, "a <mark>bcd</mark>" },
		{ "x \xff needle", "needle", 255,
		    "x \xef\xbf\xbd <mark>needle</mark>" },
		{ LONG, "needle", 100,
		    "nine ten eleven twelve thirteen fourteen fifteen sixteen "
		    "<mark>needle</mark> seventeen eighteen nine" },
		/* The mark has no room. */
		{ "a needle", "needle", 7, "a " },
		{ "one \"two three\"", "\"two three\"", 255,
		    "one \"<mark>two three</mark>\"" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf out = { .max = 1000 };
		struct snippet_needles needles;
		struct criterion *c;
		struct arena a;
		bool found;

		arena_init(&a);
		c = criteria_new(&a, CRITERION_TEXT);
		c->text = slice_str(rows[i].wanted);
		snippet_needles(&needles, c, true, &a);
		found = snippet_put(
		    &out, slice_str(rows[i].text), &needles, rows[i].max);
		if (found != (rows[i].want != NULL) ||
		    (found && !slice_is(buf_slice(&out), rows[i].want)))
			fail_msg("row %zu: %s", i, buf_cstr(&out));
		assert_true(out.n <= rows[i].max);
		buf_fini(&out);
		arena_fini(&a);
	}
}

/* What a filter looks for, and where. */
static void
test_needles(void **state)
{
	struct criterion *all, *not, *subject, *body;
	struct snippet_needles n;
	struct arena a;

	(void)state;
	arena_init(&a);
	all = criteria_new(&a, CRITERION_AND);
	all->child = not = criteria_new(&a, CRITERION_NOT);
	not ->child = criteria_new(&a, CRITERION_TEXT);
	not ->child->text = SLICE("no");
	not ->next = subject = criteria_new(&a, CRITERION_SUBJECT);
	subject->text = SLICE("Two words");
	subject->next = body = criteria_new(&a, CRITERION_BODY);
	body->text = SLICE("inside");
	snippet_needles(&n, all, false, &a);
	assert_int_equal(n.n, 2);
	assert_true(slice_is(n.v[0], "two") && slice_is(n.v[1], "words"));
	snippet_needles(&n, all, true, &a);
	assert_int_equal(n.n, 1);
	assert_true(slice_is(n.v[0], "inside"));
	snippet_needles(&n, NULL, true, &a);
	assert_int_equal(n.n, 0);
	arena_fini(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_marks),
		cmocka_unit_test(test_needles) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
