/* SPDX-License-Identifier: ISC */
/* Email/query over a real account: filters, sorts, parts of the results; the
 * table of emails follows what happens to them. */
#include "mailquery/mailquery.h"

#include "tests/unit/store/fixture.h"

#include "base/arena.h"
#include "base/mem.h"
#include "maildir/filename.h"
#include "mailquery/accountmail.h"

enum { FIRST_S = 1000000, EMAILS = 6, NAMES_MAX = 200 };

static struct accountmail *emails;
static uint64_t ids[EMAILS]; /* of the letters a, b, ... */
static struct arena arena;
static char names[NAMES_MAX];

/* a and b are a thread, d is in two mailboxes, e has an attachment. */
static const struct {
	const char *box, *text, *keywords;
	unsigned flags;
} messages[EMAILS] = {
	{ "INBOX",
	    "From: Zoe <zoe@example.org>\nTo: bob@example.net\n"
	    "Subject: Plans\nMessage-ID: <a@x>\n\nquick brown fox\n",
	    "", MSG_SEEN },
	{ "INBOX",
	    "From: bob@example.net\nTo: Zoe <zoe@example.org>\n"
	    "Subject: Re: Plans\nMessage-ID: <b@x>\nReferences: <a@x>\n\n"
	    "lazy dog\n",
	    "$Forwarded work", 0 },
	{ "Attic",
	    "From: =?utf-8?q?=C3=84nne?= <anne@example.org>\n"
	    "Cc: carol@example.com\nSubject: Bills\nMessage-ID: <c@x>\n\n"
	    "the quick invoice\n",
	    "", MSG_SEEN | MSG_FLAGGED },
	{ "INBOX",
	    "From: dave@example.org\nX-Test: here\nSubject: Apples\n"
	    "Message-ID: <d@x>\n\nsomething long enough to be larger than "
	    "all others here, so that sizes have an order, and no doubt\n",
	    "work", 0 },
	{ "INBOX",
	    "From: eve@example.org\nBcc: hidden@example.org\n"
	    "Subject: File\nMessage-ID: <e@x>\nMIME-Version: 1.0\n"
	    "Content-Type: multipart/mixed; boundary=x\n\n--x\n\nsee file\n"
	    "--x\nContent-Type: application/pdf\n"
	    "Content-Disposition: attachment; filename=a.pdf\n\nq\n--x--\n",
	    "", MSG_SEEN },
	{ "Attic", "From: fay@example.org\nSubject: Last\n\nnothing\n", "",
	    MSG_DELETED },
};

static void
on_copied(void *arg, const struct copy_result *r)
{
	(void)arg;
	assert_int_equal(r->rc, 0);
}

static uint32_t
put(size_t i)
{
	const struct append_info info = { .flags = messages[i].flags,
		.keywords = slice_str(messages[i].keywords),
		.has_date = true,
		.date_s = FIRST_S + (int64_t)i * 10 };
	struct mailbox *m = fx_box(messages[i].box);
	const uint32_t uid = fx_try_append(m, messages[i].text, &info, NULL);

	assert_true(uid != 0);
	ids[i] = fx_info(m, uid).email_id;
	mailbox_close(&m);
	return uid;
}

static void
catch_up(void)
{
	struct err err = { 0 };
	bool more = true;

	while (more)
		if (accountmail_step(emails, &more, &err) == -1)
			fail_msg("%s", err.text);
}

static int
setup(void **state)
{
	struct mailbox *inbox, *archive;
	struct err err = { 0 };
	uint32_t uid = 0;

	if (fx_setup(state) == -1 ||
	    mailbox_create(fx_account, SLICE("Attic"), 0, &err) == -1)
		return -1;
	for (size_t i = 0; i < EMAILS; i++)
		if (i == 3)
			uid = put(i);
		else
			(void)put(i);
	inbox = fx_box("INBOX");
	archive = fx_box("Attic");
	message_copy(inbox, &uid, 1, archive, false, on_copied, NULL);
	mailbox_close(&inbox);
	mailbox_close(&archive);
	arena_init(&arena);
	emails = accountmail_new(fx_account);
	catch_up();
	return 0;
}

static int
teardown(void **state)
{
	accountmail_free(&emails);
	mailquery_forget();
	arena_fini(&arena);
	return fx_teardown(state);
}

/* ---- asking ---- */

static char
letter(uint64_t id)
{
	for (size_t i = 0; i < EMAILS; i++)
		if (ids[i] == id)
			return (char)('a' + i);
	return '?';
}

static struct mailquery_result
run(const struct mailquery_request *r)
{
	struct mailquery *q =
	    mailquery_new(fx_account, emails, NULL, r, &arena);
	struct mailquery_result result;
	struct err err = { 0 };
	bool more = true;
	size_t n = 0;

	while (more)
		if (mailquery_step(q, &more, &err) == -1)
			fail_msg("%s", err.text);
	result = *mailquery_result(q);
	for (; n < result.n; n++)
		names[n] = letter(result.ids[n]);
	names[n] = '\0';
	mailquery_free(&q);
	result.ids = NULL;
	return result;
}

static struct criterion *
leaf(enum criterion_op op, const char *text)
{
	struct criterion *c = criteria_new(&arena, op);
	struct mailbox *m;

	c->text = slice_str(text);
	c->number = (int64_t)strtoll(text, NULL, 10);
	c->yes = c->number != 0;
	if (op >= CRITERION_ALL_IN_THREAD && op <= CRITERION_NOT_KEYWORD)
		criteria_name_keyword(&c->keyword, c->text, &arena);
	if (op != CRITERION_IN_MAILBOX && op != CRITERION_NOT_ONLY_IN)
		return c;
	m = fx_box(text);
	c->boxes = arena_alloc(&arena, sizeof *c->boxes);
	c->boxes[0] = accountmail_box(emails, slice_str(fx_status(m).id));
	assert_true(c->boxes[0] != 0);
	c->nboxes = 1;
	mailbox_close(&m);
	return c;
}

static void
expect(struct criterion *filter, const char *want)
{
	/* Another query each time: nothing that was kept is of use. */
	const struct mailquery_request r = { .name = slice_of(
						 &filter, sizeof filter),
		.filter = filter,
		.limit = 100,
		.total = true,
		.memory_bytes = 1 << 20 };
	const struct mailquery_result got = run(&r);

	if (strcmp(names, want) != 0)
		fail_msg("op %d, \"%s\": %s, not %s",
		    filter != NULL ? (int)filter->op : -1,
		    filter != NULL ? filter->text.p : "", names, want);
	assert_int_equal(got.total, strlen(want));
}

static void
test_filters(void **state)
{
	/* The last one received comes first. */
	static const struct {
		enum criterion_op op;
		const char *text, *want;
	} rows[] = {
		{ CRITERION_IN_MAILBOX, "INBOX", "edba" },
		{ CRITERION_IN_MAILBOX, "Attic", "dc" },
		{ CRITERION_NOT_ONLY_IN, "INBOX", "dc" },
		{ CRITERION_NOT_ONLY_IN, "Attic", "edba" },
		{ CRITERION_BEFORE, "1000020", "ba" },
		{ CRITERION_AFTER, "1000020", "edc" },
		{ CRITERION_MIN_SIZE, "160", "ed" },
		{ CRITERION_MAX_SIZE, "160", "cba" },
		{ CRITERION_KEYWORD, "$seen", "eca" },
		{ CRITERION_NOT_KEYWORD, "$Seen", "db" },
		{ CRITERION_KEYWORD, "$forwarded", "b" },
		{ CRITERION_KEYWORD, "Work", "db" },
		{ CRITERION_KEYWORD, "wor", "" },
		{ CRITERION_KEYWORD, "$flagged", "c" },
		{ CRITERION_ALL_IN_THREAD, "$seen", "ec" },
		{ CRITERION_SOME_IN_THREAD, "$seen", "ecba" },
		{ CRITERION_NONE_IN_THREAD, "$seen", "d" },
		{ CRITERION_SOME_IN_THREAD, "work", "dba" },
		{ CRITERION_ATTACHMENT, "1", "e" },
		{ CRITERION_ATTACHMENT, "0", "dcba" },
		{ CRITERION_TEXT, "quick", "ca" },
		{ CRITERION_TEXT, "fox QUICK", "a" },
		{ CRITERION_TEXT, "fox brown", "a" },
		{ CRITERION_TEXT, "\"fox brown\"", "" },
		{ CRITERION_TEXT, "'brown fox'", "a" },
		{ CRITERION_TEXT, "", "edcba" },
		{ CRITERION_TEXT, "\"", "" },
		{ CRITERION_BODY, "plans", "" },
		{ CRITERION_BODY, "invoice", "c" },
		{ CRITERION_SUBJECT, "plans", "ba" },
		{ CRITERION_FROM, "\xc3\xa4nne", "c" },
		{ CRITERION_FROM, "zoe", "a" },
		{ CRITERION_TO, "zoe", "b" },
		{ CRITERION_CC, "carol@", "c" },
		{ CRITERION_BCC, "hidden", "e" },
	};

	(void)state;
	expect(NULL, "edcba");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		expect(leaf(rows[i].op, rows[i].text), rows[i].want);
}

static void
test_headers(void **state)
{
	static const struct {
		const char *name, *text, *want;
	} rows[] = { { "X-Test", "", "d" }, { "x-test", "HER", "d" },
		{ "X-Test", "there", "" }, { "References", "", "b" },
		{ "X-None", "", "" } };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct criterion *c = leaf(CRITERION_HEADER, rows[i].text);

		c->name = slice_str(rows[i].name);
		expect(c, rows[i].want);
	}
}

static struct criterion *
both(enum criterion_op op, struct criterion *a, struct criterion *b)
{
	struct criterion *c = criteria_new(&arena, op);

	c->child = a;
	a->next = b;
	return c;
}

/* Operators between what the table tells and what it does not. */
static void
test_operators(void **state)
{
	(void)state;
	expect(both(CRITERION_AND, leaf(CRITERION_TEXT, "quick"),
		   leaf(CRITERION_IN_MAILBOX, "Attic")),
	    "c");
	expect(both(CRITERION_OR, leaf(CRITERION_TEXT, "dog"),
		   leaf(CRITERION_KEYWORD, "$flagged")),
	    "cb");
	expect(both(CRITERION_NOT, leaf(CRITERION_TEXT, "quick"),
		   leaf(CRITERION_IN_MAILBOX, "Attic")),
	    "eb");
	expect(both(CRITERION_NOT, leaf(CRITERION_KEYWORD, "$seen"),
		   leaf(CRITERION_KEYWORD, "$forwarded")),
	    "d");
	expect(both(CRITERION_AND,
		   both(CRITERION_NOT, leaf(CRITERION_BODY, "fox"), NULL),
		   leaf(CRITERION_SOME_IN_THREAD, "$seen")),
	    "ecb");
	expect(criteria_new(&arena, CRITERION_AND), "edcba");
	expect(criteria_new(&arena, CRITERION_OR), "");
}

static void
test_sorts(void **state)
{
	static const struct {
		enum mailquery_by by;
		bool descending;
		const char *keyword, *want;
	} rows[] = {
		{ MAILQUERY_RECEIVED, false, "", "abcde" },
		{ MAILQUERY_RECEIVED, true, "", "edcba" },
		{ MAILQUERY_SIZE, false, "", "abcde" },
		{ MAILQUERY_FROM, false, "", "cbdea" },
		{ MAILQUERY_SUBJECT, false, "", "dceab" },
		{ MAILQUERY_TO, false, "", "cdeab" },
		{ MAILQUERY_SENT, true, "", "edcba" },
		{ MAILQUERY_KEYWORD, true, "$seen", "ecadb" },
		{ MAILQUERY_ALL_IN_THREAD, true, "$seen", "ecdba" },
		{ MAILQUERY_SOME_IN_THREAD, false, "work", "ceabd" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct mailquery_request r = { .limit = 100,
			.name = SLICE("sorts"),
			.memory_bytes = 1 << 20,
			.nsorts = 1 };

		mailquery_forget();
		r.sorts[0].by = rows[i].by;
		r.sorts[0].descending = rows[i].descending;
		criteria_name_keyword(
		    &r.sorts[0].keyword, slice_str(rows[i].keyword), &arena);
		(void)run(&r);
		if (strcmp(names, rows[i].want) != 0)
			fail_msg("row %zu: %s", i, names);
		/* The same from what was kept. */
		(void)run(&r);
		assert_string_equal(names, rows[i].want);
	}
}

static void
test_parts(void **state)
{
	const struct {
		int64_t position;
		char anchor;
		int64_t offset;
		uint64_t limit;
		bool collapse;
		const char *want;
		uint64_t at;
	} rows[] = {
		{ 0, 0, 0, 2, false, "ed", 0 },
		{ 1, 0, 0, 2, false, "dc", 1 },
		{ -2, 0, 0, 5, false, "ba", 3 },
		{ -9, 0, 0, 1, false, "e", 0 },
		{ 7, 0, 0, 1, false, "", 7 },
		{ 0, 'c', 0, 2, false, "cb", 2 },
		{ 0, 'c', 1, 2, false, "ba", 3 },
		{ 0, 'c', -1, 2, false, "dc", 1 },
		{ 0, 'c', -9, 1, false, "e", 0 },
		{ 0, 0, 0, 0, false, "", 0 },
		{ 0, 0, 0, 9, true, "edcb", 0 },
		{ 3, 0, 0, 9, true, "b", 3 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct mailquery_request r = { .position = rows[i].position,
			.anchor_offset = rows[i].offset,
			.limit = rows[i].limit,
			.collapse = rows[i].collapse };
		struct mailquery_result got;

		if (rows[i].anchor != 0)
			r.anchor = ids[rows[i].anchor - 'a'];
		got = run(&r);
		if (strcmp(names, rows[i].want) != 0)
			fail_msg("row %zu: %s", i, names);
		assert_int_equal(got.position, rows[i].at);
		assert_false(got.no_anchor);
	}
	assert_true(run(&(struct mailquery_request){ .anchor = 1, .limit = 1 })
			.no_anchor);
}

static unsigned gone;

static void
on_gone(void *arg, uint64_t id, uint64_t thread)
{
	const char *want = arg;

	assert_true(thread != 0);
	assert_int_equal(letter(id), want[gone++]);
}

/* The table shows what happens, whoever does it. */
static void
test_follow(void **state)
{
	struct mailbox *inbox = fx_box("INBOX"), *archive = fx_box("Attic");
	const uint64_t before = accountmail_modseq(emails);
	struct err err = { 0 };
	uint32_t uid = 1;

	(void)state;
	assert_int_equal(accountmail_count(emails), 5);
	/* a loses \Seen, the deleted one comes back. */
	fx_flags(inbox, 1, FLAGS_DEL, MSG_SEEN, "");
	fx_flags(archive, 2, FLAGS_DEL, MSG_DELETED, "");
	expect(leaf(CRITERION_KEYWORD, "$seen"), "ec");
	expect(NULL, "fedcba");
	/* a moves. */
	message_copy(inbox, &uid, 1, archive, true, on_copied, NULL);
	expect(leaf(CRITERION_IN_MAILBOX, "Attic"), "fdca");
	/* d leaves one of its mailboxes; e is gone. */
	fx_flags(inbox, 3, FLAGS_ADD, MSG_DELETED, "");
	fx_flags(inbox, 4, FLAGS_ADD, MSG_DELETED, "");
	assert_int_equal(message_expunge(inbox, NULL, 0, true, &err), 0);
	expect(NULL, "fdcba");
	expect(leaf(CRITERION_IN_MAILBOX, "INBOX"), "b");
	gone = 0;
	assert_true(accountmail_gone_since(emails, before, on_gone, "e"));
	assert_int_equal(gone, 1);
	assert_false(accountmail_gone_since(emails, before - 1, on_gone, ""));
	mailbox_close(&archive);
	/* So is what is in a mailbox that is deleted. */
	assert_int_equal(mailbox_delete(fx_account, SLICE("Attic"), &err), 0);
	expect(NULL, "b");
	gone = 0;
	(void)put(4);
	expect(NULL, "eb");
	mailbox_close(&inbox);
}

/* A table that is made anew shows the same, from what is kept. */
static void
test_again(void **state)
{
	(void)state;
	fx_flush();
	accountmail_free(&emails);
	emails = accountmail_new(fx_account);
	catch_up();
	expect(leaf(CRITERION_ATTACHMENT, "1"), "e");
	expect(leaf(CRITERION_ALL_IN_THREAD, "$seen"), "ec");
	assert_int_equal(
	    accountmail_at(emails, accountmail_find(emails, ids[0]))->thread,
	    accountmail_at(emails, accountmail_find(emails, ids[1]))->thread);
}

#define MQ(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		MQ(test_filters),
		MQ(test_headers),
		MQ(test_operators),
		MQ(test_sorts),
		MQ(test_parts),
		MQ(test_follow),
		MQ(test_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
