/* SPDX-License-Identifier: ISC */
#include "imapd/search/progress.h"

#include "imapd/conf.h"
#include "imapd/conn/session.h"
#include "store/view.h"
#include "sys/clock.h"

void
progress_tell(struct progress *p, struct session *s, uint32_t done)
{
	const int64_t now_ms = clock_ms();

	if (p->told_ms == 0)
		p->told_ms = now_ms;
	if (now_ms - p->told_ms < imapd_conf->progress_notify)
		return;
	p->told_ms = now_ms;
	imapd_untagged(s, "OK [INPROGRESS (\"%.*s\" %u %u)] Searching",
	    SLICE_FMT(s->tag), done, view_count(s->view));
}
