/* SPDX-License-Identifier: ISC */
/* STORE and UID STORE (RFC 9051 6.4.6): all messages are changed at once; then
 * a job tells their flags, unless it was asked not to. */
#include <stdlib.h>

#include "base/buf.h"
#include "base/mem.h"
#include "imapd/commands.h"
#include "imapd/flags.h"
#include "imapd/parse.h"
#include "imapd/seqwalk.h"
#include "imapd/update.h"
#include "store/view.h"

struct store_job {
	struct job job;
	struct seqwalk walk;
	bool uid;
};

struct request {
	struct seqset set;
	struct flags_change change;
	struct flag_names names;
	bool silent;
};

/* ("FLAGS" / "+FLAGS" / "-FLAGS") [".SILENT"] SP flags */
static void
read_request(struct parse *p, struct request *r)
{
	struct slice item;

	parse_space(p);
	r->set = parse_seqset(p);
	parse_space(p);
	r->change.op = FLAGS_SET;
	if (cur_try_byte(&p->c, '+'))
		r->change.op = FLAGS_ADD;
	else if (cur_try_byte(&p->c, '-'))
		r->change.op = FLAGS_DEL;
	item = parse_name(p);
	r->silent = slice_iis(item, "FLAGS.SILENT");
	if (!r->silent && !slice_iis(item, "FLAGS"))
		parse_fail(p, "FLAGS");
	parse_space(p);
	r->names = flags_parse(p, true);
	r->change.flags = r->names.flags;
	r->change.unchanged_since = UINT64_MAX;
	parse_end(p);
}

/* Names to bits; a keyword to be taken off that nobody has is none. */
static int
find_keywords(struct session *s, struct request *r, struct err *err)
{
	const bool add = r->change.op != FLAGS_DEL;

	for (size_t i = 0; i < r->names.nkeywords; i++) {
		const int n = mailbox_keyword(
		    view_mailbox(s->view), r->names.keywords[i], add, err);

		if (n >= 0)
			r->change.keywords |= 1u << n;
		else if (add)
			return -1;
	}
	return 0;
}

static void
finish(struct session *s, const struct seqwalk *w)
{
	if (w->missing)
		imapd_ok(s, "[EXPUNGEISSUED] stored, but some of the messages "
			    "no longer exist");
	else
		imapd_ok(s, "stored");
}

static void
on_more(struct session *s, struct job *job)
{
	struct store_job *j = OUTER(job, struct store_job, job);
	struct err err = { 0 };

	while (!imapd_is_full(s)) {
		const struct message_info *info;
		uint32_t seq;

		switch (seqwalk_next(&j->walk, &seq, &info, &err)) {
		case FOUND:
			buf_addf(imapd_out(s), "* %u FETCH (", seq);
			if (j->uid)
				buf_addf(imapd_out(s), "UID %u ", info->uid);
			imapd_put_message_flags(s, info);
			buf_adds(imapd_out(s), ")\r\n");
			break;
		case ABSENT:
			finish(s, &j->walk);
			return;
		case TEMPFAIL:
			imapd_no(s, "store", &err);
			return;
		}
	}
	imapd_more(s);
}

static void
on_free(struct session *s, struct job *job)
{
	struct store_job *j = OUTER(job, struct store_job, job);

	(void)s;
	xfree(&j);
}

static const struct job_ops ops = { .more = on_more, .free = on_free };

/* Change them all; 1: answered NO. */
static int
change(struct session *s, struct request *r, const struct seqwalk *w)
{
	struct mailbox *m = view_mailbox(s->view);
	struct err err = { 0 };
	uint32_t *uids = NULL;
	size_t n;
	int rc = find_keywords(s, r, &err);

	if (rc == 0 && flags_all_keywords(m) != s->keywords)
		imapd_put_flags(s);
	if (rc == 0) {
		uids = seqwalk_uids(w, &n);
		rc = view_flags(s->view, uids, n, &r->change, true, NULL, &err);
	}
	xfree(&uids);
	if (rc == -1)
		imapd_no(s, "store", &err);
	return rc;
}

void
imapd_cmd_store(struct session *s, struct parse *p)
{
	const bool uid = imapd_command_is_uid(s->command);
	struct request r = { .silent = false };
	struct store_job *j;
	struct seqwalk w;

	read_request(p, &r);
	if (!parse_ok(p)) {
		imapd_bad(s, p);
	} else if (s->readonly) {
		imapd_refuse(
		    s, "[READ-ONLY] the mailbox was opened with EXAMINE");
	} else if (!seqwalk_init(&w, s->view, r.set, uid)) {
		imapd_bad_text(s, "no such message");
	} else if (change(s, &r, &w) == 0) {
		if (r.silent) {
			imapd_ok(s, "stored");
			return;
		}
		j = xcalloc(1, sizeof *j);
		j->job.ops = &ops;
		j->walk = w;
		j->uid = uid;
		imapd_start(s, &j->job);
		on_more(s, &j->job);
	}
}
