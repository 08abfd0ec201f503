/* SPDX-License-Identifier: ISC */
#include "mime/charset.h"

#include <errno.h>
#include <iconv.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/must.h"
#include "base/utf8.h"

enum {
	CARRY_MAX = 16,    /* no charset has a longer character */
	NAME_MAX_LEN = 40, /* longer names are nobody's */
	CHUNK = 1024,
};

struct charset {
	iconv_t cd; /* (iconv_t)-1: UTF-8, checked by us */
	char carry[CARRY_MAX];
	size_t ncarry;
};

/* clang-format off */
static const struct {
	const char *name, *iconv;
} aliases[] = {
	{ "us-ascii",          "utf-8" },
	{ "ascii",             "utf-8" },
	{ "ansi_x3.4-1968",    "utf-8" },
	{ "utf8",              "utf-8" },
	{ "unicode-1-1-utf-8", "utf-8" },
	{ "unknown-8bit",      "utf-8" },
	{ "iso-8859-1",        "cp1252" },
	{ "iso8859-1",         "cp1252" },
	{ "latin1",            "cp1252" },
	{ "euc-kr",            "cp949" },
	{ "euckr",             "cp949" },
	{ "ks_c_5601-1987",    "cp949" },
	{ "ks_c_5601",         "cp949" },
	{ "ksc5601",           "cp949" },
	{ "ks_c_5601-1989",    "cp949" },
	{ "korean",            "cp949" },
	{ "windows-949",       "cp949" },
	{ "ms949",             "cp949" },
	{ "gb2312",            "gb18030" },
	{ "gb_2312-80",        "gb18030" },
	{ "gbk",               "gb18030" },
	{ "x-gbk",             "gb18030" },
	{ "shift_jis",         "cp932" },
	{ "shift-jis",         "cp932" },
	{ "sjis",              "cp932" },
	{ "x-sjis",            "cp932" },
	{ "windows-31j",       "cp932" },
	{ "iso-8859-8-i",      "iso-8859-8" },
	{ "iso-8859-8-e",      "iso-8859-8" },
	{ "x-mac-roman",       "macintosh" },
	{ "unicode-1-1-utf-7", "utf-7" },
};

static const char *const preload[] = { "cp949", "iso-2022-kr", "johab",
	"cp932", "euc-jp", "iso-2022-jp", "gb18030", "hz-gb-2312", "big5",
	"big5-hkscs", "euc-tw", "iso-2022-cn", "cp1250", "cp1251", "cp1252",
	"cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "cp1258",
	"iso-8859-2", "iso-8859-3", "iso-8859-4", "iso-8859-5", "iso-8859-6",
	"iso-8859-7", "iso-8859-8", "iso-8859-9", "iso-8859-10",
	"iso-8859-13", "iso-8859-14", "iso-8859-15", "iso-8859-16", "koi8-r",
	"koi8-u", "tis-620", "cp874", "viscii", "macintosh", "utf-7",
	"utf-16", "utf-32" };
/* clang-format on */

/* The converters stay open for good: glibc would unload their tables else. */
void
charset_preload(void)
{
	static iconv_t kept[ARRAY_LEN(preload)];

	for (size_t i = 0; i < ARRAY_LEN(preload); i++)
		if (kept[i] == NULL)
			kept[i] = iconv_open("UTF-8", preload[i]);
}

/* iconv's names may hold paths, options and lists; a charset's do not. */
static bool
is_name(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!ascii_isalnum(s.p[i]) &&
		    (s.p[i] == '\0' || strchr("-_.:+", s.p[i]) == NULL))
			return false;
	return s.n > 0 && s.n < NAME_MAX_LEN;
}

struct charset *
charset_open(struct slice name)
{
	char text[NAME_MAX_LEN];
	const char *known = text;
	struct charset *cs;
	iconv_t cd = (iconv_t)-1;

	name = slice_trim(name);
	if (!is_name(name) || !slice_copy(name, text, sizeof text))
		return NULL;
	for (size_t i = 0; i < ARRAY_LEN(aliases); i++)
		if (slice_iis(name, aliases[i].name))
			known = aliases[i].iconv;
	if (!slice_iis(slice_str(known), "utf-8")) {
		cd = iconv_open("UTF-8", known);
		if (cd == (iconv_t)-1)
			return NULL;
	}
	cs = xcalloc(1, sizeof *cs);
	cs->cd = cd;
	return cs;
}

void
charset_close(struct charset **cs)
{
	if (*cs == NULL)
		return;
	if ((*cs)->cd != (iconv_t)-1)
		iconv_close((*cs)->cd);
	xfree(cs);
}

static void
put_replacement(struct buf *out)
{
	buf_adds(out, "\xef\xbf\xbd");
}

/* The start of one character that may go on behind S? */
static bool
is_cut_utf8(struct slice s)
{
	static const char *const rest[] = { "\x80", "\x80\x80", "\x80\x80\x80",
		"\xa0\x80", "\x90\x80\x80" };
	char probe[4];

	if (s.n == 0 || s.n > 3)
		return false;
	memcpy(probe, s.p, s.n);
	for (size_t i = 0; i < ARRAY_LEN(rest); i++) {
		const struct slice r = slice_str(rest[i]);

		if (s.n + r.n > sizeof probe)
			continue;
		memcpy(probe + s.n, r.p, r.n);
		if (utf8_len(slice_of(probe, s.n + r.n)) == s.n + r.n)
			return true;
	}
	return false;
}

/* Gives how many bytes were used; the others are a character cut short. */
static size_t
feed_utf8(struct slice in, struct buf *out)
{
	const size_t all = in.n;

	while (in.n > 0 && !out->failed) {
		size_t n = 0, len;

		while ((len = utf8_len(slice_from(in, n))) > 0)
			n += len;
		buf_add(out, slice_sub(in, 0, n));
		in = slice_from(in, n);
		if (in.n == 0 || is_cut_utf8(in))
			break;
		put_replacement(out);
		in = slice_from(in, 1);
	}
	return out->failed ? all : all - in.n;
}

static size_t
feed_iconv(struct charset *cs, struct slice in, struct buf *out)
{
	char *from = (char *)(uintptr_t)in.p;
	size_t left = in.n;

	while (left > 0 && !out->failed) {
		char chunk[CHUNK];
		char *to = chunk;
		size_t room = sizeof chunk;
		const size_t rc = iconv(cs->cd, &from, &left, &to, &room);

		buf_add(out, slice_of(chunk, sizeof chunk - room));
		if (rc != (size_t)-1 || errno == E2BIG)
			continue;
		if (errno == EINVAL && left < CARRY_MAX)
			break;
		put_replacement(out);
		if (left == 0) /* glibc can refuse what it has taken */
			break;
		from++;
		left--;
	}
	return out->failed ? in.n : in.n - left;
}

static size_t
feed_some(struct charset *cs, struct slice in, struct buf *out)
{
	return cs->cd == (iconv_t)-1 ? feed_utf8(in, out)
				     : feed_iconv(cs, in, out);
}

/* First the character kept from the last piece, byte by byte. */
static struct slice
feed_carry(struct charset *cs, struct slice in, struct buf *out)
{
	while (cs->ncarry > 0 && in.n > 0) {
		size_t used;

		must(cs->ncarry < CARRY_MAX);
		cs->carry[cs->ncarry++] = in.p[0];
		in = slice_from(in, 1);
		used = feed_some(cs, slice_of(cs->carry, cs->ncarry), out);
		cs->ncarry -= used;
		memmove(cs->carry, cs->carry + used, cs->ncarry);
	}
	return in;
}

void
charset_feed(struct charset *cs, struct slice in, struct buf *out)
{
	size_t used;

	in = feed_carry(cs, in, out);
	if (in.n == 0)
		return;
	used = feed_some(cs, in, out);
	cs->ncarry = in.n - used;
	must(cs->ncarry < CARRY_MAX);
	memcpy(cs->carry, in.p + used, cs->ncarry);
}

void
charset_finish(struct charset *cs, struct buf *out)
{
	if (cs->ncarry > 0)
		put_replacement(out);
	cs->ncarry = 0;
	if (cs->cd != (iconv_t)-1) {
		char chunk[CARRY_MAX];
		char *to = chunk;
		size_t room = sizeof chunk;

		iconv(cs->cd, NULL, NULL, &to, &room);
		buf_add(out, slice_of(chunk, sizeof chunk - room));
	}
}

bool
charset_to_utf8(struct buf *out, struct slice name, struct slice in)
{
	struct charset *cs = charset_open(name);
	const bool known = cs != NULL;

	if (!known)
		cs = charset_open(SLICE("utf-8"));
	charset_feed(cs, in, out);
	charset_finish(cs, out);
	charset_close(&cs);
	return known;
}
