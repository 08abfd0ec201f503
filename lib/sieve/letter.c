/* SPDX-License-Identifier: ISC */
#include "sieve/letter.h"

#include <stdio.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "base/utf8_put.h"
#include "mime/date.h"
#include "mime/encode.h"
#include "mime/header.h"
#include "mime/word.h"
#include "sieve/address.h"
#include "sieve/env.h"
#include "sieve/result.h"

enum { HEAD_MAX = 64 << 10, SUBJECT_CHARS = 256, REFERENCES_MAX = 4096 };

struct writer {
	struct arena *arena;
	const struct sieve_env *env;
	const struct sieve_action *a;
	const struct sieve_letter_name *name;
	struct buf head;
};

/* ---- fields ---- */

static bool
is_ascii(struct slice s)
{
	return utf8_ascii(s) == s.n;
}

/* Text of one line, encoded where it has to be. */
static void
put_field(struct writer *w, const char *name, struct slice value)
{
	struct buf line;

	buf_init(&line, value.n + 1);
	header_unfold(&line, value);
	buf_addf(&w->head, "%s: ", name);
	if (is_ascii(buf_slice(&line)))
		buf_add(&w->head, buf_slice(&line));
	else
		encode_words(&w->head, buf_slice(&line));
	buf_adds(&w->head, "\r\n");
	buf_fini(&line);
}

/* A value that is to stand as it is, folded or not. */
static void
put_raw(struct writer *w, const char *name, struct slice value)
{
	buf_addf(&w->head, "%s: %.*s\r\n", name, SLICE_FMT(value));
}

static struct slice
original(const struct writer *w, const char *name)
{
	struct header_field f;

	return header_find(w->env->message, name, &f) ? slice_trim(f.value)
						      : SLICE("");
}

/* "Name <local@domain>" with the name encoded, or the address as it is. */
static void
put_address(struct writer *w, const char *name, struct slice text)
{
	const size_t at = slice_rfind(text, '<');
	const struct slice phrase = slice_trim(slice_sub(text, 0, at));

	if (at == text.n || phrase.n == 0 || is_ascii(text)) {
		put_field(w, name, text);
		return;
	}
	buf_addf(&w->head, "%s: ", name);
	encode_words(&w->head, phrase);
	buf_addf(&w->head, " %.*s\r\n", SLICE_FMT(slice_from(text, at)));
}

static void
put_start(struct writer *w)
{
	buf_adds(&w->head, "Date: ");
	date_put(&w->head, &w->env->now);
	buf_addf(&w->head, "\r\nMessage-ID: <sieve.%.*s@%.*s>\r\n",
	    SLICE_FMT(w->name->id), SLICE_FMT(w->name->host));
	put_raw(w, "X-Sieve", SLICE("pabal"));
}

/* In-Reply-To and References (RFC 5322 3.6.4). */
static void
put_thread(struct writer *w)
{
	const struct slice id = original(w, "Message-ID");
	struct slice refs = original(w, "References");
	struct buf b;

	if (id.n == 0 || id.n > REFERENCES_MAX || !is_ascii(id))
		return;
	put_field(w, "In-Reply-To", id);
	if (refs.n == 0)
		refs = original(w, "In-Reply-To");
	buf_init(&b, 2 * REFERENCES_MAX);
	if (refs.n <= REFERENCES_MAX && is_ascii(refs))
		header_unfold(&b, refs);
	if (b.n > 0)
		buf_adds(&b, "\r\n ");
	buf_add(&b, id);
	put_raw(w, "References", buf_slice(&b));
	buf_fini(&b);
}

static void
put_text_type(struct writer *w)
{
	put_raw(w, "MIME-Version", SLICE("1.0"));
	put_raw(w, "Content-Type", SLICE("text/plain; charset=utf-8"));
	put_raw(w, "Content-Transfer-Encoding", SLICE("8bit"));
}

/* Lines with CRLF, one at the end. */
static struct slice
as_lines(const struct writer *w, struct slice text)
{
	struct slice out;
	struct buf b;

	buf_init(&b, 2 * text.n + 2);
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '\n' && (i == 0 || text.p[i - 1] != '\r'))
			buf_addc(&b, '\r');
		buf_addc(&b, text.p[i]);
	}
	if (text.n == 0 || text.p[text.n - 1] != '\n')
		buf_adds(&b, "\r\n");
	out = arena_slice(w->arena, buf_slice(&b));
	buf_fini(&b);
	return out;
}

/* ---- redirect ---- */

/* The message with a mark of the account that sent it on: with its Received
 * fields that ends loops. */
static bool
make_redirect(struct writer *w, struct sieve_letter *l)
{
	const struct slice message = w->env->message;
	const size_t n = header_length(message);
	const bool edited = w->a->head.p != NULL;
	const struct slice head =
	    edited ? w->a->head : slice_sub(message, 0, n);

	const struct slice me =
	    w->env->owner.n > 0 ? w->env->owner : w->env->to;

	buf_fini(&w->head);
	buf_init(&w->head, head.n + HEAD_MAX);
	if (me.n > 0)
		put_field(w, "X-Sieve-Redirected-From", me);
	buf_add(&w->head, head);
	l->sender = w->env->from;
	l->to[l->nto++] = w->a->address;
	l->body = edited ? w->a->body : slice_from(message, n);
	return true;
}

/* ---- vacation ---- */

/* At most SUBJECT_CHARS characters, with an ellipsis when there were more. */
static void
put_short(struct writer *w, const char *name, struct slice s)
{
	size_t at = 0;
	struct buf b;

	s = slice_trim(s);
	for (unsigned n = 0; at < s.n && n < SUBJECT_CHARS; n++) {
		const size_t len = utf8_len(slice_from(s, at));

		at += len > 0 ? len : 1;
	}
	buf_init(&b, s.n + UTF8_MAX);
	buf_add(&b, slice_sub(s, 0, at));
	if (at < s.n)
		buf_adds(&b, "\xe2\x80\xa6");
	put_field(w, name, buf_slice(&b));
	buf_fini(&b);
}

static void
put_subject(struct writer *w, struct slice subject)
{
	const struct slice old = original(w, "Subject");
	struct buf text;

	buf_init(&text, HEAD_MAX);
	if (subject.n > 0) {
		word_decode(&text, subject);
	} else {
		buf_adds(&text, old.n > 0 ? "Auto: " : "Automated reply");
		word_decode(&text, slice_sub(old, 0, HEAD_MAX / 8));
	}
	put_short(w, "Subject", buf_slice(&text));
	buf_fini(&text);
}

/* The field's address as it is written, when it is ADDRESS. */
static bool
put_named(struct writer *w, const char *field, struct slice address)
{
	const struct slice value = original(w, field);
	struct slice plain;

	if (value.n > 1000 || !is_ascii(value) ||
	    !sieve_address_parse(w->arena, value, false, &plain) ||
	    !slice_ieq(plain, address))
		return false;
	put_field(w, "To", value);
	return true;
}

static void
put_reply_to(struct writer *w, struct slice address)
{
	static const char *const fields[] = { "Sender", "Resent-From", "From" };

	for (size_t i = 0; i < ARRAY_LEN(fields); i++)
		if (put_named(w, fields[i], address))
			return;
	buf_addf(&w->head, "To: <%.*s>\r\n", SLICE_FMT(address));
}

static bool
make_vacation(struct writer *w, struct sieve_letter *l)
{
	const struct sieve_vacation *v = w->a->vacation;
	struct header_field f;

	put_start(w);
	put_address(w, "From", v->from);
	put_reply_to(w, v->sender);
	put_subject(w, v->subject);
	put_thread(w);
	put_raw(w, "Auto-Submitted", SLICE("auto-replied (vacation)"));
	put_raw(w, "Precedence", SLICE("bulk"));
	put_raw(w, "X-Auto-Response-Suppress", SLICE("All"));
	l->to[l->nto++] = v->sender;
	l->body = as_lines(w, w->a->text);
	if (!v->mime) {
		put_text_type(w);
		return true;
	}
	/* The text brings its own header, of which the letter's own fields are
	 * no part. */
	put_raw(w, "MIME-Version", SLICE("1.0"));
	while (header_next(&l->body, &f))
		if (slice_istarts(f.name, SLICE("Content-")))
			buf_add(&w->head, f.raw);
	return true;
}

/* ---- notify ---- */

static void
put_importance(struct writer *w, char importance)
{
	static const char *const words[] = { "1 (High)", "3 (Normal)",
		"5 (Low)" };
	static const char *const names[] = { "high", "normal", "low" };
	const int i = importance - '1';

	put_raw(w, "X-Priority", slice_str(words[i]));
	put_raw(w, "Importance", slice_str(names[i]));
}

static void
put_recipients(struct writer *w, const struct sieve_mailto *m, char place,
    const char *name)
{
	const char *sep = "";
	struct buf b;

	buf_init(&b, HEAD_MAX);
	for (size_t i = 0; i < m->nrcpts; i++) {
		if (m->rcpts[i].place != place)
			continue;
		buf_addf(&b, "%s%.*s", sep, SLICE_FMT(m->rcpts[i].text));
		sep = ", ";
	}
	if (b.n > 0)
		put_raw(w, name, buf_slice(&b));
	buf_fini(&b);
}

static void
put_notice_subject(struct writer *w, const struct sieve_notify *n)
{
	struct buf text;

	if (n->message.n > 0 || n->mail.subject.p != NULL) {
		put_short(w, "Subject",
		    n->message.n > 0 ? n->message : n->mail.subject);
		return;
	}
	buf_init(&text, HEAD_MAX);
	buf_adds(&text, "[SIEVE] New message from ");
	word_decode(&text, slice_sub(original(w, "From"), 0, HEAD_MAX / 8));
	put_short(w, "Subject", buf_slice(&text));
	buf_fini(&text);
}

static bool
make_notify(struct writer *w, struct sieve_letter *l)
{
	const struct sieve_notify *n = w->a->notify;
	const struct sieve_mailto *m = &n->mail;
	struct slice from = n->from.n > 0 ? n->from : w->env->owner;

	put_start(w);
	if (from.n == 0)
		from = w->env->to;
	if (from.n > 0)
		put_address(w, "From", from);
	put_recipients(w, m, 't', "To");
	put_recipients(w, m, 'c', "Cc");
	put_notice_subject(w, n);
	buf_adds(&w->head, "Auto-Submitted: auto-notified");
	if (w->env->to.n > 0 && is_ascii(w->env->to) &&
	    slice_find(w->env->to, '"') == w->env->to.n)
		buf_addf(
		    &w->head, "; owner-email=\"%.*s\"", SLICE_FMT(w->env->to));
	buf_adds(&w->head, "\r\n");
	put_importance(w, n->importance);
	for (const struct sieve_mailto_field *f = m->fields; f != NULL;
	     f = f->next) {
		char name[80];

		if (slice_copy(f->name, name, sizeof name))
			put_field(w, name, f->value);
	}
	put_text_type(w);
	for (size_t i = 0; i < m->nrcpts; i++)
		l->to[l->nto++] = m->rcpts[i].address;
	/* A notice of a bounce must not make another (RFC 5436 2.7.1). */
	if (w->env->from.p == NULL || w->env->from.n > 0)
		l->sender = n->from;
	l->body = as_lines(w, m->body.p != NULL
				  ? m->body
				  : SLICE("Notification of new message."));
	return true;
}

/* ---- reject ---- */

static void
put_disposition(struct writer *w, struct buf *b, const char *boundary)
{
	const struct slice id = original(w, "Message-ID");

	buf_addf(b,
	    "\r\n--%s\r\nContent-Type: message/disposition-notification\r\n"
	    "\r\nReporting-UA: %.*s; pabal\r\n",
	    boundary, SLICE_FMT(w->name->host));
	if (w->env->to.n > 0)
		buf_addf(b, "Final-Recipient: rfc822; %.*s\r\n",
		    SLICE_FMT(w->env->to));
	if (id.n > 0 && id.n < REFERENCES_MAX && is_ascii(id))
		buf_addf(b, "Original-Message-ID: %.*s\r\n", SLICE_FMT(id));
	buf_adds(b, "Disposition: automatic-action/MDN-sent-automatically; "
		    "deleted\r\n");
}

/* A message disposition notification (RFC 5429 2.1.2, RFC 8098), to the sender
 * of the envelope, with the header of what was rejected. */
static bool
make_reject(struct writer *w, struct sieve_letter *l)
{
	const struct slice head =
	    slice_sub(w->env->message, 0, header_length(w->env->message));
	char boundary[80];
	struct buf b;

	put_start(w);
	snprintf(boundary, sizeof boundary, "=_reject_%.*s",
	    (int)(w->name->id.n > 40 ? 40 : w->name->id.n), w->name->id.p);
	buf_addf(&w->head,
	    "From: Mail Delivery Subsystem <Postmaster@%.*s>\r\n",
	    SLICE_FMT(w->name->host));
	buf_addf(&w->head, "To: <%.*s>\r\n", SLICE_FMT(w->env->from));
	put_raw(w, "Subject", SLICE("Automatically rejected mail"));
	put_thread(w);
	put_raw(w, "Auto-Submitted", SLICE("auto-replied (rejected)"));
	put_raw(w, "MIME-Version", SLICE("1.0"));
	buf_addf(&w->head,
	    "Content-Type: multipart/report; "
	    "report-type=disposition-notification;\r\n boundary=\"%s\"\r\n",
	    boundary);
	buf_init(&b, 2 * w->a->text.n + head.n + HEAD_MAX);
	buf_addf(&b,
	    "--%s\r\nContent-Type: text/plain; charset=utf-8\r\n"
	    "Content-Transfer-Encoding: 8bit\r\n\r\n",
	    boundary);
	buf_addf(&b, "Your message to %.*s was automatically rejected:\r\n\r\n",
	    SLICE_FMT(w->env->to));
	buf_add(&b, as_lines(w, w->a->text));
	put_disposition(w, &b, boundary);
	buf_addf(&b, "\r\n--%s\r\nContent-Type: text/rfc822-headers\r\n\r\n",
	    boundary);
	buf_add(&b, head);
	buf_addf(&b, "\r\n--%s--\r\n", boundary);
	l->to[l->nto++] = w->env->from;
	l->body = arena_slice(w->arena, buf_slice(&b));
	buf_fini(&b);
	return true;
}

bool
sieve_letter_make(struct arena *arena, const struct sieve_env *env,
    const struct sieve_action *a, const struct sieve_letter_name *name,
    struct sieve_letter *letter)
{
	struct writer w = { arena, env, a, name, { 0 } };
	bool ok = false;

	*letter = (struct sieve_letter){ .sender = SLICE(""),
		.to = arena_alloc(arena, 16 * sizeof(struct slice)) };
	buf_init(&w.head, 4 * HEAD_MAX);
	if (a->silent)
		ok = false;
	else if (a->kind == SIEVE_REDIRECT)
		ok = make_redirect(&w, letter);
	else if (a->kind == SIEVE_VACATION)
		ok = make_vacation(&w, letter);
	else if (a->kind == SIEVE_NOTIFY)
		ok = make_notify(&w, letter);
	else if ((a->kind == SIEVE_REJECT || a->kind == SIEVE_EREJECT) &&
		 env->from.n > 0)
		ok = make_reject(&w, letter);
	if (ok && a->kind != SIEVE_REDIRECT)
		buf_adds(&w.head, "\r\n");
	letter->head = arena_slice(arena, buf_slice(&w.head));
	ok = ok && !w.head.failed;
	buf_fini(&w.head);
	return ok;
}
