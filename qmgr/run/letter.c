/* SPDX-License-Identifier: ISC */
#include "qmgr/run/letter.h"

#include <stdlib.h>
#include <sys/queue.h>

#include "base/crc32c.h"
#include "base/mem.h"
#include "ev/loop.h"
#include "ipc/ipc.h"
#include "log/log.h"
#include "log/metric.h"
#include "proto/address.h"
#include "qmgr/conf.h"
#include "qmgr/queue/message.h"
#include "qmgr/queue/newfile.h"
#include "qmgr/run/dispatch.h"
#include "sys/fd.h"

enum {
	LETTERS_MAX = 128, /* of a recipient, in an attempt */
	TO_MAX = 16,
	PARTS_MAX = 256, /* recipients of whose letters something is here */
	STEP_BYTES = 256 << 10,
	HEAD_MORE = 1 << 20, /* what a script may add to a message */
};

/* What was said of a letter before it is whole. */
struct part {
	TAILQ_ENTRY(part) link;
	struct ipc *peer;
	uint64_t job;
	uint32_t recipient;
	struct buf bytes;
};

/* One that is being written. */
struct letter {
	LIST_ENTRY(letter) link;
	struct newfile file;
	struct ipc *peer; /* NULL: gone */
	uint64_t id;
	int source; /* the message's file, or -1 */
	int64_t at, left, size;
	uint32_t crc;
	struct ev_task step;
};

static struct {
	TAILQ_HEAD(, part) parts;
	size_t nparts;
	int64_t parts_bytes;
	LIST_HEAD(, letter) letters;
	char piece[STEP_BYTES];
} state;

static struct metric letters = { .name = "pabal_qmgr_letters",
	.help = "Messages that recipients' scripts have sent." };

static const char *const kinds[JOB_LETTERS] = {
	[JOB_LETTER_REDIRECT] = "redirect",
	[JOB_LETTER_ANSWER] = "answer",
	[JOB_LETTER_NOTICE] = "notice",
};

/* ---- parts ---- */

static void
part_free(struct part *p)
{
	TAILQ_REMOVE(&state.parts, p, link);
	state.nparts--;
	state.parts_bytes -= (int64_t)p->bytes.n;
	buf_fini(&p->bytes);
	free(p);
}

/* Those of jobs that are no more. */
static void
drop_stale(void)
{
	struct part *p, *next;

	for (p = TAILQ_FIRST(&state.parts); p != NULL; p = next) {
		next = TAILQ_NEXT(p, link);
		if (dispatch_rcpt(p->peer, p->job, p->recipient) == NULL)
			part_free(p);
	}
}

static struct part *
part_find(const struct ipc *peer, uint64_t job, uint32_t recipient)
{
	struct part *p;

	TAILQ_FOREACH(p, &state.parts, link)
	if (p->peer == peer && p->job == job && p->recipient == recipient)
		return p;
	return NULL;
}

static int64_t
message_max(void)
{
	return qmgr_conf->shared.message_size_limit + HEAD_MORE;
}

static struct part *
part_new(struct ipc *peer, uint64_t job, uint32_t recipient)
{
	struct part *p = xcalloc(1, sizeof *p);

	p->peer = peer;
	p->job = job;
	p->recipient = recipient;
	buf_init(&p->bytes, (size_t)message_max());
	TAILQ_INSERT_TAIL(&state.parts, p, link);
	state.nparts++;
	return p;
}

/* What finds no room is missing in the letter, which is refused then. */
void
letter_on_part(struct ipc *peer, struct msg *m)
{
	const struct msg_job_letter_part *in = &m->job_letter_part;
	struct part *p = part_find(peer, in->job, in->recipient);

	drop_stale();
	if (dispatch_rcpt(peer, in->job, in->recipient) == NULL)
		return;
	if (p == NULL) {
		if (state.nparts == PARTS_MAX)
			return;
		p = part_new(peer, in->job, in->recipient);
	}
	if (state.parts_bytes + (int64_t)in->bytes.n > 2 * message_max()) {
		p->bytes.failed = true;
		return;
	}
	state.parts_bytes -= (int64_t)p->bytes.n;
	buf_add(&p->bytes, in->bytes);
	state.parts_bytes += (int64_t)p->bytes.n;
}

/* ---- writing ---- */

static void
tell(struct ipc *peer, uint64_t id, bool ok, const char *why)
{
	if (peer != NULL)
		IPC_SEND(peer, job_lettered, .id = id, .ok = ok,
		    .why = slice_str(why));
}

static void
letter_free(struct letter *l)
{
	LIST_REMOVE(l, link);
	fd_close(&l->source);
	newfile_fini(&l->file);
	free(l);
}

static void
on_written(struct newfile *nf, int error)
{
	struct letter *l = OUTER(nf, struct letter, file);

	tell(l->peer, l->id, error == 0,
	    error == 0 ? "" : "it cannot be made durable");
	letter_free(l);
}

static void
give_up(struct letter *l, const struct err *err)
{
	log_err(
	    "spool.failed", kv_s("qid", l->file.id), kv_s("why", err->text));
	tell(l->peer, l->id, false, "the spool cannot be written");
	letter_free(l);
}

static int
put_piece(struct letter *l, struct slice piece, struct err *err)
{
	if (fd_pwrite_all(l->file.fd, piece,
		(int64_t)l->file.head_bytes + l->size, err) == -1)
		return -1;
	l->crc = crc32c(l->crc, piece);
	l->size += (int64_t)piece.n;
	return 0;
}

/* 1: all is there. */
static int
copy_some(struct letter *l, struct err *err)
{
	const size_t n = l->left < STEP_BYTES ? (size_t)l->left : STEP_BYTES;

	if (l->left == 0)
		return 1;
	if (fd_pread_all(l->source, state.piece, n, l->at, err) == -1 ||
	    put_piece(l, slice_of(state.piece, n), err) == -1)
		return -1;
	l->at += (int64_t)n;
	l->left -= (int64_t)n;
	return l->left == 0;
}

static void
on_step(struct ev_task *task)
{
	struct letter *l = OUTER(task, struct letter, step);
	struct err err = { 0 };
	const int rc = copy_some(l, &err);

	if (rc == 0) {
		ev_task_queue(task);
		return;
	}
	if (rc == -1 || newfile_whole(&l->file, l->size, l->crc, &err) == -1 ||
	    newfile_commit(&l->file, on_written, &err) == -1)
		give_up(l, &err);
}

/* ---- what a letter may be ---- */

static struct slice
sender_of(const struct rcpt *r, enum job_letter kind)
{
	const struct slice sender = r->message->env.sender;

	if (kind == JOB_LETTER_REDIRECT)
		return sender;
	return kind == JOB_LETTER_NOTICE && sender.n > 0 ? r->account
							 : SLICE("");
}

/* The lines of TO, each an address in its canonical form; false: one is none.
 */
static bool
take_rcpts(const struct rcpt *r, enum job_letter kind, struct slice to,
    struct arena *a, struct envelope *env)
{
	const unsigned allow = ADDRESS_UTF8;

	env->rcpts = arena_alloc(a, TO_MAX * sizeof *env->rcpts);
	while (to.n > 0) {
		struct buf address = { .max = ADDRESS_MAX };
		struct envelope_rcpt *out = &env->rcpts[env->nrcpts];
		const bool ok =
		    env->nrcpts < TO_MAX &&
		    address_parse(slice_cut(to, '\n', &to), allow, &address);

		if (ok) {
			out->address = arena_slice(a, buf_slice(&address));
			env->smtputf8 |= address_needs_utf8(out->address);
			env->nrcpts++;
		}
		if (ok && kind == JOB_LETTER_REDIRECT) {
			out->orcpt = arena_slice(a, r->env.orcpt);
			out->notify = arena_slice(a, r->env.notify);
		} else if (ok && kind == JOB_LETTER_ANSWER) {
			out->notify = SLICE("NEVER");
		}
		buf_fini(&address);
		if (!ok)
			return false;
	}
	return env->nrcpts > 0;
}

static int
open_file(struct letter *l, const struct rcpt *r, enum job_letter kind,
    struct slice to, struct err *err)
{
	const struct envelope *of = &r->message->env;
	struct envelope env = { .protocol = SLICE(NEWFILE_LETTER),
		.client = SLICE("local"),
		.body = SLICE("8BITMIME"),
		.requiretls = of->requiretls,
		.smtputf8 = of->smtputf8,
		.mt_priority = of->mt_priority };
	struct arena arena;
	int rc = -1;

	arena_init(&arena);
	env.trace = arena_slice(&arena, slice_str(r->message->entry->id));
	env.sender = arena_slice(&arena, sender_of(r, kind));
	if (kind == JOB_LETTER_REDIRECT) {
		env.ret = arena_slice(&arena, of->ret);
		env.envid = arena_slice(&arena, of->envid);
	}
	if (!take_rcpts(r, kind, to, &arena, &env)) {
		arena_fini(&arena);
		return err_set(err, ERR_PERM, "not an address");
	}
	rc = newfile_open(&l->file, &arena, &env, err);
	if (rc == -1)
		newfile_fini(&l->file);
	return rc;
}

/* Where its body comes from, which is the message's own from FROM on. */
static int
open_source(struct letter *l, struct message *m, int64_t from, struct err *err)
{
	const struct slice body = buf_slice(&m->kept.body);

	if (from == -1)
		return 0;
	if (from < 0 || from > m->env.size)
		return err_set(err, ERR_PERM, "not within the message");
	if ((int64_t)body.n == m->env.size)
		return put_piece(l, slice_from(body, (size_t)from), err);
	l->source = message_open_file(m);
	if (l->source == -1)
		return err_set(err, ERR_TEMP, "the message cannot be read");
	l->at = (int64_t)m->head_bytes + from;
	l->left = m->env.size - from;
	return 0;
}

static void
begin(struct ipc *peer, const struct msg_job_letter *in, struct rcpt *r,
    struct slice bytes)
{
	const enum job_letter kind = (enum job_letter)in->kind;
	struct letter *l = xcalloc(1, sizeof *l);
	struct err err = { 0 };

	l->peer = peer;
	l->id = in->id;
	l->source = -1;
	ev_task_init(&l->step, on_step);
	if (open_file(l, r, kind, in->to, &err) == -1) {
		tell(peer, in->id, false, err.text);
		free(l);
		return;
	}
	LIST_INSERT_HEAD(&state.letters, l, link);
	if (put_piece(l, bytes, &err) == -1 ||
	    open_source(l, r->message, in->body_from, &err) == -1) {
		give_up(l, &err);
		return;
	}
	metric_add(&letters, 1);
	log_info("mail.sieve-sent", kv_s("qid", r->message->entry->id),
	    kv_slice("account", r->account), kv_s("kind", kinds[kind]),
	    kv_slice("to", slice_cut(in->to, '\n', &(struct slice){ 0 })),
	    kv_s("letter", l->file.id));
	ev_task_queue(&l->step);
}

void
letter_on_letter(struct ipc *peer, struct msg *m)
{
	const struct msg_job_letter *in = &m->job_letter;
	struct rcpt *r = dispatch_rcpt(peer, in->job, in->recipient);
	struct part *p = part_find(peer, in->job, in->recipient);

	if (r == NULL || p == NULL || p->bytes.failed ||
	    in->kind >= JOB_LETTERS || r->letters == LETTERS_MAX) {
		tell(peer, in->id, false, "no such letter can be");
	} else {
		r->letters++;
		begin(peer, in, r, buf_slice(&p->bytes));
	}
	if (p != NULL)
		part_free(p);
}

void
letter_forget(struct ipc *peer)
{
	struct part *p, *next;
	struct letter *l;

	for (p = TAILQ_FIRST(&state.parts); p != NULL; p = next) {
		next = TAILQ_NEXT(p, link);
		if (p->peer == peer)
			part_free(p);
	}
	LIST_FOREACH(l, &state.letters, link)
	if (l->peer == peer)
		l->peer = NULL;
}

void
letter_init(void)
{
	TAILQ_INIT(&state.parts);
	LIST_INIT(&state.letters);
	metric_register(&letters);
}
