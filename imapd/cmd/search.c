/* SPDX-License-Identifier: ISC */
/* SEARCH and UID SEARCH (RFC 3501 6.4.4): a job that writes numbers as it finds
 * them. */

#include "base/buf.h"
#include "base/mem.h"
#include "ev/work.h"
#include "imapd/cmd/commands.h"
#include "imapd/cmd/limit.h"
#include "imapd/conn/enabled.h"
#include "imapd/message/match.h"
#include "imapd/parse/parse.h"
#include "imapd/selected/modseq.h"
#include "imapd/selected/seqwalk.h"

struct search_job {
	struct imapd_job job;
	struct session *session;
	struct search search;
	struct seqwalk walk;
	struct match match;
	bool uid;
	bool busy;        /* with match's message */
	uint64_t modseq;  /* the highest of those found */
	uint32_t limited; /* not 0: the first of those that were looked at */
};

static void
finish(struct search_job *j, enum found found, const struct err *err)
{
	struct session *s = j->session;

	if (j->search.modseq && j->modseq > 0)
		buf_addf(imapd_out(s), " (MODSEQ %llu)",
		    (unsigned long long)j->modseq);
	buf_adds(imapd_out(s), "\r\n");
	if (found == TEMPFAIL)
		imapd_no(s, "search", err);
	else
		imapd_ok_limited(s, j->limited, "SEARCH completed");
}

static void
end_message(struct search_job *j)
{
	match_end(&j->match);
	j->busy = false;
}

static void
put(struct search_job *j, uint32_t seq, uint32_t uid)
{
	struct buf *out = imapd_out(j->session);

	buf_addc(out, ' ');
	buf_addu(out, j->uid ? uid : seq);
}

/* One step; ABSENT: there is no other message. */
static enum found
step(struct search_job *j, struct err *err)
{
	enum match_answer answer;
	enum found found;

	if (!j->busy) {
		const struct message_info *info;
		uint32_t seq;

		found = match_next(&j->match, &j->walk, &seq, &info, err);
		if (found != FOUND || seq == 0)
			return found;
		if (seq == j->match.sure_seq) {
			put(j, seq, info->uid);
			return FOUND;
		}
		match_begin(&j->match, seq, info);
		j->busy = true;
	}
	found = match_step(&j->match, &answer, err);
	if (found == FOUND && answer == MATCH_UNKNOWN)
		return FOUND;
	if (found == FOUND && answer == MATCH_YES) {
		const struct message_info *info = &j->match.message.info;

		put(j, j->match.seq, info->uid);
		if (info->modseq > j->modseq)
			j->modseq = info->modseq;
	}
	end_message(j);
	return found == TEMPFAIL ? TEMPFAIL : FOUND;
}

static void
on_more(struct session *s, struct imapd_job *job)
{
	struct search_job *j = OUTER(job, struct search_job, job);
	struct err err = { 0 };

	while (!imapd_is_full(s) && !work_spent()) {
		enum found found;

		/* What the index alone tells costs less than the clock. */
		do
			found = step(j, &err);
		while (found == FOUND && match_has_more(&j->match));
		if (found != FOUND) {
			finish(j, found, &err);
			return;
		}
	}
	imapd_more(s);
}

static void
on_free(struct session *s, struct imapd_job *job)
{
	struct search_job *j = OUTER(job, struct search_job, job);

	(void)s;
	if (j->busy)
		end_message(j);
	xfree(&j);
}

static const struct job_ops ops = { .more = on_more, .free = on_free };

/* Sets that each message has to be in are all that is looked at, whose number
 * is what MESSAGELIMIT counts. */
static void
narrow(struct seqwalk *w, const struct search_key *all, struct arena *a)
{
	for (const struct search_key *k = all->child; k != NULL; k = k->next)
		if (k->op == SEARCH_UID || k->op == SEARCH_SEQ)
			seqwalk_narrow_to(w, &k->set, k->op == SEARCH_UID, a);
}

/* SEARCH SP [CHARSET ...] search-key *(SP search-key) */
void
imapd_cmd_search(struct session *s, struct parse *p)
{
	struct search_job *j;
	struct search search;

	parse_space(p);
	search = searchkey_parse(p);
	if (!parse_ok(p)) {
		imapd_bad(s, p);
		return;
	}
	if (search.bad_charset) {
		imapd_refuse(
		    s, "[BADCHARSET (UTF-8 US-ASCII)] charset not known");
		return;
	}
	if (search.numbers && (s->enabled & ENABLED_UIDONLY) != 0) {
		imapd_bad_text(s, "[UIDREQUIRED] UIDONLY was enabled");
		return;
	}
	if (search.modseq)
		imapd_enable(s, ENABLED_CONDSTORE);
	j = xcalloc(1, sizeof *j);
	j->job.ops = &ops;
	j->session = s;
	j->search = search;
	j->uid = imapd_command_is_uid(s->command);
	seqwalk_all(&j->walk, s->view, p->arena);
	match_init(&j->match, &j->search, s->view);
	j->match.numbers = !search.modseq;
	narrow(&j->walk, j->search.key, p->arena);
	j->limited = seqwalk_limit(&j->walk, imapd_limit());
	buf_adds(imapd_out(s), "* SEARCH");
	imapd_start(s, &j->job);
	on_more(s, &j->job);
}
