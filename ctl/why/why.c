/* SPDX-License-Identifier: ISC */
#include "ctl/why/why.h"

#include "ctl/view/out.h"
#include "ctl/view/progress.h"

void
why_add_site(struct why *w, struct slice name)
{
	for (size_t i = 0; i < w->nsites; i++)
		if (slice_eq(w->sites[i], name))
			return;
	if (w->nsites == WHY_SITES_MAX)
		w->more_sites++;
	else
		w->sites[w->nsites++] = arena_slice(&w->arena, name);
}

void
why_on_site(void *arg, const struct qsite *s)
{
	why_add_site(arg, s->name);
}

int
why_tally(struct why *w, struct qtally *t, struct err *err)
{
	struct buf filter = { .max = WHY_FILTER_MAX };
	int rc;

	qtally_filter(t, &filter);
	progress_begin("messages", 0);
	rc = qview_each(&w->ctl->inst, buf_slice(&filter), qtally_add, t, err);
	progress_end();
	buf_fini(&filter);
	return rc;
}

int
why_ask_route(
    struct why *w, struct slice address, struct slice sender, struct err *err)
{
	return why_route_ask(&w->route, &w->ctl->inst, address, sender,
	    w->requiretls, &w->arena, err);
}

void
why_say_cause(struct why *w, enum qcause c, const struct qsite *s,
    const struct qtally *t, struct buf *out)
{
	if (c != QCAUSE_HELD || w->message.qid.n == 0) {
		qcause_say(out, c, s, t, w->now_s);
		return;
	}
	buf_adds(out, "it is held: ");
	out_plain(out, qview_held(&w->message));
	buf_adds(out, "; queue release lets it go");
}
