/* SPDX-License-Identifier: ISC */
#include "imapd/relay/job.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/mem.h"
#include "imapd/conn/client.h"
#include "imapd/conn/user.h"
#include "imapd/parse/boxname.h"
#include "imapd/parse/wirename.h"
#include "imapd/relay/names.h"
#include "imapd/relay/relay_inner.h"
#include "ipc/sharing.h"

enum {
	ASK_MS = 20000,
	LINE_MAX_BYTES = 8192,
	NAME_MAX_BYTES = 2048,
	OWNERS_BYTES = 8 << 20
};

struct relay_job {
	struct imapd_job job;
	struct session *session;
	enum relay_kind kind;
	struct relay *relay; /* it was sent to; NULL: not yet, or it ended */

	/* APPEND */
	struct literal literal;
	struct cmdtext line;
	bool takes_input;
	uint64_t left;
	const char *refusal; /* to be said when the client has sent all */

	/* LIST */
	struct ipc_call call;
	const struct slice *patterns;
	size_t npatterns;
	struct buf all;      /* owners, a line for each */
	struct slice owners; /* of them, still to be asked */
};

static const struct job_ops ops, idle_ops;

static struct relay_job *
job_of(const struct session *s)
{
	return s->job != NULL &&
		       (s->job->ops == &ops || s->job->ops == &idle_ops)
		   ? OUTER(s->job, struct relay_job, job)
		   : NULL;
}

/* ---- its end ---- */

static void next_owner(struct relay_job *j);

void
relay_answered(struct session *s)
{
	client_of(s)->bad = 0;
	imapd_reply_end(s);
}

/* The client may have more of the command to send, which it did not wait with.
 */
static void
refuse(struct relay_job *j, const char *text)
{
	if (j->kind == RELAY_APPENDS && j->takes_input) {
		j->refusal = text;
		imapd_resume(j->session);
		return;
	}
	imapd_refuse(j->session, text);
}

static void
on_refused(struct session *s, enum found found)
{
	struct relay_job *j = job_of(s);

	if (j == NULL)
		return;
	j->takes_input = j->kind == RELAY_APPENDS && j->literal.nonsync;
	j->left = j->literal.size;
	if (j->patterns != NULL)
		next_owner(j);
	else if (found != ABSENT)
		refuse(j, "[UNAVAILABLE] temporary trouble, try again later");
	else if (j->kind == RELAY_APPENDS)
		refuse(j, "[TRYCREATE] no such mailbox");
	else
		refuse(j, "[NONEXISTENT] no such mailbox");
}

static void
on_broken(struct session *s, const struct relay *r, bool selected, bool mid)
{
	struct relay_job *j = job_of(s);

	(void)r;
	if (j != NULL)
		j->relay = NULL;
	if (relay_was_all(s, selected, mid) || j == NULL)
		return;
	if (j->patterns != NULL)
		next_owner(j);
	else
		refuse(j, RELAY_LOST);
}

/* ---- the answer ---- */

static void
on_last(struct relay_job *j, struct relay *r, struct slice line)
{
	struct session *s = j->session;
	const struct slice status = slice_from(line, s->tag.n + 1);
	const bool ok = slice_istarts(status, SLICE("OK"));

	stream_pause(&r->stream);
	if (j->patterns != NULL) {
		j->relay = NULL;
		next_owner(j);
		return;
	}
	if (ok && j->kind == RELAY_SELECTS) {
		relay_all(s)->selected = r;
		s->state = S_SELECTED;
	} else if (ok && j->kind == RELAY_LEAVES) {
		relay_all(s)->selected = NULL;
		s->state = S_AUTH;
	}
	buf_add(imapd_out(s), line);
	relay_answered(s);
}

static void
on_piece(struct relay *r, const struct answer_piece *piece)
{
	struct session *s = r->session;
	struct relay_job *j = job_of(s);

	if (j == NULL || j->relay != r)
		return;
	if (piece->kind == ANSWER_LAST) {
		on_last(j, r, piece->bytes);
		return;
	}
	buf_add(imapd_out(s), piece->bytes);
	if (imapd_is_full(s)) {
		stream_pause(&r->stream);
		imapd_more(s);
	}
}

static void
on_more(struct session *s, struct imapd_job *job)
{
	struct relay_job *j = OUTER(job, struct relay_job, job);

	(void)s;
	if (j->relay != NULL)
		stream_resume(&j->relay->stream);
}

/* ---- the command ---- */

/* The literal is announced to R; the client may send it. */
static void
expect(struct relay_job *j, const struct literal *l)
{
	j->left = l->size;
	j->takes_input = true;
	cmdtext_reset(&j->line);
	if (!l->nonsync)
		buf_adds(imapd_out(j->session), "+ OK\r\n");
	imapd_resume(j->session);
}

static void
on_open(struct relay *r)
{
	struct session *s = r->session;
	struct relay_job *j = job_of(s);

	if (j == NULL)
		return;
	j->relay = r;
	relay_send(r, buf_slice(&imapd_text(s)->text));
	if (j->kind == RELAY_APPENDS) {
		expect(j, &j->literal);
	} else if (j->kind == RELAY_IDLES) {
		j->takes_input = true;
		imapd_resume(s);
	}
}

static void
on_drained(struct relay *r)
{
	const struct relay_job *j = job_of(r->session);

	if (j != NULL && j->relay == r && j->takes_input)
		imapd_resume(r->session);
}

static const struct relay_events events = {
	.on_open = on_open,
	.on_refused = on_refused,
	.on_piece = on_piece,
	.on_broken = on_broken,
	.on_drained = on_drained,
};

/* ---- what the client sends meanwhile ---- */

static void
give(struct relay_job *j, struct slice bytes)
{
	struct relay *r = j->relay;

	if (r == NULL || j->refusal != NULL)
		return;
	stream_write(&r->stream, bytes);
	if (stream_waiting(&r->stream) > r->stream.limits->out_high) {
		imapd_pause(j->session);
		stream_want_drain(&r->stream);
	}
}

static void
end_input(struct relay_job *j)
{
	j->takes_input = false;
	imapd_pause(j->session);
	if (j->refusal != NULL)
		imapd_refuse(j->session, j->refusal);
}

/* What stands behind a literal of APPEND. */
static void
take_line(struct relay_job *j, struct slice *in)
{
	const enum cmdtext_event event = cmdtext_feed(&j->line, in);
	const struct literal l = j->line.literal;

	if (event == CMDTEXT_MORE)
		return;
	if (event != CMDTEXT_DONE && event != CMDTEXT_LITERAL) {
		imapd_bye(j->session, "[TOOBIG] command too long");
		return;
	}
	give(j, buf_slice(&j->line.text));
	give(j, SLICE("\r\n"));
	if (event == CMDTEXT_LITERAL && (l.nonsync || j->refusal == NULL))
		expect(j, &l);
	else
		end_input(j);
}

static void
take_append(struct relay_job *j, struct slice *in)
{
	const size_t n = j->left < in->n ? (size_t)j->left : in->n;

	if (j->left == 0) {
		take_line(j, in);
		return;
	}
	give(j, slice_sub(*in, 0, n));
	*in = slice_from(*in, n);
	j->left -= n;
}

static void
on_input(struct session *s, struct imapd_job *job, struct slice *in)
{
	struct relay_job *j = OUTER(job, struct relay_job, job);
	const size_t at = slice_find(*in, '\n');

	imapd_alive(s);
	if (j->kind == RELAY_APPENDS) {
		while (in->n > 0 && s->job == job && j->takes_input &&
		       !client_of(s)->stream.paused)
			take_append(j, in);
		return;
	}
	if (!j->takes_input)
		return;
	give(j, slice_sub(*in, 0, at + (at < in->n)));
	if (at < in->n)
		end_input(j);
	*in = slice_from(*in, at + (at < in->n));
}

static void
on_free(struct session *s, struct imapd_job *job)
{
	struct relay_job *j = OUTER(job, struct relay_job, job);

	(void)s;
	ipc_cancel(&j->call);
	buf_fini(&j->all);
	cmdtext_fini(&j->line);
	xfree(&j);
}

static const struct job_ops ops = {
	.more = on_more,
	.input = on_input,
	.free = on_free,
};

/* Of what changes here the client hears later; a stop need not wait for it. */
static void
on_changed(struct session *s, struct imapd_job *job)
{
	(void)s;
	(void)job;
}

static const struct job_ops idle_ops = {
	.more = on_more,
	.input = on_input,
	.changed = on_changed,
	.free = on_free,
};

static struct relay_job *
job_new(struct session *s, enum relay_kind kind)
{
	struct relay_job *j = xcalloc(1, sizeof *j);

	j->job.ops = kind == RELAY_IDLES ? &idle_ops : &ops;
	j->session = s;
	j->kind = kind;
	cmdtext_init(&j->line, LINE_MAX_BYTES);
	buf_init(&j->all, OWNERS_BYTES);
	imapd_start(s, &j->job);
	imapd_pause(s);
	return j;
}

void
relay_job_start(struct session *s, struct slice owner, enum relay_kind kind,
    const struct literal *l)
{
	struct relay_job *j = job_new(s, kind);

	if (l != NULL)
		j->literal = *l;
	relay_open(s, owner, &events);
}

/* ---- LIST ---- */

static void
put_parent(struct relay_job *j, struct slice name)
{
	struct session *s = j->session;

	for (size_t i = 0; i < j->npatterns; i++)
		if (wirename_match(j->patterns[i], name)) {
			buf_addf(imapd_out(s),
			    "* LIST (\\Noselect \\HasChildren) \"%c\" ",
			    boxname_delimiter());
			boxname_put(s, name);
			buf_adds(imapd_out(s), "\r\n");
			return;
		}
}

static size_t
levels(struct slice name)
{
	size_t n = 0;

	for (size_t i = 0; i < name.n; i++)
		n += name.p[i] == '/';
	return n;
}

/* Can PATTERN match something below TOP? */
static bool
goes_below(struct slice pattern, struct slice top)
{
	const size_t star = slice_find(pattern, '*');
	const size_t percent = slice_find(pattern, '%');
	const struct slice literal =
	    slice_sub(pattern, 0, star < percent ? star : percent);
	const size_t n = literal.n < top.n ? literal.n : top.n;

	return slice_ieq(slice_sub(literal, 0, n), slice_sub(top, 0, n)) &&
	       (literal.n <= top.n || literal.p[top.n] == '/') &&
	       (star < pattern.n || levels(pattern) > levels(top));
}

static bool
asks_below(const struct relay_job *j, struct slice top)
{
	for (size_t i = 0; i < j->npatterns; i++)
		if (goes_below(j->patterns[i], top))
			return true;
	return false;
}

/* Told of, and whether what is below is asked for. */
static bool
put_owner(struct relay_job *j, struct slice owner)
{
	struct session *s = j->session;
	struct buf top;
	bool below;

	buf_init(&top, NAME_MAX_BYTES);
	names_put(&top, owner, slice_str(imapd_user_name(s->user)));
	put_parent(j, buf_slice(&top));
	below = asks_below(j, buf_slice(&top));
	buf_fini(&top);
	return below;
}

static void
next_owner(struct relay_job *j)
{
	struct session *s = j->session;

	while (j->owners.n > 0) {
		const struct slice owner =
		    slice_cut(j->owners, '\n', &j->owners);

		if (owner.n == 0 ||
		    slice_ieq(owner, slice_str(imapd_user_name(s->user))) ||
		    !put_owner(j, owner))
			continue;
		relay_open(s, owner, &events);
		return;
	}
	imapd_ok(s, "LIST completed");
}

static void ask_owners(struct relay_job *j);

static void
on_owners(struct ipc_call *call, struct msg *m)
{
	struct relay_job *j = OUTER(call, struct relay_job, call);
	struct session *s = j->session;

	if (m == NULL || m->master_shared.found != FOUND) {
		imapd_refuse(
		    s, "[UNAVAILABLE] temporary trouble, try again later");
		return;
	}
	buf_add(&j->all, m->master_shared.text);
	if (m->master_shared.text.n > 0 && !j->all.failed) {
		ask_owners(j);
		return;
	}
	j->owners = buf_slice(&j->all);
	if (j->owners.n > 0)
		put_parent(j, names_space());
	next_owner(j);
}

/* The next of them. */
static void
ask_owners(struct relay_job *j)
{
	const struct session *s = j->session;
	struct slice last = slice_trim(buf_slice(&j->all));

	last = slice_from(last,
	    slice_rfind(last, '\n') < last.n ? slice_rfind(last, '\n') + 1 : 0);
	IPC_CALL(ipc_master(), &j->call, master_shared, on_owners, ASK_MS,
	    master_sharing, .what = SHARING_OWNERS,
	    .account = slice_str(imapd_user_name(s->user)),
	    .home = slice_str(imapd_user_home(s->user)), .other = last);
}

void
relay_job_list(struct session *s, const struct slice *patterns, size_t n)
{
	struct relay_job *j = job_new(s, RELAY_PLAIN);
	struct slice *copies = arena_alloc(&s->arena, n * sizeof *copies);

	for (size_t i = 0; i < n; i++)
		copies[i] = patterns[i];
	j->patterns = copies;
	j->npatterns = n;
	ask_owners(j);
}
