/* SPDX-License-Identifier: ISC */
#include "qmgr/run/expand.h"

#include "ipc/msg.h"
#include "log/log.h"
#include "qmgr/queue/message.h"
#include "qmgr/queue/note.h"
#include "qmgr/queue/tail.h"
#include "table/alias.h"

enum { MAX_DEPTH = 20 };

/* An expansion under way. */
struct expansion {
	struct rcpt *rcpt;
	uint32_t uid;     /* whose targets they are */
	size_t before;    /* recipients of the message */
	size_t n;         /* targets seen */
	struct buf lines; /* for the file */
	struct buf also;  /* numbers of targets that were there already */
};

/* It did not happen. */
static void
undo(struct expansion *x)
{
	rcpt_undo(x->rcpt->message, x->before);
	rcpt_set_also(x->rcpt, NULL, 0);
}

static enum rcpt_state
refuse(struct expansion *x, const char *dsn, const char *why)
{
	struct rcpt *r = x->rcpt;

	undo(x);
	rcpt_say(r, JOB_PERMFAIL, slice_str(dsn), SLICE(""), slice_str(why));
	log_info("rcpt.unroutable", kv_s("qid", r->message->entry->id),
	    kv_slice("to", r->env.address), kv_s("dsn", dsn),
	    kv_s("text", why));
	return RCPT_FAILED;
}

/* Nothing may be delivered that is not in the file. */
static enum rcpt_state
defer(struct expansion *x, const struct err *err)
{
	struct rcpt *r = x->rcpt;

	undo(x);
	rcpt_say(r, JOB_TEMPFAIL, SLICE("4.3.0"), SLICE(""),
	    SLICE("the queue file cannot be written"));
	log_err("spool.failed", kv_s("qid", r->message->entry->id),
	    kv_s("why", err->text));
	return RCPT_DEFERRED;
}

/* How a target stands in an envelope (queue/envelope.h); commands and files
 * keep the address they came from, for the reports. */
static void
target_text(const struct alias_target *t, struct buf *text)
{
	if (t->kind == ALIAS_ADDRESS) {
		if (t->final)
			buf_addc(text, '\\');
		return;
	}
	if (t->kind == ALIAS_COMMAND)
		buf_addc(text, '|');
	else if (t->kind == ALIAS_INCLUDE)
		buf_adds(text, ":include:");
	buf_add(text, t->text);
}

static void
add_target(struct expansion *x, const struct alias_target *t)
{
	struct rcpt *r = x->rcpt;
	const struct slice address =
	    t->kind == ALIAS_ADDRESS ? t->text : r->env.address;
	struct buf target = { .max = MSG_MAX_BYTES };
	const struct rcpt *there;

	target_text(t, &target);
	there = rcpt_find(r->message, address, buf_slice(&target));
	/* One that is new has its parent to say so. */
	if (there == NULL)
		note_rcpt(&x->lines, rcpt_add_child(r->message, r, address,
					 buf_slice(&target), x->uid));
	else if (there->number < x->before)
		buf_add(
		    &x->also, slice_of(&there->number, sizeof there->number));
	buf_fini(&target);
}

/* Together with what other lists have promised, so that one whose first part
 * has been taken is taken whole. */
static bool
fits(const struct rcpt *r)
{
	const struct message *m = r->message;

	return m->nrcpts + m->promised - r->promised <= ENVELOPE_MAX_RCPTS;
}

/* Nonsense, or more than fits: false, and WHY is for the sender. */
static bool
add_targets(struct expansion *x, struct slice targets, const char **why)
{
	struct cur c = cur_of(targets);
	struct alias_target t;

	while (alias_next(&c, &t)) {
		x->n++;
		add_target(x, &t);
		if (!fits(x->rcpt)) {
			*why = "the list does not fit: a message has at most "
			       "50000 recipients";
			return false;
		}
	}
	*why = "the alias has no valid target";
	return cur_ok(&c) && x->n > 0 && !x->lines.failed && !x->also.failed;
}

static enum rcpt_state
run(struct expansion *x, struct slice targets)
{
	struct rcpt *r = x->rcpt;
	struct message *m = r->message;
	struct err err = { 0 };
	const char *why;

	if (r->depth >= MAX_DEPTH)
		return refuse(x, "5.4.6",
		    "more than 20 aliases lead from one to the next: they may "
		    "form a loop");
	if (!add_targets(x, targets, &why))
		return refuse(x, "5.3.5", why);
	rcpt_set_also(r, (const uint32_t *)(const void *)x->also.p,
	    x->also.n / sizeof(uint32_t));
	r->status = JOB_EXPANDED;
	note_result(&x->lines, r);
	if (tail_append(m->entry, &x->lines, &err) == -1)
		return defer(x, &err);
	log_info("rcpt.expanded", kv_s("qid", m->entry->id),
	    kv_slice("to", r->env.address),
	    kv_u("nrcpt", m->nrcpts - x->before));
	return RCPT_EXPANDED;
}

enum rcpt_state
expand(struct rcpt *r, struct slice targets, uint32_t uid)
{
	struct expansion x = { .rcpt = r,
		.uid = uid,
		.before = r->message->nrcpts,
		.lines = { .max = 64 << 20 },
		.also = { .max = ENVELOPE_MAX_RCPTS * sizeof(uint32_t) } };
	const enum rcpt_state state = run(&x, targets);

	buf_fini(&x.lines);
	buf_fini(&x.also);
	return state;
}
