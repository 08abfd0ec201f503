/* SPDX-License-Identifier: ISC */
#include "sieverun/tell.h"

#include <stdio.h>

#include "base/utf8.h"
#include "mime/header.h"
#include "sieve/letter.h"
#include "sieve/result.h"
#include "sieverun/speak.h"
#include "sieverun/stretches.h"
#include "sieverun/task.h"

/* Where in T's message BODY stands, if that is its end; -1: nowhere. */
static int64_t
place_in(const struct task *t, struct slice body)
{
	const struct slice all = t->message;

	if (body.n == 0 || body.p < all.p || body.p >= all.p + all.n ||
	    body.p + body.n != all.p + all.n)
		return -1;
	return body.p - all.p;
}

/* The bytes of the letter that comes next; *BODY_FROM as sieve.def has it. */
static int
tell_bytes(
    struct task *t, struct slice head, struct slice body, int64_t *body_from)
{
	*body_from = place_in(t, body);
	if (speak_pieces(t->fd, SIEVE_PIECE_HEAD, head) == -1)
		return -1;
	return *body_from == -1 ? speak_pieces(t->fd, SIEVE_PIECE_BODY, body)
				: 0;
}

/* The same of what is stored: what of the body is the message's goes as
 * stretches of that. */
static int
tell_stretches(struct task *t, struct slice head, struct slice body)
{
	struct body_stretch list[STRETCHES_MAX];
	const size_t n = stretches_find(body, t->message, list);
	int rc = speak_pieces(t->fd, SIEVE_PIECE_HEAD, head);

	for (size_t i = 0; i < n && rc == 0; i++) {
		const struct body_stretch *s = &list[i];

		rc = s->from == -1
			 ? speak_pieces(t->fd, SIEVE_PIECE_BODY, s->bytes)
			 : SPEAK(t->fd, sieve_range, .from = s->from,
			       .size = (int64_t)s->bytes.n);
	}
	return rc;
}

/* At most N bytes of S, and whole characters. */
static struct slice
cut(struct slice s, size_t n)
{
	if (s.n <= n)
		return s;
	while (n > 0 && ((unsigned char)s.p[n] & 0xc0) == 0x80)
		n--;
	return slice_sub(s, 0, n);
}

static int
tell_store(
    struct task *t, const struct sieve_env *env, const struct sieve_action *a)
{
	struct slice head = a->head, body = a->body;
	const bool edited = head.p != NULL || env->message.p != t->message.p;

	if (edited && head.p == NULL) {
		const size_t n = header_length(env->message);

		head = slice_sub(env->message, 0, n);
		body = slice_from(env->message, n);
	}
	if (edited && tell_stretches(t, head, body) == -1)
		return -1;
	return SPEAK(t->fd, sieve_action, .kind = a->kind, .create = a->create,
	    .edited = edited, .flagged = a->flags.p != NULL,
	    .mailbox = a->mailbox, .mailbox_id = a->mailbox_id,
	    .special_use = a->special_use, .flags = a->flags, .body_from = -1);
}

static int
tell_letter(struct task *t, const struct sieve_env *env,
    const struct sieve_action *a, unsigned number)
{
	struct sieve_letter letter;
	struct buf to = { .max = SIEVE_RCPTS_BYTES };
	struct slice handle = SLICE("");
	uint32_t seconds = 0;
	char id[80];
	int64_t from;
	int rc = -1;

	snprintf(id, sizeof id, "%.*s.%u", (int)(t->qid.n > 40 ? 40 : t->qid.n),
	    t->qid.p, number);
	if (!sieve_letter_make(&t->arena, env, a,
		&(struct sieve_letter_name){ t->host, slice_str(id) }, &letter))
		return 0;
	for (size_t i = 0; i < letter.nto; i++)
		buf_addf(&to, "%.*s\n", SLICE_FMT(letter.to[i]));
	if (a->kind == SIEVE_VACATION) {
		handle = cut(a->vacation->handle, SIEVE_TEXT_BYTES);
		seconds = a->vacation->seconds;
	}
	if (!to.failed && tell_bytes(t, letter.head, letter.body, &from) == 0)
		rc = SPEAK(t->fd, sieve_action, .kind = a->kind, .edited = true,
		    .to = buf_slice(&to), .handle = handle, .seconds = seconds,
		    .body_from = from);
	buf_fini(&to);
	return rc;
}

int
tell_action(struct task *t, const struct sieve_env *env,
    const struct sieve_action *a, unsigned number)
{
	switch (a->kind) {
	case SIEVE_KEEP:
	case SIEVE_FILEINTO:
		return tell_store(t, env, a);
	case SIEVE_REJECT:
	case SIEVE_EREJECT:
		return SPEAK(t->fd, sieve_action, .kind = a->kind,
		    .text = cut(a->text, SIEVE_TEXT_BYTES), .body_from = -1);
	case SIEVE_REDIRECT:
	case SIEVE_VACATION:
	case SIEVE_NOTIFY:
		return tell_letter(t, env, a, number);
	case SIEVE_DISCARD:
	default:
		return 0;
	}
}
