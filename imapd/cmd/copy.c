/* SPDX-License-Identifier: ISC */
/* COPY, MOVE and their UID forms (RFC 9051 6.4.7, 6.4.8): a job in steps that
 * then waits for the disk.  It may end after the client, so it holds the
 * session. */
#include <stdlib.h>

#include "base/buf.h"
#include "base/mem.h"
#include "ev/work.h"
#include "imapd/acl/may.h"
#include "imapd/cmd/commands.h"
#include "imapd/cmd/limit.h"
#include "imapd/conn/user.h"
#include "imapd/parse/boxname.h"
#include "imapd/parse/parse.h"
#include "imapd/parse/seqset_write.h"
#include "imapd/script/note.h"
#include "maildir/filename.h"
#include "maildir/rights.h"
#include "mailread/seqwalk.h"
#include "proto/seqset.h"
#include "store/copy.h"
#include "store/mailbox.h"
#include "store/message.h"
#include "store/view.h"
#include "store/warn.h"

struct copy {
	struct imapd_job job;
	struct session *session; /* held until done */
	struct mailbox *to;
	struct copying *copying;
	struct work work;
	uint32_t *uids;
	bool move;
	bool done;
	uint32_t limited;   /* not 0: the first of those that were taken */
	struct event *plan; /* of scripts; NULL: nothing */
};

static void
copy_free(struct copy *c)
{
	note_free(&c->plan);
	mailbox_close(&c->to);
	xfree(&c->uids);
	xfree(&c);
}

/* The store still works with what is here until done. */
static void
on_free(struct session *s, struct imapd_job *job)
{
	struct copy *c = OUTER(job, struct copy, job);

	(void)s;
	if (c->done)
		copy_free(c);
}

static const struct job_ops ops = { .free = on_free };

/* COPYUID uidvalidity source target, RFC 4315 3 */
static void
put_copyuid(struct buf *out, const struct copy_result *r)
{
	struct seqset_writer from = { 0 }, to = { 0 };

	buf_addf(out, "[COPYUID %u ", r->uidvalidity);
	for (size_t i = 0; i < r->n; i++)
		seqset_put(&from, r->pairs[i].from, out);
	seqset_finish(&from, out);
	buf_addc(out, ' ');
	for (size_t i = 0; i < r->n; i++)
		seqset_put(&to, r->pairs[i].to, out);
	seqset_finish(&to, out);
	buf_addc(out, ']');
}

static void
answer(struct session *s, const struct copy *c, const struct copy_result *r)
{
	const bool move = c->move;
	struct buf code;

	buf_init(&code, SIZE_MAX / 2);
	if (r->n > 0)
		put_copyuid(&code, r);
	if (move && r->n > 0)
		imapd_untagged(s, "OK %s Moved UIDs", buf_cstr(&code));
	if (r->rc == 0)
		imapd_tell_limited(s, c->limited);
	if (r->rc == -1)
		imapd_no(s, move ? "move" : "copy", &r->err);
	else if (move)
		imapd_ok_highest(s, "MOVE completed");
	else
		imapd_ok(s, "%s%sCOPY completed", buf_cstr(&code),
		    code.n > 0 ? " " : "");
	buf_fini(&code);
}

/* Scripts run behind the answer. */
static void
note(const struct copy *c, const struct copy_result *r)
{
	uint32_t *uids;

	if (c->plan == NULL || r->n == 0)
		return;
	uids = xreallocarray(NULL, r->n, sizeof *uids);
	for (size_t i = 0; i < r->n; i++)
		uids[i] = r->pairs[i].to;
	note_done(c->session, c->plan, uids, r->n);
	xfree(&uids);
}

static void
on_warned(void *arg)
{
	imapd_session_release(arg);
}

static void
on_done(void *arg, const struct copy_result *r)
{
	struct copy *c = arg;
	struct session *s = c->session;

	c->done = true;
	note(c, r);
	if (s->job == &c->job)
		answer(s, c, r);
	else
		copy_free(c);
	/* It holds the session in its turn. */
	if (r->rc == 0)
		account_warn(imapd_user_account(s->user), on_warned, s);
	else
		imapd_session_release(s);
}

static void
on_step(struct work *w)
{
	struct copy *c = OUTER(w, struct copy, work);
	struct copying *copying = c->copying;

	/* The last step may end and free all of it. */
	while (message_copy_step(copying))
		if (work_spent()) {
			work_queue(w);
			return;
		}
}

static void
start(struct session *s, const struct seqwalk *w, struct mailbox *to, bool move,
    struct may_flags may, uint32_t limited)
{
	struct copy *c = xcalloc(1, sizeof *c);
	size_t n;

	c->job.ops = &ops;
	c->session = s;
	c->to = to;
	c->move = move;
	c->limited = limited;
	c->uids = seqwalk_uids(w, &n);
	c->plan = note_copy(s, view_mailbox(s->view), to);
	imapd_session_hold(s);
	imapd_start(s, &c->job);
	c->copying = message_copy_new(
	    view_mailbox(s->view), c->uids, n, to, move, on_done, c);
	message_copy_without(c->copying, ~may.flags & MSG_FLAGS, may.keywords);
	work_init(&c->work, imapd_user_share(s->user), on_step);
	on_step(&c->work);
}

/* What else a message has is left out (RFC 4314 4). */
static struct may_flags
flags_in(const struct session *s, struct mailbox *to)
{
	unsigned rights;

	if (may_rights(s, to, &rights, NULL) == -1)
		rights = 0;
	return may_flags(rights);
}

/* (COPY / MOVE) SP sequence-set SP mailbox */
static void
copy_or_move(struct session *s, struct parse *p, bool move)
{
	const bool uid = imapd_command_is_uid(s->command);
	struct mailbox *to;
	struct seqset set;
	struct slice name;
	struct seqwalk w;
	uint32_t limited;

	parse_space(p);
	set = parse_seqset(p);
	parse_space(p);
	name = boxname_parse(p);
	if (!parse_end(p)) {
		imapd_bad(s, p);
	} else if (move && s->readonly) {
		imapd_refuse(
		    s, "[READ-ONLY] the mailbox was opened with EXAMINE");
	} else if (!seqwalk_init(&w, s->view, set, uid)) {
		imapd_bad_text(s, "no such message");
	} else {
		limited = seqwalk_limit(&w, imapd_limit());
		/* All or nothing is copied. */
		if (limited != 0 && !move) {
			imapd_refuse_limited(s);
			return;
		}
		to = boxname_open(s, name, RIGHT_INSERT, true);
		if (to != NULL)
			start(s, &w, to, move, flags_in(s, to), limited);
	}
}

void
imapd_cmd_copy(struct session *s, struct parse *p)
{
	copy_or_move(s, p, false);
}

void
imapd_cmd_move(struct session *s, struct parse *p)
{
	copy_or_move(s, p, true);
}
