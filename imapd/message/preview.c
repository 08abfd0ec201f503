/* SPDX-License-Identifier: ISC */
#include "imapd/message/preview.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/ascii.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "mime/charset.h"
#include "mime/param.h"
#include "mime/part.h"
#include "mime/transfer.h"
#include "sys/fd.h"

enum {
	CHARACTERS_MAX = 256,
	READ_MAX = 64 << 10, /* of the part as it stands in the file */
	DECODED_MAX = 512 << 10,
	NAME_BYTES = 8, /* of an entity or a tag */
};

static bool
is_attached(const struct mime_part *p)
{
	return slice_iis(p->disposition, "attachment");
}

static bool
is_html(const struct mime_part *p)
{
	return slice_iis(p->subtype, "html");
}

/* Plain text is worth more than HTML among alternatives; elsewhere the first
 * part counts that has any.  Nesting is bounded by the parser. */
const struct mime_part *
preview_part(const struct mime_part *p)
{
	const bool choose = slice_iis(p->subtype, "alternative");
	const struct mime_part *best = NULL;

	if (p->kind == MIME_LEAF)
		return slice_iis(p->type, "text") && !p->opaque &&
			       !is_attached(p)
			   ? p
			   : NULL;
	if (is_attached(p))
		return NULL;
	for (const struct mime_part *c = p->child; c != NULL; c = c->next) {
		const struct mime_part *found = preview_part(c);

		if (found == NULL)
			continue;
		if (best == NULL || (is_html(best) && !is_html(found)))
			best = found;
		if (!choose || !is_html(best))
			break;
	}
	return best;
}

struct preview {
	struct buf *out;
	unsigned n; /* characters */
	bool space; /* wanted before the next one */
};

/* The character at the start of TEXT; how long it is. */
static size_t
put_character(struct preview *v, struct slice text)
{
	size_t n = utf8_len(text);
	const uint32_t c = n > 0 ? utf8_code(text) : 0xfffd;

	if (n == 0)
		n = 1;
	if (c <= ' ' || c == 0xa0 || c == 0x2028 || c == 0x2029) {
		v->space = v->n > 0;
		return n;
	}
	/* Invisible, or it would turn around what stands beside it. */
	if (utf8_is_control(c) || c == 0xfffd || c == 0xfeff || c == 0x200b ||
	    c == 0x200c || c == 0xad || c == 0x34f)
		return n;
	if (v->space && v->n < CHARACTERS_MAX - 1) {
		buf_addc(v->out, ' ');
		v->n++;
	}
	v->space = false;
	buf_add(v->out, slice_sub(text, 0, n));
	v->n++;
	return n;
}

static void
put_code(struct preview *v, uint32_t c)
{
	char s[4];
	size_t n = 0;

	if (c < 0x80) {
		s[n++] = (char)c;
	} else if (c < 0x800) {
		s[n++] = (char)(0xc0 | c >> 6);
		s[n++] = (char)(0x80 | (c & 0x3f));
	} else if (c < 0x10000) {
		s[n++] = (char)(0xe0 | c >> 12);
		s[n++] = (char)(0x80 | (c >> 6 & 0x3f));
		s[n++] = (char)(0x80 | (c & 0x3f));
	} else if (c <= 0x10ffff) {
		s[n++] = (char)(0xf0 | c >> 18);
		s[n++] = (char)(0x80 | (c >> 12 & 0x3f));
		s[n++] = (char)(0x80 | (c >> 6 & 0x3f));
		s[n++] = (char)(0x80 | (c & 0x3f));
	}
	if (n > 0)
		(void)put_character(v, slice_of(s, n));
}

/* "&" name ";" or "&#" number ";" at the start of TEXT; its length, 0: it is
 * none. */
static size_t
put_entity(struct preview *v, struct slice text)
{
	static const struct {
		const char *name;
		uint32_t code;
	} names[] = { { "amp", '&' }, { "lt", '<' }, { "gt", '>' },
		{ "quot", '"' }, { "apos", '\'' }, { "nbsp", ' ' },
		{ "zwnj", 0x200c }, { "shy", 0xad }, { "hellip", 0x2026 },
		{ "ndash", 0x2013 }, { "mdash", 0x2014 }, { "euro", 0x20ac },
		{ "copy", 0xa9 }, { "rsquo", 0x2019 }, { "lsquo", 0x2018 } };
	const struct slice all = slice_sub(text, 0, NAME_BYTES + 2);
	const size_t end = slice_find(all, ';');
	const struct slice name = slice_sub(slice_from(all, 1), 0, end - 1);
	uint32_t code = 0;

	if (end == all.n || name.n == 0)
		return 0;
	if (name.p[0] != '#') {
		for (size_t i = 0; i < ARRAY_LEN(names); i++)
			if (slice_is(name, names[i].name))
				put_code(v, names[i].code);
		return end + 1;
	}
	for (size_t i = 1; i < name.n; i++) {
		const char c = ascii_lower(name.p[i]);
		const bool hex = name.n > 1 && ascii_lower(name.p[1]) == 'x';

		if (hex && i == 1)
			continue;
		if (ascii_isdigit(c))
			code = code * (hex ? 16 : 10) + (uint32_t)(c - '0');
		else if (hex && c >= 'a' && c <= 'f')
			code = code * 16 + (uint32_t)(c - 'a' + 10);
		else
			return 0;
	}
	put_code(v, code);
	return end + 1;
}

/* Where the tag NAME is closed in TEXT: behind "</name". */
static size_t
end_of(struct slice text, const char *name)
{
	for (size_t i = 0; i + 2 < text.n; i++) {
		if (text.p[i] != '<' || text.p[i + 1] != '/')
			continue;
		if (slice_istarts(slice_from(text, i + 2), slice_str(name)))
			return i;
	}
	return text.n;
}

/* The tag or comment at the start of TEXT; its length, with what no reader
 * sees of its content. */
static size_t
skip_tag(struct preview *v, struct slice text)
{
	static const char *const hidden[] = { "style", "script", "head",
		"title", "template" };
	static const char *const inner[] = { "b>", "i>", "a ", "a>", "em",
		"span", "strong", "font", "u>" };
	const struct slice name =
	    slice_from(text, slice_starts(text, SLICE("</")) ? 2 : 1);
	bool part_of_word = false;
	size_t n;

	if (slice_starts(text, SLICE("<!--"))) {
		n = slice_search(text, SLICE("-->"));
		return n < text.n ? n + 3 : text.n;
	}
	for (size_t i = 0; i < ARRAY_LEN(inner); i++)
		part_of_word =
		    part_of_word || slice_istarts(name, slice_str(inner[i]));
	if (!part_of_word)
		v->space = v->n > 0;
	n = slice_find(text, '>');
	if (n == text.n)
		return n;
	for (size_t i = 0; i < ARRAY_LEN(hidden); i++)
		if (name.p == text.p + 1 &&
		    slice_istarts(name, slice_str(hidden[i])) &&
		    !ascii_isalnum(name.p[strlen(hidden[i])]))
			return n + end_of(slice_from(text, n), hidden[i]);
	return n + 1;
}

void
preview_put(struct buf *out, struct slice text, bool html)
{
	struct preview v = { .out = out };

	while (text.n > 0 && v.n < CHARACTERS_MAX) {
		size_t n = 0;

		if (html && text.p[0] == '<')
			n = skip_tag(&v, text);
		else if (html && text.p[0] == '&')
			n = put_entity(&v, text);
		if (n == 0)
			n = put_character(&v, text);
		text = slice_from(text, n);
	}
}

/* TEXT out of its transfer encoding and charset. */
static void
decode(struct buf *out, struct slice text, const struct mime_part *p)
{
	struct transfer transfer;
	struct buf decoded;
	struct charset *cs;
	struct arena a;

	arena_init(&a);
	buf_init(&decoded, DECODED_MAX);
	transfer_init(&transfer, transfer_find(p->encoding));
	transfer_feed(&transfer, text, &decoded);
	cs = charset_open(param_value(&a, p->params, "charset"));
	if (cs == NULL)
		cs = charset_guess();
	charset_feed(cs, buf_slice(&decoded), out);
	charset_close(&cs);
	buf_fini(&decoded);
	arena_fini(&a);
}

int
preview_read(
    struct buf *out, int fd, const struct mime_part *root, struct err *err)
{
	const struct mime_part *p = preview_part(root);
	struct buf text;
	size_t n;
	char *raw;
	int rc;

	if (p == NULL)
		return 0;
	n = p->body.bytes < READ_MAX ? (size_t)p->body.bytes : READ_MAX;
	raw = xmalloc(n + 1);
	rc = fd_pread_all(fd, raw, n, (int64_t)p->body.off, err);
	if (rc == 0) {
		buf_init(&text, DECODED_MAX);
		decode(&text, slice_of(raw, n), p);
		preview_put(out, buf_slice(&text), is_html(p));
		buf_fini(&text);
	}
	xfree(&raw);
	return rc;
}
