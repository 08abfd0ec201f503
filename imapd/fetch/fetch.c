/* SPDX-License-Identifier: ISC */
/* FETCH and UID FETCH (RFC 9051 6.4.5): a job that writes as much as the
 * client takes. */
#include <stdlib.h>

#include "base/mem.h"
#include "ev/work.h"
#include "imapd/cmd/commands.h"
#include "imapd/cmd/limit.h"
#include "imapd/conn/enabled.h"
#include "imapd/fetch/fetchanswer.h"
#include "imapd/fetch/fetchnotice.h"
#include "imapd/fetch/fetchsince.h"
#include "imapd/parse/parse.h"
#include "imapd/parse/partial.h"
#include "imapd/parse/section.h"
#include "imapd/selected/modseq.h"
#include "mailread/seqwalk.h"
#include "proto/seqset.h"
#include "store/message.h"
#include "store/view.h"

struct fetch {
	struct imapd_job job;
	bool notice;              /* of no command: no answer ends it */
	struct imapd_job *before; /* a notice: it goes on behind it */
	struct seqrange range;    /* and its UIDs */
	struct seqwalk walk;
	struct fetch_answer answer;
	struct fetchsince *since; /* CHANGEDSINCE; NULL: none, or done */
	uint32_t limited; /* not 0: the first of those that were taken */
	unsigned cheap;   /* turns of on_more since the clock was looked at */
};

static enum found
begin_message(struct session *s, struct fetch *f, struct err *err)
{
	const struct message_info *info;
	uint32_t seq;
	const enum found found = seqwalk_next(&f->walk, &seq, &info, err);

	if (found == FOUND)
		fetchanswer_begin(
		    &f->answer, s, seq, info, seqwalk_record(&f->walk));
	return found;
}

/* What was under way goes on. */
static void
end_notice(struct session *s, struct fetch *f)
{
	struct imapd_job *before = f->before;

	f->before = NULL;
	f->job.ops->free(s, &f->job);
	imapd_back_to(s, before);
}

static void
fail(struct session *s, struct fetch *f, const struct err *err)
{
	if (f->notice)
		end_notice(s, f);
	else
		imapd_no(s, "fetch", err);
}

/* A UID of nobody is ignored (RFC 9051 6.4.9); who asked by number is told that
 * there is something to be heard of first (RFC 2180 4.1.2). */
static void
finish(struct session *s, struct fetch *f)
{
	if (f->notice)
		end_notice(s, f);
	else if (f->answer.unknown)
		imapd_refuse(s, "[UNKNOWN-CTE] a part has an encoding that is "
				"not known");
	else if (f->walk.missing && !imapd_command_is_uid(s->command))
		imapd_refuse(
		    s, "[EXPUNGEISSUED] some of the messages no longer exist");
	else
		imapd_ok_limited(s, f->limited, "FETCH completed");
}

enum { CHEAP_TURNS = 32 };

/* What comes from the index alone costs about as much as a look at the clock.
 */
static bool
is_spent(struct fetch *f)
{
	if ((!f->answer.open || f->answer.message.fd == -1) &&
	    ++f->cheap < CHEAP_TURNS)
		return false;
	f->cheap = 0;
	return work_spent();
}

static void
on_more(struct session *s, struct imapd_job *job)
{
	struct fetch *f = OUTER(job, struct fetch, job);
	struct fetch_answer *a = &f->answer;
	struct err err = { 0 };

	while (f->since != NULL && !work_spent())
		if (fetchsince_step(&f->since, s, &f->walk, &err) == -1) {
			fail(s, f, &err);
			return;
		}
	while (f->since == NULL && !imapd_is_full(s) && !is_spent(f)) {
		if (a->open && a->ready) {
			if (fetchanswer_step(a, s, &err) == -1) {
				imapd_hang_up(s, "fetch", &err);
				return;
			}
		} else if (a->open) {
			const enum found found = fetchanswer_ready(a, s, &err);

			f->walk.missing |= found != FOUND;
			if (found == TEMPFAIL) {
				fail(s, f, &err);
				return;
			}
		} else {
			const enum found found = begin_message(s, f, &err);

			if (found == ABSENT) {
				finish(s, f);
				return;
			}
			if (found == TEMPFAIL) {
				fail(s, f, &err);
				return;
			}
		}
	}
	imapd_more(s);
}

static void
on_free(struct session *s, struct imapd_job *job)
{
	struct fetch *f = OUTER(job, struct fetch, job);

	fetchanswer_fini(&f->answer);
	fetchsince_free(&f->since);
	seqwalk_fini(&f->walk);
	if (f->before != NULL)
		f->before->ops->free(s, f->before);
	xfree(&f);
}

static const struct job_ops ops = { .more = on_more, .free = on_free };

/* What an answer has unasked. */
static unsigned
items_implied(const struct session *s, bool uid, bool since)
{
	const bool uidonly = (s->enabled & ENABLED_UIDONLY) != 0;

	return (uid && !uidonly ? FETCH_UID : 0U) | (since ? FETCH_MODSEQ : 0U);
}

static void
take_part(struct seqwalk *w, const struct partial_range *r)
{
	size_t n = (size_t)seqwalk_count(w);
	const size_t from = partial_of(r, &n);

	seqwalk_part(w, from, n);
}

/* FETCH SP sequence-set SP items [SP modifiers] */
void
imapd_cmd_fetch(struct session *s, struct parse *p)
{
	const bool uid = imapd_command_is_uid(s->command);
	struct fetch_items items;
	struct fetchsince *since;
	struct partial_range partial = { .from = 0 };
	struct seqset set;
	struct fetch *f;

	parse_space(p);
	set = parse_seqset(p);
	parse_space(p);
	items = section_parse(p);
	since = fetchsince_parse(s, p, &set, &partial);
	if (!parse_ok(p)) {
		imapd_bad(s, p);
		return;
	}
	f = xcalloc(1, sizeof *f);
	f->job.ops = &ops;
	f->since = since;
	if (!seqwalk_init(&f->walk, s->view, set, uid)) {
		fetchsince_free(&f->since);
		xfree(&f);
		imapd_bad_text(s, "no such message");
		return;
	}
	if (partial.from > 0)
		take_part(&f->walk, &partial);
	items.items |= items_implied(s, uid, since != NULL);
	fetchanswer_init(&f->answer, s, &items);
	if (fetchanswer_wants_records(&f->answer))
		seqwalk_read_records(&f->walk);
	imapd_start(s, &f->job);
	if ((f->answer.items & FETCH_MODSEQ) != 0)
		imapd_enable(s, ENABLED_CONDSTORE);
	f->limited = seqwalk_limit(&f->walk, imapd_limit());
	if (since != NULL)
		fetchsince_begin(since, s, &f->walk);
	on_more(s, &f->job);
}

void
imapd_fetch_notice(struct session *s, const struct fetch_items *items,
    uint32_t from, uint32_t to)
{
	struct fetch *f = xcalloc(1, sizeof *f);

	f->job.ops = &ops;
	f->notice = true;
	f->before = s->job;
	f->range = (struct seqrange){ from, to };
	(void)seqwalk_init(
	    &f->walk, s->view, (struct seqset){ .v = &f->range, .n = 1 }, true);
	fetchanswer_init(&f->answer, s, items);
	if (fetchanswer_wants_records(&f->answer))
		seqwalk_read_records(&f->walk);
	s->job = NULL;
	imapd_start(s, &f->job);
	on_more(s, &f->job);
}
