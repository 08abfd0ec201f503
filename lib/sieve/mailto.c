/* SPDX-License-Identifier: ISC */
#include "sieve/mailto.h"

#include "base/arena.h"
#include "base/ascii.h"
#include "base/buf.h"
#include "base/cur.h"
#include "base/hex.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "sieve/address.h"

enum { MAILTO_MAX = 8192, RECIPIENTS_MAX = 8 };

struct mailto_reader {
	struct arena *arena;
	struct sieve_mailto *m;
	const char *why;
	bool utf8;
};

static bool
fail(struct mailto_reader *r, const char *why)
{
	r->why = why;
	return false;
}

/* unreserved / some-delims / ":" / "@" (RFC 6068 2) */
static bool
is_qchar(char c)
{
	return ascii_isalnum(c) || (c != '\0' && strchr("-._~!$'()*+,;:@", c));
}

/* What may stand for an address. */
static bool
is_to_char(char c)
{
	return ascii_isalnum(c) || (c != '\0' && strchr("-._~!$'()*+,:@", c));
}

/* Text up to the first byte that none may stand for itself, % undone. */
static bool
read_text(
    struct mailto_reader *r, struct cur *c, bool (*is)(char), struct slice *out)
{
	struct buf b;
	bool ok = true;

	buf_init(&b, MAILTO_MAX);
	while (ok && cur_left(c) > 0) {
		int high, low;

		if (!cur_try_byte(c, '%')) {
			if (!is((char)cur_peek(c)))
				break;
			buf_addc(&b, (char)cur_byte(c));
			continue;
		}
		high = hex_digit((char)cur_byte(c));
		low = hex_digit((char)cur_byte(c));
		ok = cur_ok(c) && high != -1 && low != -1 && high + low > 0;
		buf_addc(&b, (char)(high << 4 | low));
	}
	*out = arena_slice(r->arena, buf_slice(&b));
	ok = ok && utf8_valid(*out);
	buf_fini(&b);
	return ok || fail(r, "invalid %-encoding");
}

static bool
has_controls(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < ' ')
			return true;
	return false;
}

static bool
add_recipient(struct mailto_reader *r, struct slice text, char place)
{
	struct sieve_mailto *const m = r->m;

	if (m->nrcpts == RECIPIENTS_MAX)
		return fail(r, "too many recipients");
	if (has_controls(text) || !sieve_address_parse(r->arena, text, r->utf8,
				      &m->rcpts[m->nrcpts].address))
		return fail(r, "invalid recipient");
	m->rcpts[m->nrcpts].text = slice_trim(text);
	m->rcpts[m->nrcpts++].place = place;
	return true;
}

static bool
add_recipients(struct mailto_reader *r, struct slice text, char place)
{
	while (text.n > 0)
		if (!add_recipient(r, slice_cut(text, ',', &text), place))
			return false;
	return true;
}

/* Fields that a stranger's URI may not set are left out (RFC 5436 2.7). */
static bool
is_ours(struct slice name)
{
	static const char *const names[] = { "from", "sender", "received",
		"return-path", "date", "message-id", "auto-submitted", "bcc",
		"apparently-to", "to", "cc", "content-type", "mime-version",
		"content-transfer-encoding" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (slice_iis(name, names[i]))
			return true;
	return slice_istarts(name, SLICE("resent-"));
}

static bool
add_field(struct mailto_reader *r, struct slice name, struct slice value)
{
	struct sieve_mailto_field *f;

	if (!sieve_address_is_field_name(name))
		return fail(r, "invalid header field name");
	if (slice_iis(name, "to") || slice_iis(name, "cc") ||
	    slice_iis(name, "bcc"))
		return add_recipients(r, value, ascii_lower(name.p[0]));
	if (slice_iis(name, "body")) {
		r->m->body = value;
		return true;
	}
	if (has_controls(value))
		return fail(r, "a control character in a header field");
	if (slice_iis(name, "subject")) {
		r->m->subject = value;
		return true;
	}
	if (is_ours(name))
		return true;
	f = arena_new(r->arena, struct sieve_mailto_field);
	*f = (struct sieve_mailto_field){ r->m->fields, name, value };
	r->m->fields = f;
	return true;
}

/* "?" hfield *("&" hfield) */
static bool
read_fields(struct mailto_reader *r, struct cur *c)
{
	do {
		struct slice name, value;

		if (!read_text(r, c, is_qchar, &name))
			return false;
		if (!cur_try_byte(c, '='))
			return fail(r, "invalid character in a field's name");
		if (!read_text(r, c, is_qchar, &value) ||
		    !add_field(r, name, value))
			return false;
	} while (cur_try_byte(c, '&'));
	return cur_end(c) || fail(r, "invalid character in a field's value");
}

bool
sieve_mailto_parse(struct arena *a, struct slice uri, bool utf8,
    struct sieve_mailto *m, const char **why)
{
	struct mailto_reader r = { a, m, "", utf8 };
	struct cur c = cur_of(uri);
	struct slice to;
	bool ok;

	*m = (struct sieve_mailto){ .rcpts = arena_alloc(a,
					RECIPIENTS_MAX * sizeof(*m->rcpts)) };
	if (uri.n > MAILTO_MAX || !cur_try(&c, "mailto:")) {
		*why = "it is no mailto: URI";
		return false;
	}
	ok = read_text(&r, &c, is_to_char, &to) && add_recipients(&r, to, 't');
	if (ok && cur_try_byte(&c, '?'))
		ok = read_fields(&r, &c);
	else if (ok && !cur_end(&c))
		ok = fail(&r, "invalid character in an address");
	if (ok && m->nrcpts == 0)
		ok = fail(&r, "it has no recipient");
	*why = r.why;
	return ok;
}
