/* SPDX-License-Identifier: ISC */
#include "smtpd/spool.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

#include "base/buf.h"
#include "base/crc32c.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/must.h"
#include "ev/loop.h"
#include "ipc/ipc.h"
#include "ipc/msg.h"
#include "ipc/role.h"
#include "log/log.h"
#include "queue/envelope_text.h"
#include "smtpd/conf.h"
#include "sys/fd.h"

enum {
	WRITE_BYTES = 65536, /* collected for one write */
	REST_BYTES = 8192,   /* held while nothing comes */
	DIRECT_BYTES = 4096, /* from here on not copied */
	PART_BYTES = 56000,  /* of an envelope in one frame */
};

enum state { OPENING, WRITING, COMMITTING };

struct smtpd_spool {
	struct ipc_call call;
	enum state state;
	int fd;
	bool failed; /* a write did */
	enum err_code code;
	uint32_t crc;
	int64_t size;
	struct buf held;    /* not yet written */
	smtpd_spool_fn *fn; /* NULL: nobody waits for it any more */
	void *arg;
	char qid[ENVELOPE_ID_BYTES];
	char sid[24];
};

static unsigned spools;

static void
destroy(struct smtpd_spool *sp)
{
	ipc_cancel(&sp->call);
	fd_close(&sp->fd);
	buf_fini(&sp->held);
	free(sp);
	spools--;
}

static void
abort_at_qmgr(const struct smtpd_spool *sp)
{
	IPC_SEND(ipc_link(ROLE_QMGR, 0, 0), queue_abort, .code = sp->code,
	    .qid = slice_str(sp->qid));
}

static enum smtpd_spool_result
result_of(enum err_code code)
{
	return code == ERR_NO_SPACE ? SMTPD_SPOOL_FULL : SMTPD_SPOOL_FAILED;
}

static enum smtpd_spool_result
refused(const struct smtpd_spool *sp, const char *what, enum err_code code,
    struct slice why)
{
	log_warn("queue.failed", kv_s("sid", sp->sid), kv_s("qid", sp->qid),
	    kv_s("step", what), kv_slice("why", why));
	return result_of(code);
}

static enum smtpd_spool_result
no_answer(const struct smtpd_spool *sp, const char *what)
{
	return refused(sp, what, ERR_OTHER, SLICE("no answer from qmgr"));
}

static void
tell(struct smtpd_spool *sp, enum smtpd_spool_result result)
{
	smtpd_spool_fn *fn = sp->fn;

	sp->fn = NULL;
	fn(sp->arg, result);
}

/* ---- open ---- */

static void
on_opened(struct ipc_call *call, struct msg *m)
{
	struct smtpd_spool *sp = OUTER(call, struct smtpd_spool, call);
	struct msg_queue_opened *in = m != NULL ? &m->queue_opened : NULL;

	sp->state = WRITING;
	if (in != NULL && in->ok && in->file != -1) {
		slice_copy(in->qid, sp->qid, sizeof sp->qid);
		sp->fd = in->file;
		in->file = -1;
	}
	if (sp->fn == NULL) {
		if (sp->fd != -1)
			abort_at_qmgr(sp);
		destroy(sp);
	} else if (sp->fd != -1) {
		tell(sp, SMTPD_SPOOL_OK);
	} else if (in != NULL) {
		tell(sp, refused(sp, "open", in->code, in->why));
	} else {
		tell(sp, no_answer(sp, "open"));
	}
}

struct smtpd_spool *
smtpd_spool_open(
    const struct envelope *env, const char *sid, smtpd_spool_fn *fn, void *arg)
{
	static struct buf text = { .max = ENVELOPE_MAX_BYTES };
	static uint64_t last_key;
	struct smtpd_spool *sp = xcalloc(1, sizeof *sp);
	struct ipc *qmgr = ipc_link(ROLE_QMGR, 0, 0);
	struct slice rest;

	*sp = (struct smtpd_spool){ .fd = -1, .fn = fn, .arg = arg };
	buf_init(&sp->held, WRITE_BYTES);
	slice_copy(slice_str(sid), sp->sid, sizeof sp->sid);
	spools++;
	last_key++;
	buf_reset(&text);
	envelope_format(env, &text);
	rest = text.failed ? SLICE("") : buf_slice(&text);
	while (rest.n > PART_BYTES) {
		/* A part that is lost makes an envelope without its end: qmgr
		 * refuses that. */
		IPC_SEND(qmgr, queue_part, .key = last_key,
		    .envelope = slice_sub(rest, 0, PART_BYTES));
		rest = slice_from(rest, PART_BYTES);
	}
	IPC_CALL(qmgr, &sp->call, queue_opened, on_opened,
	    smtpd_conf->queue_timeout, queue_open, .key = last_key,
	    .envelope = rest);
	if (text.cap > WRITE_BYTES)
		buf_fini(&text);
	return sp;
}

const char *
smtpd_spool_qid(const struct smtpd_spool *sp)
{
	return sp->qid;
}

int64_t
smtpd_spool_size(const struct smtpd_spool *sp)
{
	return sp->size;
}

unsigned
smtpd_spools(void)
{
	return spools;
}

/* ---- write ---- */

static void
write_failed(struct smtpd_spool *sp)
{
	const int error = errno;

	sp->failed = true;
	sp->code = err_code_of(error);
	log_err("queue.failed", kv_s("sid", sp->sid), kv_s("qid", sp->qid),
	    kv_s("step", "write"), kv_s("why", strerrordesc_np(error)));
}

/* Write what is held, and BYTES behind it. */
static void
write_out(struct smtpd_spool *sp, struct slice bytes)
{
	struct slice held = buf_slice(&sp->held);

	sp->crc = crc32c(crc32c(sp->crc, held), bytes);
	while (!sp->failed && held.n + bytes.n > 0) {
		struct iovec v[2] = { { .iov_len = held.n },
			{ .iov_len = bytes.n } };
		ssize_t n;

		/* writev only reads; its struct knows no const. */
		memcpy(&v[0].iov_base, &held.p, sizeof held.p);
		memcpy(&v[1].iov_base, &bytes.p, sizeof bytes.p);
		n = writev(sp->fd, v, 2);
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0) {
			write_failed(sp);
			break;
		}
		if ((size_t)n < held.n) {
			held = slice_from(held, (size_t)n);
		} else {
			bytes = slice_from(bytes, (size_t)n - held.n);
			held = slice_sub(held, 0, 0);
		}
	}
	buf_reset(&sp->held);
}

void
smtpd_spool_put(struct smtpd_spool *sp, struct slice bytes)
{
	must(sp->state == WRITING);
	sp->size += (int64_t)bytes.n;
	if (sp->failed)
		return;
	if (bytes.n >= DIRECT_BYTES || sp->held.n + bytes.n > WRITE_BYTES)
		write_out(sp, bytes);
	else
		buf_add(&sp->held, bytes);
}

void
smtpd_spool_rest(struct smtpd_spool *sp)
{
	if (sp->held.n >= REST_BYTES) {
		write_out(sp, SLICE(""));
		buf_fini(&sp->held);
	}
}

/* ---- commit ---- */

static void
on_committed(struct ipc_call *call, struct msg *m)
{
	struct smtpd_spool *sp = OUTER(call, struct smtpd_spool, call);
	const struct msg_queue_committed *in =
	    m != NULL ? &m->queue_committed : NULL;
	enum smtpd_spool_result result = SMTPD_SPOOL_OK;

	if (in == NULL)
		result = no_answer(sp, "commit");
	else if (!in->ok)
		result = refused(sp, "commit", in->code, in->why);
	if (sp->fn == NULL)
		destroy(sp);
	else
		tell(sp, result);
}

/* The commit that cannot be asked for: answered from the loop all the same. */
static void
on_write_failed(struct ev_timer *t)
{
	struct smtpd_spool *sp = OUTER(t, struct smtpd_spool, call.deadline);

	abort_at_qmgr(sp);
	if (sp->fn == NULL)
		destroy(sp);
	else
		tell(sp, result_of(sp->code));
}

void
smtpd_spool_commit(
    struct smtpd_spool *sp, struct slice record, smtpd_spool_fn *fn, void *arg)
{
	must(sp->state == WRITING);
	write_out(sp, SLICE(""));
	fd_close(&sp->fd);
	buf_fini(&sp->held);
	sp->state = COMMITTING;
	sp->fn = fn;
	sp->arg = arg;
	if (sp->failed) {
		ev_timer_init(&sp->call.deadline, on_write_failed);
		ev_timer_set(&sp->call.deadline, 0);
		return;
	}
	IPC_CALL(ipc_link(ROLE_QMGR, 0, 0), &sp->call, queue_committed,
	    on_committed, smtpd_conf->queue_timeout, queue_commit,
	    .qid = slice_str(sp->qid), .size = sp->size, .crc32c = sp->crc,
	    .record = record);
}

void
smtpd_spool_free(struct smtpd_spool **p)
{
	struct smtpd_spool *sp = *p;

	*p = NULL;
	if (sp == NULL)
		return;
	if (sp->fn != NULL) {
		/* qmgr's answer is still to come: see to it then. */
		sp->fn = NULL;
		return;
	}
	if (sp->state == WRITING && sp->fd != -1)
		abort_at_qmgr(sp);
	destroy(sp);
}
