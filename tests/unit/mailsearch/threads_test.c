/* SPDX-License-Identifier: ISC */
#include "mailsearch/threads.h"

#include "tests/unit.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/map.h"
#include "base/mem.h"
#include "mailsearch/msgid.h"

enum { LIMIT = 64 << 20 };

/* Letters are ids: "c<ab" has the id c and the references a, b. */
struct message {
	const char *id_and_references;
	int64_t date_s;
	const char *subject; /* with "Re: " before it: a reply */
};

static void
add(struct threads *t, uint32_t number, const struct message *m)
{
	const char *ids = m->id_and_references;
	uint64_t references[16];
	struct thread_message tm = {
		.number = number, .date_s = m->date_s, .references = references
	};
	struct slice subject = slice_str(m->subject);

	tm.reply = slice_starts(subject, SLICE("Re: "));
	if (tm.reply)
		subject = slice_from(subject, 4);
	tm.subject = subject.n > 0 ? map_hash(subject) | 1 : 0;
	if (ids[0] != '<')
		tm.id = (uint64_t)ids[0];
	for (const char *p = strchr(ids, '<') + 1; *p != '\0'; p++)
		references[tm.nreferences++] = (uint64_t)*p;
	threads_add(t, &tm);
}

static void
check(enum thread_algorithm algorithm, const struct message *m, size_t n,
    const char *want)
{
	struct threads t;
	struct buf out;

	threads_init(&t, algorithm, LIMIT);
	for (size_t i = 0; i < n; i++)
		add(&t, (uint32_t)i + 1, &m[i]);
	while (threads_step(&t))
		;
	buf_init(&out, 1 << 20);
	while (threads_put(&t, &out))
		;
	assert_string_equal(buf_cstr(&out), want);
	buf_fini(&out);
	threads_fini(&t);
}

#define CHECK(algorithm, want, ...)                                            \
	do {                                                                   \
		static const struct message m[] = { __VA_ARGS__ };             \
		check(algorithm, m, ARRAY_LEN(m), want);                       \
	} while (0)

/* clang-format off */
static void
test_references(void **state)
{
	(void)state;
	CHECK(THREAD_REFERENCES, "(1)", { "a<", 1, "" });
	/* the example of RFC 5256 4: two threads, one that branches */
	CHECK(THREAD_REFERENCES, "(1)(2 5 (3)(4 6))",
	    { "x<", 1, "" }, { "a<", 2, "" }, { "c<ab", 4, "" },
	    { "d<ab", 5, "" }, { "b<a", 3, "" }, { "f<abd", 6, "" });
	/* (1) A: dummies; (3) B: a dummy with one child goes, with two stays */
	CHECK(THREAD_REFERENCES, "(1)", { "b<a", 1, "" });
	CHECK(THREAD_REFERENCES, "((1)(2))", { "b<a", 1, "" }, { "c<a", 2, "" });
	CHECK(THREAD_REFERENCES, "((1)(2))",
	    { "b<aA", 1, "" }, { "c<aB", 2, "" });
	CHECK(THREAD_REFERENCES, "(1 (2)(3))",
	    { "a<", 1, "" }, { "c<aX", 2, "" }, { "d<aXY", 3, "" });
	/* a reply that comes before what it replies to */
	CHECK(THREAD_REFERENCES, "(2 1)", { "b<a", 2, "" }, { "a<", 1, "" });
	/* (1) A: a Message-ID counts once */
	CHECK(THREAD_REFERENCES, "(1 3)(2)",
	    { "a<", 1, "" }, { "a<", 2, "" }, { "b<a", 3, "" });
	CHECK(THREAD_REFERENCES, "(1)(2)", { "<", 1, "" }, { "<", 2, "" });
	/* (1) B: links that are there stay; loops are not made */
	CHECK(THREAD_REFERENCES, "(1)", { "a<a", 1, "" });
	CHECK(THREAD_REFERENCES, "(2 1)", { "a<b", 1, "" }, { "b<a", 2, "" });
	CHECK(THREAD_REFERENCES, "(3 2 1)",
	    { "a<b", 1, "" }, { "b<c", 2, "" }, { "c<a", 3, "" });
	CHECK(THREAD_REFERENCES, "(2 1)", { "a<bab", 1, "" }, { "b<a", 2, "" });
	/* (1) C: a message's own last reference wins over a chain of another */
	CHECK(THREAD_REFERENCES, "(1)(3 4 2)",
	    { "a<", 1, "" }, { "x<ab", 2, "" }, { "c<", 3, "" },
	    { "b<c", 4, "" });
	CHECK(THREAD_REFERENCES, "(1)(3 2)",
	    { "a<", 1, "" }, { "x<ab", 2, "" }, { "b<", 3, "" });
	/* siblings go by date, then by number */
	CHECK(THREAD_REFERENCES, "(1 (4)(2)(3))",
	    { "a<", 1, "" }, { "b<a", 9, "" }, { "c<a", 9, "" },
	    { "d<a", 8, "" });
}

static void
test_subjects(void **state)
{
	(void)state;
	/* (5) C: a reply goes beneath */
	CHECK(THREAD_REFERENCES, "(1 2)",
	    { "<", 1, "s" }, { "<", 2, "Re: s" });
	CHECK(THREAD_REFERENCES, "(2 1)",
	    { "<", 1, "Re: s" }, { "<", 2, "s" });
	/* two of one kind get a dummy, and those that follow as well */
	CHECK(THREAD_REFERENCES, "((1)(2))", { "<", 1, "s" }, { "<", 2, "s" });
	CHECK(THREAD_REFERENCES, "((1)(2)(3))",
	    { "<", 1, "s" }, { "<", 2, "s" }, { "<", 3, "Re: s" });
	CHECK(THREAD_REFERENCES, "((1)(2))",
	    { "<", 1, "Re: s" }, { "<", 2, "Re: s" });
	/* a dummy takes in the others, of another dummy its children */
	CHECK(THREAD_REFERENCES, "((1)(2)(3))",
	    { "b<a", 1, "s" }, { "c<a", 2, "t" }, { "<", 3, "s" });
	CHECK(THREAD_REFERENCES, "((1)(2)(3)(4))",
	    { "b<a", 1, "s" }, { "c<a", 2, "s" }, { "e<d", 3, "s" },
	    { "f<d", 4, "s" });
	/* an empty subject gathers nothing; REFS gathers by none */
	CHECK(THREAD_REFERENCES, "(1)(2)", { "<", 1, "" }, { "<", 2, "" });
	CHECK(THREAD_REFS, "(1)(2)", { "<", 1, "s" }, { "<", 2, "Re: s" });
}

static void
test_refs(void **state)
{
	(void)state;
	/* threads by their latest message */
	CHECK(THREAD_REFS, "(2)(1 3)",
	    { "a<", 1, "" }, { "b<", 2, "" }, { "c<a", 3, "" });
	CHECK(THREAD_REFERENCES, "(1 3)(2)",
	    { "a<", 1, "" }, { "b<", 2, "" }, { "c<a", 3, "" });
	CHECK(THREAD_REFS, "(3)((1)(2))",
	    { "b<a", 1, "" }, { "c<a", 9, "" }, { "d<", 5, "" });
}

static void
test_orderedsubject(void **state)
{
	(void)state;
	CHECK(THREAD_ORDEREDSUBJECT, "(1)", { "<", 1, "s" });
	CHECK(THREAD_ORDEREDSUBJECT, "(1 2)",
	    { "<", 1, "s" }, { "<", 2, "Re: s" });
	CHECK(THREAD_ORDEREDSUBJECT, "(1 3 (4)(5))(2)",
	    { "<", 1, "s" }, { "<", 2, "t" }, { "<", 3, "s" },
	    { "<", 4, "s" }, { "<", 5, "s" });
	CHECK(THREAD_ORDEREDSUBJECT, "(2 1)", { "<", 2, "s" }, { "<", 1, "s" });
	CHECK(THREAD_ORDEREDSUBJECT, "(1 2)", { "<", 1, "" }, { "<", 2, "" });
}
/* clang-format on */

static void
put_all(struct threads *t, struct buf *out)
{
	while (threads_step(t))
		;
	buf_init(out, 64 << 20);
	while (threads_put(t, out))
		;
}

/* One thread of 100,000, each of which names the one before, in either order;
 * and a star; in time that is in proportion. */
static void
test_long_thread(void **state)
{
	enum { N = 100000 };

	(void)state;
	for (int shape = 0; shape < 3; shape++) {
		struct threads t;
		struct buf out;

		threads_init(&t, THREAD_REFERENCES, LIMIT);
		for (uint32_t i = 1; i <= N; i++) {
			const uint64_t last = shape == 0   ? i - 1
					      : shape == 1 ? i + 1
							   : 1;
			const struct thread_message m = { .number = i,
				.date_s = i,
				.id = i,
				.references = &last,
				.nreferences = i > 1 || shape == 1 };

			threads_add(&t, &m);
		}
		put_all(&t, &out);
		assert_int_equal(out.p[0], '(');
		assert_int_equal(out.p[out.n - 1], ')');
		assert_true(slice_starts(
		    buf_slice(&out), shape == 0   ? SLICE("(1 2 3 4 ")
				     : shape == 1 ? SLICE("(100000 99999 ")
						  : SLICE("(1 (2)(3)(4)")));
		buf_fini(&out);
		threads_fini(&t);
	}
}

/* Loops that are tried again and again cost no more than what is there; ids of
 * nobody beyond the limit make no nodes. */
static void
test_hostile(void **state)
{
	enum { N = 20000, MANY = 100 };
	struct threads t;
	struct buf out;
	size_t numbers = 0;

	(void)state;
	threads_init(&t, THREAD_REFERENCES, 1 << 20);
	for (uint32_t i = 1; i <= N; i++) {
		uint64_t references[MANY];
		const struct thread_message m = { .number = i,
			.date_s = arc4random_uniform(1000),
			.id = arc4random_uniform(2 * N) + 1,
			.references = references,
			.nreferences = MANY };

		for (size_t k = 0; k < MANY; k++)
			references[k] =
			    k % 2 == 0 ? arc4random_uniform(2 * N) + 1
				       : UINT64_C(1) << 40 | (i * MANY + k);
		threads_add(&t, &m);
	}
	assert_true(t.n < (1 << 20) / 64 + N + 2);
	put_all(&t, &out);
	for (size_t i = 0; i < out.n; i++)
		numbers += out.p[i] >= '0' && out.p[i] <= '9' &&
			   !(out.p[i + 1] >= '0' && out.p[i + 1] <= '9');
	assert_int_equal(numbers, N);
	buf_fini(&out);
	threads_fini(&t);
}

static void
test_msgid(void **state)
{
	/* clang-format off */
	static const struct { const char *value, *want; } rows[] = {
		{ "<a@b>", "a@b," },
		{ " <a@b>\r\n <c@d>\t<e@f>", "a@b,c@d,e@f," },
		{ "<a@b><c@d>", "a@b,c@d," },
		{ "<\"01KF8JCEOCBS0045PS\"@xxx.yyy.com>", "01KF8JCEOCBS0045PS@xxx.yyy.com," },
		{ "<\"a\\\"b\"@c>", "a\"b@c," },
		{ "< a @\r\n b >", "a@b," },
		{ "<a(comment <x@y>)@b> (<c@d>)", "a@b," },
		{ "your message of Monday <a@b>", "a@b," },
		{ "<a> <@b> <b@> <> a@b", "" },
		{ "<a@b <c@d>", "c@d," },
		{ "<a@b", "" },
		{ "", "" },
	};
	/* clang-format on */
	struct buf id, all;

	(void)state;
	buf_init(&id, 1000);
	buf_init(&all, 1000);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct slice value = slice_str(rows[i].value);

		buf_reset(&all);
		while (msgid_next(&value, &id)) {
			buf_add(&all, buf_slice(&id));
			buf_addc(&all, ',');
		}
		assert_string_equal(buf_cstr(&all), rows[i].want);
	}
	buf_fini(&id);
	buf_fini(&all);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_references),
		cmocka_unit_test(test_subjects),
		cmocka_unit_test(test_refs),
		cmocka_unit_test(test_orderedsubject),
		cmocka_unit_test(test_long_thread),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_msgid),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
