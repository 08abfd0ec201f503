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
#include "imapd/cmd/commands.h"
#include "imapd/conn/client.h"
#include "imapd/conn/dispatch.h"
#include "imapd/conn/enabled.h"
#include "imapd/conn/user.h"
#include "imapd/notify/between.h"
#include "imapd/notify/state.h"
#include "imapd/relay/relay.h"
#include "log/log.h"

/* ---- input ---- */

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
			dispatch_feed(s, &in);
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
	if (!relay_end(s, imapd_session_release)) {
		c->holds = 1;
		return;
	}
	imapd_deselect(s);
	notify_free(s);
	imapd_user_remove(s);
	cmdtext_fini(&c->text);
	buf_fini(&c->answer);
	arena_fini(&s->arena);
	xfree(&c);
}
