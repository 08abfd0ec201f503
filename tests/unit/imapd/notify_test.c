/* SPDX-License-Identifier: ISC */
/* NOTIFY SET's groups (RFC 5465 6, 8): the first that has a mailbox decides. */
#include "imapd/notify/groups.h"

#include <stdio.h>

#include "tests/unit.h"

#include "base/buf.h"
#include "base/mem.h"
#include "imapd/conf.h"
#include "imapd/parse/parse.h"

#define BOTH "MessageNew MessageExpunge"

enum verdict { TAKEN, UNKNOWN, REFUSED };

static enum verdict
parse(const char *text, struct arena *arena, struct notify_groups *g)
{
	struct parse p = parse_of(slice_str(text), arena);

	if (groups_parse(&p, g))
		return UNKNOWN;
	return parse_end(&p) ? TAKEN : REFUSED;
}

static void
test_parse(void **state)
{
	static const struct {
		const char *text;
		enum verdict verdict;
	} rows[] = {
		{ "(selected (" BOTH "))", TAKEN },
		{ "(SELECTED-DELAYED (" BOTH " FlagChange))", TAKEN },
		{ "(selected (MessageNew (UID FLAGS) MessageExpunge))", TAKEN },
		{ "(selected NONE) (inboxes NONE)", TAKEN },
		{ "(mailboxes (a \"b c\") (MailboxName))", TAKEN },
		{ "(subtree {1}\r\na (MailboxName ServerMetadataChange))",
		    TAKEN },
		{ "(personal (AnnotationChange))", UNKNOWN },
		{ "(personal (X (y)))", UNKNOWN },
		{ "(personal ())", REFUSED },
		{ "(personal (MessageNew))", REFUSED },
		{ "(personal (FlagChange))", REFUSED },
		{ "(personal (MessageNew (UID) MessageExpunge))", REFUSED },
		{ "(selected (MailboxName))", REFUSED },
		{ "(selected (" BOTH ")) (selected NONE)", REFUSED },
		{ "(selected (" BOTH ")", REFUSED },
		{ "(nowhere NONE)", REFUSED },
		{ "(mailboxes () NONE)", REFUSED },
		{ "personal NONE", REFUSED },
		{ "", REFUSED },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct notify_groups g;
		struct arena arena;

		arena_init(&arena);
		if (parse(rows[i].text, &arena, &g) != rows[i].verdict)
			fail_msg("%s", rows[i].text);
		arena_fini(&arena);
	}
}

static void
test_events(void **state)
{
	static const char text[] =
	    "(selected-delayed (" BOTH ")) (mailboxes (quiet inbox) NONE) "
	    "(subtree (a b) (MailboxName)) (subscribed (SubscriptionChange)) "
	    "(mailboxes z (MailboxMetadataChange))";
	static const struct {
		const char *name;
		bool subscribed;
		unsigned events;
	} rows[] = {
		{ "quiet", true, 0 },
		{ "INBOX", true, 0 },
		{ "a", false, EVENT_NAME },
		{ "b/c/d", true, EVENT_NAME },
		{ "ab", false, 0 },
		{ "ab", true, EVENT_SUBSCRIPTION },
		{ "z", true, EVENT_SUBSCRIPTION },
		{ "z", false, EVENT_METADATA },
	};
	struct notify_groups g;
	struct arena arena;

	(void)state;
	arena_init(&arena);
	assert_int_equal(parse(text, &arena, &g), TAKEN);
	assert_int_equal(g.selected, EVENT_NEW | EVENT_EXPUNGE);
	assert_false(g.at_once);
	assert_false(g.fetch);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (groups_events(&g, slice_str(rows[i].name),
			rows[i].subscribed) != rows[i].events)
			fail_msg("row %zu", i);
	assert_true(groups_want(&g, EVENT_METADATA));
	assert_false(groups_want(&g, EVENT_SERVER_METADATA));
	arena_fini(&arena);
}

static void
test_many(void **state)
{
	static const struct {
		const char *name;
		bool has;
	} below[] = {
		{ "z", false },
		{ "z/y", true },
		{ "z/y/x", true },
		{ "z/yx", false },
		{ "z!/y", true },
		{ "z!", false },
		{ "z0/y", true },
		{ "INBOX", true },
		{ "INBOX/a", true },
		{ "m/n/o/p", true },
		{ "m/n", true },
		{ "mm", false },
	};
	struct notify_groups g;
	struct arena arena;
	struct buf text;

	(void)state;
	arena_init(&arena);
	buf_init(&text, 1 << 20);
	for (int i = 0; i < NOTIFY_GROUPS_MAX; i++)
		buf_addf(&text, "%s(mailboxes m%d NONE)", i > 0 ? " " : "", i);
	assert_int_equal(parse(buf_cstr(&text), &arena, &g), TAKEN);
	assert_int_equal(g.n, NOTIFY_GROUPS_MAX);
	buf_adds(&text, " (personal NONE)");
	assert_int_equal(parse(buf_cstr(&text), &arena, &g), REFUSED);
	buf_reset(&text);
	buf_adds(&text, "(mailboxes (");
	for (int i = 0; i < 1000; i++)
		buf_addf(&text, "%sm%d", i > 0 ? " " : "", i);
	buf_adds(&text, ") (MailboxName))");
	assert_int_equal(parse(buf_cstr(&text), &arena, &g), TAKEN);
	assert_int_equal(g.v[0].n, 1000);
	assert_int_equal(groups_events(&g, SLICE("m999"), false), EVENT_NAME);
	assert_int_equal(groups_events(&g, SLICE("m1000"), false), 0);
	for (int i = 0; i < 1000; i++) {
		char name[16];

		snprintf(name, sizeof name, "m%d", i);
		assert_int_equal(
		    groups_events(&g, slice_str(name), false), EVENT_NAME);
	}
	buf_reset(&text);
	buf_adds(&text, "(subtree (z/y z!/y z0 inbox m/n/o m) (MailboxName))");
	assert_int_equal(parse(buf_cstr(&text), &arena, &g), TAKEN);
	for (size_t i = 0; i < ARRAY_LEN(below); i++)
		if (groups_events(&g, slice_str(below[i].name), false) !=
		    (below[i].has ? EVENT_NAME : 0))
			fail_msg("%s", below[i].name);
	buf_fini(&text);
	arena_fini(&arena);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_events),
		cmocka_unit_test(test_many),
	};
	static struct imapd_conf conf;

	imapd_conf = &conf;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
