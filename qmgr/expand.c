/* SPDX-License-Identifier: ISC */
#include "qmgr/expand.h"

#include "log/log.h"
#include "qmgr/round.h"
#include "table/alias.h"

enum { MAX_DEPTH = 20 };

static enum rcpt_state
refuse(struct rcpt *r, const char *dsn, const char *why)
{
	r->status = JOB_PERMFAIL;
	r->dsn = slice_str(dsn);
	r->text = slice_str(why);
	log_info("rcpt.refused", kv_s("qid", r->message->entry->id),
	    kv_slice("to", r->env.address), kv_s("dsn", dsn),
	    kv_s("text", why));
	return RCPT_FAILED;
}

/* How a target stands in an envelope (queue/envelope.h); commands and files
 * keep the address they came from, for the reports. */
static struct slice
target_text(struct rcpt *r, const struct alias_target *t)
{
	struct buf text = { .max = 8192 };
	struct slice out;

	if (t->kind == ALIAS_ADDRESS)
		return t->final ? SLICE("\\") : SLICE("");
	if (t->kind == ALIAS_COMMAND)
		buf_addc(&text, '|');
	else if (t->kind == ALIAS_INCLUDE)
		buf_adds(&text, ":include:");
	buf_add(&text, t->text);
	out = arena_slice(&r->message->arena, buf_slice(&text));
	buf_fini(&text);
	return out;
}

static void
add_target(struct rcpt *r, const struct alias_target *t, struct buf *lines)
{
	struct message *m = r->message;
	const struct slice address =
	    t->kind == ALIAS_ADDRESS ? t->text : r->env.address;
	const struct slice target = target_text(r, t);
	struct rcpt *new;

	if (message_has(m, address, target))
		return;
	new = message_add_rcpt(m, r, address);
	new->env.target = target;
	new->env.uid = r->env.uid;
	message_note_rcpt(lines, new);
}

static size_t
add_targets(struct rcpt *r, struct slice targets, struct buf *lines, bool *bad)
{
	struct cur c = cur_of(targets);
	struct alias_target t;
	size_t n = 0;

	while (alias_next(&c, &t)) {
		n++;
		if (r->message->nrcpts >= ENVELOPE_MAX_RCPTS)
			break;
		add_target(r, &t, lines);
	}
	*bad = !cur_ok(&c);
	return n;
}

enum rcpt_state
expand(struct rcpt *r, struct slice targets)
{
	struct message *m = r->message;
	struct buf lines = { .max = 64 << 20 };
	const size_t before = m->nrcpts;
	struct err err = { 0 };
	bool bad;
	int rc;

	if (r->depth >= MAX_DEPTH)
		return refuse(r, "5.4.6", "aliases form a loop");
	if (add_targets(r, targets, &lines, &bad) == 0 || bad)
		return refuse(r, "5.3.5", "the alias has no valid target");
	r->status = JOB_EXPANDED;
	message_note_result(&lines, r);
	rc = message_append(m->entry, &lines, &err);
	buf_fini(&lines);
	if (rc == -1) {
		/* Nothing may be delivered that is not in the file. */
		m->nrcpts = before;
		r->status = JOB_TEMPFAIL;
		r->dsn = SLICE("4.3.0");
		r->text = SLICE("the queue file cannot be written");
		log_err("spool.trouble", kv_s("qid", m->entry->id),
		    kv_s("why", err.text));
		return RCPT_DEFERRED;
	}
	log_info("rcpt.expanded", kv_s("qid", m->entry->id),
	    kv_slice("to", r->env.address), kv_u("n", m->nrcpts - before));
	round_resolve_new(m, before);
	return RCPT_DONE;
}
