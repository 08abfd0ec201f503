/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/mem.h"
#include "jmapd/api/call.h"
#include "jmapd/mail/headerform.h"
#include "jmapd/mail/parts.h"
#include "mailread/body.h"
#include "mime/charset.h"
#include "mime/param.h"
#include "mime/part.h"
#include "mime/transfer.h"
#include "sys/fd.h"

enum {
	TEXT_MAX = 64 << 10,
	HEADER_MAX = 256 << 10, /* of a part; as much as the parser keeps */
	PIECE = 64 << 10,       /* more than body_write adds */
	VALUE_MAX = 16 << 20,   /* of a text that is shown */
};

static const char *const names[] = { "partId", "blobId", "size", "name", "type",
	"charset", "disposition", "cid", "language", "location", "headers",
	"subParts" };

enum { USUAL = 10 }; /* of these (4.2, bodyProperties) */

const char *
parts_check(json_t *properties)
{
	struct headerform_asked asked;
	json_t *v;
	size_t i;

	json_array_foreach(properties, i, v)
	{
		bool known = headerform_parse(call_text(v), &asked);

		for (size_t k = 0; k < ARRAY_LEN(names) && !known; k++)
			known = slice_is(call_text(v), names[k]);
		if (!known)
			return json_string_value(v);
	}
	return NULL;
}

/* ---- octets ---- */

int
parts_read(int fd, const struct mime_part *part, size_t max, struct buf *out,
    struct err *err)
{
	struct buf wire = { .max = 4 * PIECE };
	struct transfer t;
	struct body b;
	int rc = 0;

	transfer_init(&t, transfer_find(part->encoding));
	body_init(&b, fd, &part->body, 0, part->body.crlf_bytes);
	b.keep_nul = true;
	while (rc == 0 && b.left > 0 && out->n < max) {
		buf_reset(&wire);
		rc = body_write(&b, &wire, err);
		transfer_feed(&t, buf_slice(&wire), out);
	}
	transfer_finish(&t, out);
	buf_fini(&wire);
	return out->failed ? err_set(err, ERR_TEMP, "a part is too large") : rc;
}

/* Decoded, in octets.  Of base 64 that is known from the lines and the end. */
static uint64_t
size_of(struct parts_writer *pw, const struct mime_part *part)
{
	const enum transfer_encoding encoding = transfer_find(part->encoding);
	const struct mime_span *b = &part->body;
	uint64_t chars = b->crlf_bytes - 2 * b->lines;
	struct buf text = { .max = VALUE_MAX };
	char tail[80];
	size_t n = b->bytes < sizeof tail ? (size_t)b->bytes : sizeof tail;
	uint64_t size = b->crlf_bytes;

	if (encoding == TRANSFER_QUOTED_PRINTABLE && b->bytes < VALUE_MAX &&
	    parts_read(pw->fd, part, VALUE_MAX, &text, NULL) == 0)
		size = text.n;
	if (encoding == TRANSFER_BASE64 &&
	    fd_pread_all(
		pw->fd, tail, n, (int64_t)(b->off + b->bytes - n), NULL) == 0) {
		for (size_t i = 0; i < n; i++)
			chars -= tail[i] == '=' || tail[i] == ' ';
		size = chars * 3 / 4;
	}
	buf_fini(&text);
	return size;
}

/* ---- an EmailBodyPart ---- */

static void
put_or_null(struct jsonw *w, struct slice s)
{
	if (s.n == 0)
		jsonw_null(w);
	else
		jsonw_string(w, s);
}

static void
put_lower(struct jsonw *w, struct slice s)
{
	struct buf text = { .max = TEXT_MAX };

	for (size_t i = 0; i < s.n; i++)
		buf_addc(&text, s.p[i] >= 'A' && s.p[i] <= 'Z'
				    ? (char)(s.p[i] + 32)
				    : s.p[i]);
	put_or_null(w, buf_slice(&text));
	buf_fini(&text);
}

static void
put_name(struct jsonw *w, const struct mime_part *p)
{
	struct buf text = { .max = TEXT_MAX };

	if (!param_text(p->disposition_params, "filename", &text))
		(void)param_text(p->params, "name", &text);
	put_or_null(w, buf_slice(&text));
	buf_fini(&text);
}

static void
put_charset(struct jsonw *w, const struct mime_part *p)
{
	struct arena a;
	struct slice charset;

	arena_init(&a);
	charset = param_value(&a, p->params, "charset");
	if (charset.n > 0)
		jsonw_string(w, charset);
	else if (slice_iis(p->type, "text"))
		jsonw_string(w, SLICE("us-ascii"));
	else
		jsonw_null(w);
	arena_fini(&a);
}

static void
put_languages(struct jsonw *w, const struct mime_part *p)
{
	if (p->languages == NULL) {
		jsonw_null(w);
		return;
	}
	jsonw_open(w, '[');
	for (const struct param *l = p->languages; l != NULL; l = l->next)
		jsonw_string(w, l->name);
	jsonw_close(w, ']');
}

static void
put_cid(struct jsonw *w, const struct mime_part *p)
{
	struct slice id = slice_trim(p->id);

	if (slice_starts(id, SLICE("<")))
		id = slice_from(id, 1);
	put_or_null(w, slice_sub(id, 0, slice_find(id, '>')));
}

/* "1.2" itself, or with its message, as the id of its octets; null of a
 * multipart. */
static void
put_path(struct parts_writer *pw, const struct mime_part *p, bool blob)
{
	struct buf path = { .max = 1024 }, text = { .max = 2048 };

	if (p->kind != MIME_MULTIPART)
		parts_path(p, &path);
	if (blob && path.n > 0) {
		buf_adds(&text, pw->blob);
		buf_addc(&text, '_');
	}
	for (size_t i = 0; i < path.n; i++)
		buf_addc(&text, blob && path.p[i] == '.' ? '_' : path.p[i]);
	put_or_null(pw->w, buf_slice(&text));
	buf_fini(&path);
	buf_fini(&text);
}

static void
put_type(struct jsonw *w, const struct mime_part *p)
{
	struct buf text = { .max = TEXT_MAX };

	parts_type(p, &text);
	jsonw_string(w, buf_slice(&text));
	buf_fini(&text);
}

/* Its header, or what is asked of it. */
static void
put_header(struct parts_writer *pw, const struct mime_part *p,
    const struct headerform_asked *asked)
{
	const uint64_t bytes = p->header.bytes;
	const size_t n = bytes < HEADER_MAX ? (size_t)bytes : HEADER_MAX;
	char *text = xmalloc(n + 1);

	if (fd_pread_all(pw->fd, text, n, (int64_t)p->header.off, pw->err) ==
	    -1) {
		pw->failed = true;
		jsonw_null(pw->w);
	} else if (asked != NULL) {
		headerform_put(pw->w, slice_of(text, n), asked);
	} else {
		headerform_put_all(pw->w, slice_of(text, n));
	}
	free(text);
}

static void
put_property(
    struct parts_writer *pw, const struct mime_part *p, struct slice name)
{
	struct headerform_asked asked;
	struct jsonw *w = pw->w;
	unsigned at = 0;

	while (at < ARRAY_LEN(names) && !slice_is(name, names[at]))
		at++;
	if (at == ARRAY_LEN(names) - 1)
		return; /* subParts: put_parts */
	jsonw_key(w, name);
	switch (at) {
	case 0:
	case 1:
		put_path(pw, p, at == 1);
		break;
	case 2:
		jsonw_uint(w, p->kind == MIME_MULTIPART ? 0 : size_of(pw, p));
		break;
	case 3:
		put_name(w, p);
		break;
	case 4:
		put_type(w, p);
		break;
	case 5:
		put_charset(w, p);
		break;
	case 6:
		put_lower(w, p->disposition);
		break;
	case 7:
		put_cid(w, p);
		break;
	case 8:
		put_languages(w, p);
		break;
	case 9:
		put_or_null(w, p->location);
		break;
	default:
		put_header(
		    pw, p, headerform_parse(name, &asked) ? &asked : NULL);
		break;
	}
}

void
parts_put(struct parts_writer *pw, const struct mime_part *part, bool subparts)
{
	json_t *v;
	size_t i;

	jsonw_open(pw->w, '{');
	if (pw->properties == NULL)
		for (size_t k = 0; k < USUAL; k++)
			put_property(pw, part, slice_str(names[k]));
	json_array_foreach(pw->properties, i, v)
	{
		put_property(pw, part, call_text(v));
	}
	if (subparts && part->kind == MIME_MULTIPART) {
		jsonw_name(pw->w, "subParts");
		jsonw_open(pw->w, '[');
		for (const struct mime_part *p = part->child; p != NULL;
		     p = p->next)
			parts_put(pw, p, true);
		jsonw_close(pw->w, ']');
	}
	jsonw_close(pw->w, '}');
}

void
parts_put_list(struct parts_writer *pw, const struct parts_list *l)
{
	jsonw_open(pw->w, '[');
	for (size_t i = 0; i < l->n; i++)
		parts_put(pw, l->v[i], false);
	jsonw_close(pw->w, ']');
}

/* ---- an EmailBodyValue ---- */

/* CRLF is LF here. */
static void
unfold_lines(struct buf *text)
{
	size_t n = 0;

	for (size_t i = 0; i < text->n; i++)
		if (text->p[i] != '\r' || i + 1 == text->n ||
		    text->p[i + 1] != '\n')
			text->p[n++] = text->p[i];
	buf_truncate(text, n);
}

/* MAX octets at most, and no part of a character. */
static struct slice
cut(const struct buf *text, uint64_t max)
{
	size_t n = text->n;

	if (max == 0 || n <= max)
		return buf_slice(text);
	n = (size_t)max;
	while (n > 0 && ((unsigned char)text->p[n] & 0xc0) == 0x80)
		n--;
	return slice_of(text->p, n);
}

int
parts_put_value(
    struct parts_writer *pw, const struct mime_part *part, uint64_t max)
{
	struct buf raw = { .max = VALUE_MAX + PIECE + 128 },
		   text = { .max = 3 * (size_t)VALUE_MAX + (1 << 20) };
	struct slice charset, shown;
	struct arena a;
	bool known;

	if (parts_read(pw->fd, part, VALUE_MAX, &raw, pw->err) == -1) {
		buf_fini(&raw);
		return -1;
	}
	arena_init(&a);
	charset = param_value(&a, part->params, "charset");
	known = charset_to_utf8(&text, charset, buf_slice(&raw));
	arena_fini(&a);
	unfold_lines(&text);
	shown = cut(&text, max);
	jsonw_open(pw->w, '{');
	jsonw_name(pw->w, "value");
	jsonw_string(pw->w, shown);
	jsonw_name(pw->w, "isEncodingProblem");
	jsonw_bool(pw->w, charset.n > 0 && !known);
	jsonw_name(pw->w, "isTruncated");
	jsonw_bool(pw->w, shown.n < text.n || raw.n >= VALUE_MAX);
	jsonw_close(pw->w, '}');
	buf_fini(&raw);
	buf_fini(&text);
	return 0;
}
