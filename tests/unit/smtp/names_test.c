/* SPDX-License-Identifier: ISC */
#include "smtp/sign/names.h"

#include "tests/unit.h"

#include <string.h>

#include "base/mem.h"

/* How often NAME is signed in a message with HEADER. */
static size_t
times(const char *header, const char *name)
{
	struct slice names[SMTP_SIGN_NAMES_MAX];
	struct dkim_message m;
	size_t n, found = 0;

	dkim_message_init(&m, &dkim_limits_default);
	dkim_message_add(&m, slice_str(header));
	dkim_message_add(&m, SLICE("\r\n\r\nbody\r\n"));
	dkim_message_end(&m);
	n = smtp_sign_names(&m, names);
	assert_true(n <= SMTP_SIGN_NAMES_MAX);
	for (size_t i = 0; i < n; i++)
		found += slice_is(names[i], name);
	dkim_message_fini(&m);
	return found;
}

static void
test_times(void **state)
{
	static const struct {
		const char *header, *name;
		size_t n;
	} rows[] = {
		/* Once more than it is there: no second one can be added. */
		{ "From: a@x.test", "from", 2 },
		{ "From: a@x.test", "subject", 1 },
		{ "From: a@x.test\r\nSUBJECT : s", "subject", 2 },
		{ "From: a@x.test", "content-type", 1 },
		{ "From: a@x.test", "content-transfer-encoding", 1 },
		{ "From: a@x.test", "to", 1 },
		{ "To: a\r\nTo: b\r\nTo: c", "to", 4 },
		/* A list may add these. */
		{ "From: a@x.test", "list-id", 0 },
		{ "From: a@x.test\r\nList-Id: <l.x.test>", "list-id", 1 },
		{ "From: a@x.test", "sender", 0 },
		/* What changes on the way is not signed. */
		{ "Received: x\r\nReturn-Path: <>\r\nX-Y: z", "received", 0 },
		{ "Received: x\r\nReturn-Path: <>\r\nX-Y: z", "return-path",
		    0 },
		{ "DKIM-Signature: v=1", "dkim-signature", 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (times(rows[i].header, rows[i].name) != rows[i].n)
			fail_msg("row %zu: %s", i, rows[i].name);
}

static void
test_many(void **state)
{
	struct buf head = { .max = 1 << 20 };

	(void)state;
	for (int i = 0; i < 5000; i++)
		buf_adds(&head, "To: a@x.test\r\n");
	buf_adds(&head, "From: a@x.test");
	assert_int_equal(times(buf_cstr(&head), "to"), 5);
	buf_fini(&head);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
