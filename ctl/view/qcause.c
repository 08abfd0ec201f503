/* SPDX-License-Identifier: ISC */
#include "ctl/view/qcause.h"

#include "ctl/view/out.h"
#include "ctl/view/qview.h"

/* What stands in the way of all comes before what does for some. */
enum qcause
qcause_of(const struct qsite *s, const struct qtally *t)
{
	if (t->messages == 0)
		return QCAUSE_NONE;
	if (t->held == t->messages)
		return QCAUSE_HELD;
	if (s != NULL && s->down_s > 0)
		return QCAUSE_DOWN;
	if (s != NULL && s->probe)
		return QCAUSE_PROBE;
	if (s != NULL && s->pause_s > 0)
		return QCAUSE_RATE;
	if (s != NULL && s->full && s->waiting > 0)
		return QCAUSE_SESSIONS;
	if (s != NULL && s->waiting > 0 && s->active >= s->window)
		return QCAUSE_CONCURRENCY;
	return t->waiting > 0 ? QCAUSE_RETRY : QCAUSE_ACTIVE;
}

const char *
qcause_name(enum qcause c)
{
	static const char *const names[] = {
		[QCAUSE_NONE] = "none",
		[QCAUSE_HELD] = "held",
		[QCAUSE_DOWN] = "down",
		[QCAUSE_PROBE] = "probe",
		[QCAUSE_RATE] = "rate",
		[QCAUSE_SESSIONS] = "sessions",
		[QCAUSE_CONCURRENCY] = "concurrency",
		[QCAUSE_RETRY] = "retry",
		[QCAUSE_ACTIVE] = "active",
	};

	return names[c];
}

static void
say_failures(struct buf *b, const struct qsite *s)
{
	buf_addf(b, "%lld deliveries in a row failed, the last with \"",
	    (long long)s->fails);
	out_plain(b, s->why);
	buf_addc(b, '"');
}

/* That nothing of what waits is due at AT_S, if so. */
static void
say_due(struct buf *b, const struct qtally *t, int64_t at_s, int64_t now_s)
{
	if (t->active > 0 || t->next_s <= at_s)
		return;
	buf_adds(b, "; the first of what waits is due in ");
	qview_span(b, t->next_s - now_s);
	buf_adds(b, ", or at once by queue retry");
}

static void
say_rate(struct buf *b, const struct qsite *s)
{
	buf_adds(b, "the table limits (");
	out_plain(b, s->limits);
	buf_addc(b, ')');
	if (s->rate > 0 && s->sent >= s->rate) {
		buf_addf(b, " lets %lld recipients go in ", (long long)s->rate);
		qview_span(b, s->rate_s);
		buf_adds(b, ", which have gone; the next delivery may begin "
			    "in ");
	} else
		buf_adds(b, " lets the next delivery begin in ");
	qview_span(b, s->pause_s);
}

static void
say_retry(struct buf *b, const struct qtally *t, int64_t now_s)
{
	const struct qtally_group *most;

	buf_adds(b, "what failed temporarily waits for its next attempt");
	if (t->next_s > now_s) {
		buf_adds(b, ", the first in ");
		qview_span(b, t->next_s - now_s);
	}
	if (qtally_most(&t->reasons, &most, 1) == 0)
		return;
	buf_adds(b, "; the last reason, or the most frequent: ");
	out_plain(b, slice_of(most->name, most->n));
}

void
qcause_say(struct buf *b, enum qcause c, const struct qsite *s,
    const struct qtally *t, int64_t now_s)
{
	switch (c) {
	case QCAUSE_HELD:
		buf_adds(b, "an administrator, a rule, a filter or the table "
			    "transports holds it: hold list shows the logins "
			    "that are held, queue release lets it go");
		return;
	case QCAUSE_DOWN:
		buf_adds(b, "the site is down: ");
		say_failures(b, s);
		buf_adds(b, "; it is not tried for ");
		qview_span(b, s->down_s);
		buf_adds(b, ", then one delivery probes it");
		say_due(b, t, now_s + s->down_s, now_s);
		return;
	case QCAUSE_PROBE:
		buf_adds(b, "the site was down: ");
		say_failures(b, s);
		buf_adds(b, s->active > 0 ? "; one delivery probes it now"
					  : "; the next delivery probes it");
		say_due(b, t, now_s, now_s);
		return;
	case QCAUSE_RATE:
		say_rate(b, s);
		return;
	case QCAUSE_SESSIONS:
		buf_adds(b, "all sessions of the table limits (");
		out_plain(b, s->limits);
		buf_adds(b, ") are in use");
		return;
	case QCAUSE_CONCURRENCY:
		buf_addf(b,
		    "as many deliveries as may be now (%lld, and %lld at most) "
		    "are under way",
		    (long long)s->window, (long long)s->limit);
		return;
	case QCAUSE_RETRY:
		say_retry(b, t, now_s);
		return;
	case QCAUSE_ACTIVE:
		buf_adds(b, "it is being delivered");
		return;
	case QCAUSE_NONE:
	default:
		buf_adds(b, "no mail waits for it");
	}
}
