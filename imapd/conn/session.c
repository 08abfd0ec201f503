/* SPDX-License-Identifier: ISC */
#include "imapd/conn/session.h"

#include <stdlib.h>
#include <sys/socket.h>

#include "base/mem.h"
#include "base/must.h"
#include "ev/deflate.h"
#include "ev/linger.h"
#include "ev/turn.h"
#include "ev/work.h"
#include "imapd/acl/may.h"
#include "imapd/cmd/commands.h"
#include "imapd/conn/await.h"
#include "imapd/conn/client.h"
#include "imapd/conn/enabled.h"
#include "imapd/conn/user.h"
#include "imapd/notify/between.h"
#include "imapd/notify/state.h"
#include "imapd/parse/parse.h"
#include "imapd/relay/relay.h"
#include "imapd/search/state.h"
#include "log/log.h"

/* ---- input ---- */

/* Tag and command of what is in s->text so far; *P then stands behind the
 * name.  NULL, or what is wrong with it. */
static const char *
identify(struct session *s, struct parse *p)
{
	const struct slice text = buf_slice(&client_of(s)->text.text);
	const struct slice tag = slice_sub(text, 0, slice_find(text, ' '));

	arena_fini(&s->arena);
	s->command = NULL;
	s->tag = (struct slice){ NULL, 0 };
	if (!parse_is_tag(tag))
		return "missing or invalid tag";
	s->tag = arena_slice(&s->arena, tag);
	*p = parse_of(slice_from(text, tag.n + 1), &s->arena);
	p->utf8 = imapd_takes_utf8(s);
	p->saved = imapd_search_saved(s);
	p->inside = relay_inside(s);
	s->command = imapd_command_find(p);
	if (s->command == NULL ||
	    (s->command->states & (p->inside.n > 0 ? S_GUEST : S_GUEST_ONLY)) ==
		(p->inside.n > 0 ? 0U : S_GUEST_ONLY))
		return "unknown command";
	if ((s->command->states & s->state) == 0)
		return "no mailbox selected";
	if (relay_selected(s) && s->command->literal != NULL &&
	    (s->command->states & S_AUTH) == 0)
		return "not in another user's mailbox";
	if ((s->enabled & ENABLED_UIDONLY) != 0 &&
	    imapd_command_has_numbers(s->command))
		return "[UIDREQUIRED] UIDONLY was enabled";
	return NULL;
}

/* Those that look at nothing of the account go on in any case. */
static bool
has_to_wait(struct session *s, void (*then)(struct session *s))
{
	return (s->command->states & S_ALONE) == 0 && await_index(s, then);
}

static void
on_command(struct session *s)
{
	struct err err = { 0 };
	struct parse p;
	const char *why = identify(s, &p);

	if (why != NULL) {
		imapd_bad_text(s, why);
		return;
	}
	if (has_to_wait(s, on_command))
		return;
	turn_note(s->command->name, imapd_user_name(s->user));
	if (relay_is_off(s))
		imapd_bye(s, "[UNAVAILABLE] nothing is shared any more");
	else if (may_command(s, &err) == -1)
		imapd_no(s, s->command->name, &err);
	else if (!relay_takes(s, &p))
		s->command->run(s, &p);
}

/* A literal is announced: a message, part of the command, or too much.  What
 * the client sends without waiting has to be read even where it is refused. */
static void
on_literal(struct session *s)
{
	struct cmdtext *text = &client_of(s)->text;
	const struct literal l = text->literal;
	struct parse p;
	const char *why = identify(s, &p);
	size_t room;
	bool fits;

	/* Many clients send it and the CRLF behind it apart. */
	stream_quickack(&client_of(s)->stream, true);
	if (why == NULL && s->command->literal != NULL &&
	    (has_to_wait(s, on_literal) || s->command->literal(s, &p)))
		return;
	room = text->text.max - text->text.n;
	fits = room > 2 && l.size <= room - 2;
	if (fits && (why == NULL || l.nonsync)) {
		if (!l.nonsync)
			buf_adds(imapd_out(s), "+ OK\r\n");
		must(cmdtext_accept(text));
	} else if (!l.nonsync) {
		imapd_bad_text(
		    s, why != NULL ? why : "[TOOBIG] command too long");
	} else if (!cmdtext_skip(text)) {
		imapd_bye(s, "[TOOBIG] command too long");
	}
}

static void
on_too_long(struct session *s)
{
	struct parse p;

	(void)identify(s, &p);
	imapd_bad_text(s, "[TOOBIG] command too long");
}

static void
feed_command(struct session *s, struct slice *in)
{
	switch (cmdtext_feed(&client_of(s)->text, in)) {
	case CMDTEXT_MORE:
		break;
	case CMDTEXT_DONE:
		client_of(s)->commands++;
		on_command(s);
		break;
	case CMDTEXT_LITERAL:
		on_literal(s);
		break;
	case CMDTEXT_TOO_LONG:
		on_too_long(s);
		break;
	case CMDTEXT_FLOOD:
		imapd_bye(s, "[TOOBIG] command too long");
		break;
	}
}

/* Whoever sent more behind the command does not know what it would mean. */
static void
compress(struct client *c)
{
	c->compress = false;
	if (stream_input(&c->stream).n > 0)
		imapd_bye(&c->session, "COMPRESS must be the last command");
	else
		deflate_start(&c->stream);
}

static void
on_input(struct stream *stream)
{
	struct client *c = OUTER(stream, struct client, stream);
	struct session *s = &c->session;
	const struct slice all = stream_input(stream);
	struct slice in = all;

	work_begin();
	while (in.n > 0 && s->state != S_LOGOUT && !imapd_is_full(s) &&
	       c->answer.n == 0 && !c->compress) {
		const size_t before = in.n;

		/* Commands are work as well: of one who pipelines them, and of
		 * many who send them in the same turn. */
		if (!c->stream.paused && work_spent()) {
			c->held = true;
			imapd_pause(s);
			work_queue(&c->work);
			break;
		}
		if (s->job == NULL)
			feed_command(s, &in);
		else if (s->job->ops->input != NULL)
			s->job->ops->input(s, s->job, &in);
		if (in.n == before && s->job != NULL)
			break;
	}
	if (s->state == S_LOGOUT)
		in.n = 0;
	stream_consume(stream, all.n - in.n);
	if (c->compress)
		compress(c);
}

static void
on_drain(struct stream *stream)
{
	struct client *c = OUTER(stream, struct client, stream);

	imapd_alive(&c->session); /* it takes what it is sent */
	work_queue(&c->work);
}

static void
on_work(struct work *w)
{
	struct client *c = OUTER(w, struct client, work);
	struct session *s = &c->session;

	if (s->state == S_LOGOUT)
		return;
	if (c->held)
		imapd_resume(s);
	c->held = false;
	turn_note(s->command != NULL ? s->command->name : NULL,
	    imapd_user_name(s->user));
	if (c->answer.n > 0)
		imapd_reply(s);
	else if (s->job != NULL && s->job->ops->more != NULL)
		s->job->ops->more(s, s->job);
	else if (s->job == NULL && s->command == NULL && s->notify != NULL)
		notify_between(s, false);
}

/* ---- birth and end ---- */

static const char *
end_word(const struct session *s, enum stream_end why)
{
	static const char *const words[] = {
		[STREAM_EOF] = "eof",
		[STREAM_ERROR] = "error",
		[STREAM_TIMEOUT] = "timeout",
		[STREAM_OVERFLOW] = "overflow",
	};

	if (client_of(s)->back)
		return "unauthenticate";
	if (s->state == S_LOGOUT && client_of(s)->stopped)
		return "stop";
	return s->state == S_LOGOUT ? "logout" : words[why];
}

/* S is over: what stands on it goes. */
static void
let_go(struct session *s)
{
	imapd_session_hold(s);
	imapd_client_end_job(s);
	imapd_session_release(s);
	imapd_session_release(s);
}

void
imapd_session_leave(struct session *s)
{
	s->state = S_LOGOUT;
	work_cancel(&client_of(s)->work);
	stream_close(&client_of(s)->stream);
	let_go(s);
}

enum { LOOK_MS = 60000 }; /* for login to look whether it is open */

static void
on_end(struct stream *stream, enum stream_end why)
{
	struct session *s = &OUTER(stream, struct client, stream)->session;

	if (why == STREAM_TIMEOUT && s->state != S_LOGOUT &&
	    stream->layer == NULL) {
		/* One try: what cannot be sent at once is lost. */
		static const char bye[] =
		    "* BYE Autologout; idle for too long\r\n";

		(void)send(stream->io.fd, bye, sizeof bye - 1,
		    MSG_NOSIGNAL | MSG_DONTWAIT);
	}
	log_info("imapd.session-end", kv_s("sid", s->sid),
	    kv_s("account", imapd_user_name(s->user)),
	    kv_s("why", end_word(s, why)),
	    kv_u("commands", client_of(s)->commands));
	s->state = S_LOGOUT;
	work_cancel(&client_of(s)->work);
	if (client_of(s)->back && why == STREAM_EOF)
		linger_close(stream_release_fd(stream), LOOK_MS);
	else
		stream_close(stream);
	let_go(s);
}

static const struct stream_handler handler = {
	.on_input = on_input,
	.on_drain = on_drain,
	.on_end = on_end,
};

struct session *
imapd_session_again(int fd, struct user *user, struct slice sid,
    struct slice address, bool returns)
{
	struct client *c = xcalloc(1, sizeof *c);
	struct session *s = &c->session;

	s->user = user;
	s->state = S_AUTH;
	s->returns = returns;
	c->holds = 1;
	(void)slice_copy(sid, s->sid, sizeof s->sid);
	(void)slice_copy(address, s->address, sizeof s->address);
	imapd_user_add(user, s);
	cmdtext_init(&c->text, imapd_client_text_max());
	arena_init(&s->arena);
	buf_init(&c->answer, SIZE_MAX / 2);
	work_init(&c->work, imapd_user_share(user), on_work);
	stream_init(&c->stream, fd, &handler, &imapd_client_limits);
	return s;
}

struct session *
imapd_session_new(int fd, struct user *user, struct slice tag,
    struct slice input, struct slice sid, struct slice address, bool returns)
{
	struct session *s =
	    imapd_session_again(fd, user, sid, address, returns);
	struct stream *stream = &client_of(s)->stream;

	stream_pause(stream);
	buf_add(&stream->in, input);
	s->tag = arena_slice(&s->arena, tag);
	log_info("imapd.session-start", kv_s("sid", s->sid),
	    kv_s("account", imapd_user_name(user)), kv_s("client", s->address));
	buf_add(imapd_out(s), s->tag);
	buf_adds(imapd_out(s), " OK [CAPABILITY ");
	imapd_put_capabilities(s, imapd_out(s));
	buf_adds(imapd_out(s), "] logged in\r\n");
	imapd_reply_end(s);
	return s;
}

void
imapd_session_hold(struct session *s)
{
	client_of(s)->holds++;
}

void
imapd_session_release(struct session *s)
{
	struct client *c = client_of(s);

	must(c->holds > 0);
	if (--c->holds > 0)
		return;
	relay_end(s);
	imapd_deselect(s);
	notify_free(s);
	imapd_user_remove(s);
	cmdtext_fini(&c->text);
	buf_fini(&c->answer);
	arena_fini(&s->arena);
	xfree(&c);
}
