/* SPDX-License-Identifier: ISC */
#include "imapd/search/progress.h"

#include <stdbool.h>

#include "imapd/conf.h"
#include "imapd/conn/session.h"
#include "store/view.h"
#include "sys/clock.h"

static bool
is_due(struct progress *p)
{
	const int64_t now_ms = clock_ms();

	if (p->told_ms == 0)
		p->told_ms = now_ms;
	if (now_ms - p->told_ms < imapd_conf->progress_notify)
		return false;
	p->told_ms = now_ms;
	return true;
}

void
progress_wait(struct progress *p, struct session *s, const char *why)
{
	if (is_due(p))
		imapd_untagged(s, "OK [INPROGRESS (\"%.*s\" NIL NIL)] %s",
		    SLICE_FMT(s->tag), why);
}

void
progress_tell(struct progress *p, struct session *s, uint32_t done)
{
	if (!is_due(p))
		return;
	imapd_untagged(s, "OK [INPROGRESS (\"%.*s\" %u %u)] Searching",
	    SLICE_FMT(s->tag), done, view_count(s->view));
}
