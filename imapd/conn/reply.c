/* SPDX-License-Identifier: ISC */
/* Answers to commands. */
#include <stdarg.h>
#include <stdio.h>

#include "base/ascii.h"
#include "imapd/cmd/commands.h"
#include "imapd/conn/client.h"
#include "imapd/conn/user.h"
#include "imapd/notify/state.h"
#include "imapd/notify/tell.h"
#include "imapd/parse/parse.h"
#include "imapd/selected/modseq.h"
#include "imapd/selected/update.h"
#include "log/log.h"
#include "proto/errwords.h"

enum { BAD_LIMIT = 20 }; /* then it is no IMAP client */

void
imapd_reply_end(struct session *s)
{
	stream_quickack(&client_of(s)->stream, false);
	imapd_client_end_job(s);
	s->command = NULL;
	s->tag = (struct slice){ NULL, 0 };
	arena_fini(&s->arena);
	cmdtext_reset(&client_of(s)->text);
	imapd_alive(s);
	stream_resume(&client_of(s)->stream);
	if (s->notify != NULL) /* what the answer could not be told with */
		imapd_soon(s);
	if (client_of(s)->bye != NULL)
		imapd_bye(s, client_of(s)->bye);
}

static void
put_tag(struct session *s)
{
	if (s->tag.n > 0)
		buf_add(imapd_out(s), s->tag);
	else
		buf_addc(imapd_out(s), '*');
	buf_addc(imapd_out(s), ' ');
}

/* What changed in the mailbox, a step of it, as the command allows, and what
 * else the client wants to hear of. */
static enum updated
tell_updates(struct session *s)
{
	enum updated u = UPDATED;

	if (s->command == NULL)
		return UPDATED;
	if (s->view != NULL && s->command->update != UPDATE_NONE &&
	    notify_lets_update(s))
		u = imapd_update(s, s->command->update == UPDATE_ALL);
	return u == UPDATED && notify_tell(s) ? UPDATE_MORE : u;
}

void
imapd_reply(struct session *s)
{
	struct client *c = client_of(s);
	const enum updated u = tell_updates(s);

	imapd_client_end_job(s);
	if (u == UPDATE_MORE) {
		imapd_pause(s);
		imapd_more(s);
		return;
	}
	if (u == UPDATE_GONE)
		imapd_untagged(s, "BYE " IMAPD_DELETED);
	put_tag(s);
	if (c->highest && s->view != NULL)
		buf_addf(imapd_out(s), "OK [HIGHESTMODSEQ %llu] ",
		    (unsigned long long)imapd_highest(s));
	buf_add(imapd_out(s), buf_slice(&c->answer));
	buf_adds(imapd_out(s), "\r\n");
	buf_fini(&c->answer);
	c->highest = false;
	imapd_reply_end(s);
	if (u == UPDATE_GONE)
		imapd_finish(s);
}

void
imapd_ok(struct session *s, const char *fmt, ...)
{
	struct client *c = client_of(s);
	va_list ap;

	if (s->state == S_LOGOUT)
		return;
	c->bad = 0;
	buf_adds(&c->answer, "OK ");
	va_start(ap, fmt);
	imapd_client_put(&c->answer, fmt, ap);
	va_end(ap);
	imapd_reply(s);
}

void
imapd_ok_highest(struct session *s, const char *text)
{
	struct client *c = client_of(s);

	if (!imapd_tells_modseq(s) || s->state == S_LOGOUT) {
		imapd_ok(s, "%s", text);
		return;
	}
	c->bad = 0;
	c->highest = true;
	buf_adds(&c->answer, text);
	imapd_reply(s);
}

/* Text for a client: one line of printable ASCII. */
static void
put_plain(struct buf *out, struct slice text)
{
	for (size_t i = 0; i < text.n; i++)
		buf_addc(out, ascii_isprint(text.p[i]) ? text.p[i] : '?');
}

/* "NO [word] text". */
static void
put_no(struct session *s, const char *word, const char *text)
{
	struct client *c = client_of(s);

	if (s->state == S_LOGOUT)
		return;
	c->bad = 0;
	buf_adds(&c->answer, "NO ");
	if (word != NULL)
		buf_addf(&c->answer, "[%s] ", word);
	put_plain(&c->answer, slice_str(text));
	imapd_reply(s);
}

void
imapd_refuse(struct session *s, const char *text)
{
	put_no(s, NULL, text);
}

static void
log_trouble(const struct session *s, const char *what, const struct err *err)
{
	log_err("imapd.command-failed", kv_s("sid", s->sid),
	    kv_s("account", imapd_user_name(s->user)), kv_s("what", what),
	    kv_s("why", err->text));
}

void
imapd_no(struct session *s, const char *what, const struct err *err)
{
	if (err->class != ERR_PERM)
		log_trouble(s, what, err);
	put_no(s, errwords_imap(err->class, err->code), errwords_text(err));
}

void
imapd_bad_text(struct session *s, const char *text)
{
	if (++client_of(s)->bad >= BAD_LIMIT) {
		imapd_bye(s, "too many invalid commands");
		return;
	}
	put_tag(s);
	buf_adds(imapd_out(s), "BAD ");
	put_plain(imapd_out(s), slice_str(text));
	buf_adds(imapd_out(s), "\r\n");
	imapd_reply_end(s);
}

void
imapd_bad(struct session *s, const struct parse *p)
{
	char text[200];

	snprintf(text, sizeof text, "%s%s%s",
	    s->command != NULL ? s->command->name : "",
	    s->command != NULL ? ": " : "",
	    p->why != NULL ? p->why : "expected more arguments");
	imapd_bad_text(s, text);
}

void
imapd_hang_up(struct session *s, const char *what, const struct err *err)
{
	log_trouble(s, what, err);
	imapd_finish(s);
}
