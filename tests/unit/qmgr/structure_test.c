/* SPDX-License-Identifier: ISC */
#include "qmgr/queue/structure.h"

#include "tests/unit.h"

#include "mime/wire.h"

enum { ROOM = (16 << 20) / MIME_WIRE_MAX };

static void
test_room(void **state)
{
	static const char text[MIME_WIRE_MAX];
	static struct buf kept[ROOM];
	const struct slice record = slice_of(text, sizeof text);
	struct buf more = { 0 }, moved;

	(void)state;
	structure_keep(&more, SLICE(""));
	assert_int_equal(more.n, 0);
	structure_drop(&more);
	for (size_t i = 0; i < ROOM; i++) {
		structure_keep(&kept[i], record);
		assert_int_equal(kept[i].n, record.n);
	}
	structure_keep(&more, SLICE("x"));
	assert_int_equal(more.n, 0);
	structure_drop(&kept[0]);
	structure_drop(&kept[0]);
	structure_keep(&more, record);
	assert_int_equal(more.n, record.n);
	moved = more;
	structure_drop(&moved);
	for (size_t i = 1; i < ROOM; i++)
		structure_drop(&kept[i]);
	structure_keep(&more, record);
	assert_int_equal(more.n, record.n);
	structure_drop(&more);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
