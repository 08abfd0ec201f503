/* SPDX-License-Identifier: ISC */
#include "proto/objectid.h"

#include "tests/unit.h"

#include "base/buf.h"
#include "base/mem.h"
#include "mailread/threadid.h"

static void
test_forms(void **state)
{
	static const char *const bad[] = { "", "M", "M0", "T00000000000000ff",
		"M00000000000000fF", "M00000000000000ff0", "m00000000000000ff",
		"M00000000000000g0" };
	uint64_t id;
	struct buf b;

	(void)state;
	buf_init(&b, 100);
	objectid_put_email(&b, 255);
	assert_string_equal(buf_cstr(&b), "M00000000000000ff");
	assert_true(objectid_parse_email(buf_slice(&b), &id));
	assert_int_equal(id, 255);
	assert_false(objectid_parse_thread(buf_slice(&b), &id));
	buf_reset(&b);
	objectid_put_thread(&b, UINT64_MAX);
	assert_string_equal(buf_cstr(&b), "Tffffffffffffffff");
	assert_true(objectid_parse_thread(buf_slice(&b), &id));
	assert_true(id == UINT64_MAX);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(objectid_parse_email(slice_str(bad[i]), &id));
	buf_fini(&b);
}

static uint64_t
of(const char *header)
{
	return threadid_of(slice_str(header), 7);
}

static void
test_threads(void **state)
{
	const uint64_t root = of("Message-ID: <a@x>\n\n");

	(void)state;
	assert_true(root != 7 && root != 0);
	/* what belongs to it */
	assert_true(of("Subject: Re\nIn-Reply-To: <a@x>\nMessage-ID: <b@x>\n"
		       "\n") == root);
	assert_true(of("message-id: <c@x>\nIN-REPLY-TO: <b@x>\n"
		       "references: <a@x> <b@x>\n\n") == root);
	assert_true(of("Message-ID: <c@x>\r\nReferences:\r\n (was) "
		       "<a\r\n @x>\r\n\t<b@x>\r\n\r\n") == root);
	assert_true(of("Message-ID: (a comment) < a@x >\n\n") == root);
	/* what does not */
	assert_true(of("Message-ID: <A@x>\n\n") != root);
	assert_true(of("References: <b@x> <a@x>\n\n") != root);
	assert_true(of("Subject: x\n\nMessage-ID: <a@x>\n") == 7);
	/* an empty field is passed over, an open bracket too */
	assert_true(of("References:\nMessage-ID: <a@x>\n\n") == root);
	assert_true(of("References: <b@x\nMessage-ID: <a@x>\n\n") == root);
	assert_true(of("References: <>\nMessage-ID: <a@x>\n\n") == root);
	assert_true(of("Message-ID: <a@x\n\n") == 7);
	assert_true(of("") == 7);
	assert_true(threadid_of(slice_str(""), 0) != 0);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
