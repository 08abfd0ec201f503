/* SPDX-License-Identifier: ISC */
#include "mailauth/lookalike.h"

#include "base/ascii.h"
#include "base/buf.h"
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

enum { ITEMS_MAX = 32, NAME_BYTES = 4000, TOLD_BYTES = 200 };

/* One that From names. */
struct lookalike_author {
	const struct conf_list *own;
	struct arena *arena;
	struct lookalike *found;
	struct slice domain; /* A-labels; empty: of a group */
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

/* In lower case, compatible characters as one, without what is invisible, and
 * letters of other scripts as the Latin ones that they look like. */
static struct slice
put_seen(struct slice text, struct buf *out)
{
	struct buf folded = { .max = 4 * NAME_BYTES };
	struct slice rest;

	fold_text(slice_sub(text, 0, NAME_BYTES), &folded);
	rest = buf_slice(&folded);
	while (rest.n > 0) {
		const uint32_t c = next_char(&rest);
		const char latin = letters_latin(c);

		if (latin != '\0')
			buf_addc(out, latin);
		else
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

static bool
is_like_wide(struct slice his, struct slice own)
{
	struct buf ours = { .max = ADDRESS_DOMAIN_MAX * 8 };
	bool like;

	put_skeleton(own, &ours);
	like = domain_is_beneath(his, buf_slice(&ours));
	buf_fini(&ours);
	return like;
}

static void
check_domain(struct lookalike_author *a)
{
	struct buf his = { .max = ADDRESS_DOMAIN_MAX * 8 };

	put_skeleton(a->domain, &his);
	for (size_t i = 0; i < a->own->n; i++) {
		const struct slice own = slice_str(a->own->v[i]);

		if (is_name(own) &&
		    (is_wide(own) ? is_like_wide(buf_slice(&his), own)
				  : is_like(buf_slice(&his), own)))
			say(a, &a->found->own,
			    "its domain looks like one of ours", a->domain);
	}
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
	struct buf wide = { .max = ADDRESS_DOMAIN_MAX * 4 };
	struct buf text = { .max = ADDRESS_DOMAIN_MAX * 4 };

	for (size_t i = 0; i < a->own->n; i++) {
		struct slice own = slice_str(a->own->v[i]);

		if (!is_name(own))
			continue;
		if (is_wide(own)) {
			buf_reset(&wide);
			buf_reset(&text);
			ulabel_put(own, &wide);
			own = put_seen(buf_slice(&wide), &text);
		}
		if (has_word(seen, own))
			say(a, &a->found->own,
			    "the name shows a domain of ours", seen);
	}
	buf_fini(&wide);
	buf_fini(&text);
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

static void
check_address(struct lookalike_author *a, struct slice shown, struct slice seen)
{
	struct buf ascii = { .max = ADDRESS_DOMAIN_MAX };
	const bool is_domain = domain_to_ascii(shown, &ascii);
	const struct slice d = is_domain ? buf_slice(&ascii) : shown;

	if (!domain_is_beneath(d, a->domain) &&
	    !domain_is_beneath(a->domain, d))
		say(a, &a->found->other, "the name shows another address",
		    seen);
	if (!a->is_own && is_own(a->own, d))
		say(a, &a->found->own, "the name shows an address of ours",
		    seen);
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

	while (rest.n > 0) {
		const uint32_t c = next_char(&rest);

		if ((c < 0x20 && c != '\t' && c != '\r' && c != '\n' &&
			!is_shift(c)) ||
		    c == 0x7f)
			say(a, &a->found->disguised,
			    "the name has control characters", name);
		else if (c == 0x202d || c == 0x202e)
			say(a, &a->found->disguised,
			    "the name turns text around", name);
	}
}

static void
check_name(struct lookalike_author *a, struct slice raw)
{
	struct buf name = { .max = NAME_BYTES };
	struct buf text = { .max = 4 * NAME_BYTES };
	struct slice seen;

	word_decode(&name, slice_sub(raw, 0, NAME_BYTES / 2));
	check_controls(a, buf_slice(&name));
	seen = put_seen(buf_slice(&name), &text);
	for (size_t i = 0; i < seen.n; i++)
		if (seen.p[i] == '@' && domain_at(seen, i).n > 0)
			check_address(a, domain_at(seen, i), seen);
	if (!a->is_own && slice_find(seen, '.') < seen.n)
		check_own_names(a, seen);
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

static bool
is_ascii(struct slice s)
{
	return utf8_ascii(s) == s.n;
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
check_item(struct lookalike_author *a, const struct addrlist_item *i)
{
	struct buf ascii = { .max = ADDRESS_DOMAIN_MAX };

	if (i->kind == ADDRLIST_GROUP) {
		check_name(a, i->mailbox);
	} else if (i->kind == ADDRLIST_MAILBOX) {
		a->domain = domain_to_ascii(i->host, &ascii) ? buf_slice(&ascii)
							     : i->host;
		a->is_own = is_own(a->own, a->domain);
		check_name(a, i->name);
		check_spelling(a, i);
		if (!a->is_own && a->domain.n > 0)
			check_domain(a);
	}
	buf_fini(&ascii);
}

void
lookalike_find(struct slice header, const struct conf_list *own,
    struct arena *arena, struct lookalike *found)
{
	struct header_field f;

	*found = (struct lookalike){ 0 };
	while (header_next(&header, &f)) {
		const struct addrlist_item *i;

		if (!slice_iis(f.name, "From"))
			continue;
		for (i = addrlist_parse(arena, f.value, ITEMS_MAX); i != NULL;
		     i = i->next) {
			struct lookalike_author a = {
				.own = own, .arena = arena, .found = found
			};

			check_item(&a, i);
		}
	}
}

void
lookalike_unseen(struct lookalike *found)
{
	*found =
	    (struct lookalike){ .disguised = SLICE("the header is too large") };
}
