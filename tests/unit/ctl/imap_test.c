/* SPDX-License-Identifier: ISC */
/* What a foreign IMAP server says, and what is made of names, places and the
 * file of an import. */
#include "ctl/imap/answer.h"

#include "tests/unit.h"

#include "base/arena.h"
#include "base/mem.h"
#include "ctl/imap/frame.h"
#include "ctl/imap/gather.h"
#include "ctl/imap/name.h"
#include "ctl/move/folders.h"
#include "ctl/move/source.h"
#include "ctl/move/state.h"
#include "maildir/filename.h"
#include "maildir/special.h"

static void
on_body(void *arg, struct slice bytes)
{
	buf_add(arg, bytes);
}

static void
test_gather(void **state)
{
	/* clang-format off */
	static const struct {
		const char *in;
		int rc;
		const char *text, *body;
	} rows[] = {
		{ "* OK hi\r\n",                       1, "* OK hi", "" },
		{ "* OK is {5}\r\n",                   1, "* OK is {5}", "" },
		{ "p1 NO is {5}\r\n",                  1, "p1 NO is {5}", "" },
		{ "* LIST () \"/\" {3}\r\na\rb\r\n",   1, "* LIST () \"/\" {3}\r\na\rb", "" },
		{ "* LIST () \"/\" {0}\r\n x\r\n",     1, "* LIST () \"/\" {0}\r\n x", "" },
		{ "* 1 FETCH (BODY[] {5}\r\na\r\nb) UID 7)\r\n", 1, "* 1 FETCH (BODY[] \"\" UID 7)", "a\r\nb)" },
		{ "* 1 FETCH (body[] ~{2}\r\na\n)\r\n", 1, "* 1 FETCH (body[] \"\")", "a\n" },
		{ "* 1 FETCH (BODY[] {0}\r\n)\r\n",    1, "* 1 FETCH (BODY[] \"\")", "" },
		{ "* 1 FETCH (BODY[] \"a\")\r\n",      1, "* 1 FETCH (BODY[] \"a\")", "" },
		{ "* OK no end",                       0, "* OK no end", "" },
		{ "* 1 FETCH (BODY[] {5}\r\nab",       0, "* 1 FETCH (BODY[] \"\"", "ab" },
		{ "* OK\n",                            -1, NULL, NULL },
		{ "* OK a\rb\r\n",                     -1, NULL, NULL },
		{ "* X {65537}\r\n",                   -1, NULL, NULL },
		{ "* 1 FETCH (BODY[] {2147483649}\r\n", -1, NULL, NULL },
		{ "* 1 FETCH (BODY[] {1}\r\na BODY[] {1}\r\n", -1, NULL, NULL },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf body = { .max = 1 << 10 };
		struct imap_gather g;
		struct slice in = slice_str(rows[i].in);

		imap_gather_init(&g, on_body, &body);
		assert_int_equal(imap_gather_feed(&g, &in, NULL), rows[i].rc);
		if (rows[i].rc != -1) {
			assert_string_equal(buf_cstr(&g.text), rows[i].text);
			assert_string_equal(buf_cstr(&body), rows[i].body);
			assert_int_equal(in.n, 0);
		}
		imap_gather_fini(&g);
		buf_fini(&body);
	}
}

static void
test_fetch(void **state)
{
	struct imap_answer a;

	(void)state;
	imap_answer_init(&a);
	assert_true(imap_answer_parse(&a,
	    SLICE("* 12 FETCH (UID 7 FLAGS (\\Seen \\Recent $Label1 \\Odd a) "
		  "INTERNALDATE \" 1-Jan-1970 00:00:01 +0000\" "
		  "MODSEQ (5) X-ODD (a (\"b)\" {1}\r\n))) "
		  "BODY[HEADER.FIELDS (A)]<0> NIL RFC822.SIZE 3 BODY[] "
		  "\"a\\\"b\")")));
	assert_int_equal(a.kind, IMAP_FETCH);
	assert_int_equal(a.number, 12);
	assert_int_equal(a.uid, 7);
	assert_int_equal(a.flags, MSG_SEEN);
	assert_string_equal(buf_cstr(&a.keywords), "$Label1 a");
	assert_true(a.has_date && a.date_s == 1);
	assert_int_equal(a.modseq, 5);
	assert_int_equal(a.size, 3);
	assert_true(a.has_body && slice_is(a.body, "a\"b"));
	/* Nothing of it is left in the next one. */
	assert_true(imap_answer_parse(&a, SLICE("* 1 FETCH (BODY[] NIL)")));
	assert_true(!a.has_body && a.uid == 0 && a.keywords.n == 0);
	imap_answer_fini(&a);
}

static void
test_answers(void **state)
{
	/* clang-format off */
	static const struct {
		const char *text;
		bool ok;
		enum imap_answer_kind kind;
		const char *what;
	} rows[] = {
		{ "* LIST (\\Noselect) \".\" \"a.b\"", true, IMAP_LIST, "a.b" },
		{ "* LIST () NIL INBOX",              true, IMAP_LIST, "INBOX" },
		{ "* LIST () \"\\\\\" {3}\r\na\"b",   true, IMAP_LIST, "a\"b" },
		{ "* LIST () \"/\" a (\"CHILDINFO\" (\"SUBSCRIBED\"))", true, IMAP_LIST, "a" },
		{ "* LSUB () \"/\" a b",              true, IMAP_LSUB, "a" },
		{ "* NAMESPACE ((\"INBOX.\" \".\")) NIL NIL", true, IMAP_NAMESPACE, "INBOX." },
		{ "* NAMESPACE NIL NIL NIL",          true, IMAP_NAMESPACE, "" },
		{ "* 23 EXISTS",                      true, IMAP_EXISTS, NULL },
		{ "* 23 EXPUNGE",                     true, IMAP_OTHER, NULL },
		{ "* OK [UIDNEXT 8] x",               true, IMAP_STATE, NULL },
		{ "* OK [no end",                     true, IMAP_STATE, NULL },
		{ "* CAPABILITY IMAP4rev1 X",         true, IMAP_CAPABILITY, NULL },
		{ "* VANISHED 1:3",                   true, IMAP_OTHER, NULL },
		{ "+ go on",                          true, IMAP_CONTINUE, NULL },
		{ "p1 OK done",                       true, IMAP_TAGGED, NULL },
		{ "p1 BYE done",                      false, IMAP_TAGGED, NULL },
		{ "p1",                               false, IMAP_TAGGED, NULL },
		{ "",                                 false, IMAP_TAGGED, NULL },
		{ "* LIST () \"//\" a",               false, IMAP_LIST, NULL },
		{ "* LIST () \"/\" \"a",              false, IMAP_LIST, NULL },
		{ "* LIST ( \"/\" a",                 false, IMAP_LIST, NULL },
		{ "* LIST () \"/\" {5}\r\nabc",       false, IMAP_LIST, NULL },
		{ "* 1 FETCH (UID 4294967296)",       false, IMAP_FETCH, NULL },
		{ "* 1 FETCH (UID 1",                 false, IMAP_FETCH, NULL },
		{ "* 1 FETCH (UID 1) x",              false, IMAP_FETCH, NULL },
		{ "* 1 FETCH (X ((((((((((((((((((((((a)))))))))))))))))))))))", false, IMAP_FETCH, NULL },
		{ "* 99999999999 EXISTS",             false, IMAP_OTHER, NULL },
	};
	/* clang-format on */
	struct imap_answer a;

	(void)state;
	imap_answer_init(&a);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_int_equal(
		    imap_answer_parse(&a, slice_str(rows[i].text)), rows[i].ok);
		if (rows[i].ok)
			assert_int_equal(a.kind, rows[i].kind);
		if (rows[i].what != NULL)
			assert_true(slice_is(a.name, rows[i].what));
	}
	assert_true(imap_answer_parse(&a,
	    SLICE("p7 OK [CAPABILITY IMAP4rev1 auth=plain SPECIAL-USE] in")));
	assert_true(a.has_caps && slice_is(a.tag, "p7"));
	assert_int_equal(a.caps, IMAP_CAP_PLAIN | IMAP_CAP_SPECIAL_USE);
	assert_true(slice_is(a.say, "in"));
	assert_true(imap_answer_parse(
	    &a, SLICE("* LIST (\\Sent \\Important) \"/\" a")));
	assert_int_equal(a.special, MAILBOX_SENT | MAILBOX_IMPORTANT);
	imap_answer_fini(&a);
}

static void
test_names(void **state)
{
	/* clang-format off */
	static const struct {
		const char *name, *path; /* NULL: none */
		char delimiter;
	} rows[] = {
		{ "INBOX",          "INBOX",       '.' },
		{ "INBOX.Sent.Old", "Sent/Old",    '.' },
		{ "INBOX.",         "INBOX",       '.' },
		{ "a/b",            "a_b",         '.' },
		{ "a/b",            "a/b",         '/' },
		{ "a/b/",           "a/b",         '/' },
		{ "a.b",            "a.b",         '\0' },
		{ "&UvBTFw-",       "\xe5\x8b\xb0\xe5\x8c\x97", '/' },
		{ "\xc3\xbc",       "\xc3\xbc",    '/' },
		{ "&AC8-x",         "_x",          '.' },
		{ "a//b",           NULL,          '/' },
		{ "/a",             NULL,          '/' },
		{ "\xff",           NULL,          '/' },
		{ "",               NULL,          '/' },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf out = { .max = 1 << 10 };
		const bool ok = imap_name_path(&out, slice_str(rows[i].name),
		    rows[i].delimiter, SLICE("INBOX."));

		assert_int_equal(ok, rows[i].path != NULL);
		if (ok)
			assert_string_equal(buf_cstr(&out), rows[i].path);
		buf_fini(&out);
	}
}

static void
test_sources(void **state)
{
	/* clang-format off */
	static const struct {
		const char *url, *login, *host; /* NULL: none */
		unsigned port;
	} rows[] = {
		{ "imaps://al@h.example",         "al", "h.example", 993 },
		{ "imap://al@H.Example/",         "al", "h.example", 143 },
		{ "imaps://a%40b@h:1993",         "a@b", "h", 1993 },
		{ "imaps://a@b@h",                "a@b", "h", 993 },
		{ "imaps://a@[2001:db8::1]:99",   "a", "2001:db8::1", 99 },
		{ "imaps://h",                    NULL, NULL, 0 },
		{ "imaps://a@",                   NULL, NULL, 0 },
		{ "imaps://@h",                   NULL, NULL, 0 },
		{ "imaps://a@h:0",                NULL, NULL, 0 },
		{ "imaps://a@h:99999",            NULL, NULL, 0 },
		{ "imaps://a@h/x",                NULL, NULL, 0 },
		{ "imaps://a%0@h",                NULL, NULL, 0 },
		{ "imaps://a%00@h",               NULL, NULL, 0 },
		{ "http://a@h",                   NULL, NULL, 0 },
		{ "",                             NULL, NULL, 0 },
	};
	/* clang-format on */
	struct arena arena;

	(void)state;
	arena_init(&arena);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct move_source s;
		const int rc =
		    move_source_parse(&s, &arena, slice_str(rows[i].url), NULL);

		assert_int_equal(rc, rows[i].login != NULL ? 0 : -1);
		if (rc == -1)
			continue;
		assert_string_equal(s.login, rows[i].login);
		assert_string_equal(s.host, rows[i].host);
		assert_int_equal(s.port, rows[i].port);
	}
	arena_fini(&arena);
}

static void
test_state(void **state)
{
	static const char *const bad[] = { "", "pabal-import 2\n",
		"pabal-import 1\nfolder 1 1 0 1 a\n",
		"pabal-import 1\nsource a@h\nfolder 1 0 0 1 a\n",
		"pabal-import 1\nsource a@h\nfolder 1 1 0 2 a\n",
		"pabal-import 1\nsource a@h\nfolder 1 1 0 1 %4\n",
		"pabal-import 1\nmissing 1\nx\n",
		"pabal-import 1\nsource a@h\nfolder 1 1 0 1 a\nmissing x\n" };
	struct move_record *r;
	struct move_state s;

	(void)state;
	assert_int_equal(
	    move_state_parse(&s,
		SLICE("pabal-import 1\nsource a@h\nfolder 7 8 9 1 a%20b\n"
		      "missing 3 5\nfolder 1 1 0 0 %25\n"),
		NULL),
	    0);
	r = move_state_find(&s, SLICE("a@h"), SLICE("a b"));
	assert_non_null(r);
	assert_true(r->uidvalidity == 7 && r->next == 8 && r->modseq == 9 &&
		    r->kept && r->nmissing == 2 && r->missing[1] == 5);
	assert_true(move_state_miss(r, 3) && r->nmissing == 2);
	assert_non_null(move_state_find(&s, SLICE("a@h"), SLICE("%")));
	assert_null(move_state_find(&s, SLICE("b@h"), SLICE("%")));
	move_state_fini(&s);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_int_equal(
		    move_state_parse(&s, slice_str(bad[i]), NULL), -1);
		move_state_fini(&s);
	}
}

static void
test_wanted(void **state)
{
	const struct move_names all = { NULL, NULL },
				some = { "INBOX, Work*,!Work/Old", NULL },
				but = { "!Trash", NULL };

	(void)state;
	assert_true(move_folders_wanted(&all, SLICE("x")));
	assert_true(move_folders_wanted(&some, SLICE("Work/New")));
	assert_false(move_folders_wanted(&some, SLICE("Work/Old")));
	assert_false(move_folders_wanted(&some, SLICE("Sent")));
	assert_true(move_folders_wanted(&but, SLICE("Sent")));
	assert_false(move_folders_wanted(&but, SLICE("Trash")));
}

static void
test_frames(void **state)
{
	const struct imap_frame f = { .type = IMAP_SAY_FOLDER,
		.n = { 1, 2, 3, UINT64_MAX },
		.s = SLICE("name"),
		.t = SLICE("path") };
	struct buf out = { .max = IMAP_FRAME_MAX };
	struct imap_frame g;

	(void)state;
	imap_frame_put(&out, &f);
	assert_true(imap_frame_get(buf_slice(&out), &g));
	assert_true(g.type == f.type && g.n[3] == UINT64_MAX &&
		    slice_is(g.s, "name") && slice_is(g.t, "path"));
	for (size_t n = 0; n < out.n - 4; n++)
		assert_false(
		    imap_frame_get(slice_sub(buf_slice(&out), 0, n), &g) &&
		    g.s.n == 4 && n < out.n - 8);
	out.p[0] = (char)(IMAP_FRAME_LAST + 1);
	assert_false(imap_frame_get(buf_slice(&out), &g));
	buf_fini(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_gather),
		cmocka_unit_test(test_fetch),
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_sources),
		cmocka_unit_test(test_state),
		cmocka_unit_test(test_wanted),
		cmocka_unit_test(test_frames),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
