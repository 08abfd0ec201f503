/* SPDX-License-Identifier: ISC */
#include "qmgr/run/known.h"

#include "tests/unit.h"

#include <stdio.h>

#include "ev/loop.h"
#include "ipc/lookup.h"

static struct msg
answer(uint32_t keep_ms)
{
	return (struct msg){ .type = MSG_lookup_found,
		.lookup_found = { .kind = LOOKUP_MAILBOX,
		    .address = SLICE("a@a.test"),
		    .home = SLICE("a.test/a"),
		    .quota = 77,
		    .keep_ms = keep_ms } };
}

static bool
is_known(const char *address, unsigned flags)
{
	struct msg m;

	if (!known_find(slice_str(address), flags, &m))
		return false;
	assert_int_equal(m.type, MSG_lookup_found);
	assert_true(slice_is(m.lookup_found.home, "a.test/a"));
	assert_int_equal(m.lookup_found.quota, 77);
	return true;
}

static void
test_known(void **state)
{
	struct msg m = answer(1000);
	const struct msg once = answer(0);

	(void)state;
	assert_false(is_known("a@a.test", 0));
	known_put(SLICE("a@a.test"), 0, known_generation(), &m);
	assert_true(is_known("a@a.test", 0));
	assert_true(is_known("a@a.test", 0));
	/* another question */
	assert_false(is_known("a@a.test", LOOKUP_NO_ALIAS));
	assert_false(is_known("b@a.test", 0));
	/* not to be kept */
	known_put(SLICE("b@a.test"), 0, known_generation(), &once);
	assert_false(is_known("b@a.test", 0));
	/* a second answer takes the place of the first */
	m.lookup_found.tag = SLICE("tag");
	known_put(SLICE("a@a.test"), 0, known_generation(), &m);
	assert_true(known_find(SLICE("a@a.test"), 0, &m));
	assert_true(slice_is(m.lookup_found.tag, "tag"));
	known_forget();
	assert_false(is_known("a@a.test", 0));
}

/* An answer to what was asked before the tables changed comes too late, however
 * often they change. */
static void
test_late_answer(void **state)
{
	const struct msg m = answer(1000);
	const uint64_t asked = known_generation();

	(void)state;
	known_put(SLICE("a@a.test"), 0, asked, &m);
	assert_true(is_known("a@a.test", 0));
	known_forget();
	known_put(SLICE("a@a.test"), 0, asked, &m);
	assert_false(is_known("a@a.test", 0));
	known_forget();
	known_put(SLICE("a@a.test"), 0, asked, &m);
	assert_false(is_known("a@a.test", 0));
	known_put(SLICE("a@a.test"), 0, known_generation(), &m);
	assert_true(is_known("a@a.test", 0));
	known_forget();
}

static void
test_is_bounded(void **state)
{
	const struct msg m = answer(1000);
	unsigned n = 0;

	(void)state;
	for (unsigned i = 0; i < 5000; i++) {
		char address[32];

		snprintf(address, sizeof address, "%u@a.test", i);
		known_put(slice_str(address), 0, known_generation(), &m);
	}
	for (unsigned i = 0; i < 5000; i++) {
		char address[32];

		snprintf(address, sizeof address, "%u@a.test", i);
		n += is_known(address, 0);
	}
	assert_int_equal(n, 5000 - 4096);
	known_forget();
}

static int
setup(void **state)
{
	(void)state;
	ev_init();
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known),
		cmocka_unit_test(test_late_answer),
		cmocka_unit_test(test_is_bounded),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
