/* SPDX-License-Identifier: ISC */
/* STORE and UID STORE (RFC 9051 6.4.6): a job that changes some messages in
 * each step, and then tells their flags, unless it was asked not to. */
#include <stdlib.h>

#include "base/buf.h"
#include "base/mem.h"
#include "ev/work.h"
#include "imapd/acl/may.h"
#include "imapd/cmd/commands.h"
#include "imapd/cmd/limit.h"
#include "imapd/conn/enabled.h"
#include "imapd/parse/flags.h"
#include "imapd/parse/modifiers.h"
#include "imapd/parse/parse.h"
#include "imapd/parse/seqset_write.h"
#include "imapd/script/note.h"
#include "imapd/search/context.h"
#include "imapd/selected/modseq.h"
#include "imapd/selected/update.h"
#include "maildir/filename.h"
#include "mailread/seqwalk.h"
#include "proto/seqset.h"
#include "store/change.h"
#include "store/message.h"
#include "store/view.h"

enum { BATCH = 500 };

struct store_request {
	struct seqset set;
	struct flags_change change;
	bool silent;
	bool conditional;
};

struct store_job {
	struct imapd_job job;
	struct store_request request;
	struct seqwalk walk;
	bool uid;

	uint32_t *uids; /* to be changed */
	size_t n;
	size_t at;
	struct buf failed;  /* uint32_t: UIDs of those that changed since */
	uint32_t limited;   /* not 0: the first of those that were taken */
	struct event *plan; /* of scripts; NULL: nothing */
	struct note_flags note;
};

/* ("FLAGS" / "+FLAGS" / "-FLAGS") [".SILENT"] SP flags */
static void
read_request(struct parse *p, struct store_request *r)
{
	struct store_modifiers modifiers;
	struct flag_names names;
	struct slice item;

	parse_space(p);
	r->set = parse_seqset(p);
	parse_space(p);
	modifiers_parse_store(p, &modifiers);
	r->conditional = modifiers.conditional;
	r->change.op = FLAGS_SET;
	if (cur_try_byte(&p->c, '+'))
		r->change.op = FLAGS_ADD;
	else if (cur_try_byte(&p->c, '-'))
		r->change.op = FLAGS_DEL;
	item = parse_name(p);
	r->silent = slice_iis(item, "FLAGS.SILENT");
	if (!r->silent && !slice_iis(item, "FLAGS"))
		parse_fail(p, "expected FLAGS");
	parse_space(p);
	names = flags_parse(p, true);
	r->change.flags = names.flags;
	r->change.keywords = names.keywords;
	r->change.unchanged_since = modifiers.unchanged_since;
	parse_end(p);
}

/* Those that changed since, as the command named them (RFC 7162 3.1.3). */
static void
answer_modified(struct session *s, const struct store_job *j)
{
	const uint32_t *uids = (const uint32_t *)(const void *)j->failed.p;
	struct seqset_writer w = { 0 };
	struct buf set;

	buf_init(&set, SIZE_MAX / 2);
	for (size_t i = 0; i < j->failed.n / sizeof *uids; i++)
		seqset_put(
		    &w, j->uid ? uids[i] : view_seq(s->view, uids[i]), &set);
	seqset_finish(&w, &set);
	imapd_ok(
	    s, "[MODIFIED %s] STORE completed for the others", buf_cstr(&set));
	buf_fini(&set);
}

static void
finish(struct session *s, const struct store_job *j)
{
	if (j->failed.n > 0 || j->walk.missing)
		imapd_tell_limited(s, j->limited);
	if (j->failed.n > 0)
		answer_modified(s, j);
	else if (j->walk.missing)
		imapd_ok(s,
		    "[EXPUNGEISSUED] STORE completed, but some of the messages "
		    "no longer exist");
	else
		imapd_ok_limited(s, j->limited, "STORE completed");
}

/* -1: answered NO. */
static int
change_some(struct session *s, struct store_job *j)
{
	const size_t n = j->n - j->at < BATCH ? j->n - j->at : BATCH;
	struct err err = { 0 };

	note_flags_before(&j->note, s, j->uids + j->at, n);
	if (view_flags(s->view, j->uids + j->at, n, &j->request.change, true,
		j->request.conditional ? &j->failed : NULL, &err) == 0) {
		context_changed(s, j->uids + j->at, n);
		note_flags_after(&j->note, s, j->uids + j->at, n);
		j->at += n;
		return 0;
	}
	/* The client has to hear what was changed all the same. */
	view_tell_own(s->view);
	imapd_no(s, "store", &err);
	return -1;
}

/* SILENT leaves out what the client knows by itself, which the new mod-sequence
 * is not.  Where the others' changes came in between is told with the answer.
 */
static bool
is_told(const struct session *s, const struct store_job *j,
    const struct message_info *info)
{
	return view_is_own(s->view, info->modseq) ||
	       (!j->request.silent &&
		   info->modseq <= j->request.change.unchanged_since);
}

/* False: the command was answered. */
static bool
tell_one(struct session *s, struct store_job *j)
{
	const struct message_info *info;
	struct err err = { 0 };
	uint32_t seq;

	switch (seqwalk_next(&j->walk, &seq, &info, &err)) {
	case FOUND:
		if (is_told(s, j, info))
			imapd_put_changed(
			    s, seq, info, j->uid, !j->request.silent);
		return true;
	case ABSENT:
		finish(s, j);
		return false;
	case TEMPFAIL:
		imapd_no(s, "store", &err);
		return false;
	}
	return false;
}

static void
on_more(struct session *s, struct imapd_job *job)
{
	struct store_job *j = OUTER(job, struct store_job, job);

	while (!imapd_is_full(s) && !work_spent()) {
		if (j->at < j->n) {
			if (change_some(s, j) == -1)
				return;
		} else if (j->request.silent && !imapd_tells_modseq(s)) {
			finish(s, j);
			return;
		} else if (!tell_one(s, j)) {
			return;
		}
	}
	imapd_more(s);
}

/* What the client may not change stays as it is, and he is told what came of
 * it; -1: it is all he asks for (RFC 4314 4). */
static int
keep_to_rights(
    const struct session *s, struct store_request *r, struct err *err)
{
	const struct may_flags may = may_selected_flags(s);
	struct flags_change *c = &r->change;
	const bool named = c->flags != 0 || c->keywords.n > 0;
	const bool some =
	    (c->flags & may.flags) != 0 || (c->keywords.n > 0 && may.keywords);

	if (may.flags == MSG_FLAGS && may.keywords)
		return 0;
	if (named ? !some : c->op == FLAGS_SET && may.flags == 0)
		return err_set_code(
		    err, ERR_PERM, ERR_DENIED, "not permitted by its ACL");
	if ((c->flags & ~may.flags) != 0 || c->op == FLAGS_SET)
		r->silent = false;
	c->flags &= may.flags;
	c->kept = MSG_FLAGS & ~may.flags;
	c->keeps_keywords = !may.keywords;
	if (!may.keywords)
		c->keywords = (struct slice){ NULL, 0 };
	return 0;
}

static void
on_free(struct session *s, struct imapd_job *job)
{
	struct store_job *j = OUTER(job, struct store_job, job);

	(void)s;
	buf_fini(&j->failed);
	buf_fini(&j->note.before);
	note_free(&j->plan);
	xfree(&j->uids);
	xfree(&j);
}

static const struct job_ops ops = { .more = on_more, .free = on_free };

void
imapd_cmd_store(struct session *s, struct parse *p)
{
	const bool uid = imapd_command_is_uid(s->command);
	struct store_request r = { .silent = false };
	struct err err = { 0 };
	struct store_job *j;
	struct seqwalk w;

	read_request(p, &r);
	if (!parse_ok(p)) {
		imapd_bad(s, p);
	} else if (s->readonly) {
		imapd_refuse(
		    s, "[READ-ONLY] the mailbox was opened with EXAMINE");
	} else if (keep_to_rights(s, &r, &err) == -1) {
		imapd_no(s, "store", &err);
	} else if (!seqwalk_init(&w, s->view, r.set, uid)) {
		imapd_bad_text(s, "no such message");
	} else {
		j = xcalloc(1, sizeof *j);
		j->job.ops = &ops;
		j->request = r;
		j->walk = w;
		j->uid = uid;
		j->limited = seqwalk_limit(&j->walk, imapd_limit());
		j->uids = seqwalk_uids(&j->walk, &j->n);
		buf_init(&j->failed, j->n * sizeof *j->uids + 1);
		j->plan = note_flags(s);
		j->note.plan = j->plan;
		imapd_start(s, &j->job);
		if (r.conditional)
			imapd_enable(s, ENABLED_CONDSTORE);
		on_more(s, &j->job);
	}
}
