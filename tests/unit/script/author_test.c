/* SPDX-License-Identifier: ISC */
#include "script/author.h"

#include "tests/unit.h"

#include "base/arena.h"
#include "base/mem.h"

#define END "\r\n\r\n"

static void
test_author(void **state)
{
	/* clang-format off */
	static const struct { const char *head, *address; } rows[] = {
		{ "From: a@b.c" END, "a@b.c" },
		{ "from: A <a@B.c>" END, "a@b.c" },
		{ "To: x@y.z\r\nFrom:\r\n \"a, b\"\r\n <a@b.c>\r\nSubject: s" END, "a@b.c" },
		/* none, or several */
		{ "To: x@y.z" END, NULL },
		{ "From:" END, NULL },
		{ "From: a@b.c, d@e.f" END, NULL },
		{ "From: <a@b.c> <d@e.f>" END, NULL },
		{ "From: a@b.c\r\nFrom: a@b.c" END, NULL },
		{ "From: a@b.c\r\nFROM : d@e.f" END, NULL },
		{ "From: g: a@b.c;" END, NULL },
		/* others that say it */
		{ "From: a@b.c\r\nSender: d@e.f" END, NULL },
		{ "Resent-From: d@e.f\r\nFrom: a@b.c" END, NULL },
		{ "Authentication-Results: x; spf=pass\r\nFrom: a@b.c" END, NULL },
		{ "DKIM-Signature: v=1\r\nFrom: a@b.c" END, NULL },
		/* one header, and no more than that */
		{ "From: a@b.c\r\n", NULL },
		{ "From: a@b.c" END "From: d@e.f" END, NULL },
		{ "From: a@b.c\r\nno field\r\nFrom: d@e.f" END, NULL },
		{ "From: a@b.c\nFrom: d@e.f" END, NULL },
		{ "X: a\rFrom: d@e.f\r\nFrom: a@b.c" END, NULL },
		{ "", NULL },
	};
	/* clang-format on */
	struct arena a;

	(void)state;
	arena_init(&a);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct slice address = SLICE("");
		const bool ok =
		    author_find(&a, slice_str(rows[i].head), &address);

		if (ok != (rows[i].address != NULL))
			fail_msg("%s", rows[i].head);
		if (ok)
			assert_true(slice_is(address, rows[i].address));
	}
	assert_false(author_find(&a, slice_of("From: a@b.c\r\nX: \0" END, 21),
	    &(struct slice){ 0 }));
	arena_fini(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_author),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
