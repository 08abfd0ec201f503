/* SPDX-License-Identifier: ISC */
#include "mime/charset.h"

#include <errno.h>
#include <iconv.h>
#include <stdint.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/must.h"
#include "base/utf8.h"
#include "mime/jis.h"

enum {
	CARRY_MAX = 16,    /* no charset has a longer character */
	NAME_MAX_LEN = 40, /* longer names are nobody's */
	CHUNK = 1024,
	IDLE_MAX = 4,
};

struct charset {
	iconv_t cd; /* (iconv_t)-1: UTF-8, checked by us */
	bool guess; /* what is no UTF-8 is windows-1252 */
	bool bytes; /* with guess: nothing is UTF-8 */
	bool is_jis;
	struct jis jis; /* before cd */
	size_t unit;    /* bytes of which all characters are made */
	bool is_double; /* two bytes from 0xa1 to 0xfe are a character */
	bool is_eucjp;  /* three from 0x8f on, too */
	char carry[CARRY_MAX];
	size_t ncarry;
	char name[NAME_MAX_LEN]; /* as it was asked for */
};

/* Converters that nobody uses: headers ask for one for each word, and iconv's
 * take longer to open than words to convert. */
static struct charset *idle[IDLE_MAX];
static size_t next_idle; /* the one that goes when there are too many */

static bool forgone, missed;
static bool (*may_be_known)(struct slice name);

/* clang-format off */
#define GUESS "guess"
#define JIS   "jis"
#define BYTES "cp1252"
#define EUCJP "euc-jp-ms"
static const struct {
	const char *name, *iconv;
} aliases[] = {
	{ "us-ascii",          GUESS },
	{ "ascii",             GUESS },
	{ "ansi_x3.4-1968",    GUESS },
	{ "unknown-8bit",      GUESS },
	{ "x-unknown",         GUESS },
	{ "utf8",              "utf-8" },
	{ "unicode-1-1-utf-8", "utf-8" },
	{ "iso-8859-1",        BYTES },
	{ "iso8859-1",         BYTES },
	{ "latin1",            BYTES },
	{ "windows-1252",      BYTES },
	{ "iso-8859-9",        "cp1254" },
	{ "iso-8859-11",       "windows-874" },
	{ "tis-620",           "windows-874" },
	{ "euc-kr",            "cp949" },
	{ "euckr",             "cp949" },
	{ "cseuckr",           "cp949" },
	{ "ks_c_5601-1987",    "cp949" },
	{ "ks_c_5601",         "cp949" },
	{ "ksc5601-1987",      "cp949" },
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
	{ "csshiftjis",        "cp932" },
	{ "ms_kanji",          "cp932" },
	{ "euc-jp",            EUCJP },
	{ "eucjp",             EUCJP },
	{ "x-euc-jp",          EUCJP },
	{ "iso-2022-jp",       JIS },
	{ "iso2022-jp",        JIS },
	{ "csiso2022jp",       JIS },
	{ "iso-2022-jp-1",     JIS },
	{ "iso-2022-jp-ms",    JIS },
	{ "cp50220",           JIS },
	{ "cp50221",           JIS },
	{ "cp50222",           JIS },
	{ "iso-8859-8-i",      "iso-8859-8" },
	{ "iso-8859-8-e",      "iso-8859-8" },
	{ "x-mac-roman",       "macintosh" },
	{ "unicode-1-1-utf-7", "utf-7" },
};

/* Those that text in mail can be in: RFC 2046 4.1.1 wants its lines to end in
 * CRLF, so that EBCDIC and the like cannot stand there. */
static const char *const names[] = {
	"US-ASCII", "UTF-8", "EUC-KR", "KS_C_5601-1987", "ISO-2022-KR",
	"Johab", "Shift_JIS", "EUC-JP", "ISO-2022-JP", "ISO-2022-JP-2",
	"GB18030", "GBK", "GB2312", "Big5", "Big5-HKSCS", "EUC-TW",
	"ISO-2022-CN", "ISO-2022-CN-EXT", "ISO-8859-1", "ISO-8859-2",
	"ISO-8859-3", "ISO-8859-4", "ISO-8859-5", "ISO-8859-6", "ISO-8859-7",
	"ISO-8859-8", "ISO-8859-9", "ISO-8859-10", "ISO-8859-11",
	"ISO-8859-13", "ISO-8859-14", "ISO-8859-15", "ISO-8859-16",
	"windows-1250", "windows-1251", "windows-1252", "windows-1253",
	"windows-1254", "windows-1255", "windows-1256", "windows-1257",
	"windows-1258", "windows-874", "TIS-620", "KOI8-R", "KOI8-U", "KOI8-T",
	"VISCII", "TCVN", "IBM437", "IBM850", "IBM852", "IBM855", "IBM857",
	"IBM862", "IBM864", "IBM866", "macintosh", "ARMSCII-8", "PT154",
	"UTF-7", "UTF-16", "UTF-16BE", "UTF-16LE", "UTF-32",
};
/* Hardly any mail is in one of these. */
static const char *const rare_names[] = {
	"CP1125", "CP737",
	"CP770", "CP771", "CP772", "CP773", "CP774", "CP775", "CWI", "DEC-MCS",
	"ECMA-CYRILLIC", "EUC-JISX0213", "GEORGIAN-ACADEMY", "GEORGIAN-PS",
	"GOST_19768-74", "HP-GREEK8", "HP-ROMAN8", "HP-ROMAN9", "HP-THAI8",
	"HP-TURKISH8", "IBM1004", "IBM1008", "IBM1046", "IBM1124", "IBM1129",
	"IBM1133", "IBM1161", "IBM1162", "IBM1163", "IBM1167", "IBM4909",
	"IBM5347", "IBM851", "IBM856", "IBM858", "IBM860", "IBM861", "IBM863",
	"IBM865", "IBM866NAV", "IBM868", "IBM869", "IBM891", "IBM901",
	"IBM902", "IBM903", "IBM904", "IBM9066", "IBM921", "IBM922", "IBM932",
	"IBM943", "IBM9448", "IEC_P27-1", "ISIRI-3342", "ISO-2022-JP-3",
	"ISO-8859-9E", "ISO-IR-197", "ISO-IR-209", "ISO_10367-BOX", "ISO_6937",
	"KOI-8", "KOI8-RU", "MAC-CENTRALEUROPE", "MAC-IS", "MAC-SAMI",
	"MAC-UK", "MIK", "RK1048", "TSCII", "WIN-SAMI-2", "Shift_JISX0213",
	"MAC-CYRILLIC", "T.61-8BIT",
};
/* clang-format on */

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

/* Is BYTE only the beginning of a character? */
static bool
begins_longer(iconv_t cd, char byte)
{
	char scratch[CARRY_MAX], *from = &byte, *to = scratch;
	size_t n = 1, room = sizeof scratch;

	return iconv(cd, &from, &n, &to, &room) == (size_t)-1 &&
	       errno == EINVAL;
}

static size_t
unit_of(struct slice name)
{
	static const struct {
		const char *name;
		size_t unit;
	} wide[] = { { "utf-16", 2 }, { "utf16", 2 }, { "ucs-2", 2 },
		{ "utf-32", 4 }, { "utf32", 4 }, { "ucs-4", 4 } };

	for (size_t i = 0; i < ARRAY_LEN(wide); i++)
		if (slice_istarts(name, slice_str(wide[i].name)))
			return wide[i].unit;
	return 1;
}

static struct charset *
open_utf8(void)
{
	struct charset *cs = xcalloc(1, sizeof *cs);

	cs->cd = (iconv_t)-1;
	cs->unit = 1;
	return cs;
}

static struct charset *
open_bytes(void)
{
	struct charset *cs = charset_guess();

	cs->bytes = true;
	return cs;
}

static struct charset *
take_idle(struct slice name)
{
	for (size_t i = 0; i < IDLE_MAX && !forgone; i++) {
		struct charset *cs = idle[i];

		if (cs == NULL || !slice_iis(name, cs->name))
			continue;
		idle[i] = NULL;
		return cs;
	}
	return NULL;
}

/* As it was when it was opened. */
static void
keep_idle(struct charset *cs)
{
	struct charset **place = &idle[next_idle];

	iconv(cs->cd, NULL, NULL, NULL, NULL);
	cs->jis = (struct jis){ 0 };
	cs->ncarry = 0;
	if (*place != NULL) {
		iconv_close((*place)->cd);
		xfree(place);
	}
	*place = cs;
	next_idle = (next_idle + 1) % IDLE_MAX;
}

/* gcc's analyzer takes iconv's -1 for something that was allocated. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wanalyzer-malloc-leak"
struct charset *
charset_open(struct slice name)
{
	char text[NAME_MAX_LEN];
	const char *known = text;
	struct charset *cs;
	bool is_jis;
	iconv_t cd;

	name = slice_trim(name);
	if (slice_iis(name, "utf-8"))
		return open_utf8();
	if ((cs = take_idle(name)) != NULL)
		return cs;
	if (!is_name(name) || !slice_copy(name, text, sizeof text))
		return NULL;
	for (size_t i = 0; i < ARRAY_LEN(aliases); i++)
		if (slice_iis(name, aliases[i].name))
			known = aliases[i].iconv;
	if (slice_iis(slice_str(known), GUESS) && known != text)
		return charset_guess();
	is_jis = known != text && slice_is(slice_str(known), JIS);
	if (is_jis)
		known = EUCJP;
	if (slice_iis(slice_str(known), "utf-8"))
		return open_utf8();
	if (slice_iis(slice_str(known), BYTES))
		return open_bytes();
	if (forgone) {
		missed = missed || may_be_known == NULL ||
			 may_be_known(slice_str(known));
		return NULL;
	}
	cd = iconv_open("UTF-8", known);
	if (cd == (iconv_t)-1)
		return NULL;
	cs = xcalloc(1, sizeof *cs);
	cs->cd = cd;
	cs->is_jis = is_jis;
	cs->is_eucjp = slice_is(slice_str(known), EUCJP);
	cs->unit = unit_of(slice_str(known));
	cs->is_double = begins_longer(cd, '\xb0');
	memcpy(cs->name, text, sizeof text);
	return cs;
}

#pragma GCC diagnostic pop

struct charset *
charset_guess(void)
{
	struct charset *cs = xcalloc(1, sizeof *cs);

	cs->cd = (iconv_t)-1;
	cs->guess = true;
	return cs;
}

void
charset_close(struct charset **cs)
{
	if (*cs == NULL)
		return;
	if ((*cs)->cd == (iconv_t)-1)
		xfree(cs);
	else
		keep_idle(*cs);
	*cs = NULL;
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

/* A byte that is no UTF-8. */
static void
put_stray(const struct charset *cs, char byte, struct buf *out)
{
	/* windows-1252 from 0x80 to 0x9f; behind that it is ISO-8859-1 */
	static const uint16_t c1[] = { 0x20ac, 0, 0x201a, 0x0192, 0x201e,
		0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160, 0x2039, 0x0152,
		0, 0x017d, 0, 0, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013,
		0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0, 0x017e,
		0x0178 };
	const unsigned char b = (unsigned char)byte;
	const unsigned c = b < 0x80 || b >= 0xa0 ? b : c1[b - 0x80];

	if (!cs->guess || c == 0) {
		put_replacement(out);
	} else if (c < 0x800) {
		buf_addc(out, (char)(0xc0 | c >> 6));
		buf_addc(out, (char)(0x80 | (c & 0x3f)));
	} else {
		buf_addc(out, (char)(0xe0 | c >> 12));
		buf_addc(out, (char)(0x80 | (c >> 6 & 0x3f)));
		buf_addc(out, (char)(0x80 | (c & 0x3f)));
	}
}

/* Gives how many bytes were used; the others are a character cut short. */
static size_t
feed_utf8(const struct charset *cs, struct slice in, struct buf *out)
{
	const size_t all = in.n;

	while (in.n > 0 && !out->failed) {
		const size_t n = cs->bytes ? utf8_ascii(in) : utf8_span(in);

		buf_add(out, slice_sub(in, 0, n));
		in = slice_from(in, n);
		if (in.n == 0 || (!cs->bytes && is_cut_utf8(in)))
			break;
		put_stray(cs, in.p[0], out);
		in = slice_from(in, 1);
	}
	return out->failed ? all : all - in.n;
}

/* How many of the bytes in S, at which iconv stopped, are the character that it
 * does not know: what is behind it has to be read from its first byte.  ASCII
 * behind a byte with the eighth bit stands for itself.  0: that is not clear
 * before there are more. */
static size_t
bad_length(const struct charset *cs, struct slice s)
{
	const unsigned char lead = (unsigned char)s.p[0];
	const bool is_lead = cs->is_double && lead > 0xa0 && lead < 0xff;

	if (cs->unit > 1)
		return cs->unit <= s.n ? cs->unit : 0;
	if (!is_lead && !begins_longer(cs->cd, s.p[0]))
		return 1;
	if (cs->is_eucjp && lead == 0x8f && s.n > 1 &&
	    (unsigned char)s.p[1] > 0xa0)
		return s.n > 2 ? 2 + ((unsigned char)s.p[2] > 0xa0) : 0;
	if (s.n < 2)
		return 0;
	if (lead < 0x80)
		return s.p[1] > ' ' && s.p[1] < 0x7f ? 2 : 1;
	return (unsigned char)s.p[1] < 0x80 ? 1 : 2;
}

/* glibc stops at some characters only when it has taken them (0xa2e8 of CP949):
 * what it stopped at is passed over when it stops there again. */
static size_t
feed_iconv(struct charset *cs, struct slice in, struct buf *out)
{
	char *from = (char *)(uintptr_t)in.p;
	const char *told = NULL; /* where it stopped, and U+FFFD was put */
	size_t left = in.n;

	while (left > 0 && !out->failed) {
		char chunk[CHUNK];
		char *to = chunk;
		size_t room = sizeof chunk, bad;
		const size_t rc = iconv(cs->cd, &from, &left, &to, &room);

		buf_add(out, slice_of(chunk, sizeof chunk - room));
		if (rc != (size_t)-1 || errno == E2BIG)
			continue;
		if (errno == EINVAL && left < CARRY_MAX)
			break;
		bad = left > 0 ? bad_length(cs, slice_of(from, left)) : 1;
		if (bad == 0)
			break;
		if (from != told) {
			put_replacement(out);
			told = from;
			continue;
		}
		from += bad;
		left -= bad;
	}
	return out->failed ? in.n : in.n - left;
}

static size_t
feed_some(struct charset *cs, struct slice in, struct buf *out)
{
	return cs->cd == (iconv_t)-1 ? feed_utf8(cs, in, out)
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

/* Only whole characters come out of the first step. */
static void
feed_jis(struct charset *cs, struct slice in, bool ends, struct buf *out)
{
	struct buf euc;

	buf_init(&euc, 3 * in.n + JIS_KEPT_MAX + 1);
	jis_feed(&cs->jis, in, &euc);
	if (ends)
		jis_finish(&cs->jis, &euc);
	(void)feed_iconv(cs, buf_slice(&euc), out);
	buf_fini(&euc);
}

void
charset_feed(struct charset *cs, struct slice in, struct buf *out)
{
	size_t used;

	if (cs->is_jis) {
		feed_jis(cs, in, false, out);
		return;
	}
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
	if (cs->is_jis)
		feed_jis(cs, (struct slice){ "", 0 }, true, out);
	if (cs->ncarry > 0 && !cs->guess)
		put_replacement(out);
	for (size_t i = 0; i < cs->ncarry && cs->guess; i++)
		put_stray(cs, cs->carry[i], out);
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
		cs = charset_guess();
	charset_feed(cs, in, out);
	charset_finish(cs, out);
	charset_close(&cs);
	return known;
}

void
charset_forgo(bool (*may_be)(struct slice name))
{
	forgone = true;
	may_be_known = may_be;
}

bool
charset_was_missed(void)
{
	return missed;
}

static void
list_known(const char *const *v, size_t n, struct buf *out)
{
	for (size_t i = 0; i < n; i++) {
		struct charset *cs = charset_open(slice_str(v[i]));

		if (cs == NULL)
			continue;
		buf_adds(out, out->n > 0 ? " " : "");
		buf_adds(out, v[i]);
		charset_close(&cs);
	}
}

void
charset_list(struct buf *out)
{
	list_known(names, ARRAY_LEN(names), out);
	list_known(rare_names, ARRAY_LEN(rare_names), out);
}

/* They stay open for good: glibc would unload their tables else. */
static void
keep_open(const char *const *v, size_t n, struct charset **kept)
{
	for (size_t i = 0; i < n; i++)
		if (kept[i] == NULL)
			kept[i] = charset_open(slice_str(v[i]));
}

void
charset_preload(bool rare)
{
	static struct charset *kept[ARRAY_LEN(names)];
	static struct charset *kept_rare[ARRAY_LEN(rare_names)];

	keep_open(names, ARRAY_LEN(names), kept);
	if (rare)
		keep_open(rare_names, ARRAY_LEN(rare_names), kept_rare);
}
