/* SPDX-License-Identifier: ISC */
#include "smtpd/rewrite/fields.h"

#include <stddef.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/mem.h"
#include "mime/addrlist.h"
#include "mime/header.h"
#include "proto/address.h"

enum { LINE_MAX_BYTES = 998 }; /* RFC 5322 2.1.1 */

static const struct {
	const char *name;
	bool sender;
} names[] = {
	/* clang-format off */
	{ "From", true },          { "Sender", true },
	{ "Reply-To", true },      { "Resent-From", true },
	{ "Resent-Sender", true }, { "Resent-Reply-To", true },
	{ "Errors-To", true },     { "Return-Receipt-To", true },
	{ "Mail-Reply-To", true }, { "Mail-Followup-To", true },
	{ "Disposition-Notification-To", true },
	{ "To", false },           { "Cc", false },
	{ "Bcc", false },          { "Apparently-To", false },
	{ "Resent-To", false },    { "Resent-Cc", false },
	{ "Resent-Bcc", false },
	/* clang-format on */
};

/* A walk through a header. */
struct fields_walk {
	struct smtpd_fields *fields;
	struct arena arena; /* of the field at hand */
	const char *done;   /* up to here it has been copied */
	size_t n;           /* addresses so far */
};

static bool
is_address_field(struct slice name, struct smtpd_mailbox *m)
{
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (!slice_iis(name, names[i].name))
			continue;
		m->sender = names[i].sender;
		m->from = i == 0;
		return true;
	}
	return false;
}

static void
copy(struct fields_walk *w, const char *end)
{
	if (w->fields->out != NULL)
		buf_add(
		    w->fields->out, slice_of(w->done, (size_t)(end - w->done)));
	w->done = end;
}

/* ---- one address ---- */

/* The canonical form of what A has without quotes. */
static bool
canonical(const struct addrlist_item *a, struct buf *out)
{
	struct buf text = { .max = 4 * ADDRESS_MAX };
	bool ok;

	buf_addc(&text, '"');
	for (size_t i = 0; i < a->mailbox.n; i++) {
		const char c = a->mailbox.p[i];

		if (c == '"' || c == '\\')
			buf_addc(&text, '\\');
		buf_addc(&text, c);
	}
	buf_adds(&text, "\"@");
	buf_add(&text, a->host);
	ok = a->spec.n > 0 && !text.failed &&
	     address_parse(buf_slice(&text), ADDRESS_UTF8, out);
	buf_fini(&text);
	return ok;
}

/* Behind the quoted string or literal that begins S at I. */
static size_t
skip_quoted(struct slice s, size_t i)
{
	const char end = s.p[i] == '[' ? ']' : '"';

	for (i++; i < s.n && s.p[i] != end; i++)
		i += s.p[i] == '\\';
	return i + 1;
}

/* Behind the comment that begins S at I. */
static size_t
skip_comment(struct slice s, size_t i)
{
	size_t depth = 0;

	for (; i < s.n; i++) {
		if (s.p[i] == '\\')
			i++;
		else if (s.p[i] == '(')
			depth++;
		else if (s.p[i] == ')' && --depth == 0)
			break;
	}
	return i + 1;
}

/* Comments that stood within the address come behind it. */
static void
keep_comments(struct slice spec, struct buf *out)
{
	size_t i = 0, next;

	for (; i < spec.n; i = next) {
		next = i + 1;
		if (spec.p[i] == '"' || spec.p[i] == '[') {
			next = skip_quoted(spec, i);
		} else if (spec.p[i] == '(') {
			next = skip_comment(spec, i);
			buf_addc(out, ' ');
			buf_add(out, slice_sub(spec, i, next - i));
		}
	}
}

/* How long the last line of OUT is, as far as it matters. */
static size_t
column(const struct buf *out)
{
	size_t n = 0;

	while (
	    n < out->n && n < LINE_MAX_BYTES && out->p[out->n - n - 1] != '\n')
		n++;
	return n;
}

/* How much of the line stands at P, up to END, as far as it matters. */
static size_t
line_left(const char *p, const char *end)
{
	size_t n = 0;

	while (
	    p + n < end && n < LINE_MAX_BYTES && p[n] != '\r' && p[n] != '\n')
		n++;
	return n;
}

/* NEW in the place of SPEC, on a line of its own where that gets too long. */
static void
replace(
    struct fields_walk *w, struct slice spec, struct slice new, const char *end)
{
	struct buf *out = w->fields->out;
	const char *behind = spec.p + spec.n;
	size_t at;

	copy(w, spec.p);
	at = column(out);
	if (at > 1 && at + new.n + line_left(behind, end) > LINE_MAX_BYTES)
		buf_adds(out, "\r\n ");
	buf_add(out, new);
	keep_comments(spec, out);
	w->done = behind;
	w->fields->changed++;
}

static void
visit(struct fields_walk *w, const struct addrlist_item *a,
    struct smtpd_mailbox *m, const char *end)
{
	struct smtpd_fields *f = w->fields;
	struct buf address = { .max = ADDRESS_MAX };
	struct slice new;

	if (canonical(a, &address)) {
		m->address = buf_slice(&address);
		new = f->becomes(f, m);
		if (f->out != NULL && new.n > 0 && !slice_eq(new, m->address))
			replace(w, a->spec, new, end);
	} else {
		f->odd_from |= m->from;
	}
	buf_fini(&address);
}

/* ---- the header ---- */

static void
tell_from(struct fields_walk *w, const struct header_field *f)
{
	struct buf *out = w->fields->out;

	w->fields->tell_from = false;
	copy(w, f->raw.p + f->raw.n);
	if (out == NULL)
		return;
	buf_adds(out, "X-Original-From:");
	if (!slice_starts(f->value, SLICE(" ")) &&
	    !slice_starts(f->value, SLICE("\t")))
		buf_addc(out, ' ');
	buf_add(out, f->value);
	buf_adds(out, "\r\n");
}

static bool
read_field(struct fields_walk *w, const struct header_field *f)
{
	const struct addrlist_item *a;
	struct smtpd_mailbox m;

	if (!is_address_field(f->name, &m))
		return true;
	arena_reset(&w->arena);
	a = addrlist_parse(&w->arena, f->value, SMTPD_MAILBOXES_MAX + 1 - w->n);
	for (; a != NULL; a = a->next) {
		if (++w->n > SMTPD_MAILBOXES_MAX)
			return false;
		if (a->kind == ADDRLIST_MAILBOX)
			visit(w, a, &m, f->raw.p + f->raw.n);
	}
	if (w->fields->tell_from)
		tell_from(w, f);
	return true;
}

bool
smtpd_fields_walk(struct smtpd_fields *f, struct slice header)
{
	struct fields_walk w = { .fields = f, .done = header.p };
	struct slice rest = header;
	struct header_field field;
	bool ok = true;

	arena_init(&w.arena);
	while (ok && header_next(&rest, &field))
		ok = read_field(&w, &field);
	if (ok && header.n > 0)
		copy(&w, header.p + header.n);
	arena_fini(&w.arena);
	return ok;
}
