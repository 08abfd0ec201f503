/* SPDX-License-Identifier: ISC */
#include "sieve/address.h"

#include "base/arena.h"
#include "base/ascii.h"
#include "base/buf.h"
#include "base/cur.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "proto/address.h"

enum { TEXT_MAX = 1000 };

struct address_reader {
	struct cur c;
};

static bool
is_blank(char c)
{
	return ascii_isspace(c);
}

/* [CFWS] */
static void
skip_cfws(struct address_reader *r)
{
	int depth = 0;

	for (;;) {
		if (depth == 0)
			cur_while(&r->c, is_blank);
		if (cur_try_byte(&r->c, '(')) {
			depth++;
			continue;
		}
		if (depth == 0)
			return;
		if (cur_peek(&r->c) == -1) {
			cur_fail(&r->c);
			return;
		}
		if (cur_peek(&r->c) == ')')
			depth--;
		else if (cur_peek(&r->c) == '\\')
			cur_byte(&r->c);
		cur_byte(&r->c);
	}
}

static bool
is_atom(int c)
{
	return c >= 0x80 ||
	       (c > ' ' && c < 0x7f && memchr("()<>[]:;@\\,\"", c, 12) == NULL);
}

/* An atom with dots wherever they stand, or a quoted string; empty: none. */
static struct slice
read_word(struct address_reader *r)
{
	const struct cur from = r->c;

	if (cur_try_byte(&r->c, '"')) {
		while (cur_peek(&r->c) != -1 && cur_peek(&r->c) != '"') {
			if (cur_peek(&r->c) == '\\')
				cur_byte(&r->c);
			if (cur_peek(&r->c) < ' ' || cur_peek(&r->c) == 0x7f)
				cur_fail(&r->c);
			cur_byte(&r->c);
		}
		cur_byte(&r->c);
	} else {
		while (is_atom(cur_peek(&r->c)))
			cur_byte(&r->c);
	}
	return cur_ok(&r->c) ? slice_of(from.p, (size_t)(r->c.p - from.p))
			     : SLICE("");
}

/* A dot-atom or domain-literal, which proto/address.h looks at. */
static struct slice
read_domain(struct address_reader *r)
{
	const struct cur from = r->c;

	if (!cur_try_byte(&r->c, '['))
		return read_word(r);
	cur_until(&r->c, ']');
	return cur_ok(&r->c) ? slice_of(from.p, (size_t)(r->c.p - from.p))
			     : SLICE("");
}

bool
sieve_address_parse(
    struct arena *a, struct slice text, bool utf8, struct slice *address)
{
	struct address_reader r = { cur_of(text) };
	struct slice word = SLICE("");
	struct slice domain;
	size_t words = 0;
	bool angle, ok;
	struct buf whole, b;

	if (text.n > TEXT_MAX || !utf8_valid(text))
		return false;
	for (;;) {
		struct slice w;

		skip_cfws(&r);
		w = read_word(&r);
		if (w.n == 0)
			break;
		word = w;
		words++;
	}
	angle = cur_try_byte(&r.c, '<');
	if (angle) {
		skip_cfws(&r);
		word = read_word(&r);
		skip_cfws(&r);
	}
	if ((!angle && words != 1) || word.n == 0 || !cur_try_byte(&r.c, '@'))
		return false;
	skip_cfws(&r);
	domain = read_domain(&r);
	skip_cfws(&r);
	if (domain.n == 0 || (angle && !cur_try_byte(&r.c, '>')))
		return false;
	skip_cfws(&r);
	if (!cur_end(&r.c))
		return false;
	buf_init(&whole, TEXT_MAX + 1);
	buf_init(&b, ADDRESS_MAX);
	buf_add(&whole, word);
	buf_addc(&whole, '@');
	buf_add(&whole, domain);
	ok = address_parse(buf_slice(&whole), utf8 ? ADDRESS_UTF8 : 0, &b);
	*address = arena_slice(a, buf_slice(&b));
	buf_fini(&whole);
	buf_fini(&b);
	return ok;
}

bool
sieve_address_is_field_name(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] > '~' || s.p[i] == ':')
			return false;
	return s.n > 0;
}

bool
sieve_address_is_field_value(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (((unsigned char)s.p[i] < ' ' && !ascii_isspace(s.p[i])) ||
		    s.p[i] == 0x7f)
			return false;
	return true;
}

bool
sieve_address_is_address_field(struct slice name)
{
	static const char *const names[] = { "from", "sender", "reply-to", "to",
		"cc", "bcc", "resent-from", "resent-sender", "resent-reply-to",
		"resent-to", "resent-cc", "resent-bcc", "return-path",
		"delivered-to", "envelope-to", "errors-to",
		"disposition-notification-to", "return-receipt-to", "approved",
		"mail-followup-to", "mail-reply-to", "apparently-to" };

	if (slice_istarts(name, SLICE("x-")))
		return true;

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (slice_iis(name, names[i]))
			return true;
	return false;
}
