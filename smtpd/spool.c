/* SPDX-License-Identifier: ISC */
#include "smtpd/spool.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

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
#include "mime/wire.h"
#include "queue/envelope_text.h"
#include "queue/front.h"
#include "queue/refusal.h"
#include "smtpd/conf.h"
#include "smtpd/judge/judged.h"
#include "sys/fd.h"
#include "sys/sealed.h"

enum {
	WRITE_BYTES = 65536,  /* collected for one write */
	REST_BYTES = 8192,    /* held while nothing comes */
	SMALL_BYTES = 16384,  /* the same of a message that has no file yet */
	HELD_MAX = 512 << 10, /* beyond any input that is taken at once */
	DIRECT_BYTES = 4096,  /* from here on not copied */
	PART_BYTES = 56000,   /* of an envelope in one frame */
	/* Of a message that goes along with its commit. */
	BODY_BYTES = MSG_MAX_BYTES - MIME_WIRE_MAX - FRONT_MAX_BYTES - 1024,
};

/* HOLDING: a small message stays in memory until it is committed. */
enum state { OPENING, HOLDING, FILING, WRITING, VIEWING, COMMITTING };

struct smtpd_spool {
	struct ipc_call call;
	enum state state;
	int fd;
	bool failed; /* a write did */
	enum err_code code;
	uint32_t crc;
	int64_t size;
	struct buf held;       /* not yet written */
	bool committing;       /* as soon as there is a file */
	bool bulk, junk, hold; /* for that commit, as are: */
	struct buf record, front, why;
	struct buf refused;      /* who rejects it */
	struct smtpd_view *view; /* while VIEWING, as is: */
	size_t body_max;
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
	buf_fini(&sp->record);
	buf_fini(&sp->front);
	buf_fini(&sp->why);
	buf_fini(&sp->refused);
	free(sp);
	spools--;
}

static void
abort_at_qmgr(const struct smtpd_spool *sp)
{
	if (sp->qid[0] == '\0')
		return;
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

/* False: nobody waits for it any more, and it is gone. */
static bool
is_waited_for(struct smtpd_spool *sp)
{
	if (sp->fn != NULL)
		return true;
	abort_at_qmgr(sp);
	destroy(sp);
	return false;
}

/* ---- open ---- */

static void
on_opened(struct ipc_call *call, struct msg *m)
{
	struct smtpd_spool *sp = OUTER(call, struct smtpd_spool, call);
	struct msg_queue_opened *in = m != NULL ? &m->queue_opened : NULL;

	if (in != NULL && in->ok) {
		slice_copy(in->qid, sp->qid, sizeof sp->qid);
		sp->fd = in->file;
		in->file = -1;
	}
	sp->state = sp->fd == -1 ? HOLDING : WRITING;
	if (!is_waited_for(sp))
		return;
	if (sp->qid[0] != '\0') {
		tell(sp, SMTPD_SPOOL_OK);
	} else if (in != NULL) {
		tell(sp, refused(sp, "open", in->code, in->why));
	} else {
		tell(sp, no_answer(sp, "open"));
	}
}

struct smtpd_spool *
smtpd_spool_open(const struct envelope *env, int64_t size_said, const char *sid,
    smtpd_spool_fn *fn, void *arg)
{
	static struct buf text = { .max = ENVELOPE_MAX_BYTES };
	static uint64_t last_key;
	struct smtpd_spool *sp = xcalloc(1, sizeof *sp);
	struct ipc *qmgr = ipc_link(ROLE_QMGR, 0, 0);
	struct slice rest;

	*sp = (struct smtpd_spool){ .fd = -1, .fn = fn, .arg = arg };
	buf_init(&sp->held, HELD_MAX);
	buf_init(&sp->record, MIME_WIRE_MAX);
	buf_init(&sp->front, FRONT_MAX_BYTES);
	buf_init(&sp->why, 256);
	buf_init(&sp->refused, REFUSAL_MAX_BYTES);
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
	    .file = size_said > SMALL_BYTES, .envelope = rest);
	if (text.cap > WRITE_BYTES)
		buf_fini(&text);
	return sp;
}

const char *
smtpd_spool_qid(const struct smtpd_spool *sp)
{
	return sp->qid;
}

struct slice
smtpd_spool_refused(const struct smtpd_spool *sp)
{
	return buf_slice(&sp->refused);
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
	must(sp->state == WRITING || sp->state == HOLDING);
	sp->size += (int64_t)bytes.n;
	if (sp->failed)
		return;
	if (sp->state == HOLDING) {
		buf_add(&sp->held, bytes);
		must(!sp->held.failed);
	} else if (bytes.n >= DIRECT_BYTES ||
		   sp->held.n + bytes.n > WRITE_BYTES)
		write_out(sp, bytes);
	else
		buf_add(&sp->held, bytes);
}

/* ---- a file, for what is not small ---- */

static void commit(struct smtpd_spool *sp, struct slice body);

static void
on_filed(struct ipc_call *call, struct msg *m)
{
	struct smtpd_spool *sp = OUTER(call, struct smtpd_spool, call);
	struct msg_queue_opened *in = m != NULL ? &m->queue_opened : NULL;

	sp->state = WRITING;
	if (in != NULL && in->ok) {
		sp->fd = in->file;
		in->file = -1;
	} else {
		/* Like a write that failed: it shows at the commit. */
		sp->failed = true;
		sp->code = in != NULL ? in->code : ERR_OTHER;
		(void)(in != NULL ? refused(sp, "file", in->code, in->why)
				  : no_answer(sp, "file"));
		buf_fini(&sp->held);
	}
	if (!is_waited_for(sp))
		return;
	write_out(sp, SLICE(""));
	buf_fini(&sp->held);
	if (sp->committing)
		commit(sp, SLICE(""));
	else
		tell(sp, SMTPD_SPOOL_OK);
}

static void
ask_file(struct smtpd_spool *sp)
{
	sp->state = FILING;
	IPC_CALL(ipc_link(ROLE_QMGR, 0, 0), &sp->call, queue_opened, on_filed,
	    smtpd_conf->queue_timeout, queue_file, .qid = slice_str(sp->qid));
}

bool
smtpd_spool_rest(struct smtpd_spool *sp, smtpd_spool_fn *fn, void *arg)
{
	if (sp->state == HOLDING && sp->held.n > SMALL_BYTES) {
		sp->fn = fn;
		sp->arg = arg;
		ask_file(sp);
		return true;
	}
	if (sp->state == WRITING && sp->held.n >= REST_BYTES) {
		write_out(sp, SLICE(""));
		buf_fini(&sp->held);
	}
	return false;
}

/* ---- to be read before its commit ---- */

static void
on_reader(struct ipc_call *call, struct msg *m)
{
	struct smtpd_spool *sp = OUTER(call, struct smtpd_spool, call);
	struct msg_queue_opened *in = m != NULL ? &m->queue_opened : NULL;

	sp->state = WRITING;
	if (!is_waited_for(sp))
		return;
	if (in != NULL && in->ok) {
		sp->view->file = in->file;
		sp->view->offset = lseek(in->file, 0, SEEK_CUR);
		in->file = -1;
		tell(sp, SMTPD_SPOOL_OK);
	} else if (in != NULL) {
		tell(sp, refused(sp, "read", in->code, in->why));
	} else {
		tell(sp, no_answer(sp, "read"));
	}
}

/* What is in memory: as it is, or in a file that is there too. */
static enum smtpd_spool_result
view_held(struct smtpd_spool *sp)
{
	struct err err;

	if (sp->held.n <= sp->body_max) {
		sp->view->body = buf_slice(&sp->held);
		return SMTPD_SPOOL_OK;
	}
	sp->view->offset = 0;
	sp->view->file = sealed_open(buf_slice(&sp->held), &err);
	return sp->view->file != -1
		   ? SMTPD_SPOOL_OK
		   : refused(sp, "read", err.code, slice_str(err.text));
}

/* It is in memory, or a write has failed. */
static void
on_ready(struct ev_timer *t)
{
	struct smtpd_spool *sp = OUTER(t, struct smtpd_spool, call.deadline);

	sp->state = sp->failed ? WRITING : HOLDING;
	if (is_waited_for(sp))
		tell(sp, sp->failed ? result_of(sp->code) : view_held(sp));
}

void
smtpd_spool_view(struct smtpd_spool *sp, struct smtpd_view *view,
    size_t body_max, smtpd_spool_fn *fn, void *arg)
{
	must(sp->state == WRITING || sp->state == HOLDING);
	sp->fn = fn;
	sp->arg = arg;
	sp->view = view;
	sp->body_max = body_max;
	view->size = sp->size;
	view->qid = sp->qid;
	if (sp->state == WRITING)
		write_out(sp, SLICE(""));
	if (sp->state == WRITING && !sp->failed) {
		sp->state = VIEWING;
		IPC_CALL(ipc_link(ROLE_QMGR, 0, 0), &sp->call, queue_opened,
		    on_reader, smtpd_conf->queue_timeout, queue_read,
		    .qid = slice_str(sp->qid));
	} else {
		sp->state = VIEWING;
		ev_timer_init(&sp->call.deadline, on_ready);
		ev_timer_set(&sp->call.deadline, 0);
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
	else
		buf_add(&sp->refused, in->refused);
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

/* What was written, or BODY. */
static void
commit(struct smtpd_spool *sp, struct slice body)
{
	fd_close(&sp->fd);
	sp->state = COMMITTING;
	if (sp->failed) {
		ev_timer_init(&sp->call.deadline, on_write_failed);
		ev_timer_set(&sp->call.deadline, 0);
		return;
	}
	IPC_CALL(ipc_link(ROLE_QMGR, 0, 0), &sp->call, queue_committed,
	    on_committed, smtpd_conf->queue_timeout, queue_commit,
	    .qid = slice_str(sp->qid), .size = sp->size, .crc32c = sp->crc,
	    .bulk = sp->bulk, .front = buf_slice(&sp->front), .junk = sp->junk,
	    .hold = sp->hold, .why = buf_slice(&sp->why),
	    .record = buf_slice(&sp->record), .body = body);
	buf_fini(&sp->held);
	buf_fini(&sp->record);
	buf_fini(&sp->front);
	buf_fini(&sp->why);
}

void
smtpd_spool_commit(struct smtpd_spool *sp,
    const struct smtpd_spool_facts *facts, smtpd_spool_fn *fn, void *arg)
{
	must(sp->state == WRITING || sp->state == HOLDING);
	sp->fn = fn;
	sp->arg = arg;
	sp->committing = true;
	sp->bulk = facts->bulk;
	sp->junk = facts->junk;
	sp->hold = facts->hold;
	buf_add(&sp->record, facts->record);
	buf_add(&sp->front, facts->front);
	buf_add(&sp->why, facts->why);
	if (sp->state == WRITING) {
		write_out(sp, SLICE(""));
		commit(sp, SLICE(""));
	} else if (sp->held.n > BODY_BYTES) {
		ask_file(sp);
	} else {
		sp->crc = crc32c(0, buf_slice(&sp->held));
		commit(sp, buf_slice(&sp->held));
	}
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
	if (sp->state == WRITING || sp->state == HOLDING)
		abort_at_qmgr(sp);
	destroy(sp);
}
