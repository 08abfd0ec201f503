/* SPDX-License-Identifier: ISC */
/* replace, enclose, extracttext (RFC 5703 5 to 7). */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "mime/header.h"
#include "mime/part.h"
#include "sieve/content.h"
#include "sieve/exec.h"
#include "sieve/modify.h"
#include "sieve/parts.h"
#include "sieve/words.h"

static const struct mime_part *
current(const struct sieve_exec *x)
{
	return x->nloops > 0 ? x->loops[x->nloops - 1] : NULL;
}

static int
take(struct sieve_exec *x, const struct sieve_call *c, int tag,
    struct slice *out)
{
	const struct sieve_operand *o = sieve_call_tag(c, tag);

	*out = (struct slice){ NULL, 0 };
	return o != NULL ? sieve_exec_string(x, o, out) : 0;
}

/* ---- extracttext ---- */

/* At most N characters of S. */
static struct slice
first_characters(struct slice s, uint64_t n)
{
	size_t at = 0;

	for (; n > 0 && at < s.n; n--) {
		const size_t len = utf8_len(slice_from(s, at));

		at += len > 0 ? len : 1;
	}
	return slice_sub(s, 0, at);
}

int
sieve_do_extracttext(
    struct sieve_exec *x, const struct sieve_call *c, bool *result)
{
	const struct sieve_operand *first = sieve_call_tag(c, SIEVE_TAG_FIRST);
	const struct mime_part *p = current(x);
	struct slice text = SLICE("");

	(void)result;
	if (p == NULL)
		return sieve_exec_fail(
		    x, "extracttext stands in no foreverypart");
	if (p->kind == MIME_LEAF && sieve_content_text(x, p, true, &text) == -1)
		return -1;
	if (first != NULL)
		text = first_characters(text, sieve_exec_number(first));
	if (sieve_modify(x, c, &text) == -1)
		return -1;
	sieve_exec_set(x, sieve_exec_slot(x, &c->args[0]), text);
	sieve_exec_trace(x, "extracttext \"%.*s\"",
	    (int)(text.n > 160 ? 160 : text.n), text.n > 0 ? text.p : "");
	return 0;
}

/* ---- replace ---- */

static bool
is_content_field(struct slice name)
{
	return slice_istarts(name, SLICE("Content-")) ||
	       slice_iis(name, "MIME-Version");
}

static int
drop_fields(struct sieve_exec *x, bool (*is)(struct slice name))
{
	struct sieve_fields *const f = &x->message->fields;
	bool *chosen = arena_alloc(&x->tmp, (f->n + 1) * sizeof *chosen);

	for (size_t i = 0; i < f->n; i++)
		chosen[i] = is(f->list[i].name);
	sieve_message_delete(x->message, chosen);
	return sieve_exec_spend(x, 1 + f->n / 8);
}

static bool
is_subject(struct slice name)
{
	return slice_iis(name, "Subject");
}

static bool
is_from(struct slice name)
{
	return slice_iis(name, "From");
}

/* Text as lines of mail: each with CRLF. */
static void
put_lines(struct buf *b, struct slice text)
{
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '\n' && (i == 0 || text.p[i - 1] != '\r'))
			buf_addc(b, '\r');
		buf_addc(b, text.p[i]);
	}
	if (text.n > 0 && text.p[text.n - 1] != '\n')
		buf_adds(b, "\r\n");
}

static const char text_head[] = "Content-Type: text/plain; charset=utf-8\r\n"
				"Content-Transfer-Encoding: 8bit\r\n";

/* A part of the message: its header and body. */
static int
replace_part(struct sieve_exec *x, const struct mime_part *p, struct slice text,
    bool mime)
{
	struct buf b;
	bool ok;

	buf_init(&b, 2 * text.n + 256);
	if (!mime)
		buf_addf(&b, "%s\r\n", text_head);
	put_lines(&b, text);
	/* The line end before the boundary is the boundary's. */
	if (b.n >= 2 && memcmp(b.p + b.n - 2, "\r\n", 2) == 0)
		buf_truncate(&b, b.n - 2);
	ok = sieve_message_patch(x->message, p->header.off,
	    p->body.off + p->body.bytes - p->header.off, buf_slice(&b));
	buf_fini(&b);
	if (!ok)
		return sieve_exec_fail(
		    x, "replace: a part around this one was replaced before");
	return sieve_exec_spend(x, 1 + text.n / 64);
}

static void
add_fields(struct sieve_exec *x, struct slice head)
{
	struct header_field f;

	while (header_next(&head, &f))
		sieve_message_add(x->message, f.name, f.value, true);
}

static int
replace_all(struct sieve_exec *x, struct slice text, bool mime,
    struct slice subject, struct slice from)
{
	const size_t head = mime ? header_length(text) : 0;
	struct buf b;

	if (drop_fields(x, is_content_field) == -1 ||
	    (subject.p != NULL && drop_fields(x, is_subject) == -1) ||
	    (from.p != NULL && drop_fields(x, is_from) == -1))
		return -1;
	if (subject.p != NULL)
		sieve_message_add(x->message, SLICE("Subject"), subject, true);
	if (from.p != NULL)
		sieve_message_add(x->message, SLICE("From"), from, true);
	sieve_message_add(
	    x->message, SLICE("MIME-Version"), SLICE("1.0"), true);
	add_fields(x, mime ? slice_sub(text, 0, head) : slice_str(text_head));
	buf_init(&b, 2 * text.n + 16);
	put_lines(&b, slice_from(text, head));
	sieve_message_set_body(x->message, buf_slice(&b));
	buf_fini(&b);
	return sieve_exec_spend(x, 1 + text.n / 64);
}

int
sieve_do_replace(struct sieve_exec *x, const struct sieve_call *c, bool *result)
{
	const bool mime = sieve_call_has(c, SIEVE_TAG_AS_MIME);
	const struct mime_part *p = current(x);
	struct slice text, subject, from;

	(void)result;
	if (sieve_exec_string(x, &c->args[0], &text) == -1 ||
	    take(x, c, SIEVE_TAG_SUBJECT, &subject) == -1 ||
	    take(x, c, SIEVE_TAG_FROM, &from) == -1)
		return -1;
	sieve_exec_trace(x, "replace %s",
	    p != NULL && p->parent != NULL ? "the part" : "the message");
	if (p != NULL && p->parent != NULL)
		return replace_part(x, p, text, mime);
	return replace_all(x, text, mime, subject, from);
}

/* ---- enclose ---- */

/* A boundary that stands nowhere in TEXT. */
static void
make_boundary(struct slice text, char out[40])
{
	for (unsigned i = 0;; i++) {
		snprintf(out, 40, "=_enclosed_%016zx_%u", text.n, i);
		if (slice_search(text, slice_str(out)) == text.n)
			return;
	}
}

static void
put_enclosing(struct buf *b, struct slice text, struct slice original,
    const char *boundary)
{
	buf_addf(b, "--%s\r\n%s\r\n", boundary, text_head);
	put_lines(b, text);
	buf_addf(
	    b, "\r\n--%s\r\nContent-Type: message/rfc822\r\n\r\n", boundary);
	buf_add(b, original);
	buf_addf(b, "\r\n--%s--\r\n", boundary);
}

/* The message becomes an attachment of a new one. */
int
sieve_do_enclose(struct sieve_exec *x, const struct sieve_call *c, bool *result)
{
	const struct sieve_operand *o = sieve_call_tag(c, SIEVE_TAG_HEADERS);
	struct slice text, subject, original;
	struct slice *headers = NULL;
	char boundary[40], type[80];
	size_t n = 0;
	struct buf b;

	(void)result;
	if (sieve_exec_string(x, &c->args[0], &text) == -1 ||
	    take(x, c, SIEVE_TAG_SUBJECT, &subject) == -1 ||
	    (o != NULL && sieve_exec_strings(x, o, &headers, &n) == -1))
		return -1;
	original = sieve_message_whole(x->message);
	make_boundary(original, boundary);
	buf_init(&b, original.n + 2 * text.n + 1024);
	put_enclosing(&b, text, original, boundary);
	if (drop_fields(x, is_content_field) == -1 ||
	    (subject.p != NULL && drop_fields(x, is_subject) == -1)) {
		buf_fini(&b);
		return -1;
	}
	if (subject.p != NULL)
		sieve_message_add(x->message, SLICE("Subject"), subject, true);
	snprintf(
	    type, sizeof type, "multipart/mixed; boundary=\"%s\"", boundary);
	sieve_message_add(
	    x->message, SLICE("MIME-Version"), SLICE("1.0"), true);
	sieve_message_add(
	    x->message, SLICE("Content-Type"), slice_str(type), true);
	for (size_t i = 0; i < n; i++) {
		struct slice value;
		const struct slice name = slice_cut(headers[i], ':', &value);

		if (header_name(headers[i]).n > 0)
			sieve_message_add(x->message, name, value, true);
	}
	sieve_message_set_body(x->message, buf_slice(&b));
	buf_fini(&b);
	sieve_exec_trace(x, "enclose the message");
	return sieve_exec_spend(x, 1 + original.n / 64);
}
