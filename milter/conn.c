/* SPDX-License-Identifier: ISC */
#include "milter/conn.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/must.h"
#include "ev/stream.h"
#include "log/log.h"
#include "milter/budget.h"
#include "milter/conf.h"
#include "milter/filter.h"
#include "smfi/protocol.h"
#include "smfi/reply.h"

enum { OUT_MAX = 1 << 20, OUT_LOW = 64 << 10, QUIT_MS = 2000 };

struct milter_conn {
	TAILQ_ENTRY(milter_conn) link; /* of F's idle ones */
	struct stream stream;
	struct smfi_session smfi;
	struct milter_filter *filter;
	/* as FILTER was configured when it was made: */
	unsigned generation;
	bool changes, warn;
	const char *sid; /* of the client; NULL: it is idle */
	milter_conn_fn *done;
	void *arg;
	/* the message under way; m NULL: none is */
	const struct smfi_message *m;
	struct smfi_body *body;
	const struct smfi_facts *facts;
	bool open;      /* there is a stream */
	bool failed;    /* and nothing more is to come */
	bool probe;     /* it is to tell whether the filter works again */
	bool reused;    /* the filter has not yet answered this client */
	bool leaving;   /* QUIT is on its way */
	size_t charged; /* to the budget, for a new body */
};

static const struct stream_limits limits = {
	.in_max = SMFI_FRAME_MAX + 4,
	.out_max = OUT_MAX,
	.out_high = OUT_MAX, /* a filter may answer before it has read all */
	.out_low = OUT_LOW,
};

static const struct stream_handler handler;

/* ---- its end ---- */

/* Is its filter still configured as it was when this was made?  Else it tells
 * nothing of how the filter works, and no second client takes it. */
static bool
is_current(const struct milter_conn *c)
{
	return c->generation == c->filter->generation;
}

static void
destroy(struct milter_conn *c)
{
	if (c->open)
		stream_close(&c->stream);
	if (c->probe && is_current(c))
		milter_filter_unprobed(c->filter);
	milter_budget_free(&c->charged);
	smfi_session_fini(&c->smfi);
	free(c);
}

static void
forget_idle(struct milter_conn *c)
{
	TAILQ_REMOVE(&c->filter->idle, c, link);
	c->filter->nidle--;
}

/* The filter takes no second client on a connection. */
static void
reuse_refused(struct milter_filter *f)
{
	if (!f->no_reuse)
		log_info("milter.reuse-refused", kv_s("filter", f->name));
	f->no_reuse = true;
}

static void
fail(struct milter_conn *c, const char *why)
{
	if (c->sid == NULL) {
		if (!c->leaving)
			forget_idle(c);
		destroy(c);
		return;
	}
	if (c->open)
		stream_close(&c->stream);
	c->open = false;
	c->failed = true;
	c->probe = false;
	c->m = NULL;
	if (!c->reused)
		milter_filter_failed(c->filter, c->generation, c->sid, why);
	else if (is_current(c))
		reuse_refused(c->filter);
	c->done(c->arg, false);
}

/* ---- what is said ---- */

static bool
is_busy(const struct milter_conn *c)
{
	return c->smfi.asked != 0 || c->m != NULL;
}

static void
set_deadline(struct milter_conn *c)
{
	const struct milter_filter *f = c->filter;

	stream_set_deadline(&c->stream, c->smfi.asked == SMFIC_OPTNEG
					    ? f->connect_ms
					: c->m != NULL       ? f->message_ms
					: c->smfi.asked != 0 ? f->command_ms
							     : 0);
}

static void
send_out(struct milter_conn *c, struct buf *out)
{
	must(!out->failed);
	if (out->n > 0)
		stream_write(&c->stream, buf_slice(out));
	buf_fini(out);
}

static void
negotiate(struct milter_conn *c)
{
	const uint32_t counts =
	    c->changes && !c->warn
		? SMFI_ACTIONS
		: (uint32_t)(SMFIF_QUARANTINE | SMFIF_SETSYMLIST);
	struct buf out = { .max = OUT_MAX };

	smfi_session_begin(&c->smfi, SMFI_ACTIONS, counts, &out);
	send_out(c, &out);
	set_deadline(c);
}

/* Say more of the message.  True: it is over, or all of it was said. */
static bool
say_more(struct milter_conn *c)
{
	struct buf out = { .max = OUT_MAX };
	const bool wait =
	    smfi_session_more(&c->smfi, c->m, c->body, c->facts, &out);

	send_out(c, &out);
	set_deadline(c);
	if (!wait)
		stream_want_drain(&c->stream);
	return wait && c->smfi.asked == 0;
}

static void
decided(struct milter_conn *c)
{
	c->m = NULL;
	set_deadline(c);
	c->done(c->arg, true);
}

static void
go_on(struct milter_conn *c)
{
	const bool over = say_more(c);

	if (c->body->failed) {
		c->reused = false;
		fail(c, "the message could not be read");
	} else if (over) {
		decided(c);
	}
}

/* ---- what is heard ---- */

static void
works(struct milter_conn *c)
{
	if (is_current(c))
		milter_filter_works(c->filter);
	c->probe = false;
}

static void
on_decided(struct milter_conn *c)
{
	c->reused = false;
	if (c->smfi.phase != SMFI_OVER && c->m != NULL) {
		go_on(c);
		return;
	}
	/* What it fails at every time comes after what it can do. */
	if (c->m != NULL)
		works(c);
	decided(c);
}

/* Frames that only add to something are taken as they come; what decides must
 * be the last of them. */
static void
on_input(struct stream *s)
{
	struct milter_conn *c = OUTER(s, struct milter_conn, stream);
	struct slice in = stream_input(s), frame;
	const size_t all = in.n;
	enum smfi_heard heard = SMFI_WAIT;
	enum smfi_end end;

	while (heard == SMFI_WAIT &&
	       (end = smfi_frame_next(&in, &frame)) == SMFI_WHOLE)
		heard = smfi_session_hear(&c->smfi, frame);
	stream_consume(s, all - in.n);
	if (heard == SMFI_FAULT)
		fail(c, c->smfi.fault);
	else if (!milter_budget_set(&c->charged, c->smfi.body.n))
		fail(c, "a body that is too large beside others");
	else if (heard == SMFI_DECIDED && in.n > 0)
		fail(c, "more than one reply");
	else if (heard == SMFI_DECIDED)
		on_decided(c);
	else if (end == SMFI_BAD)
		fail(c, "a frame that is none");
	else if (in.n < all)
		set_deadline(c);
}

static void
on_drain(struct stream *s)
{
	struct milter_conn *c = OUTER(s, struct milter_conn, stream);

	if (c->m != NULL && c->smfi.asked == 0)
		go_on(c);
}

static const char *
end_text(const struct milter_conn *c, enum stream_end why)
{
	switch (why) {
	case STREAM_TIMEOUT:
		return c->stream.connecting ? "no connection in time"
					    : "no answer in time";
	case STREAM_OVERFLOW:
		return "it says too much, or reads nothing";
	case STREAM_ERROR:
		return c->stream.saved_errno != 0
			   ? strerrordesc_np(c->stream.saved_errno)
			   : "connection lost";
	case STREAM_EOF:
	default:
		return "it closed the connection";
	}
}

static void
on_end(struct stream *s, enum stream_end why)
{
	struct milter_conn *c = OUTER(s, struct milter_conn, stream);

	fail(c, end_text(c, why));
}

static const struct stream_handler handler = {
	.on_input = on_input,
	.on_drain = on_drain,
	.on_end = on_end,
};

/* ---- its beginning ---- */

/* The name of a UNIX socket is one beneath the working directory (milter/main.c
 * says why). */
static int
connect_unix(int fd, const struct addr *a)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	const struct slice path = slice_from(slice_str(addr_path(a)), 1);

	if (!slice_copy(path, un.sun_path, sizeof un.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	return connect(fd, (const struct sockaddr *)&un, sizeof un);
}

/* -1 and errno. */
static int
connect_to(const struct addr *a)
{
	const int on = 1;
	const int fd = socket(
	    a->ss.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int rc;

	if (fd == -1)
		return -1;
	if (addr_is_unix(a)) {
		rc = connect_unix(fd, a);
	} else {
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
		rc = connect(fd, (const struct sockaddr *)&a->ss, a->len);
	}
	if (rc == 0 || errno == EINPROGRESS)
		return fd;
	rc = errno;
	close(fd);
	errno = rc;
	return -1;
}

static struct milter_conn *
take_idle(struct milter_filter *f)
{
	struct milter_conn *c = TAILQ_FIRST(&f->idle);

	if (c == NULL)
		return NULL;
	forget_idle(c);
	c->reused = true;
	return c;
}

static struct milter_conn *
make(struct milter_filter *f)
{
	const int fd = connect_to(&f->addr);
	struct milter_conn *c;

	if (fd == -1)
		return NULL;
	c = xcalloc(1, sizeof *c);
	c->filter = f;
	c->generation = f->generation;
	c->changes = f->changes;
	c->warn = f->warn;
	smfi_session_init(
	    &c->smfi, (size_t)milter_conf->shared.message_size_limit);
	stream_init_connecting(&c->stream, fd, &handler, &limits);
	c->open = true;
	milter_metrics_add(f->metrics, MILTER_CONNECTIONS);
	return c;
}

struct milter_conn *
milter_conn_open(
    struct milter_filter *f, const char *sid, milter_conn_fn *done, void *arg)
{
	struct milter_conn *c;
	bool probe;

	if (!milter_filter_usable(f, &probe))
		return NULL;
	c = f->no_reuse ? NULL : take_idle(f);
	if (c == NULL)
		c = make(f);
	if (c == NULL) {
		milter_filter_failed(
		    f, f->generation, sid, strerrordesc_np(errno));
		return NULL;
	}
	c->probe = probe;
	c->sid = sid;
	c->done = done;
	c->arg = arg;
	if (c->reused)
		smfi_session_again(&c->smfi);
	else
		negotiate(c);
	return c;
}

bool
milter_conn_stale(const struct milter_conn *c)
{
	return c->failed && c->reused;
}

/* ---- for its client ---- */

struct smfi_session *
milter_conn_session(struct milter_conn *c)
{
	return &c->smfi;
}

bool
milter_conn_counts(const struct milter_conn *c)
{
	return !c->warn;
}

bool
milter_conn_busy(const struct milter_conn *c)
{
	return is_busy(c);
}

bool
milter_conn_ask(struct milter_conn *c, enum smfi_command command,
    const struct slice *texts, size_t n, const struct smfi_facts *f)
{
	struct buf out = { .max = OUT_MAX };
	const bool wait =
	    smfi_session_ask(&c->smfi, command, texts, n, f, &out);

	must(!c->failed && c->m == NULL);
	send_out(c, &out);
	if (wait)
		set_deadline(c);
	return wait;
}

bool
milter_conn_message(struct milter_conn *c, const struct smfi_message *m,
    struct smfi_body *b, const struct smfi_facts *f)
{
	smfi_session_message(&c->smfi);
	if (c->smfi.phase == SMFI_OVER)
		return false;
	c->m = m;
	c->body = b;
	c->facts = f;
	set_deadline(c);
	stream_want_drain(&c->stream);
	return true;
}

void
milter_conn_abort(struct milter_conn *c)
{
	struct buf out = { .max = OUT_MAX };

	smfi_session_abort(&c->smfi, &out);
	(void)milter_budget_set(&c->charged, c->smfi.body.n);
	send_out(c, &out);
}

static bool
may_idle(const struct milter_conn *c)
{
	const struct milter_filter *f = c->filter;

	return f->configured && is_current(c) && f->reuse && !f->no_reuse &&
	       c->smfi.between &&
	       c->smfi.options.version == SMFI_PROT_VERSION &&
	       milter_conf->idle_time > 0 && f->nidle < milter_conf->max_idle;
}

void
milter_conn_drop(struct milter_conn **p)
{
	struct milter_conn *c = *p;
	struct buf out = { .max = OUT_MAX };
	bool again;

	*p = NULL;
	if (c == NULL)
		return;
	if (c->failed || is_busy(c)) {
		destroy(c);
		return;
	}
	works(c);
	milter_conn_abort(c);
	again = may_idle(c);
	smfi_session_quit(&c->smfi, again, &out);
	send_out(c, &out);
	c->sid = NULL;
	if (again) {
		TAILQ_INSERT_HEAD(&c->filter->idle, c, link);
		c->filter->nidle++;
		stream_set_deadline(&c->stream, milter_conf->idle_time);
	} else {
		c->leaving = true;
		stream_set_deadline(&c->stream, QUIT_MS);
		stream_finish(&c->stream);
	}
}

void
milter_conn_flush(struct milter_filter *f)
{
	struct milter_conn *c;

	while ((c = TAILQ_FIRST(&f->idle)) != NULL) {
		forget_idle(c);
		destroy(c);
	}
}
