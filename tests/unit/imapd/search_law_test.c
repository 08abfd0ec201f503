/* SPDX-License-Identifier: ISC */
/* A law: whatever charset and transfer encoding a text is sent in, and wherever
 * it is cut, SEARCH finds in it what a plain search finds in the folded text.
 */
#include "imapd/message/bodyscan.h"

#include "tests/unit.h"

#include <iconv.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/mem.h"
#include "base/needle.h"
#include "mime/charset.h"
#include "mime/parser.h"
#include "mime/part.h"
#include "sys/fd.h"

enum { ROUNDS = 1500, TEXT_MAX = 200 << 10 };

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

static void
put_base64(struct slice s, size_t line, struct buf *out)
{
	struct buf all;

	buf_init(&all, 2 * s.n + 16);
	base64_encode(&all, s);
	for (size_t i = 0; i < all.n; i += line) {
		buf_add(out, slice_sub(buf_slice(&all), i, line));
		buf_adds(out, "\r\n");
	}
	buf_fini(&all);
}

static void
put_qp(struct slice s, size_t line, struct buf *out)
{
	size_t at = 0;

	for (size_t i = 0; i < s.n; i++, at++) {
		const char c = s.p[i];

		if (at >= line) {
			buf_adds(out, "=\r\n");
			at = 0;
		}
		if (c > ' ' && c < 0x7f && c != '=')
			buf_addc(out, c);
		else
			buf_addf(out, "=%02X", (unsigned)(unsigned char)c);
	}
}

/* Words of charset WHICH among others of ASCII. */
static void
make_text(size_t which, size_t size, struct buf *out)
{
	static const char *const plain[] = { "alpha", "Bravo", "charlie 12",
		"  ", "\r\n", "x", "needle" };

	while (out->n < size) {
		if (random() % 3 == 0)
			buf_adds(out, charsets[which].words[random() % 6]);
		else
			buf_adds(out, plain[random() % 7]);
		if (random() % 2 == 0)
			buf_addc(out, ' ');
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
	struct buf text, folded, bytes, message, needle;

	(void)state;
	srandom(20);
	charset_preload();
	buf_init(&text, TEXT_MAX);
	buf_init(&folded, 8 * TEXT_MAX);
	buf_init(&bytes, 8 * TEXT_MAX);
	buf_init(&message, 16 * TEXT_MAX);
	buf_init(&needle, 1000);
	for (int round = 0; round < ROUNDS; round++) {
		const size_t which = (size_t)random() % ARRAY_LEN(charsets);
		/* UTF-16 is no text where it is not encoded. */
		const size_t encoding = (size_t)random() % (which == 1 ? 2 : 3);
		const size_t size =
		    1 + (size_t)random() % (round % 20 == 0 ? 100000 : 900);
		struct slice n;

		buf_reset(&text);
		buf_reset(&folded);
		buf_reset(&bytes);
		buf_reset(&message);
		make_text(which, size, &text);
		fold_text(buf_slice(&text), &folded);
		convert(charsets[which].name, buf_slice(&text), &bytes);
		buf_addf(&message, "Content-Type: text/plain; charset=%s",
		    charsets[which].label);
		put_body(encoding, buf_slice(&bytes), &message);
		n = some_needle(buf_slice(&folded), &needle);
		if (is_found(buf_slice(&message), n) !=
		    (slice_search(buf_slice(&folded), n) < folded.n))
			fail_msg("round %d: %s, encoding %zu, \"%.*s\"", round,
			    charsets[which].label, encoding, SLICE_FMT(n));
	}
	buf_fini(&text);
	buf_fini(&folded);
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
