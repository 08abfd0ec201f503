/* SPDX-License-Identifier: ISC */
#include "dkim/arc.h"

#include "tests/unit.h"

#include "base/mem.h"
#include "tests/dkim.h"
#include "tests/vectors/arc.h"

/* The verdict on MESSAGE, which is freed with A. */
static void
verify(struct slice message, const char *zone_text, struct arena *a,
    struct dkim_arc_verdict *v)
{
	struct err err = { .text = "" };
	struct dns_zone *zone = dns_zone_parse(slice_str(zone_text), &err);
	struct dns_answers answers;
	struct dkim_message m;

	assert_non_null(zone);
	dkim_message_init(&m, &dkim_limits_default);
	dkim_test_read(&m, message, 50);
	dns_answers_init(&answers);
	while (!dkim_arc_verify(&m, &answers, 1700000100, a, v))
		dns_zone_answer(zone, &answers);
	v->sealer = arena_slice(a, v->sealer);
	v->results = arena_slice(a, v->results);
	dns_answers_fini(&answers);
	dkim_message_fini(&m);
	dns_zone_free(&zone);
}

/* The first N sets, newest first, with FROM replaced by TO once, then the
 * message. */
static void
make(unsigned n, const char *from, const char *to, struct buf *out)
{
	struct buf text = { .max = 99999 };
	size_t at;

	for (unsigned i = n; i > 0; i--)
		buf_adds(&text, arc_sets[i - 1]);
	buf_adds(&text, arc_message);
	at = slice_search(buf_slice(&text), slice_str(from));
	assert_true(at < text.n);
	buf_add(out, slice_sub(buf_slice(&text), 0, at));
	buf_adds(out, to);
	buf_add(out, slice_from(buf_slice(&text), at + strlen(from)));
	buf_fini(&text);
}

static void
test_chains(void **state)
{
	static const struct {
		const char *what;
		unsigned sets;
		const char *from, *to;
		enum dkim_arc_result result;
		unsigned failed;
	} rows[] = {
		{ "none", 0, "From", "From", DKIM_ARC_NONE, 0 },
		{ "one set", 1, "From", "From", DKIM_ARC_PASS, 0 },
		{ "two", 2, "From", "From", DKIM_ARC_PASS, 0 },
		{ "three", 3, "From", "From", DKIM_ARC_PASS, 0 },
		{ "the body was changed", 3, "Hi  there", "Hi there!",
		    DKIM_ARC_FAIL, 3 },
		{ "white space was", 3, "Hi  there", "Hi there", DKIM_ARC_PASS,
		    0 },
		{ "From was changed", 2, "joe@author", "eve@author",
		    DKIM_ARC_FAIL, 2 },
		{ "results of the first hop were", 3, "i=1; list.example; spf",
		    "i=1; list.example; dkim", DKIM_ARC_FAIL, 1 },
		{ "those of the second", 3, "i=2; forward.example; spf",
		    "i=2; forward.example; dkim", DKIM_ARC_FAIL, 2 },
		{ "a seal is gone", 3, "ARC-Seal: i=2", "X-Seal: i=2",
		    DKIM_ARC_FAIL, 2 },
		{ "a set is gone", 3, "ARC-Authentication-Results: i=1",
		    "X-Results: i=1", DKIM_ARC_FAIL, 1 },
		{ "a set is there twice", 3, "ARC-Seal: i=2", "ARC-Seal: i=3",
		    DKIM_ARC_FAIL, 0 },
		{ "no instance", 1, "ARC-Seal: i=1", "ARC-Seal: i=0",
		    DKIM_ARC_FAIL, 0 },
		{ "too many instances", 1, "ARC-Seal: i=1", "ARC-Seal: i=51",
		    DKIM_ARC_FAIL, 0 },
		{ "a chain that failed", 3, "i=3; cv=pass", "i=3; cv=fail",
		    DKIM_ARC_FAIL, 3 },
		{ "a first that has a chain", 3, "i=1; cv=none", "i=1; cv=pass",
		    DKIM_ARC_FAIL, 1 },
		{ "a second that has none", 3, "i=2; cv=pass", "i=2; cv=none",
		    DKIM_ARC_FAIL, 2 },
		{ "h= in a seal", 1, "ARC-Seal: i=1;", "ARC-Seal: i=1; h=from;",
		    DKIM_ARC_FAIL, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf message = { .max = 99999 };
		struct dkim_arc_verdict v;
		struct arena a;

		arena_init(&a);
		make(rows[i].sets, rows[i].from, rows[i].to, &message);
		verify(buf_slice(&message), arc_zone, &a, &v);
		if (v.result != rows[i].result || v.failed != rows[i].failed)
			fail_msg("%s: %s at %u (%s)", rows[i].what,
			    dkim_arc_result_name(v.result), v.failed,
			    v.why != NULL ? v.why : "");
		arena_fini(&a);
		buf_fini(&message);
	}
}

static void
test_told(void **state)
{
	struct buf message = { .max = 99999 };
	struct dkim_arc_verdict v;
	struct arena a;

	(void)state;
	arena_init(&a);
	make(2, "From", "From", &message);
	verify(buf_slice(&message), arc_zone, &a, &v);
	assert_int_equal(v.instances, 2);
	assert_true(slice_is(v.sealer, "forward.example"));
	assert_true(slice_search(v.results, SLICE("i=2; forward.example; "
						  "spf=pass")) < v.results.n);
	/* no key, and no answer */
	verify(buf_slice(&message), "list.example. A 192.0.2.1\n", &a, &v);
	assert_int_equal(v.result, DKIM_ARC_FAIL);
	verify(buf_slice(&message),
	    "s1._domainkey.list.example. FAIL\n"
	    "s1._domainkey.forward.example. FAIL\n",
	    &a, &v);
	assert_int_equal(v.result, DKIM_ARC_TEMPERROR);
	/* what was changed between two hops is what the second has signed */
	verify(slice_str(arc_changed), arc_zone, &a, &v);
	assert_int_equal(v.result, DKIM_ARC_PASS);
	arena_fini(&a);
	buf_fini(&message);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_chains),
		cmocka_unit_test(test_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
