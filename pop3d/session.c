/* SPDX-License-Identifier: ISC */
/*
 * Commands are read in the state COMMANDS only: while an answer or the update
 * is under way the stream is paused.  The lock of the maildrop ends before the
 * answer to QUIT is sent, so that a client that comes back at once finds it
 * free, and as soon as a client is seen to have gone.  What a vanished client
 * had marked as deleted stays (RFC 1939 6).
 */
#include "pop3d/session.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <bsd/sys/queue.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/must.h"
#include "base/slice.h"
#include "ipc/pass.h"
#include "ipc/place.h"
#include "ipc/role.h"
#include "log/log.h"
#include "log/metric.h"
#include "pop3d/command.h"
#include "pop3d/conf.h"
#include "pop3d/reply.h"
#include "proto/errwords.h"
#include "store/store.h"
#include "sys/fd.h"
#include "sys/keepalive.h"

enum {
	IN_MAX = 16384, /* commands that a client may send ahead */
	OUT_HIGH = 65536,
	OUT_LOW = 16384,
	OUT_MAX = OUT_HIGH + 2 * POP3D_ANSWER_STEP,
	GOODBYE_MS = 30000, /* for the client to take the last answer */
	SPARE_FILES = 200,
	FILES_A_SESSION = 3,
	FILES_AN_ACCOUNT = 8,
	LEAST_SESSIONS = 10,
	AGAIN_MS = 50, /* while another process builds the index */
	AGAIN_TIMES = 200,
	SECOND_MS = 1000,
};

static const struct stream_limits limits = { IN_MAX, OUT_MAX, OUT_HIGH,
	OUT_LOW };

static struct {
	TAILQ_HEAD(, pop3d_session) sessions;
	unsigned count;
	bool stopping;
	struct store *store;
	const char *place;
} state;

static struct metric sessions = { .name = "pabal_pop3d_sessions",
	.help = "Sessions that are open.",
	.type = METRIC_GAUGE };
static struct metric refused = { .name = "pabal_pop3d_sessions_refused",
	.help = "Sessions refused: at a limit, in use, or without a mailbox." };
static struct metric timeouts = { .name = "pabal_pop3d_timeouts",
	.help = "Sessions that timed out." };
static struct metric retrieved = { .name = "pabal_pop3d_retrieved",
	.help = "Messages fetched whole." };
static struct metric removed = { .name = "pabal_pop3d_deleted",
	.help = "Messages removed." };
static struct metric octets = { .name = "pabal_pop3d_sent_octets",
	.help = "Bytes of long answers." };

static void
session_enter(struct pop3d_session *s, enum pop3d_state to)
{
	must(s->state != S_LEAVE);
	s->state = to;
}

static void
session_free(struct pop3d_session *s)
{
	TAILQ_REMOVE(&state.sessions, s, link);
	metric_set(&sessions, --state.count);
	ev_task_cancel(&s->task);
	ev_timer_stop(&s->again);
	pop3d_answer_fini(&s->answer);
	pop3d_drop_close(&s->drop);
	fd_close(&s->client);
	buf_fini(&s->input);
	free(s->account);
	free(s->home);
	free(s);
}

/* ---- the end ---- */

static void
close_stream(struct pop3d_session *s)
{
	if (s->open)
		stream_close(&s->stream);
	s->open = false;
}

/* The client is gone, or will be when the last answer is sent. */
static void
leave(struct pop3d_session *s, const char *why)
{
	session_enter(s, S_LEAVE);
	pop3d_drop_unlock(&s->drop);
	pop3d_answer_fini(&s->answer);
	log_info("pop3d.session-end", kv_s("sid", s->sid),
	    kv_s("account", s->account), kv_s("why", why),
	    kv_u("retr", s->nretr), kv_u("top", s->ntop),
	    kv_u("dele", s->ndele), kv_u("expired", s->nexpired),
	    kv_i("sent", s->sent_octets),
	    kv_i("ms", ev_now_ms() - s->since_ms));
	ev_task_queue(&s->task);
}

/* Send what waits, then end. */
static void
hang_up(struct pop3d_session *s, const char *why)
{
	leave(s, why);
	if (!s->open)
		return;
	stream_set_deadline(&s->stream, GOODBYE_MS);
	stream_finish(&s->stream);
}

/* One piece of what is left to do; false when nothing is. */
static bool
leave_step(struct pop3d_session *s)
{
	bool more = false;
	struct err err = { 0 };

	if (!s->seen_written) {
		if (pop3d_drop_write_seen(&s->drop, &more, &err) == -1) {
			log_warn("pop3d.flags-failed", kv_s("sid", s->sid),
			    kv_s("account", s->account), kv_s("why", err.text));
			more = false;
		}
		s->seen_written = !more;
		return true;
	}
	/* What fails here is caught up with by whoever opens it next. */
	return pop3d_drop_flush(&s->drop, &more) == 0 && more;
}

/* ---- answers ---- */

static void
answered(struct pop3d_session *s)
{
	const struct pop3d_answer *a = &s->answer;

	if (a->kind == ANSWER_TOP)
		s->ntop++;
	if (a->kind == ANSWER_RETR) {
		s->nretr++;
		metric_add(&retrieved, 1);
		pop3d_drop_fetched(&s->drop, a->number, pop3d_conf->mark_seen);
	}
	pop3d_answer_fini(&s->answer);
	if (s->state != S_ANSWER)
		return;
	if (state.stopping) {
		hang_up(s, "stop");
		return;
	}
	session_enter(s, S_COMMANDS);
	stream_resume(&s->stream);
}

/* False when the rest is not to be had. */
static bool
answer_step(struct pop3d_session *s, bool *more)
{
	struct buf *out = stream_out(&s->stream);
	const size_t before = out->n;
	struct err err = { 0 };

	if (pop3d_answer_step(&s->answer, &s->drop, pop3d_conf->uidl_format,
		out, more, &err) == 0) {
		s->sent_octets += (int64_t)(out->n - before);
		metric_add(&octets, (int64_t)(out->n - before));
		return true;
	}
	/* Without the final dot the client knows that it is not whole. */
	log_err("pop3d.message-truncated", kv_s("sid", s->sid),
	    kv_s("account", s->account),
	    kv_u("uid", pop3d_drop_uid(&s->drop, s->answer.number)),
	    kv_s("why", err.text));
	hang_up(s, "truncated");
	return false;
}

/* Send the answer that was prepared. */
static void
answer(struct pop3d_session *s)
{
	bool more;

	if (!answer_step(s, &more))
		return;
	if (!more) {
		answered(s);
		return;
	}
	session_enter(s, S_ANSWER);
	stream_pause(&s->stream);
	stream_want_drain(&s->stream);
}

static void
on_drain(struct stream *st)
{
	struct pop3d_session *s = OUTER(st, struct pop3d_session, stream);
	bool more;

	if (s->state != S_ANSWER || !answer_step(s, &more))
		return;
	stream_set_deadline(&s->stream, pop3d_conf->idle_timeout);
	if (more) /* in the next turn: others have theirs first */
		ev_task_queue(&s->task);
	else
		answered(s);
}

/* ---- QUIT ---- */

/* imapd's sessions of this account, and who refuses mail for full ones. */
static void
tell_others(struct pop3d_session *s)
{
	const struct slice account = slice_str(s->account);
	struct quota used;

	IPC_SEND(ipc_master(), master_changed, .account = account,
	    .home = slice_str(s->home));
	if (quota_is_limited(&s->quota) && pop3d_drop_usage(&s->drop, &used))
		IPC_SEND(ipc_link(ROLE_LOOKUP, 0, 0), lookup_usage,
		    .account = account, .bytes = used.bytes,
		    .messages = used.messages);
}

static void
update_end(struct pop3d_session *s, bool complete)
{
	if (s->ndele > 0)
		tell_others(s);
	metric_add(&removed, s->ndele);
	pop3d_drop_unlock(&s->drop);
	if (s->open && !complete)
		pop3d_reply_fail(
		    s, "[SYS/TEMP] some deleted messages not removed");
	else if (s->open)
		pop3d_reply_ok(s, "Goodbye, %u messages deleted", s->ndele);
	hang_up(s, "quit");
}

static void
update_step(struct pop3d_session *s)
{
	struct err err = { 0 };
	bool more;
	uint32_t n = 0;
	const int rc = pop3d_drop_update(&s->drop, &n, &more, &err);

	s->ndele += n;
	if (rc == -1) {
		log_err("pop3d.update-failed", kv_s("sid", s->sid),
		    kv_s("account", s->account), kv_s("why", err.text));
		update_end(s, false);
	} else if (more)
		ev_task_queue(&s->task);
	else
		update_end(s, true);
}

static void
quit(struct pop3d_session *s)
{
	session_enter(s, S_UPDATE);
	stream_pause(&s->stream);
	s->nexpired = pop3d_drop_expire(&s->drop);
	update_step(s);
}

/* ---- input ---- */

/* Do what LINE says. */
static void
run(struct pop3d_session *s, struct slice line)
{
	switch (pop3d_command(s, line)) {
	case POP3D_NEXT:
		break;
	case POP3D_ANSWER:
		answer(s);
		break;
	case POP3D_QUIT:
		quit(s);
		break;
	case POP3D_ERRORS:
		hang_up(s, "errors");
		break;
	}
}

/* Take one line; false when there is no whole one. */
static bool
take_line(struct pop3d_session *s)
{
	const struct slice in = stream_input(&s->stream);
	const size_t end = slice_find(in, '\n');
	const bool whole = end < in.n;
	const size_t used = whole ? end + 1 : in.n;
	const bool skip = s->skip_line;
	struct slice line = slice_sub(in, 0, end);

	if (!whole && !skip && used < pop3d_conf->line_limit)
		return false;
	stream_set_deadline(&s->stream, pop3d_conf->idle_timeout);
	s->skip_line = !whole;
	if (!skip && (!whole || used > pop3d_conf->line_limit)) {
		if (pop3d_reply_err(s, "line too long"))
			hang_up(s, "errors");
	} else if (!skip) {
		if (line.n > 0 && line.p[line.n - 1] == '\r')
			line.n--;
		run(s, line);
	}
	stream_consume(&s->stream, used);
	return whole;
}

static void
on_input(struct stream *st)
{
	struct pop3d_session *s = OUTER(st, struct pop3d_session, stream);

	while (s->state == S_COMMANDS &&
	       stream_waiting(&s->stream) <= OUT_HIGH &&
	       stream_input(&s->stream).n > 0 && take_line(s))
		continue;
}

static void
on_end(struct stream *st, enum stream_end why)
{
	static const char *const names[] = { [STREAM_EOF] = "closed",
		[STREAM_ERROR] = "lost",
		[STREAM_TIMEOUT] = "timeout",
		[STREAM_OVERFLOW] = "overflow" };
	struct pop3d_session *s = OUTER(st, struct pop3d_session, stream);

	close_stream(s);
	if (s->state == S_LEAVE)
		ev_task_queue(&s->task);
	else if (s->state != S_UPDATE) { /* which goes to its end */
		metric_add(&timeouts, why == STREAM_TIMEOUT);
		leave(s, names[why]);
	}
}

static const struct stream_handler handler = { on_input, on_drain, on_end,
	NULL };

/* ---- the start ---- */

/* The client reads TEXT, the log says why. */
static void
refuse_with(struct pop3d_session *s, const struct err *why, const char *text)
{
	log_warn("pop3d.session-refused", kv_s("sid", s->sid),
	    kv_s("client", s->address),
	    kv_s("account", s->account != NULL ? s->account : ""),
	    kv_s("why", why->text));
	metric_add(&refused, 1);
	IPC_SEND(s->login, pop3d_taken, .id = s->login_id, .ok = false,
	    .permanent = why->class == ERR_PERM, .code = why->code,
	    .why = slice_str(text));
	session_free(s);
}

static void
refuse(struct pop3d_session *s, const struct err *why)
{
	refuse_with(s, why, errwords_text(why));
}

static void
refuse_for_now(struct pop3d_session *s, const char *text)
{
	struct err why;

	(void)err_set(&why, ERR_TEMP, "%s", text);
	refuse_with(s, &why, text);
}

/* The maildrop is locked: the client is ours. */
static void
take(struct pop3d_session *s)
{
	const int on = 1;

	IPC_SEND(s->login, pop3d_taken, .id = s->login_id, .ok = true);
	s->login = NULL;
	/* One that is gone without a word (a laptop closed, a NAT that forgot)
	 * does not keep its maildrop locked.  A pair of sockets to login knows
	 * nothing of this; login does the same for its own. */
	keepalive_set(s->client);
	(void)setsockopt(s->client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	stream_init(&s->stream, s->client, &handler, &limits);
	s->client = -1;
	s->open = true;
	stream_set_deadline(&s->stream, pop3d_conf->idle_timeout);
	/* What login had read already stands before what is in the socket. */
	buf_add(&s->stream.in, buf_slice(&s->input));
	buf_fini(&s->input);
}

/* The whole list is there. */
static void
begin(struct pop3d_session *s)
{
	const bool told = s->state == S_FILL;

	if (!told)
		take(s);
	log_debug("pop3d.session-start", kv_s("sid", s->sid),
	    kv_s("account", s->account), kv_s("client", s->address),
	    kv_u("port", s->port), kv_s("tls", s->tls ? "yes" : "no"),
	    kv_u("messages", s->drop.n), kv_i("size", s->drop.octets));
	session_enter(s, S_COMMANDS);
	if (told)
		stream_resume(&s->stream);
	else
		pop3d_reply_ok(s, "Logged in, %u messages (%lld octets)",
		    s->drop.n, (long long)s->drop.octets);
	stream_kick(&s->stream);
}

/* Clients that wait long for the reply to a login try again. */
static void
fill(struct pop3d_session *s)
{
	take(s);
	session_enter(s, S_FILL);
	stream_pause(&s->stream);
	pop3d_reply_ok(s, "Logged in");
	stream_kick(&s->stream);
}

/* A client that was told so cannot be refused any more. */
static void
load_failed(struct pop3d_session *s, const struct err *why)
{
	if (s->state == S_LOAD) {
		refuse(s, why);
		return;
	}
	log_err("pop3d.load-failed", kv_s("sid", s->sid),
	    kv_s("account", s->account), kv_s("why", why->text));
	hang_up(s, "load-failed");
}

static void
load_step(struct pop3d_session *s)
{
	struct err err = { 0 };
	bool more;

	if (pop3d_drop_load(&s->drop, &more, &err) == -1)
		load_failed(s, &err);
	else if (!more)
		begin(s);
	else {
		if (s->state == S_LOAD)
			fill(s);
		ev_task_queue(&s->task);
	}
}

static void
on_task(struct ev_task *task)
{
	struct pop3d_session *s = OUTER(task, struct pop3d_session, task);

	if (s->state == S_LOAD || s->state == S_FILL)
		load_step(s);
	else if (s->state == S_ANSWER)
		stream_want_drain(&s->stream);
	else if (s->state == S_UPDATE)
		update_step(s);
	else if (s->state != S_LEAVE)
		return;
	else if (leave_step(s))
		ev_task_queue(task);
	else if (!s->open)
		session_free(s);
}

/* Another process may be at the account's index: then again in a moment. */
static void
open_drop(struct pop3d_session *s)
{
	const struct pop3d_policy policy = {
		.login_delay_s = pop3d_conf->login_delay / SECOND_MS,
		.expire_s = pop3d_conf->expire_retrieved / SECOND_MS,
	};
	struct err err = { 0 };
	struct slice path;

	/* The rest of a string is one. */
	if (!place_rest(slice_str(state.place), slice_str(s->home), &path)) {
		(void)err_set_code(&err, ERR_PERM, ERR_NO_ACCOUNT,
		    "the account has no mailbox");
		refuse(s, &err);
	} else if (pop3d_drop_open(
		       &s->drop, state.store, path.p, &policy, &err) == 0)
		load_step(s);
	else if (store_is_building(&err) && s->tries++ < AGAIN_TIMES &&
		 !state.stopping)
		ev_timer_set(&s->again, AGAIN_MS);
	else
		refuse(s, &err);
}

static void
on_again(struct ev_timer *t)
{
	open_drop(OUTER(t, struct pop3d_session, again));
}

/* The account that master named with the channel. */
static void
enter(struct pop3d_session *s, const struct ipc_pass *pass)
{
	s->account = xslicedup(pass->account);
	s->home = xslicedup(pass->home);
	s->quota = (struct quota){ pass->quota, pass->quota_messages };
	open_drop(s);
}

static unsigned
session_limit(void)
{
	struct rlimit files = { 1024, 1024 };
	rlim_t n;

	if (pop3d_conf->session_limit > 0)
		return pop3d_conf->session_limit;
	(void)getrlimit(RLIMIT_NOFILE, &files);
	n = SPARE_FILES + (rlim_t)FILES_AN_ACCOUNT * pop3d_conf->max_accounts;
	n = files.rlim_cur > n ? (files.rlim_cur - n) / FILES_A_SESSION : 0;
	if (n < LEAST_SESSIONS)
		return LEAST_SESSIONS;
	return n > 1000000 ? 1000000 : (unsigned)n;
}

static const char *
why_not_new(const struct pop3d_session *s)
{
	if (state.stopping)
		return "the server is being stopped";
	if (state.count > session_limit())
		return "too many sessions";
	if (s->input.failed)
		return "the session could not be handed over";
	return NULL;
}

void
pop3d_session_on_new(struct ipc *peer, struct msg *m)
{
	struct msg_pop3d_session *in = &m->pop3d_session;
	const struct ipc_pass *pass = ipc_pass(peer);
	struct pop3d_session *s;
	const char *why;

	if (pass == NULL) {
		ipc_drop(peer, "a session that nobody announced");
		return;
	}
	if (!ev_takes(in->client)) {
		ipc_drop(peer, "a client that is no socket");
		return;
	}
	s = xcalloc(1, sizeof *s);
	s->state = S_LOAD;
	s->login = peer;
	s->login_id = in->id;
	s->client = in->client;
	in->client = -1;
	s->port = in->port;
	s->tls = in->tls;
	s->since_ms = ev_now_ms();
	(void)slice_copy(in->sid, s->sid, sizeof s->sid);
	(void)slice_copy(in->address, s->address, sizeof s->address);
	ev_task_init(&s->task, on_task);
	ev_timer_init(&s->again, on_again);
	buf_init(&s->input, IN_MAX);
	buf_add(&s->input, in->input);
	TAILQ_INSERT_TAIL(&state.sessions, s, link);
	metric_set(&sessions, ++state.count);
	why = why_not_new(s);
	if (why != NULL)
		refuse_for_now(s, why);
	else
		enter(s, pass);
	ipc_set_pass(peer, NULL); /* the channel is for one session */
}

/* ---- all of them ---- */

void
pop3d_session_forget(struct ipc *peer)
{
	struct pop3d_session *s, *tmp;

	TAILQ_FOREACH_SAFE(s, &state.sessions, link, tmp)
	if (s->login == peer)
		session_free(s);
}

void
pop3d_session_stop(void)
{
	struct pop3d_session *s, *tmp;

	state.stopping = true;
	TAILQ_FOREACH_SAFE(s, &state.sessions, link, tmp)
	{
		if (s->state == S_LOAD)
			refuse_for_now(s, "the server is being stopped");
		else if (s->state == S_COMMANDS || s->state == S_FILL)
			hang_up(s, "stop");
	}
}

void
pop3d_session_kill(void)
{
	struct pop3d_session *s, *tmp;

	TAILQ_FOREACH_SAFE(s, &state.sessions, link, tmp)
	{
		close_stream(s);
		session_free(s);
	}
}

bool
pop3d_session_busy(void)
{
	return !TAILQ_EMPTY(&state.sessions);
}

void
pop3d_session_init(struct store *store, const char *place)
{
	TAILQ_INIT(&state.sessions);
	state.store = store;
	state.place = place;
	metric_register(&sessions);
	metric_register(&refused);
	metric_register(&timeouts);
	metric_register(&retrieved);
	metric_register(&removed);
	metric_register(&octets);
}
