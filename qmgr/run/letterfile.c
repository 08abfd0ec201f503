/* SPDX-License-Identifier: ISC */
#include "qmgr/run/letterfile.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/crc32c.h"
#include "base/mem.h"
#include "ev/loop.h"
#include "log/log.h"
#include "qmgr/queue/message.h"
#include "qmgr/queue/newfile.h"
#include "qmgr/run/letteraddress.h"
#include "qmgr/run/letterhead.h"
#include "queue/written.h"
#include "sys/fd.h"

enum {
	STEP_BYTES = 256 << 10,
};

/* One that is being written. */
struct letterfile {
	struct newfile file;
	struct letterfile_owner *owner;
	int source; /* the message's file, or -1 */
	int64_t at, left, size;
	uint32_t crc;
	struct ev_task step;
};

static char piece_bytes[STEP_BYTES];

static const char *const kinds[JOB_LETTERS] = {
	[JOB_LETTER_REDIRECT] = "redirect",
	[JOB_LETTER_ANSWER] = "answer",
	[JOB_LETTER_NOTICE] = "notice",
};

/* ---- writing ---- */

static void
letterfile_free(struct letterfile *l)
{
	fd_close(&l->source);
	newfile_fini(&l->file);
	free(l);
}

static void
on_written(struct newfile *nf, int error)
{
	struct letterfile *l = OUTER(nf, struct letterfile, file);

	struct letterfile_owner *o = l->owner;

	if (error == 0)
		(void)slice_copy(slice_str(l->file.id), o->id, sizeof o->id);
	letterfile_free(l);
	o->done(o, error == 0, error == 0 ? "" : "it cannot be made durable");
}

static void
give_up(struct letterfile *l, const struct err *err)
{
	struct letterfile_owner *o = l->owner;

	log_err(
	    "spool.failed", kv_s("qid", l->file.id), kv_s("why", err->text));
	letterfile_free(l);
	o->done(o, false, "the spool cannot be written");
}

static int
put_piece(struct letterfile *l, struct slice piece, struct err *err)
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
copy_some(struct letterfile *l, struct err *err)
{
	const size_t n = l->left < STEP_BYTES ? (size_t)l->left : STEP_BYTES;

	if (l->left == 0)
		return 1;
	if (fd_pread_all(l->source, piece_bytes, n, l->at, err) == -1 ||
	    put_piece(l, slice_of(piece_bytes, n), err) == -1)
		return -1;
	l->at += (int64_t)n;
	l->left -= (int64_t)n;
	return l->left == 0;
}

static void
on_step(struct ev_task *task)
{
	struct letterfile *l = OUTER(task, struct letterfile, step);
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

/* A redirect is still the mail of whoever sent the message: what this host
 * writes itself is trusted more, and signed. */
static void
pass_on(const struct envelope *of, struct arena *a, struct envelope *env)
{
	env->client = arena_slice(a, of->client);
	env->client_name = arena_slice(a, of->client_name);
	env->helo = arena_slice(a, of->helo);
	env->login = arena_slice(a, of->login);
	env->ret = arena_slice(a, of->ret);
	env->envid = arena_slice(a, of->envid);
}

/* ARENA, which holds ENV, is the file's from here on; VALID: its addresses are.
 */
static int
make_file(struct letterfile *l, struct arena *arena, const struct envelope *env,
    bool valid, struct err *err)
{
	int rc;

	if (!valid) {
		arena_fini(arena);
		return err_set(err, ERR_PERM, "not an address");
	}
	rc = newfile_open(&l->file, arena, env, err);
	if (rc == -1)
		newfile_fini(&l->file);
	return rc;
}

static int
open_file(struct letterfile *l, const struct rcpt *r, enum job_letter kind,
    struct slice to, struct err *err)
{
	const struct envelope *of = &r->message->env;
	struct envelope env = { .protocol = SLICE(WRITTEN_LETTER),
		.client = SLICE("local"),
		.body = SLICE("8BITMIME"),
		.requiretls = of->requiretls,
		.smtputf8 = of->smtputf8,
		.mt_priority = of->mt_priority };
	struct arena arena;

	arena_init(&arena);
	env.trace = arena_slice(&arena, slice_str(r->message->entry->id));
	env.sender = arena_slice(&arena, letteraddress_sender(r, kind));
	if (kind == JOB_LETTER_REDIRECT)
		pass_on(of, &arena, &env);
	return make_file(l, &arena, &env,
	    letteraddress_rcpts(r, kind, to, &arena, &env), err);
}

/* Where its body comes from, which is the message's own from FROM on. */
static int
open_source(
    struct letterfile *l, struct message *m, int64_t from, struct err *err)
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

void
letterfile_not_sent(const struct rcpt *r, enum job_letter kind, struct slice to,
    const char *why)
{
	struct slice rest;

	log_warn("mail.sieve-not-sent", kv_s("qid", r->message->entry->id),
	    kv_slice("account", r->account), kv_s("kind", kinds[kind]),
	    kv_slice("to", slice_cut(to, '\n', &rest)), kv_s("why", why));
}

static int
put_received(struct letterfile *l, struct err *err)
{
	struct buf text = { .max = 1024 };
	int rc;

	letterhead_put(&text, l->file.id);
	rc = put_piece(l, buf_slice(&text), err);
	buf_fini(&text);
	return rc;
}

static struct letterfile *
letterfile_new(struct letterfile_owner *o)
{
	struct letterfile *l = xcalloc(1, sizeof *l);

	l->owner = o;
	l->source = -1;
	ev_task_init(&l->step, on_step);
	return l;
}

/* It has no file yet. */
static void
refuse(struct letterfile *l, const struct err *err)
{
	struct letterfile_owner *o = l->owner;

	free(l);
	o->done(o, false, err->text);
}

void
letterfile_begin(struct letterfile_owner *o, struct rcpt *r,
    enum job_letter kind, struct slice to, struct slice bytes,
    int64_t body_from)
{
	struct letterfile *l = letterfile_new(o);
	struct err err = { 0 };
	struct slice rest;

	if (open_file(l, r, kind, to, &err) == -1) {
		refuse(l, &err);
		return;
	}
	if (put_received(l, &err) == -1 || put_piece(l, bytes, &err) == -1 ||
	    open_source(l, r->message, body_from, &err) == -1) {
		give_up(l, &err);
		return;
	}
	log_info("mail.sieve-sent", kv_s("qid", r->message->entry->id),
	    kv_slice("account", r->account), kv_s("kind", kinds[kind]),
	    kv_slice("to", slice_cut(to, '\n', &rest)),
	    kv_s("letter", l->file.id));
	ev_task_queue(&l->step);
}

/* ---- at an event ---- */

/* It is not signed as what this host writes: it is mail that somebody else may
 * have written. */
static int
open_event(
    struct letterfile *l, const struct letterfile_event *e, struct err *err)
{
	struct envelope env = { .protocol = SLICE(WRITTEN_LETTER),
		.client = SLICE("imap"),
		.body = SLICE("8BITMIME") };
	struct arena arena;
	bool valid;

	arena_init(&arena);
	env.sender = arena_slice(&arena, e->account);
	valid =
	    letteraddress_rcpts(NULL, JOB_LETTER_NOTICE, e->to, &arena, &env);
	/* NEVER as of reports: the caller says which. */
	for (size_t i = 0; i < env.nrcpts && !e->stays; i++)
		env.rcpts[i].notify = SLICE("");
	return make_file(l, &arena, &env, valid, err);
}

struct letterfile *
letterfile_open(struct letterfile_owner *o, const struct letterfile_event *e,
    struct err *err)
{
	struct letterfile *l = letterfile_new(o);
	struct slice rest;

	if (open_event(l, e, err) == -1) {
		free(l);
		return NULL;
	}
	if (put_received(l, err) == -1) {
		letterfile_drop(&l);
		return NULL;
	}
	log_info("mail.imapsieve-sent", kv_slice("account", e->account),
	    kv_s("kind", kinds[e->kind]),
	    kv_slice("to", slice_cut(e->to, '\n', &rest)),
	    kv_s("letter", l->file.id));
	return l;
}

int
letterfile_write(struct letterfile *l, struct slice bytes, struct err *err)
{
	return put_piece(l, bytes, err);
}

void
letterfile_end(struct letterfile **lp)
{
	struct letterfile *l = *lp;

	*lp = NULL;
	ev_task_queue(&l->step);
}

void
letterfile_drop(struct letterfile **lp)
{
	if (*lp != NULL)
		letterfile_free(*lp);
	*lp = NULL;
}

/* ---- reports ---- */

static int
open_report(struct letterfile *l, const char *protocol, struct slice sender,
    struct slice to, struct err *err)
{
	struct envelope env = { .protocol = slice_str(protocol),
		.client = SLICE("local"),
		.body = SLICE("8BITMIME") };
	struct arena arena;

	arena_init(&arena);
	return make_file(l, &arena, &env,
	    letteraddress_report_sender(sender, &arena, &env) &&
		letteraddress_rcpts(NULL, JOB_LETTER_NOTICE, to, &arena, &env),
	    err);
}

void
letterfile_report(struct letterfile_owner *o, const char *protocol,
    struct slice sender, struct slice to, struct slice bytes)
{
	struct letterfile *l = letterfile_new(o);
	struct err err = { 0 };
	struct slice rest;

	if (open_report(l, protocol, sender, to, &err) == -1) {
		refuse(l, &err);
		return;
	}
	if (put_piece(l, bytes, &err) == -1) {
		give_up(l, &err);
		return;
	}
	log_info("mail.report-sent", kv_s("qid", l->file.id),
	    kv_slice("to", slice_cut(to, '\n', &rest)));
	ev_task_queue(&l->step);
}
