/* SPDX-License-Identifier: ISC */
#include "maildir/foreign.h"

#include "tests/unit.h"

#include "maildir/boxfile.h"
#include "maildir/name.h"

static void
test_dovecot_uidlist(void **state)
{
	static const char text[] =
	    "3 V1275660208 N25022 G3085f01b7f11094c501100008c4a11c1\n"
	    "25006 :1276528487.M364837P9451.kurkku,S=1355,W=1394:2,\n"
	    "junk line\n"
	    "25017 W2481 :1276533073.M242911P3632.kurkku:2,F\n"
	    "0 :zero\n"
	    "25018 :\n"
	    "25019 W1 P9 :last";
	struct uidlist u;
	struct slice stem;
	uint32_t uid;

	(void)state;
	assert_true(foreign_uidlist(slice_str(text), &u));
	assert_int_equal(u.uidvalidity, 1275660208);
	assert_int_equal(u.uidnext, 25022);
	assert_true(slice_is(u.guid, "3085f01b7f11094c501100008c4a11c1"));
	assert_true(foreign_uidlist_next(&u, &uid, &stem));
	assert_int_equal(uid, 25006);
	assert_true(
	    slice_is(stem, "1276528487.M364837P9451.kurkku,S=1355,W=1394"));
	assert_true(foreign_uidlist_next(&u, &uid, &stem));
	assert_int_equal(uid, 25017);
	assert_true(slice_is(stem, "1276533073.M242911P3632.kurkku"));
	assert_true(foreign_uidlist_next(&u, &uid, &stem));
	assert_true(slice_is(stem, "last"));
	assert_false(foreign_uidlist_next(&u, &uid, &stem));
}

static void
test_courier_uidlist(void **state)
{
	struct uidlist u;
	struct slice stem;
	uint32_t uid;

	(void)state;
	assert_true(foreign_uidlist(
	    SLICE("1 1034889105 12\n3 1034.a.h\n11 1035.b.h,S=4\n"), &u));
	assert_int_equal(u.uidvalidity, 1034889105);
	assert_int_equal(u.uidnext, 12);
	assert_true(foreign_uidlist_next(&u, &uid, &stem));
	assert_int_equal(uid, 3);
	assert_true(slice_is(stem, "1034.a.h"));
	assert_true(foreign_uidlist_next(&u, &uid, &stem));
	assert_true(slice_is(stem, "1035.b.h,S=4"));
	assert_false(foreign_uidlist_next(&u, &uid, &stem));
	assert_false(foreign_uidlist(SLICE(""), &u));
	assert_false(foreign_uidlist(SLICE("2 1 1\n"), &u));
	assert_false(foreign_uidlist(SLICE("3 N5\n"), &u));
	assert_false(foreign_uidlist(SLICE("1 0 1\n"), &u));
}

static void
test_keywords(void **state)
{
	struct slice rest =
	    SLICE("$Label1\nwork\n\n1034.a.h:0 1\n1035.b.h:1 77 x\n");
	struct slice name, stem;
	uint64_t mask;

	(void)state;
	assert_true(foreign_courier_keyword_next(&rest, &name));
	assert_true(foreign_courier_keyword_next(&rest, &name));
	assert_true(slice_is(name, "work"));
	assert_false(foreign_courier_keyword_next(&rest, &name));
	assert_true(foreign_courier_message_next(&rest, &stem, &mask));
	assert_true(slice_is(stem, "1034.a.h"));
	assert_int_equal(mask, 3);
	assert_true(foreign_courier_message_next(&rest, &stem, &mask));
	assert_int_equal(mask, 2);
	assert_false(foreign_courier_message_next(&rest, &stem, &mask));
}

static void
test_subscriptions(void **state)
{
	struct slice rest = SLICE("V\t2\n\nSent\nA\tB\n&AOk-\nINBOX\n");
	static const char *const want[] = { "Sent", "A/B", "é", "INBOX" };
	struct buf name;
	int version = 0;

	(void)state;
	buf_init(&name, NAME_LIMIT);
	for (int i = 0; i < 4; i++) {
		assert_true(foreign_subscription_next(&rest, &version, &name));
		assert_string_equal(buf_cstr(&name), want[i]);
	}
	assert_false(foreign_subscription_next(&rest, &version, &name));
	assert_int_equal(version, 2);

	version = 0;
	rest = SLICE("Sent\nA.B\nC/D\n");
	assert_true(foreign_subscription_next(&rest, &version, &name));
	assert_true(foreign_subscription_next(&rest, &version, &name));
	assert_string_equal(buf_cstr(&name), "A/B");
	assert_true(foreign_subscription_next(&rest, &version, &name));
	assert_string_equal(buf_cstr(&name), "C/D");
	assert_int_equal(version, 1);

	rest = SLICE("INBOX\nINBOX.Sent\nINBOX.A.B\n");
	assert_true(foreign_courier_subscription_next(&rest, &name));
	assert_string_equal(buf_cstr(&name), "INBOX");
	assert_true(foreign_courier_subscription_next(&rest, &name));
	assert_string_equal(buf_cstr(&name), "Sent");
	assert_true(foreign_courier_subscription_next(&rest, &name));
	assert_string_equal(buf_cstr(&name), "A/B");

	buf_reset(&name);
	assert_true(foreign_subscription_put(&name, 2, SLICE("A/é")));
	assert_string_equal(buf_cstr(&name), "A\t&AOk-\n");
	buf_reset(&name);
	assert_true(foreign_subscription_put(&name, 1, SLICE("A/B")));
	assert_string_equal(buf_cstr(&name), "A.B\n");
	buf_fini(&name);
}

static void
test_boxfile(void **state)
{
	struct boxfile f = {
		.uidvalidity = 7, .ceiling = 1001, .brought = 17, .special = 4
	};
	struct boxfile g;
	struct buf out;

	(void)state;
	boxfile_new_id(f.id);
	assert_int_equal(strlen(f.id), MAILBOX_ID_SIZE - 1);
	buf_init(&out, 1000);
	boxfile_format(&out, &f);
	assert_true(boxfile_parse(buf_slice(&out), &g));
	assert_int_equal(g.uidvalidity, 7);
	assert_int_equal(g.ceiling, 1001);
	assert_int_equal(g.brought, 17);
	assert_int_equal(g.special, 4);
	assert_string_equal(g.id, f.id);
	/* A file that was cut is no file. */
	for (size_t n = 0; n + 12 < out.n; n++)
		assert_false(boxfile_parse(slice_of(out.p, n), &g) &&
			     g.ceiling == f.ceiling && g.special == f.special);
	assert_false(boxfile_parse(SLICE("pabal-mailbox 2\n"), &g));
	buf_fini(&out);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dovecot_uidlist),
		cmocka_unit_test(test_courier_uidlist),
		cmocka_unit_test(test_keywords),
		cmocka_unit_test(test_subscriptions),
		cmocka_unit_test(test_boxfile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
