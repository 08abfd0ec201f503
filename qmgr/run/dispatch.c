/* SPDX-License-Identifier: ISC */
#include "qmgr/run/dispatch.h"

#include <stdlib.h>

#include "base/map.h"
#include "base/mem.h"
#include "ipc/ipc.h"
#include "qmgr/conf.h"
#include "qmgr/queue/message.h"
#include "qmgr/run/dest.h"
#include "qmgr/run/direct.h"
#include "qmgr/run/jobtext.h"
#include "qmgr/run/result.h"
#include "sys/fd.h"

enum {
	FIXED_BYTES = 256, /* of a frame, without its long strings */
};

struct dispatch_job {
	struct ipc_call call;
	struct dest *dest;
	struct message *message;
	struct rcpt **rcpts;
	size_t n;
	uint64_t id;
	char dsn[16]; /* what was said of a recipient for now, the last */
	char why[200];
};

static struct map jobs; /* by id */

static struct slice
key_of(const uint64_t *id)
{
	return slice_of(id, sizeof *id);
}

static void
take_word(struct dispatch_job *job, struct rcpt *r, struct slice targets)
{
	if (r->status == JOB_TEMPFAIL && slice_starts(r->dsn, SLICE("4."))) {
		slice_copy(slice_sub(r->dsn, 0, sizeof job->dsn - 1), job->dsn,
		    sizeof job->dsn);
		slice_copy(slice_sub(r->text, 0, sizeof job->why - 1), job->why,
		    sizeof job->why);
	}
	result_apply(r, dest_role(job->dest), dest_uid(job->dest), targets);
}

static void
take_result(
    struct dispatch_job *job, struct rcpt *r, const struct msg_job_result *in)
{
	rcpt_say(r,
	    in->status <= JOB_EXPANDED ? (enum job_status)in->status
				       : JOB_TEMPFAIL,
	    in->dsn, in->host, in->text);
	r->connect_ms = in->connect_ms;
	/* Only a recipient's own script has words for who waits. */
	r->refusal = dest_role(job->dest) == ROLE_LOCAL
			 ? arena_slice(&r->message->arena,
			       slice_sub(in->refusal, 0, 1000))
			 : SLICE("");
	r->source_ip = arena_slice(&r->message->arena, in->source);
	r->tls = arena_slice(&r->message->arena, slice_sub(in->tls, 0, 16));
	take_word(job, r, in->targets);
}

void
dispatch_on_result(struct ipc *peer, struct msg *m)
{
	const struct msg_job_result *in = &m->job_result;
	struct dispatch_job *job = map_find(&jobs, key_of(&in->job));

	if (job == NULL || job->call.peer != peer)
		return;
	for (size_t i = 0; i < job->n; i++) {
		struct rcpt *r = job->rcpts[i];

		if (r == NULL || r->number != in->recipient)
			continue;
		if (in->status == JOB_EXPANDED &&
		    !result_may_expand(r, ipc_role(peer), ipc_uid(peer))) {
			/* All of the job's recipients are tried again. */
			ipc_drop(peer, "an expansion it has no right to");
			return;
		}
		/* Settling may end the message and free the recipient. */
		job->rcpts[i] = NULL;
		take_result(job, r, in);
		return;
	}
}

struct rcpt *
dispatch_rcpt(const struct ipc *peer, uint64_t id, uint32_t recipient)
{
	const struct dispatch_job *job = map_find(&jobs, key_of(&id));

	if (job == NULL || job->call.peer != peer)
		return NULL;
	for (size_t i = 0; i < job->n; i++)
		if (job->rcpts[i] != NULL && job->rcpts[i]->number == recipient)
			return job->rcpts[i];
	return NULL;
}

/* No word for R: nothing is known but that it may be tried again, soon. */
static void
no_result(struct dispatch_job *job, struct rcpt *r, const char *why)
{
	rcpt_say(r, JOB_TEMPFAIL, SLICE("4.3.0"), SLICE(""), slice_str(why));
	take_word(job, r, SLICE(""));
}

/* DONE is NULL when the agent has ended.  Where local and pipe deliver to is
 * here, and well as long as they are. */
static enum dest_outcome
outcome_of(const struct dispatch_job *job, const struct msg_job_done *done)
{
	if (done == NULL)
		return DEST_UNKNOWN;
	if (dest_role(job->dest) != ROLE_SMTP ||
	    done->site == JOB_SITE_ANSWERED)
		return DEST_WELL;
	/* Without a word that is kept, nobody could be told why. */
	return done->site == JOB_SITE_FAILED && job->dsn[0] != '\0'
		   ? DEST_TROUBLE
		   : DEST_UNKNOWN;
}

static void
on_done(struct ipc_call *call, struct msg *m)
{
	struct dispatch_job *job = OUTER(call, struct dispatch_job, call);

	map_del(&jobs, key_of(&job->id));
	for (size_t i = 0; i < job->n; i++) {
		struct rcpt *r = job->rcpts[i];

		if (r == NULL)
			continue;
		r->message->soon |= m == NULL;
		r->message->damaged |= m != NULL && m->job_done.damaged;
		no_result(job, r,
		    m == NULL ? "the delivery agent ended unexpectedly"
			      : "the delivery agent gave no result");
	}
	dest_done(job->dest, outcome_of(job, m != NULL ? &m->job_done : NULL),
	    slice_str(job->dsn), slice_str(job->why));
	free(job->rcpts);
	free(job);
}

/* Those of the first's sender to the front; how many they are. */
static size_t
of_one_sender(struct rcpt **rcpts, size_t n)
{
	size_t same = 1;

	for (size_t i = 1; i < n; i++) {
		struct rcpt *r = rcpts[i];

		if (r->forwarded != rcpts[0]->forwarded)
			continue;
		rcpts[i] = rcpts[same];
		rcpts[same++] = r;
	}
	return same;
}

/* As many as have one sender and fit in a frame; the others' turn comes
 * again. */
static void
format_rcpts(struct dispatch_job *job, struct buf *lines)
{
	const size_t n =
	    jobtext_rcpts(job->rcpts, of_one_sender(job->rcpts, job->n), lines);

	for (size_t i = n; i < job->n; i++)
		dest_put(dest_role(job->dest), dest_uid(job->dest),
		    dest_site(job->dest), job->rcpts[i]);
	job->n = n;
}

/* Mail of one account goes to one process, so that its index is open once; mail
 * for one site too, so that its sessions are used again before new ones are
 * opened, and idle ones count.  Commands are spread. */
static unsigned
process_for(const struct dispatch_job *job)
{
	static unsigned next;
	const enum role role = dest_role(job->dest);
	const unsigned n = ipc_count(role);

	if (role == ROLE_LOCAL)
		return (unsigned)(map_hash_fixed(job->rcpts[0]->account) % n);
	if (role == ROLE_SMTP)
		return (unsigned)(map_hash_fixed(dest_site(job->dest)) % n);
	return next++ % n;
}

/* What is kept of a message that has no file goes whole, or it needs one; a
 * large one has it in tmp/. */
static void
need_file(const struct dispatch_job *job, size_t n)
{
	const struct kept_bytes *kept = &job->message->kept;

	if (job->message->in_tmp)
		return;
	if (n + kept->record.n + kept->body.n > MSG_MAX_BYTES - FIXED_BYTES)
		direct_save(job->message);
}

/* KEPT, where a frame has room for it beside *N bytes, to which it is added. */
static struct slice
kept_that_fits(const struct buf *kept, size_t *n)
{
	if (*n + kept->n > MSG_MAX_BYTES - FIXED_BYTES)
		return SLICE("");
	*n += kept->n;
	return buf_slice(kept);
}

static void
send_job(struct dispatch_job *job)
{
	const struct message *m = job->message;
	struct buf rcpts = { .max = MSG_MAX_BYTES };
	struct buf env = { .max = MSG_MAX_BYTES };
	struct ipc *peer = ipc_link(
	    dest_role(job->dest), process_for(job), dest_uid(job->dest));
	struct slice record = SLICE(""), body = SLICE("");
	size_t n;
	int fd;

	jobtext_envelope(m, job->rcpts[0]->forwarded, &env);
	format_rcpts(job, &rcpts);
	n = env.n + rcpts.n + job->rcpts[0]->nexthop.n +
	    job->rcpts[0]->source.n;
	need_file(job, n);
	if (dest_role(job->dest) == ROLE_LOCAL)
		record = kept_that_fits(&m->kept.record, &n);
	if (dest_role(job->dest) != ROLE_PIPE)
		body = kept_that_fits(&m->kept.body, &n);
	fd = body.n > 0 ? -1 : message_open_file(job->message);
	IPC_CALL(peer, &job->call, job_done, on_done, qmgr_conf->job_timeout,
	    job_start, .qid = slice_str(m->entry->id),
	    .envelope = buf_slice(&env), .nexthop = job->rcpts[0]->nexthop,
	    .source = job->rcpts[0]->source,
	    .session_messages = dest_session_messages(job->dest),
	    .recipients = buf_slice(&rcpts), .offset = (int64_t)m->head_bytes,
	    .size = m->env.size, .crc32c = m->env.crc32c, .file = fd,
	    .record = record, .body = body);
	fd_close(&fd);
	job->id = job->call.id;
	map_put(&jobs, key_of(&job->id), job);
	buf_fini(&env);
	buf_fini(&rcpts);
}

void
dispatch_start(struct dest *d, struct message *m, struct rcpt **rcpts, size_t n)
{
	struct dispatch_job *job = xcalloc(1, sizeof *job);

	/* While not all of its recipients are known there may be one for whom
	 * it must be in the spool; if it cannot be, nobody gets it. */
	if (m->resolving > 0)
		direct_save(m);
	job->dest = d;
	job->message = m;
	job->rcpts = rcpts;
	job->n = n;
	send_job(job);
}

size_t
dispatch_count(void)
{
	return jobs.count;
}

void
dispatch_init(void)
{
	map_init(&jobs);
	result_init();
}
