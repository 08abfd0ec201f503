/* SPDX-License-Identifier: ISC */
#include "mailsearch/match.h"

#include "tests/unit.h"

#include <sys/mman.h>
#include <unistd.h>

#include "base/mem.h"
#include "imapd/parse/parse.h"
#include "imapd/parse/searchkey.h"
#include "maildir/filename.h"
#include "mailsearch/bodyscan.h"
#include "mime/parser.h"
#include "mime/part.h"
#include "mime/record.h"
#include "sys/fd.h"

#define GA "\xea\xb0\x80" /* U+AC00; in EUC-KR B0 A1 */

static const char message[] =
    "Date: Fri, 21 Nov 1997 23:55:06 -0600\n"
    "From: =?euc-kr?B?sKE=?= <alice@example.org>\n"
    "To: Bob <bob@example.net>, c@d\n"
    "Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\n"
    " folded\n"
    "X-Empty:\n"
    "X-Raw: \xb0\xa1\n"
    "Cc: \xb0\xa1 <cc@example.net>\n"
    "Content-Disposition: inline; filename*=euc-kr''%B0%A1.top\n"
    "Content-Type: multipart/mixed; boundary=x\n\n"
    "preamble\n"
    "--x\nContent-Type: text/plain; charset=euc-kr\n"
    "Content-Transfer-Encoding: base64\n\nsKEgSGVs\nbG8K\n"
    "--x\nContent-Type: text/html; charset=utf-8\n"
    "Content-Transfer-Encoding: quoted-printable\n\n"
    "<b>split=\n word</b>\n"
    "--x\nContent-Type: application/octet-stream; name=needle.bin\n\nhidden\n"
    "--x\nContent-Type: message/rfc822\n\nSubject: inner\n\ninside\n"
    "--x\nContent-Type: text/html\n\n<p>para</p>graph <style>sheet</style>\n"
    "w<i>ho</i>le &lt;tagged&gt; <a href=\"http://link/\">shown</a>\n"
    "--x\nContent-Type: text/plain; format=flowed; delsp=yes\n\n"
    "> quo \n> ted soft\n> hard\n"
    "--x\nContent-Type: text/plain; format=flowed\n\nquick \nbrown\n"
    "--x\nContent-Type: application/pdf; name*0=pie; name*1=ces.pdf\n"
    "Content-Disposition: attachment; filename*0*=euc-kr''%b0;\n"
    " filename*1*=%A1.pdf\n\nhidden\n"
    "--x--\n";

static void
init_keys(struct search_key *k)
{
	for (; k != NULL; k = k->next) {
		if (k->op == SEARCH_SEQ || k->op == SEARCH_UID)
			seqset_resolve(&k->set, 9);
		match_key_init(k);
		init_keys(k->child);
	}
}

/* The answer to QUERY with everything of the message known. */
static enum match_answer
ask(const char *query, enum match_level level)
{
	const struct mime_limits *limits = NULL;
	struct mime_tree *tree = mime_parse(slice_str(message), limits);
	struct match m = { .seq = 3, .level = level, .now_s = 1000000 };
	struct slice header;
	struct buf record;
	const int fd = memfd_create("message", MFD_CLOEXEC);
	enum match_answer answer;
	struct search search;
	struct arena arena;
	struct err err;
	struct parse p;
	bool done = false;

	buf_init(&record, 1 << 20);
	arena_init(&arena);
	p = parse_of(slice_str(query), &arena);
	search = searchkey_parse(&p);
	assert_true(parse_ok(&p));
	init_keys(search.key);
	m.search = &search;
	m.message.info = (struct message_info){ .uid = 7,
		.flags = MSG_SEEN | MSG_FLAGGED,
		.modseq = 40,
		.vsize = 500,
		.date_s = 999000 }; /* 12 Jan 1970 13:30 */
	m.info = &m.message.info;
	fieldscan_init(&m.fields);
	mime_record_put(&record, tree);
	fieldscan_begin(&m.fields, tree->root->envelope, buf_slice(&record));
	header =
	    slice_sub(slice_str(message), 0, (size_t)tree->root->header.bytes);
	headscan_begin(&m.head, &search, header, mime_part_charset(tree->root));
	while (headscan_step(&m.head))
		;
	assert_int_equal(fd_write_all(fd, slice_str(message), &err), 0);
	block_init(&m.block, fd, strlen(message));
	m.scan = xcalloc(1, sizeof *m.scan);
	bodyscan_begin(m.scan, &search, &m.block, tree->root);
	while (!done)
		assert_int_equal(bodyscan_step(m.scan, &done, &err), 0);
	answer = match_eval(&m, search.key);
	bodyscan_end(m.scan);
	xfree(&m.scan);
	headscan_end(&m.head);
	block_fini(&m.block);
	fieldscan_fini(&m.fields);
	buf_fini(&record);
	mime_tree_free(&tree);
	arena_fini(&arena);
	close(fd);
	return answer;
}

static void
test_answers(void **state)
{
	/* clang-format off */
	static const struct { const char *query; bool want; } rows[] = {
		{ "ALL",                           true },
		{ "SEEN FLAGGED",                  true },
		{ "SEEN ANSWERED",                 false },
		{ "UNSEEN",                        false },
		{ "UNDELETED UNDRAFT",             true },
		{ "NOT SEEN",                      false },
		{ "NOT NOT SEEN",                  true },
		{ "OR UNSEEN FLAGGED",             true },
		{ "OR UNSEEN DELETED",             false },
		{ "(SEEN (OR DELETED FLAGGED))",   true },
		{ "KEYWORD foo",                   false },
		{ "MODSEQ 40",                     true },
		{ "modseq 0",                      true },
		{ "MODSEQ 41",                     false },
		{ "MODSEQ \"/flags/\\\\Seen\" priv 40", true },
		{ "MODSEQ \"/flags/x\" shared 41",  false },
		{ "NOT MODSEQ \"/flags/x\" all 41", true },
		{ "UNKEYWORD foo",                 true },
		{ "3",                             true },
		{ "1:2,4:*",                       false },
		{ "UID 5:7",                       true },
		{ "UID 8:*",                       false },
		{ "LARGER 499 SMALLER 501",        true },
		{ "LARGER 500",                    false },
		{ "SMALLER 500",                   false },
		{ "ON 12-Jan-1970",                true },
		{ "SINCE 12-Jan-1970",             true },
		{ "BEFORE 12-Jan-1970",            false },
		{ "BEFORE \"13-Jan-1970\"",        true },
		{ "SINCE 13-Jan-1970",             false },
		{ "YOUNGER 1000",                  true },
		{ "YOUNGER 999",                   false },
		{ "OLDER 1000",                    true },
		{ "OLDER 1001",                    false },
		/* in the zone of the Date field */
		{ "SENTON 21-Nov-1997",            true },
		{ "SENTON 22-Nov-1997",            false },
		{ "SENTBEFORE 22-Nov-1997",        true },
		{ "SENTSINCE 22-Nov-1997",         false },
		{ "FROM " "{3}\r\n" GA,            true },
		{ "CHARSET EUC-KR FROM {2}\r\n\xb0\xa1", true },
		{ "FROM ALICE@EXAMPLE.ORG",        true },
		{ "FROM bob",                      false },
		{ "TO \"<bob@example.net>\"",      true },
		{ "CC bob",                        false },
		{ "CC cc@example",                 true },
		{ "BCC \"\"",                      false },
		{ "SUBJECT \"GR\xc3\x9cSSE FOLDED\"", true },
		{ "SUBJECT \"\"",                  true },
		{ "HEADER X-Empty \"\"",           true },
		{ "HEADER X-None \"\"",            false },
		{ "HEADER X-Empty a",              false },
		{ "HEADER X-Raw {3}\r\n" GA,       true },
		{ "TEXT {10}\r\nx-raw: " GA,       true },
		{ "CC {3}\r\n" GA,                 true },
		{ "CC {2}\r\n\xc2\xb0",            false },
		{ "HEADER Content-Disposition {7}\r\n" GA ".top", true },
		{ "HEADER subject \"gr\xc3\xbc\"", true },
		{ "BODY hello",                    true },
		{ "CHARSET euc-kr BODY {7}\r\n\xb0\xa1 HELL", true },
		{ "BODY splitword",                false },
		{ "BODY \"split word\"",           true },
		{ "BODY hidden",                   false },
		{ "BODY needle.bin",               true },
		{ "BODY \"para graph\"",           true },
		{ "BODY paragraph",                false },
		{ "BODY sheet",                    false },
		{ "BODY \"whole <tagged>\"",       true },
		{ "BODY shown",                    true },
		{ "BODY //link",                   false },
		{ "BODY \"quoted soft\"",          true },
		{ "BODY \"soft > hard\"",          true },
		{ "BODY \"quick brown\"",          true },
		{ "BODY pieces.pdf",               true },
		{ "BODY {7}\r\n" GA ".pdf",        true },
		{ "TEXT {16}\r\nfilename=" GA ".pdf", true },
		{ "BODY inside",                   true },
		{ "BODY inner",                    true },
		{ "BODY alice",                    false },
		{ "TEXT alice",                    true },
		{ "TEXT \"from: \xea\xb0\x80 <\"", true },
		{ "TEXT hello NOT BODY alice",     true },
		{ "TEXT nowhere",                  false },
		{ "OR TEXT nowhere BODY hello",    true },
		{ "BODY \"\"",                     true },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(ask(rows[i].query, MATCH_TEXT),
		    rows[i].want ? MATCH_YES : MATCH_NO);
}

/* Cheap criteria decide before dear ones are asked. */
static void
test_levels(void **state)
{
	/* clang-format off */
	static const struct {
		const char *query;
		enum match_level level;
		enum match_answer want;
	} rows[] = {
		{ "BODY x UNSEEN",      MATCH_INDEX,  MATCH_NO },
		{ "BODY x SEEN",        MATCH_INDEX,  MATCH_UNKNOWN },
		{ "OR BODY x SEEN",     MATCH_INDEX,  MATCH_YES },
		{ "OR BODY x UNSEEN",   MATCH_HEADER, MATCH_UNKNOWN },
		{ "NOT BODY x",         MATCH_HEADER, MATCH_UNKNOWN },
		{ "SUBJECT x",          MATCH_INDEX,  MATCH_UNKNOWN },
		{ "SUBJECT x",          MATCH_RECORD, MATCH_NO },
		{ "SUBJECT x BODY y",   MATCH_RECORD, MATCH_NO },
		{ "HEADER To bob",      MATCH_RECORD, MATCH_UNKNOWN },
		{ "HEADER To bob",      MATCH_HEADER, MATCH_YES },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(
		    ask(rows[i].query, rows[i].level), rows[i].want);
}

static void
test_refusals(void **state)
{
	static const char *const rows[] = { "", "(SEEN", "SEEN)", "NOT",
		"OR SEEN", "OR SEEN ", "SEEN  FLAGGED", "NONSENSE",
		"BEFORE 31-Feb-1970", "BEFORE yesterday", "LARGER -1",
		"LARGER x", "KEYWORD \"a\"", "UID 0", "HEADER X", "FROM",
		"CHARSET", "CHARSET utf-8", "()", "SEENX", "YOUNGER 0",
		"MODSEQ", "MODSEQ x", "MODSEQ -1", "MODSEQ 9223372036854775808",
		"MODSEQ \"/flags/\" all 1", "MODSEQ \"/x\" all 1",
		"MODSEQ \"/flags/a\" 1", "MODSEQ \"/flags/a\" any 1",
		"MODSEQ \"/flags/a\" all" };
	struct arena arena;
	struct parse p;
	struct buf b;

	(void)state;
	arena_init(&arena);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		p = parse_of(slice_str(rows[i]), &arena);
		(void)searchkey_parse(&p);
		assert_false(parse_ok(&p));
	}
	buf_init(&b, 100000);
	for (int i = 0; i < 1000; i++)
		buf_adds(&b, "NOT ");
	buf_adds(&b, "SEEN");
	p = parse_of(buf_slice(&b), &arena);
	(void)searchkey_parse(&p);
	assert_false(parse_ok(&p));
	buf_reset(&b);
	for (int i = 0; i < 1000; i++)
		buf_adds(&b, "BODY x ");
	buf_adds(&b, "SEEN");
	p = parse_of(buf_slice(&b), &arena);
	(void)searchkey_parse(&p);
	assert_false(parse_ok(&p));
	buf_fini(&b);
	p = parse_of(SLICE("CHARSET x-none SUBJECT a"), &arena);
	assert_true(searchkey_parse(&p).bad_charset);
	assert_true(parse_ok(&p));
	/* also where it decides nothing */
	p = parse_of(SLICE("CHARSET x-none SEEN"), &arena);
	assert_true(searchkey_parse(&p).bad_charset);
	assert_true(parse_ok(&p));
	p = parse_of(SLICE("CHARSET iso-2022-jp SEEN"), &arena);
	assert_false(searchkey_parse(&p).bad_charset);
	arena_fini(&arena);
}

/* Keys of all kinds with a string count together. */
static void
test_many_strings(void **state)
{
	static const char *const keys[] = { "TO a ", "HEADER a \"\" ",
		"SUBJECT b ", "BODY \"\" ", "TEXT c " };

	(void)state;
	for (unsigned n = SEARCH_STRINGS_MAX; n <= SEARCH_STRINGS_MAX + 1;
	     n++) {
		struct arena arena;
		struct parse p;
		struct buf b;

		arena_init(&arena);
		buf_init(&b, 10000);
		for (unsigned i = 0; i < n; i++)
			buf_addf(&b, "NOT %s", keys[i % ARRAY_LEN(keys)]);
		buf_adds(&b, "SEEN");
		p = parse_of(buf_slice(&b), &arena);
		(void)searchkey_parse(&p);
		assert_int_equal(parse_ok(&p), n <= SEARCH_STRINGS_MAX);
		buf_fini(&b);
		arena_fini(&arena);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_levels),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_many_strings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
