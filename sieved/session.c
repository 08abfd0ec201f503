/* SPDX-License-Identifier: ISC */
#include "sieved/session.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>

#include <bsd/sys/queue.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/slice.h"
#include "ev/linger.h"
#include "ipc/pass.h"
#include "ipc/place.h"
#include "log/log.h"
#include "log/metric.h"
#include "proto/errwords.h"
#include "proto/managesieve.h"
#include "sieved/command.h"
#include "sieved/conf.h"
#include "sieved/end.h"
#include "sieved/reply.h"
#include "sievestore/active.h"
#include "sys/beneath.h"
#include "sys/fd.h"

enum {
	IN_MAX = 65536,
	OUT_HIGH = 65536,
	OUT_LOW = 16384,
	/* the largest script, or the list of as many as there can be */
	OUT_MAX = 8 << 20,
	SKIP_MAX = 64 << 20, /* of a literal that nobody wants */
	LOOK_MS = 60000,     /* for login to look whether it is open */
};

static const struct stream_limits limits = { IN_MAX, OUT_MAX, OUT_HIGH,
	OUT_LOW };

static struct {
	TAILQ_HEAD(, sieved_session) sessions;
	unsigned count;
	bool stopping;
	int dirfd;
	const char *place;
} state;

static struct metric sessions = { .name = "pabal_sieved_sessions",
	.help = "Sessions that are open.",
	.type = METRIC_GAUGE };
static struct metric refused = { .name = "pabal_sieved_sessions_refused",
	.help = "Sessions refused: at a limit, or without an account." };
static struct metric commands = { .name = "pabal_sieved_commands",
	.help = "Commands of ManageSieve." };

/* ---- the end ---- */

static void
session_free(struct sieved_session *s)
{
	TAILQ_REMOVE(&state.sessions, s, link);
	metric_set(&sessions, --state.count);
	ev_task_cancel(&s->gone);
	sievestore_close(&s->store);
	fd_close(&s->dirfd);
	buf_fini(&s->command);
	free(s->account);
	free(s);
}

static void
on_gone(struct ev_task *task)
{
	session_free(OUTER(task, struct sieved_session, gone));
}

/* One try: what cannot be sent at once is lost. */
static void
say_timeout(const struct sieved_session *s)
{
	static const char bye[] = "BYE \"Idle for too long.\"\r\n";

	if (s->end == NULL)
		(void)send(s->stream.io.fd, bye, sizeof bye - 1,
		    MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void
on_end(struct stream *st, enum stream_end why)
{
	static const char *const words[] = { [STREAM_EOF] = "closed",
		[STREAM_ERROR] = "lost",
		[STREAM_TIMEOUT] = "timeout",
		[STREAM_OVERFLOW] = "overflow" };
	struct sieved_session *s = OUTER(st, struct sieved_session, stream);

	if (why == STREAM_TIMEOUT)
		say_timeout(s);
	sieved_end_note(s, words[why]);
	if (s->back && why == STREAM_EOF)
		linger_close(stream_release_fd(st), LOOK_MS);
	else
		stream_close(st);
	s->closed = true;
	ev_task_queue(&s->gone);
}

/* ---- input ---- */

/* A literal that is too large for a script begins at AT: its bytes are dropped,
 * those that are there and others as they come, unless that would never end. */
static void
begin_skip(struct sieved_session *s, size_t at, uint64_t size)
{
	struct buf *const c = &s->command;
	const size_t have = c->n - at;
	const size_t drop = have < size ? have : (size_t)size;

	memmove(c->p + at, c->p + at + drop, have - drop);
	buf_truncate(c, c->n - drop);
	s->too_big = true;
	s->skip = size - drop;
	if (size <= SKIP_MAX)
		return;
	managesieve_put_reply(stream_out(&s->stream), "BYE", "QUOTA/MAXSIZE",
	    SLICE("A literal is too large."));
	sieved_end(s, "toobig");
}

static void
run_whole(struct sieved_session *s, size_t len)
{
	metric_add(&commands, 1);
	sieved_command(
	    s, slice_sub(buf_slice(&s->command), 0, len), s->too_big);
	buf_consume(&s->command, len);
	s->frame = (struct managesieve_frame){ 0 };
	s->too_big = false;
}

/* Go on with what of the command is there; false: more must come. */
static bool
step(struct sieved_session *s)
{
	const size_t max = (size_t)sieved_conf->shared.sieve_max_script_size +
			   SIEVED_COMMAND_EXTRA;
	uint64_t size = 0;
	size_t len = 0;

	switch (managesieve_frame(
	    &s->frame, buf_slice(&s->command), max, &len, &size)) {
	case MANAGESIEVE_MORE:
		return false;
	case MANAGESIEVE_WHOLE:
		run_whole(s, len);
		return s->command.n > 0;
	case MANAGESIEVE_LITERAL:
		begin_skip(s, len, size);
		return true;
	case MANAGESIEVE_TOO_LONG:
	default:
		managesieve_put_reply(stream_out(&s->stream), "BYE", NULL,
		    SLICE("The command is too long."));
		sieved_end(s, "toobig");
		return false;
	}
}

/* Of the bytes that came: those of a literal to be dropped go, a piece of the
 * command is taken; false: there are none. */
static bool
take(struct sieved_session *s)
{
	struct slice in = stream_input(&s->stream);

	if (in.n == 0)
		return false;
	if (s->skip > 0) {
		if (in.n > s->skip)
			in.n = (size_t)s->skip;
		s->skip -= in.n;
	} else {
		buf_add(&s->command, in);
	}
	stream_consume(&s->stream, in.n);
	return true;
}

static void
go_on(struct sieved_session *s)
{
	while (s->end == NULL) {
		if (stream_waiting(&s->stream) > OUT_HIGH) {
			stream_pause(&s->stream);
			stream_want_drain(&s->stream);
			return;
		}
		if (s->skip == 0 && s->command.n > 0 && step(s))
			continue;
		if (s->end != NULL || !take(s))
			break;
	}
	if (s->command.n == 0)
		buf_fini(&s->command);
}

static void
on_input(struct stream *st)
{
	stream_set_deadline(st, sieved_conf->idle_timeout);
	go_on(OUTER(st, struct sieved_session, stream));
}

static void
on_drain(struct stream *st)
{
	stream_resume(st);
	go_on(OUTER(st, struct sieved_session, stream));
}

static const struct stream_handler handler = {
	.on_input = on_input,
	.on_drain = on_drain,
	.on_end = on_end,
};

/* ---- the start ---- */

static int
open_store(struct sieved_session *s, struct slice home, struct err *err)
{
	struct slice path;
	int dirfd = state.dirfd;

	/* The rest of a string is one. */
	if (!place_rest(slice_str(state.place), home, &path))
		return err_set_code(err, ERR_PERM, ERR_NO_ACCOUNT,
		    "the account has no mailbox");
	if (!slice_is(path, ".")) {
		s->dirfd = beneath_make(state.dirfd, path.p, 0700, err);
		if (s->dirfd == -1)
			return -1;
		dirfd = s->dirfd;
	}
	return sievestore_open(&s->store, dirfd, err);
}

static int
may_begin(const struct sieved_session *s, struct err *err)
{
	if (state.stopping)
		return err_set_code(
		    err, ERR_TEMP, ERR_BUSY, "the server is being stopped");
	if (state.count > sieved_conf->session_limit)
		return err_set_code(
		    err, ERR_TEMP, ERR_BUSY, "too many sessions");
	if (s->command.failed)
		return err_set(
		    err, ERR_TEMP, "the session could not be handed over");
	return 0;
}

static void
refuse(struct sieved_session *s, struct ipc *login, uint64_t id,
    const struct err *why)
{
	log_warn("sieved.session-refused", kv_s("sid", s->sid),
	    kv_s("client", s->address), kv_s("account", s->account),
	    kv_s("why", why->text));
	metric_add(&refused, 1);
	IPC_SEND(login, sieved_taken, .id = id, .ok = false,
	    .permanent = why->class == ERR_PERM, .code = why->code,
	    .why = slice_str(errwords_text(why)));
	session_free(s);
}

/* What Pigeonhole's users have written with an editor becomes a script. */
static void
take_over(struct sieved_session *s)
{
	struct err err;

	if (sievestore_active_take(&s->store, &err) == -1)
		log_err("sieved.takeover-failed", kv_s("sid", s->sid),
		    kv_s("account", s->account), kv_s("why", err.text));
}

static void
greet(struct sieved_session *s, struct slice sasl)
{
	struct buf code;

	buf_init(&code, IN_MAX);
	buf_adds(&code, "SASL ");
	managesieve_put_string(&code, sasl);
	sieved_reply_ok(
	    s, sasl.n > 0 ? buf_cstr(&code) : NULL, SLICE("Logged in."));
	buf_fini(&code);
}

static void
begin(struct sieved_session *s, int client, const struct msg_sieved_session *in)
{
	stream_init(&s->stream, client, &handler, &limits);
	stream_set_deadline(&s->stream, sieved_conf->idle_timeout);
	/* What login had read already stands before what is in the socket. */
	buf_add(&s->stream.in, in->input);
	take_over(s);
	log_debug("sieved.session-start", kv_s("sid", s->sid),
	    kv_s("account", s->account), kv_s("client", s->address),
	    kv_u("port", in->port), kv_s("tls", s->tls ? "yes" : "no"));
	greet(s, in->sasl);
	stream_kick(&s->stream);
}

static struct sieved_session *
session_new(const struct msg_sieved_session *in, const struct ipc_pass *pass)
{
	struct sieved_session *s = xcalloc(1, sizeof *s);

	s->dirfd = -1;
	s->store.dir = -1;
	s->tls = in->tls;
	s->account = xslicedup(pass->account);
	(void)slice_copy(in->sid, s->sid, sizeof s->sid);
	(void)slice_copy(in->address, s->address, sizeof s->address);
	ev_task_init(&s->gone, on_gone);
	/* A script and the next command, and a piece behind. */
	buf_init(
	    &s->command, (1 << 20) + SIEVED_COMMAND_EXTRA + 2 * (size_t)IN_MAX);
	TAILQ_INSERT_TAIL(&state.sessions, s, link);
	metric_set(&sessions, ++state.count);
	return s;
}

void
sieved_session_on_new(struct ipc *peer, struct msg *m)
{
	struct msg_sieved_session *in = &m->sieved_session;
	const struct ipc_pass *pass = ipc_pass(peer);
	struct sieved_session *s;
	struct err err;

	if (pass == NULL) {
		ipc_drop(peer, "a session that nobody announced");
		return;
	}
	if (!ev_takes(in->client)) {
		ipc_drop(peer, "a client that is no socket");
		return;
	}
	s = session_new(in, pass);
	if (may_begin(s, &err) == -1 || open_store(s, pass->home, &err) == -1) {
		refuse(s, peer, in->id, &err);
	} else {
		const int client = in->client;

		in->client = -1;
		IPC_SEND(peer, sieved_taken, .id = in->id, .ok = true);
		begin(s, client, in);
	}
	ipc_set_pass(peer, NULL); /* the channel is for one session */
}

/* ---- all of them ---- */

void
sieved_session_stop(void)
{
	struct sieved_session *s, *tmp;

	state.stopping = true;
	TAILQ_FOREACH_SAFE(s, &state.sessions, link, tmp)
	{
		if (s->end != NULL)
			continue;
		managesieve_put_reply(stream_out(&s->stream), "BYE", "TRYLATER",
		    SLICE("The server is being stopped."));
		sieved_end(s, "stop");
	}
}

void
sieved_session_kill(void)
{
	struct sieved_session *s, *tmp;

	TAILQ_FOREACH_SAFE(s, &state.sessions, link, tmp)
	{
		if (!s->closed)
			stream_close(&s->stream);
		session_free(s);
	}
}

bool
sieved_session_busy(void)
{
	return !TAILQ_EMPTY(&state.sessions);
}

void
sieved_session_init(int dirfd, const char *place)
{
	TAILQ_INIT(&state.sessions);
	state.dirfd = dirfd;
	state.place = place;
	metric_register(&sessions);
	metric_register(&refused);
	metric_register(&commands);
}
