/* SPDX-License-Identifier: ISC */
/* A law: whatever form, charset and transfer encoding a text is sent in, and
 * wherever it is cut, SEARCH finds in it what a plain search finds in the
 * folded text.
 */
#include "mailsearch/bodyscan.h"

#include "tests/unit.h"

#include <iconv.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/mem.h"
#include "base/needle.h"
#include "base/utf8.h"
#include "mime/charset.h"
#include "mime/parser.h"
#include "mime/part.h"
#include "sys/fd.h"

enum { ROUNDS = 1500, TEXT_MAX = 200 << 10 };

enum form { PLAIN, HTML, FLOWED, DELSP, FORMS };

static const char *const forms[] = { "plain", "html", "plain; format=flowed",
	"plain; format=flowed; delsp=yes" };

/* The name in mail, iconv's, and characters that all of it can write. */
/* clang-format off */
static const struct {
	const char *label, *name;
	const char *words[6];
} charsets[] = {
	{ "utf-8",       "UTF-8",       { "안녕", "회의 보고서", "GRÜSSE", "Straße", "日本語", "Ωμέγα" } },
	{ "utf-16",      "UTF-16",      { "안녕", "회의 보고서", "GRÜSSE", "Straße", "日本語", "Ωμέγα" } },
	{ "euc-kr",      "EUC-KR",      { "안녕", "회의 보고서", "가각", "한글", "서울", "요청" } },
	{ "ks_c_5601-1987", "UHC",      { "안녕", "똠방각하", "펲시", "한글", "햏", "요청" } },
	{ "iso-2022-kr", "ISO-2022-KR", { "안녕", "회의 보고서", "가각", "한글", "서울", "요청" } },
	{ "johab",       "JOHAB",       { "안녕", "똠방각하", "가각", "한글", "서울", "요청" } },
	{ "iso-2022-jp", "ISO-2022-JP", { "日本語", "こんにちは", "会議", "カタカナ", "東京", "報告" } },
	{ "shift_jis",   "SHIFT_JIS",   { "日本語", "こんにちは", "会議", "カタカナ", "東京", "報告" } },
	{ "gb18030",     "GB18030",     { "会议", "报告", "안녕", "中文", "東京", "é" } },
	{ "big5",        "BIG5",        { "會議", "報告", "中文", "臺北", "請", "東京" } },
	{ "koi8-r",      "KOI8-R",      { "Привет", "ОТЧЁТ", "встреча", "Счёт", "да", "НЕТ" } },
	{ "windows-1251", "CP1251",     { "Привет", "ОТЧЁТ", "встреча", "Счёт", "да", "НЕТ" } },
	{ "windows-1252", "CP1252",     { "GRÜSSE", "Straße", "café", "Ærø", "€", "naïve" } },
	{ "windows-1254", "CP1254",     { "İstanbul", "ışık", "GÜN", "şeker", "ağ", "Ö" } },
};
/* clang-format on */

static void
convert(const char *name, struct slice utf8, struct buf *out)
{
	iconv_t cd = iconv_open(name, "UTF-8");
	char *from = (char *)(uintptr_t)utf8.p;
	size_t left = utf8.n, room = 4 * utf8.n + 64, had = room;
	char *to = buf_room(out, room);

	assert_true(cd != (iconv_t)-1);
	assert_int_equal(iconv(cd, &from, &left, &to, &room), 0);
	assert_int_equal(iconv(cd, NULL, NULL, &to, &room), 0);
	buf_added(out, had - room);
	iconv_close(cd);
}

/* What is no base 64 is passed over. */
static void
put_base64(struct slice s, size_t line, struct buf *out)
{
	static const char *const junk[] = { "", "", "", "!", " ", "\r\n*" };
	struct buf all;

	buf_init(&all, 2 * s.n + 16);
	base64_encode(&all, s);
	for (size_t i = 0; i < all.n; i += line) {
		buf_add(out, slice_sub(buf_slice(&all), i, line));
		buf_adds(out, junk[random() % 6]);
		buf_adds(out, "\r\n");
	}
	buf_fini(&all);
}

/* Soft line ends have blanks behind them, and letters are small, though RFC
 * 2045 6.7 wants neither. */
static void
put_qp(struct slice s, size_t line, struct buf *out)
{
	static const char *const ends[] = { "=\r\n", "= \t\r\n", "=\n" };
	size_t at = 0;

	for (size_t i = 0; i < s.n; i++, at++) {
		const char c = s.p[i];

		if (at >= line) {
			buf_adds(out, ends[random() % 3]);
			at = 0;
		}
		if (c > ' ' && c < 0x7f && c != '=')
			buf_addc(out, c);
		else
			buf_addf(out, random() % 2 == 0 ? "=%02X" : "=%02x",
			    (unsigned)(unsigned char)c);
	}
}

/* Words of charset WHICH among others of ASCII; without line ends where those
 * would be soft ones. */
static void
make_text(size_t which, size_t size, enum form form, struct buf *out)
{
	static const char *const plain[] = { "alpha", "Bravo", "charlie 12",
		"  ", "x", "needle", "\r\n" };
	const int n = form == DELSP ? 6 : 7;

	while (out->n < size) {
		if (random() % 3 == 0)
			buf_adds(out, charsets[which].words[random() % 6]);
		else
			buf_adds(out, plain[random() % n]);
		if (random() % 2 == 0)
			buf_addc(out, ' ');
	}
}

/* A character as HTML may have it. */
static void
put_html(struct slice s, struct buf *out)
{
	static const char *const around[] = { "<b>", "</span>", "<!-- > -->",
		"<i title='>'>", "<!---->", "<wbr>" };
	static const char *const parted[] = { "<p>", "<br/>", "</div>\r\n",
		"<td a=\"<\">", "<style>needle</b></style>", "&nbsp;" };

	if (random() % 8 == 0)
		buf_adds(out, around[random() % 6]);
	if (slice_is(s, " ") && random() % 2 == 0)
		buf_adds(out, parted[random() % 6]);
	else if (random() % 5 == 0)
		buf_addf(out, random() % 2 == 0 ? "&#%u;" : "&#x%x;",
		    (unsigned)utf8_code(s));
	else
		buf_add(out, s);
}

/* Soft line ends behind spaces, or anywhere. */
static void
put_flowed(struct slice s, bool delsp, struct buf *out)
{
	if (delsp && random() % 20 == 0)
		buf_adds(out, " \r\n");
	if (slice_is(s, " ") && (out->n == 0 || out->p[out->n - 1] == '\n'))
		buf_addc(out, ' ');
	buf_add(out, s);
	if (!delsp && slice_is(s, " ") && random() % 3 == 0)
		buf_adds(out, "\r\n");
}

static void
put_form(enum form form, struct slice text, struct buf *out)
{
	while (text.n > 0) {
		const struct slice s = slice_sub(text, 0, utf8_len(text));

		if (form == HTML)
			put_html(s, out);
		else if (form == PLAIN)
			buf_add(out, s);
		else
			put_flowed(s, form == DELSP, out);
		text = slice_from(text, s.n);
	}
}

static struct search
search_of(struct search_key *k, struct slice needle)
{
	struct search s = { .nstrings = 1 };

	*k = (struct search_key){
		.op = SEARCH_BODY, .needle = needle, .rare = needle_rare(needle)
	};
	s.strings[0] = k;
	return s;
}

static bool
is_found(struct slice message, struct slice needle)
{
	struct mime_tree *tree = mime_parse(message, NULL);
	const int fd = memfd_create("message", MFD_CLOEXEC);
	struct search_key k;
	struct search search = search_of(&k, needle);
	struct bodyscan scan;
	struct block block;
	bool done = false, found;
	struct err err;

	assert_int_equal(fd_write_all(fd, message, &err), 0);
	block_init(&block, fd, message.n);
	bodyscan_begin(&scan, &search, &block, tree->root);
	while (!done)
		assert_int_equal(bodyscan_step(&scan, &done, &err), 0);
	found = scan.found[0];
	bodyscan_end(&scan);
	block_fini(&block);
	mime_tree_free(&tree);
	close(fd);
	return found;
}

static void
put_body(size_t encoding, struct slice bytes, struct buf *message)
{
	static const char *const names[] = { "base64", "quoted-printable",
		"8bit" };
	const size_t line = 1 + (size_t)random() % 76;

	buf_addf(message, "\r\nContent-Transfer-Encoding: %s\r\n\r\n",
	    names[encoding]);
	if (encoding == 0)
		put_base64(bytes, line, message);
	else if (encoding == 1)
		put_qp(bytes, line, message);
	else
		buf_add(message, bytes);
}

static bool
is_amid(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

/* A piece of FOLDED from the start of a character on, or one that is altered.
 */
static struct slice
some_needle(struct slice folded, struct buf *out)
{
	size_t from = (size_t)random() % folded.n;
	size_t n = 1 + (size_t)random() % 30;

	while (from < folded.n && is_amid(folded.p[from]))
		from++;
	while (from + n < folded.n && is_amid(folded.p[from + n]))
		n++;
	buf_reset(out);
	buf_add(out, slice_sub(folded, from, n));
	if (random() % 3 == 0)
		buf_addc(out, 'q');
	if (out->n == 0)
		buf_addc(out, 'a');
	return buf_slice(out);
}

static void
test_bodies(void **state)
{
	struct buf text, folded, formed, bytes, message, needle;

	(void)state;
	srandom(20);
	charset_preload(true);
	buf_init(&text, TEXT_MAX);
	buf_init(&folded, 8 * TEXT_MAX);
	buf_init(&formed, 8 * TEXT_MAX);
	buf_init(&bytes, 8 * TEXT_MAX);
	buf_init(&message, 16 * TEXT_MAX);
	buf_init(&needle, 1000);
	for (int round = 0; round < ROUNDS; round++) {
		const size_t which = (size_t)random() % ARRAY_LEN(charsets);
		const enum form form = (enum form)(random() % FORMS);
		/* UTF-16 is no text where it is not encoded. */
		const size_t encoding = (size_t)random() % (which == 1 ? 2 : 3);
		const size_t size =
		    1 + (size_t)random() % (round % 20 == 0 ? 100000 : 900);
		struct slice n;

		buf_reset(&text);
		buf_reset(&folded);
		buf_reset(&formed);
		buf_reset(&bytes);
		buf_reset(&message);
		make_text(which, size, form, &text);
		put_form(form, buf_slice(&text), &formed);
		fold_text(buf_slice(&text), &folded);
		convert(charsets[which].name, buf_slice(&formed), &bytes);
		buf_addf(&message, "Content-Type: text/%s; charset=%s",
		    forms[form], charsets[which].label);
		put_body(encoding, buf_slice(&bytes), &message);
		n = some_needle(buf_slice(&folded), &needle);
		if (is_found(buf_slice(&message), n) !=
		    (slice_search(buf_slice(&folded), n) < folded.n))
			fail_msg("round %d: %s, %s, encoding %zu, \"%.*s\"",
			    round, charsets[which].label, forms[form], encoding,
			    SLICE_FMT(n));
	}
	buf_fini(&text);
	buf_fini(&folded);
	buf_fini(&formed);
	buf_fini(&bytes);
	buf_fini(&message);
	buf_fini(&needle);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bodies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
