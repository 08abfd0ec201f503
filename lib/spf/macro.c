/* SPDX-License-Identifier: ISC */
#include "spf/macro.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/ascii.h"
#include "base/cur.h"

enum { PARTS_MAX = 128 }; /* a domain has no more labels */

static const char delimiters[] = ".-+,/_=";

/* One piece of a macro string. */
struct macro_piece {
	char letter; /* of %{...}; 0: LITERAL stands for itself */
	bool escape; /* an upper-case letter: as in a URL */
	struct slice literal;
	unsigned keep; /* parts from the right; 0: all */
	bool reverse;
	struct slice split; /* the delimiters; empty: "." */
};

static bool
is_digit(char c)
{
	return ascii_isdigit(c);
}

static bool
is_delimiter(char c)
{
	return c != '\0' && strchr(delimiters, c) != NULL;
}

static bool
is_letter(char c, enum spf_macro_place place)
{
	return c != '\0' &&
	       strchr(place == SPF_MACRO_EXP ? "slodiphcrtv" : "slodiphv", c) !=
		   NULL;
}

static bool
is_literal(char c)
{
	return ascii_isprint(c) && c != '%' && c != ' ';
}

/* Behind "%{". */
static void
take_macro(struct cur *c, enum spf_macro_place place, struct macro_piece *p)
{
	const int letter = cur_byte(c);
	struct slice digits;
	uint64_t keep;

	p->letter = ascii_lower((char)letter);
	p->escape = p->letter != (char)letter;
	if (letter == -1 || !is_letter(p->letter, place))
		cur_fail(c);
	digits = cur_while(c, is_digit);
	if (digits.n > 0) {
		struct cur d = cur_of(digits);

		/* more than there can be parts is all of them */
		keep = cur_u64(&d, UINT32_MAX);
		p->keep = cur_end(&d) && keep <= PARTS_MAX ? (unsigned)keep
							   : PARTS_MAX;
		if (p->keep == 0)
			cur_fail(c);
	}
	p->reverse = cur_try(c, "r");
	p->split = cur_while(c, is_delimiter);
	if (!cur_try_byte(c, '}'))
		cur_fail(c);
}

/* The next piece; false at the end, or where it is no macro string. */
static bool
next_piece(struct cur *c, enum spf_macro_place place, struct macro_piece *p)
{
	*p = (struct macro_piece){ 0 };
	if (cur_left(c) == 0)
		return false;
	if (!cur_try_byte(c, '%')) {
		p->literal = cur_while(c, is_literal);
		if (p->literal.n == 0 && place == SPF_MACRO_EXP &&
		    cur_peek(c) == ' ')
			p->literal = cur_take(c, 1);
		if (p->literal.n == 0)
			cur_fail(c);
	} else if (cur_try_byte(c, '%')) {
		p->literal = SLICE("%");
	} else if (cur_try_byte(c, '_')) {
		p->literal = SLICE(" ");
	} else if (cur_try_byte(c, '-')) {
		p->literal = SLICE("%20");
	} else if (cur_try_byte(c, '{')) {
		take_macro(c, place, p);
	} else {
		cur_fail(c);
	}
	return cur_ok(c);
}

bool
spf_macro_is(struct slice text, enum spf_macro_place place)
{
	struct cur c = cur_of(text);
	struct macro_piece p;

	while (next_piece(&c, place, &p))
		;
	return cur_end(&c);
}

bool
spf_macro_uses(struct slice text, char letter)
{
	struct cur c = cur_of(text);
	struct macro_piece p;

	while (next_piece(&c, SPF_MACRO_EXP, &p))
		if (p.letter == letter)
			return true;
	return false;
}

/* toplabel: letters, digits and inner hyphens, not digits alone. */
static bool
is_top_label(struct slice s)
{
	bool all_digits = true;

	for (size_t i = 0; i < s.n; i++) {
		if (!ascii_isalnum(s.p[i]) && s.p[i] != '-')
			return false;
		all_digits &= ascii_isdigit(s.p[i]);
	}
	return s.n > 0 && !all_digits && s.p[0] != '-' && s.p[s.n - 1] != '-';
}

bool
spf_macro_is_domain(struct slice text)
{
	struct cur c = cur_of(text);
	struct slice tail = { 0 };
	struct macro_piece p;
	bool macro = false;
	size_t dot;

	while (next_piece(&c, SPF_MACRO_TERM, &p)) {
		/* %%, %_ and %- are macro-expand, too */
		macro = p.letter != '\0' || p.literal.p < text.p ||
			p.literal.p >= text.p + text.n;
		tail = p.literal;
	}
	if (!cur_end(&c) || text.n == 0)
		return false;
	if (macro)
		return true;
	if (tail.p[tail.n - 1] == '.')
		tail.n--;
	dot = slice_rfind(tail, '.');
	return dot < tail.n && is_top_label(slice_from(tail, dot + 1));
}

/* ---- expansion ---- */

static bool
is_v4(const uint8_t *ip)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	return memcmp(ip, mapped, sizeof mapped) == 0;
}

/* %{i}: 192.0.2.1, or the nibbles of an IPv6 address with dots. */
static void
put_dotted(const uint8_t *ip, struct buf *out)
{
	if (is_v4(ip)) {
		buf_addf(out, "%u.%u.%u.%u", ip[12], ip[13], ip[14], ip[15]);
		return;
	}
	for (int i = 0; i < 16; i++)
		buf_addf(
		    out, "%s%X.%X", i > 0 ? "." : "", ip[i] >> 4, ip[i] & 15U);
}

/* %{c}: the address as people write it. */
static void
put_readable(const uint8_t *ip, struct buf *out)
{
	const bool v4 = is_v4(ip);
	char text[INET6_ADDRSTRLEN];

	if (inet_ntop(v4 ? AF_INET : AF_INET6, v4 ? ip + 12 : ip, text,
		sizeof text) != NULL)
		buf_adds(out, text);
}

static void
put_value(char letter, const struct spf_macro_values *v, struct buf *out)
{
	switch (letter) {
	case 's':
		buf_add(out, v->sender);
		break;
	case 'l':
		buf_add(out, v->local);
		break;
	case 'o':
		buf_add(out, v->sender_domain);
		break;
	case 'd':
		buf_add(out, v->domain);
		break;
	case 'h':
		buf_add(out, v->helo);
		break;
	case 'p':
		buf_add(out, v->valid);
		break;
	case 'r':
		buf_add(out, v->receiver);
		break;
	case 'i':
		put_dotted(v->ip, out);
		break;
	case 'c':
		put_readable(v->ip, out);
		break;
	case 't':
		buf_addf(out, "%lld", (long long)v->now_s);
		break;
	case 'v':
		buf_adds(out, is_v4(v->ip) ? "in-addr" : "ip6");
		break;
	default:
		break;
	}
}

static bool
is_among(char c, struct slice set)
{
	return slice_find(set, c) < set.n;
}

static void
put_escaped(struct slice s, struct buf *out)
{
	for (size_t i = 0; i < s.n; i++) {
		const char c = s.p[i];

		if (ascii_isalnum(c) || (c != '\0' && strchr("-._~", c)))
			buf_addc(out, c);
		else
			buf_addf(out, "%%%02X", (unsigned char)c);
	}
}

/* Cut VALUE at the delimiters, turn it, keep what is to be kept, join it with
 * dots. */
static void
transform(const struct macro_piece *p, struct slice value, struct buf *out)
{
	const struct slice split = p->split.n > 0 ? p->split : SLICE(".");
	struct slice parts[PARTS_MAX];
	size_t n = 0, from = 0, first;

	for (size_t i = 0; i <= value.n && n < PARTS_MAX; i++) {
		/* the last part that has room is all the rest */
		if (i < value.n &&
		    (n == PARTS_MAX - 1 || !is_among(value.p[i], split)))
			continue;
		parts[n++] = slice_sub(value, from, i - from);
		from = i + 1;
	}
	first = p->keep > 0 && p->keep < n ? n - p->keep : 0;
	for (size_t i = first; i < n; i++) {
		const struct slice part = parts[p->reverse ? n - 1 - i : i];

		if (i > first)
			buf_addc(out, '.');
		buf_add(out, part);
	}
}

void
spf_macro_expand(
    struct slice text, const struct spf_macro_values *v, struct buf *out)
{
	struct cur c = cur_of(text);
	struct buf value = { .max = out->max }, done = { .max = out->max };
	struct macro_piece p;

	while (next_piece(&c, SPF_MACRO_EXP, &p)) {
		if (p.letter == '\0') {
			buf_add(out, p.literal);
			continue;
		}
		buf_reset(&value);
		buf_reset(&done);
		put_value(p.letter, v, &value);
		if (p.keep > 0 || p.reverse || p.split.n > 0)
			transform(&p, buf_slice(&value), &done);
		else
			buf_add(&done, buf_slice(&value));
		if (p.escape)
			put_escaped(buf_slice(&done), out);
		else
			buf_add(out, buf_slice(&done));
	}
	buf_fini(&value);
	buf_fini(&done);
}
