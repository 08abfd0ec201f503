/* SPDX-License-Identifier: ISC */
#include "mailauth/lookalike.h"

#include "base/ascii.h"
#include "base/buf.h"
#include "base/cur.h"
#include "base/utf8.h"
#include "base/utf8_put.h"
#include "conf/values.h"
#include "mime/addrlist.h"
#include "mime/fold.h"
#include "mime/header.h"
#include "mime/letters.h"
#include "mime/word.h"
#include "proto/address.h"
#include "proto/domain.h"
#include "proto/ulabel.h"

enum {
	NAME_BYTES = 4000, /* of a name as it stands; honest ones have 500 */
	SPOT_BYTES = 1000, /* of a local part, of a domain */
	WORD_BYTES = 900,  /* word_decode leaves a longer word as it stands */
	SEEN_BYTES = 4 * NAME_BYTES,
	TOLD_BYTES = 200,
};

/* What is looked at of all From fields of a message together: a process that
 * has other things to do looks. */
enum {
	ITEMS_ALL = 64,     /* names, groups, ends of groups */
	BYTES_ALL = 16000,  /* of names and addresses, as they stand */
	ADDRESSES_ALL = 64, /* within names */
	WIDE_ALL = 16,      /* IDNA is slow */
	CHARSETS_ALL = 16,  /* so is opening one that was not the last */
};

struct lookalike_left {
	size_t items, bytes, addresses, wide, charsets;
};

/* One that From names. */
struct lookalike_author {
	const struct conf_list *own;
	struct slice *ours; /* own as they are seen; NULL: not yet asked for */
	struct arena *arena;
	struct lookalike *found;
	struct lookalike_left left;
	bool spent;           /* nothing more is looked at */
	struct slice charset; /* of the last word that was not in UTF-8 */
	struct slice domain;  /* A-labels; empty: of a group */
	bool is_own;
};

static void
say(struct lookalike_author *a, struct slice *where, const char *what,
    struct slice shown)
{
	struct buf text = { .max = 2 * TOLD_BYTES };

	if (where->n == 0) {
		buf_addf(&text, "%s: %.*s", what,
		    SLICE_FMT(slice_sub(shown, 0, TOLD_BYTES)));
		*where = arena_slice(a->arena, buf_slice(&text));
	}
	buf_fini(&text);
}

/* Take N of *LEFT.  False: there is not as much. */
static bool
take(struct lookalike_author *a, size_t *left, size_t n)
{
	if (!a->spent && *left >= n) {
		*left -= n;
		return true;
	}
	a->spent = true;
	say(a, &a->found->disguised, "From names too many", a->domain);
	return false;
}

struct slice
lookalike_words(struct slice why)
{
	return slice_sub(why, 0, slice_find(why, ':'));
}

/* The next character of *S; what is none counts as U+FFFD. */
static uint32_t
next_char(struct slice *s)
{
	const size_t n = utf8_len(*s);
	const uint32_t c = n > 0 ? utf8_code(*s) : 0xfffd;

	*s = slice_from(*s, n > 0 ? n : 1);
	return c;
}

/* ---- text as it is seen ---- */

/* What nobody sees, though it is not ignorable to Unicode. */
static bool
is_invisible(uint32_t c)
{
	return c == 0x2028 || c == 0x2029 || c == 0x2065 || c == 0x2800 ||
	       (c >= 0xfff9 && c <= 0xfffc);
}

/* In lower case, compatible characters as one, without what is invisible, and
 * letters of other scripts as the Latin ones that they look like, the dot of
 * ideographs too. */
static struct slice
put_seen(struct slice text, struct buf *out)
{
	struct buf folded = { .max = SEEN_BYTES };
	struct slice rest;

	fold_text(text, &folded);
	out->failed = out->failed || folded.failed;
	rest = buf_slice(&folded);
	while (rest.n > 0) {
		const uint32_t c = next_char(&rest);
		const char latin = c == 0x3002 ? '.' : letters_latin(c);

		if (latin != '\0')
			buf_addc(out, latin);
		else if (!is_invisible(c))
			utf8_put(out, c);
	}
	buf_fini(&folded);
	return buf_slice(out);
}

/* What looks alike in ASCII, as one. */
static struct slice
skeleton_of(const char *c)
{
	switch (*c) {
	case '0':
		return SLICE("o");
	case '1':
		return SLICE("l");
	case 'm':
		return SLICE("rn");
	case 'w':
		return SLICE("vv");
	default:
		return slice_of(c, 1);
	}
}

static void
put_skeleton(struct slice domain, struct buf *out)
{
	struct buf wide = { .max = ADDRESS_DOMAIN_MAX * 4 };
	struct buf seen = { .max = ADDRESS_DOMAIN_MAX * 4 };
	struct slice text;

	ulabel_put(domain, &wide);
	text = put_seen(buf_slice(&wide), &seen);
	for (size_t i = 0; i < text.n; i++)
		buf_add(out, skeleton_of(text.p + i));
	buf_fini(&wide);
	buf_fini(&seen);
}

/* ---- our domains ---- */

/* Not a table, not a host's single word. */
static bool
is_name(struct slice own)
{
	return slice_find(own, ':') == own.n && slice_find(own, '.') < own.n;
}

static bool
is_own(const struct conf_list *own, struct slice domain)
{
	for (size_t i = 0; i < own->n; i++)
		if (domain_is_beneath(domain, slice_str(own->v[i])))
			return true;
	return false;
}

static bool
is_wide(struct slice own)
{
	return slice_search(own, SLICE("xn--")) < own.n;
}

/* Is the skeleton HIS that of OWN, or of one beneath?  For each of many, so
 * from the end, which is where most differ. */
static bool
is_like(struct slice his, struct slice own)
{
	for (size_t i = own.n; i > 0; i--) {
		const struct slice c = skeleton_of(own.p + i - 1);

		if (!slice_ends(his, c))
			return false;
		his.n -= c.n;
	}
	return his.n == 0 || slice_ends(his, SLICE("."));
}

static struct slice
seen_of(struct arena *a, struct slice own)
{
	struct buf wide = { .max = ADDRESS_DOMAIN_MAX * 4 };
	struct buf text = { .max = ADDRESS_DOMAIN_MAX * 4 };

	if (is_wide(own)) {
		ulabel_put(own, &wide);
		own = arena_slice(a, put_seen(buf_slice(&wide), &text));
	}
	buf_fini(&wide);
	buf_fini(&text);
	return own;
}

/* Our domains as they are seen, as many as there are; empty: no name. */
static const struct slice *
ours_of(struct lookalike_author *a)
{
	const size_t n = a->own->n;

	if (a->ours != NULL || n == 0)
		return a->ours;
	a->ours = arena_alloc(a->arena, n * sizeof *a->ours);
	for (size_t i = 0; i < n; i++) {
		const struct slice own = slice_str(a->own->v[i]);

		a->ours[i] = is_name(own) ? seen_of(a->arena, own) : SLICE("");
	}
	return a->ours;
}

static void
check_domain(struct lookalike_author *a)
{
	const struct slice *ours = ours_of(a);
	struct buf his = { .max = ADDRESS_DOMAIN_MAX * 8 };

	put_skeleton(a->domain, &his);
	for (size_t i = 0; i < a->own->n && a->found->own.n == 0; i++)
		if (ours[i].n > 0 && is_like(buf_slice(&his), ours[i]))
			say(a, &a->found->own,
			    "its domain looks like one of ours", a->domain);
	buf_fini(&his);
}

static bool
is_of_domain(char c)
{
	return ascii_isalnum(c) || c == '-' || (unsigned char)c >= 0x80;
}

/* Does OWN stand in TEXT as a word, maybe behind "@" or a name beneath it? */
static bool
has_word(struct slice text, struct slice own)
{
	size_t at;

	while ((at = slice_search(text, own)) < text.n) {
		const size_t end = at + own.n;
		const bool begins = at == 0 || !is_of_domain(text.p[at - 1]);
		const bool goes_on =
		    end < text.n &&
		    (is_of_domain(text.p[end]) ||
			(text.p[end] == '.' && end + 1 < text.n &&
			    is_of_domain(text.p[end + 1])));

		if (begins && !goes_on)
			return true;
		text = slice_from(text, at + 1);
	}
	return false;
}

static void
check_own_names(struct lookalike_author *a, struct slice seen)
{
	const struct slice *ours = ours_of(a);

	for (size_t i = 0; i < a->own->n && a->found->own.n == 0; i++)
		if (ours[i].n > 0 && has_word(seen, ours[i]))
			say(a, &a->found->own,
			    "the name shows a domain of ours", seen);
}

/* ---- a name ---- */

/* The domain behind the "@" at AT of TEXT; empty: that is no address. */
static struct slice
domain_at(struct slice text, size_t at)
{
	struct slice d = slice_from(text, at + 1);
	size_t n = 0;

	while (n < d.n && (is_of_domain(d.p[n]) || d.p[n] == '.'))
		n++;
	d = slice_sub(d, 0, n);
	while (d.n > 0 && (d.p[d.n - 1] == '.' || d.p[d.n - 1] == '-'))
		d.n--;
	if (at == 0 || ascii_isspace(text.p[at - 1]) ||
	    slice_find(d, '.') == d.n)
		return SLICE("");
	return d;
}

static bool
is_ascii(struct slice s)
{
	return utf8_ascii(s) == s.n;
}

/* DOMAIN with A-labels in OUT, as it is where it is none.  False: nothing more
 * is looked at. */
static bool
to_ascii(struct lookalike_author *a, struct slice *domain, struct buf *out)
{
	if (!is_ascii(*domain) && !take(a, &a->left.wide, 1))
		return false;
	if (domain->n <= SPOT_BYTES && domain_to_ascii(*domain, out))
		*domain = buf_slice(out);
	return true;
}

static void
check_address(struct lookalike_author *a, struct slice d, struct slice seen)
{
	const bool may_be_ours = !a->is_own && a->found->own.n == 0;
	struct buf ascii = { .max = ADDRESS_DOMAIN_MAX };

	if (!may_be_ours && a->found->other.n > 0)
		return;
	if (take(a, &a->left.addresses, 1) && to_ascii(a, &d, &ascii)) {
		if (!domain_is_beneath(d, a->domain) &&
		    !domain_is_beneath(a->domain, d))
			say(a, &a->found->other,
			    "the name shows another address", seen);
		if (may_be_ours && is_own(a->own, d))
			say(a, &a->found->own,
			    "the name shows an address of ours", seen);
	}
	buf_fini(&ascii);
}

/* What ISO-2022 shifts with, where it is not said that it is that. */
static bool
is_shift(uint32_t c)
{
	return c == 0x1b || c == 0x0e || c == 0x0f;
}

static void
check_controls(struct lookalike_author *a, struct slice name)
{
	struct slice rest = name;

	while (rest.n > 0 && a->found->disguised.n == 0) {
		const uint32_t c = next_char(&rest);

		if ((c < 0x20 && c != '\t' && c != '\r' && c != '\n' &&
			!is_shift(c)) ||
		    (c >= 0x7f && c < 0xa0))
			say(a, &a->found->disguised,
			    "the name has control characters", name);
		else if (c == 0x202d || c == 0x202e)
			say(a, &a->found->disguised,
			    "the name turns text around", name);
	}
}

/* Is an encoded word left in NAME that is longer than word_decode takes?  Mail
 * programs do take it. */
static bool
has_long_word(struct slice name)
{
	size_t at;

	while (name.n > WORD_BYTES &&
	       (at = slice_search(name, SLICE("=?"))) < name.n) {
		struct slice text = slice_from(name, at + 2), charset, encoding;

		charset = slice_cut(text, '?', &text);
		encoding = slice_cut(text, '?', &text);
		if (charset.n > 0 && encoding.n == 1) {
			const size_t n = slice_search(text, SLICE("?="));

			if (n < text.n && n >= WORD_BYTES)
				return true;
			if (n == text.n)
				return false;
		}
		name = slice_from(name, at + 2);
	}
	return false;
}

static void
check_seen(struct lookalike_author *a, struct slice seen)
{
	for (size_t i = 0; i < seen.n && !a->spent; i++)
		if (seen.p[i] == '@') {
			const struct slice d = domain_at(seen, i);

			if (d.n > 0)
				check_address(a, d, seen);
		}
	if (!a->is_own && slice_find(seen, '.') < seen.n)
		check_own_names(a, seen);
}

static bool
is_of_charset(char c)
{
	return ascii_isalnum(c) || slice_find(SLICE("-_.:+*"), c) < 6;
}

/* Those that RAW's encoded words are in. */
static bool
take_charsets(struct lookalike_author *a, struct slice raw)
{
	struct cur c = cur_of(raw);

	while (cur_left(&c) > 0 && !a->spent) {
		struct slice name;

		c.p += slice_search(cur_rest(&c), SLICE("=?"));
		if (!cur_try(&c, "=?"))
			break;
		name = cur_while(&c, is_of_charset);
		if (cur_peek(&c) != '?' || name.n == 0 ||
		    slice_iis(name, "utf-8") || slice_ieq(name, a->charset))
			continue;
		a->charset = name;
		take(a, &a->left.charsets, 1);
	}
	return !a->spent;
}

static void
check_name(struct lookalike_author *a, struct slice raw)
{
	struct buf name = { .max = SEEN_BYTES };
	struct buf text = { .max = SEEN_BYTES };

	if (raw.n <= NAME_BYTES) {
		if (!take(a, &a->left.bytes, raw.n) || !take_charsets(a, raw))
			return;
		word_decode(&name, raw);
		check_controls(a, buf_slice(&name));
		check_seen(a, put_seen(buf_slice(&name), &text));
		if (text.n > raw.n) /* some characters become many */
			take(a, &a->left.bytes, text.n - raw.n);
	}
	if (raw.n > NAME_BYTES || name.failed || text.failed ||
	    has_long_word(buf_slice(&name)))
		say(a, &a->found->disguised, "the name is too long",
		    raw.n > NAME_BYTES ? raw : buf_slice(&name));
	buf_fini(&name);
	buf_fini(&text);
}

/* ---- an address ---- */

static bool
is_mixed(unsigned scripts)
{
	return (scripts & (scripts - 1)) != 0;
}

/* The scripts of WORD; *POSES: all of its letters look like Latin ones, and are
 * none. */
static unsigned
scripts_of(struct slice word, bool *poses)
{
	unsigned scripts = LETTERS_OTHER;
	bool all = true;

	while (word.n > 0) {
		const uint32_t c = next_char(&word);

		scripts |= letters_script(c);
		all = all && ((c < 0x80 && !ascii_isalpha((char)c)) ||
				 letters_latin(c) != '\0');
	}
	*poses = all && scripts != LETTERS_OTHER;
	return scripts;
}

/* The words of TEXT, which SEPARATORS part. */
static void
check_words(struct lookalike_author *a, struct slice text,
    const char *separators, bool ascii_above)
{
	struct slice rest = text;

	while (rest.n > 0) {
		size_t n = 0;
		bool poses;

		while (n < rest.n && slice_find(slice_str(separators),
					 rest.p[n]) == slice_str(separators).n)
			n++;
		if (is_mixed(scripts_of(slice_sub(rest, 0, n), &poses)))
			say(a, &a->found->disguised,
			    "the address mixes scripts", text);
		else if (poses && ascii_above)
			say(a, &a->found->disguised,
			    "its domain is in letters that look like Latin "
			    "ones",
			    text);
		rest = slice_from(rest, n + 1);
	}
}

static void
check_spelling(struct lookalike_author *a, const struct addrlist_item *i)
{
	const size_t word = slice_search(i->mailbox, SLICE("=?"));
	struct buf wide = { .max = ADDRESS_DOMAIN_MAX * 4 };
	struct slice host;

	if (word < i->mailbox.n &&
	    slice_search(slice_from(i->mailbox, word + 2), SLICE("?=")) + 2 <=
		i->mailbox.n - word - 2)
		say(a, &a->found->disguised, "the address has an encoded word",
		    i->mailbox);
	if (!letters_is_nfc(i->mailbox) || !letters_is_nfc(i->host))
		say(a, &a->found->disguised,
		    "the address is not in normal form", i->mailbox);
	ulabel_put(i->host, &wide);
	host = buf_slice(&wide);
	if (!is_ascii(i->mailbox))
		check_words(a, i->mailbox, ".-_+", false);
	if (!is_ascii(host)) {
		const size_t dot = slice_rfind(host, '.');

		check_words(a, host, ".",
		    dot < host.n && is_ascii(slice_from(host, dot)));
	}
	buf_fini(&wide);
}

/* ---- From ---- */

static void
check_author(struct lookalike_author *a, const struct addrlist_item *i)
{
	struct buf ascii = { .max = ADDRESS_DOMAIN_MAX };

	a->domain = i->host;
	if (i->mailbox.n > SPOT_BYTES || i->host.n > SPOT_BYTES)
		say(a, &a->found->disguised, "the address is too long",
		    i->mailbox);
	else if (take(a, &a->left.bytes, i->mailbox.n + i->host.n) &&
		 to_ascii(a, &a->domain, &ascii) &&
		 (!is_wide(a->domain) || take(a, &a->left.wide, 1))) {
		a->is_own = is_own(a->own, a->domain);
		check_name(a, i->name);
		if (a->found->disguised.n == 0)
			check_spelling(a, i);
		if (!a->is_own && a->domain.n > 0 && a->found->own.n == 0)
			check_domain(a);
	}
	buf_fini(&ascii);
}

static void
check_item(struct lookalike_author *a, const struct addrlist_item *i)
{
	a->domain = SLICE("");
	a->is_own = false;
	if (!take(a, &a->left.items, 1))
		return;
	if (i->kind == ADDRLIST_GROUP)
		check_name(a, i->mailbox);
	else if (i->kind == ADDRLIST_MAILBOX)
		check_author(a, i);
	a->domain = SLICE("");
}

/* VALUE of one From; without any name it counts as one. */
static void
check_from(struct lookalike_author *a, struct slice value)
{
	const struct addrlist_item *i =
	    addrlist_parse(a->arena, value, a->left.items + 1);

	if (i == NULL)
		take(a, &a->left.items, 1);
	for (; i != NULL && !a->spent; i = i->next)
		check_item(a, i);
}

void
lookalike_find(struct slice header, const struct conf_list *own,
    struct arena *arena, struct lookalike *found)
{
	struct lookalike_author a = {
		.own = own,
		.arena = arena,
		.found = found,
		.left = { ITEMS_ALL, BYTES_ALL, ADDRESSES_ALL, WIDE_ALL,
		    CHARSETS_ALL },
	};
	struct header_field f;

	*found = (struct lookalike){ 0 };
	while (!a.spent && header_next(&header, &f))
		if (slice_iis(f.name, "From"))
			check_from(&a, f.value);
}

void
lookalike_unseen(struct lookalike *found)
{
	*found =
	    (struct lookalike){ .disguised = SLICE("the header is too large") };
}
