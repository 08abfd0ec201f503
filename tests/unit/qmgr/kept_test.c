/* SPDX-License-Identifier: ISC */
#include "qmgr/queue/kept.h"

#include "tests/unit.h"

#include "mime/wire.h"

enum { ROOM = (16 << 20) / MIME_WIRE_MAX };

static void
test_room(void **state)
{
	static const char text[MIME_WIRE_MAX + 1];
	static struct kept_bytes kept[ROOM];
	const struct slice record = slice_of(text, MIME_WIRE_MAX);
	struct kept_bytes more = { 0 }, moved;

	(void)state;
	kept_record(&more, SLICE(""));
	kept_record(&more, slice_of(text, sizeof text));
	assert_int_equal(more.record.n, 0);
	kept_drop(&more);
	/* Records and messages share the room. */
	for (size_t i = 0; i < ROOM; i++) {
		if (i % 2 == 0)
			kept_record(&kept[i], record);
		else
			kept_body(&kept[i], record);
		assert_int_equal(
		    kept[i].record.n + kept[i].body.n, MIME_WIRE_MAX);
	}
	kept_record(&more, SLICE("x"));
	kept_body(&more, SLICE("x"));
	assert_int_equal(more.record.n + more.body.n, 0);
	kept_drop(&kept[0]);
	kept_drop(&kept[0]);
	kept_record(&more, record);
	assert_int_equal(more.record.n, record.n);
	kept_move(&moved, &more);
	assert_int_equal(more.record.n, 0);
	assert_int_equal(moved.record.n, record.n);
	kept_drop(&more);
	kept_drop(&moved);
	for (size_t i = 1; i < ROOM; i++)
		kept_drop(&kept[i]);
	kept_body(&more, record);
	kept_record(&more, record);
	assert_int_equal(more.record.n + more.body.n, 2 * MIME_WIRE_MAX);
	kept_drop(&more);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
