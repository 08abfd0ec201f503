/* SPDX-License-Identifier: ISC */
#include "smtp/sign/sign.h"

#include <stdlib.h>
#include <sys/queue.h>

#include "base/buf.h"
#include "base/mem.h"
#include "ev/loop.h"
#include "ipc/ipc.h"
#include "ipc/keys.h"
#include "log/log.h"
#include "smtp/job.h"
#include "smtp/sign/author.h"
#include "smtp/sign/hash.h"
#include "smtp/sign/recent.h"
#include "smtp/sign/signers.h"

enum { SIGN_MS = 30 * 1000, FIELDS_MAX = 16384 };

enum sign_stage {
	SIGN_BEGIN,  /* who is to sign it? */
	SIGN_HASH,   /* the message is read */
	SIGN_HASHED, /* keys is to be asked */
	SIGN_ASK,    /* keys signs */
	SIGN_READY,  /* it is signed, or goes as it is */
	SIGN_FAILED, /* no answer */
};

/* A signature that is being made. */
struct sign_making {
	struct smtp_sign *of;
	struct ipc_call call;
	bool rsa;
	struct slice selector; /* in the job's arena */
	struct buf field;      /* up to "b=", then all */
	bool done;
};

struct smtp_sign {
	TAILQ_ENTRY(smtp_sign) link;
	struct smtp_job *job;
	enum sign_stage stage;
	bool waits;    /* for that of another job */
	bool alone;    /* for none any more: the other got none */
	uint64_t seen; /* the round of on_asked that has looked at it */
	bool converts;
	bool looked;         /* for its author */
	struct slice author; /* the domain of From; empty: it is not signed */
	struct smtp_signers_wait wait;
	struct slice domain; /* d= */
	struct sign_making made[SMTP_SIGNERS_USED];
	size_t n;
	struct smtp_hash *hash;
	struct buf fields;
};

static TAILQ_HEAD(, smtp_sign) all = TAILQ_HEAD_INITIALIZER(all);
static struct ev_task asked; /* one has its answer, or asks no more */
static void (*told)(struct smtp_job *job);

/* ---- one signature for many jobs ---- */

static bool
is_same(const struct smtp_sign *a, const struct smtp_sign *b)
{
	return !a->converts && !b->converts &&
	       a->job->crc32c == b->job->crc32c &&
	       slice_eq(a->job->qid, b->job->qid);
}

/* Does keys sign the same message for another job? */
static bool
is_asked(const struct smtp_sign *sg)
{
	const struct smtp_sign *o;

	TAILQ_FOREACH(o, &all, link)
	if (o->stage == SIGN_ASK && is_same(o, sg))
		return true;
	return false;
}

/* One that waits for what is not made any more, not looked at in this ROUND. */
static struct smtp_sign *
next_to_go_on(uint64_t round)
{
	struct smtp_sign *sg;

	TAILQ_FOREACH(sg, &all, link)
	if (sg->waits && sg->seen != round) {
		sg->seen = round;
		if (!is_asked(sg))
			return sg;
	}
	return NULL;
}

/* Those that wait for one that is not made any more go on: they find it, or the
 * first of them asks for it.  Each is looked at once: what changes for it on
 * the way begins another round. */
static void
on_asked(struct ev_task *task)
{
	static uint64_t round;
	struct smtp_sign *sg;

	(void)task;
	round++;
	while ((sg = next_to_go_on(round)) != NULL) {
		sg->waits = false;
		told(sg->job);
	}
}

void
smtp_sign_init(void (*ready)(struct smtp_job *job))
{
	told = ready;
	ev_task_init(&asked, on_asked);
}

void
smtp_sign_on_changed(struct ipc *peer, struct msg *m)
{
	(void)peer, (void)m;
	smtp_signers_changed();
}

/* ---- the signatures ---- */

static void
drop_made(struct smtp_sign *sg)
{
	if (sg->stage == SIGN_ASK)
		ev_task_queue(&asked);
	for (size_t i = 0; i < sg->n; i++) {
		ipc_cancel(&sg->made[i].call);
		buf_fini(&sg->made[i].field);
	}
	sg->n = 0;
}

static void
finish(struct smtp_sign *sg)
{
	/* On top is what was made last. */
	for (size_t i = sg->n; i-- > 0;)
		buf_add(&sg->fields, buf_slice(&sg->made[i].field));
	log_info("dkim.signed", kv_slice("qid", sg->job->qid),
	    kv_slice("domain", sg->domain),
	    kv_slice("selector", sg->made[sg->n - 1].selector),
	    kv_u("signatures", sg->n));
	if (!sg->converts)
		smtp_recent_put(sg->job->qid, sg->job->crc32c,
		    smtp_signers_generation(), buf_slice(&sg->fields));
	sg->job->front = buf_slice(&sg->fields);
	sg->stage = SIGN_READY;
	ev_task_queue(&asked);
}

static bool
all_done(const struct smtp_sign *sg)
{
	for (size_t i = 0; i < sg->n; i++)
		if (!sg->made[i].done)
			return false;
	return true;
}

/* Who waits asks for its own: else all would fail one after the other. */
static void
leave_alone(const struct smtp_sign *sg)
{
	struct smtp_sign *o;

	TAILQ_FOREACH(o, &all, link)
	if (o->waits && is_same(o, sg))
		o->alone = true;
}

static void
on_signed(struct ipc_call *call, struct msg *m)
{
	struct sign_making *k = OUTER(call, struct sign_making, call);
	struct smtp_sign *sg = k->of;

	if (m == NULL || m->keys_mail_signed.signature.n == 0) {
		drop_made(sg);
		sg->stage = SIGN_FAILED;
		leave_alone(sg);
		/* Perhaps it was removed a moment ago. */
		smtp_signers_changed();
	} else {
		smtp_hash_field_end(&k->field, m->keys_mail_signed.signature);
		k->done = true;
		if (!all_done(sg))
			return;
		finish(sg);
	}
	told(sg->job);
}

static void
ask(struct smtp_sign *sg)
{
	for (size_t i = 0; i < sg->n; i++) {
		struct sign_making *k = &sg->made[i];
		uint8_t digest[32];

		buf_init(&k->field, FIELDS_MAX);
		smtp_hash_field(sg->hash, k->rsa, sg->domain, k->selector,
		    &k->field, digest);
		IPC_CALL(ipc_link(ROLE_KEYS, 0, 0), &k->call, keys_mail_signed,
		    on_signed, SIGN_MS, keys_mail_sign, .kind = KEYS_DKIM,
		    .domain = sg->domain, .selector = k->selector,
		    .digest = slice_of(digest, sizeof digest));
	}
	smtp_hash_free(&sg->hash);
	sg->stage = SIGN_ASK;
}

/* ---- steps ---- */

static void
on_signers(struct smtp_signers_wait *w, bool ok)
{
	struct smtp_sign *sg = OUTER(w, struct smtp_sign, wait);

	if (!ok)
		sg->stage = SIGN_FAILED;
	told(sg->job);
}

static enum smtp_sign_result
unsigned_(struct smtp_sign *sg)
{
	sg->stage = SIGN_READY;
	return SMTP_SIGN_DONE;
}

/* MORE: it has to make one of its own. */
static enum smtp_sign_result
share(struct smtp_sign *sg)
{
	if (sg->converts)
		return SMTP_SIGN_MORE;
	if (smtp_recent_find(sg->job->qid, sg->job->crc32c,
		smtp_signers_generation(), &sg->fields)) {
		drop_made(sg);
		smtp_hash_free(&sg->hash);
		sg->job->front = buf_slice(&sg->fields);
		sg->stage = SIGN_READY;
		return SMTP_SIGN_DONE;
	}
	sg->waits = !sg->alone && is_asked(sg);
	return sg->waits ? SMTP_SIGN_WAIT : SMTP_SIGN_MORE;
}

static enum smtp_sign_result
find_signers(struct smtp_sign *sg, struct err *err)
{
	struct arena *a = &sg->job->arena;
	struct smtp_signing by;

	if (!sg->looked && smtp_author_find(sg->job, &sg->author, err) == -1)
		return SMTP_SIGN_FAILED;
	sg->looked = true;
	if (sg->author.n == 0)
		return unsigned_(sg);
	if (!smtp_signers_find(sg->author, &by, &sg->wait))
		return SMTP_SIGN_WAIT;
	if (by.n == 0)
		return unsigned_(sg);
	sg->domain = arena_slice(a, by.domain);
	for (sg->n = 0; sg->n < by.n; sg->n++)
		sg->made[sg->n] = (struct sign_making){ .of = sg,
			.rsa = by.v[sg->n].rsa,
			.selector = arena_slice(a, by.v[sg->n].selector) };
	sg->hash = smtp_hash_new(sg->job, sg->converts);
	sg->stage = SIGN_HASH;
	return SMTP_SIGN_MORE;
}

static enum smtp_sign_result
ask_once(struct smtp_sign *sg)
{
	const enum smtp_sign_result r = share(sg);

	if (r != SMTP_SIGN_MORE)
		return r;
	ask(sg);
	return SMTP_SIGN_WAIT;
}

static enum smtp_sign_result
read_on(struct smtp_sign *sg, struct err *err)
{
	switch (smtp_hash_step(sg->hash, err)) {
	case SMTP_HASH_MORE:
		return SMTP_SIGN_MORE;
	case SMTP_HASH_DONE:
		sg->stage = SIGN_HASHED;
		return ask_once(sg);
	case SMTP_HASH_DAMAGED: /* whoever sends it finds that, too */
		return unsigned_(sg);
	case SMTP_HASH_ERROR:
		break;
	}
	return SMTP_SIGN_FAILED;
}

enum smtp_sign_result
smtp_sign_step(struct smtp_job *job, struct err *err)
{
	struct smtp_sign *sg = job->sign;
	enum smtp_sign_result r;

	switch (sg->stage) {
	case SIGN_BEGIN:
		r = sg->wait.on != NULL ? SMTP_SIGN_WAIT : share(sg);
		if (r == SMTP_SIGN_MORE)
			r = find_signers(sg, err);
		/* A small message needs no turn of its own. */
		return r == SMTP_SIGN_MORE ? read_on(sg, err) : r;
	case SIGN_HASH:
		return read_on(sg, err);
	case SIGN_HASHED:
		return ask_once(sg);
	case SIGN_ASK:
		return SMTP_SIGN_WAIT;
	case SIGN_READY:
		return SMTP_SIGN_DONE;
	case SIGN_FAILED:
		break;
	}
	err_set(err, ERR_TEMP, "keys does not sign the message");
	return SMTP_SIGN_FAILED;
}

void
smtp_sign_begin(struct smtp_job *job, bool converts)
{
	struct smtp_sign *sg = job->sign;

	/* What was signed as it is, or is being signed, stands. */
	if (sg != NULL && !converts && !sg->converts &&
	    sg->stage != SIGN_FAILED)
		return;
	if (sg == NULL) {
		sg = job->sign = xcalloc(1, sizeof *sg);
		sg->job = job;
		TAILQ_INSERT_TAIL(&all, sg, link);
		sg->wait.ready = on_signers;
		buf_init(&sg->fields, FIELDS_MAX);
	}
	smtp_signers_cancel(&sg->wait);
	drop_made(sg);
	smtp_hash_free(&sg->hash);
	buf_reset(&sg->fields);
	sg->converts = converts;
	sg->waits = sg->alone = false;
	sg->stage = SIGN_BEGIN;
	job->front = buf_slice(&sg->fields);
}

void
smtp_sign_free(struct smtp_job *job)
{
	struct smtp_sign *sg = job->sign;

	if (sg == NULL)
		return;
	TAILQ_REMOVE(&all, sg, link);
	smtp_signers_cancel(&sg->wait);
	drop_made(sg);
	smtp_hash_free(&sg->hash);
	buf_fini(&sg->fields);
	xfree(&job->sign);
}
