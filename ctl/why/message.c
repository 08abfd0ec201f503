/* SPDX-License-Identifier: ISC */
#include "ctl/why/message.h"

#include "base/mem.h"
#include "ctl/view/spooled.h"
#include "ctl/why/why.h"

static struct slice
keep(struct why *w, struct slice s)
{
	return arena_slice(&w->arena, s);
}

static bool
on_message(void *arg, const struct qview_entry *e)
{
	struct why *w = arg;

	qtally_add(&w->place, e);
	w->message = *e;
	w->message.qid = keep(w, e->qid);
	w->message.state = keep(w, e->state);
	w->message.sender = keep(w, e->sender);
	w->message.rcpts =
	    arena_alloc(&w->arena, (e->nrcpts + 1) * sizeof *e->rcpts);
	for (size_t i = 0; i < e->nrcpts; i++)
		w->message.rcpts[i] = (struct qview_rcpt){
			.address = keep(w, e->rcpts[i].address),
			.target = keep(w, e->rcpts[i].target),
			.dsn = keep(w, e->rcpts[i].dsn),
			.host = keep(w, e->rcpts[i].host),
			.text = keep(w, e->rcpts[i].text),
			.site = keep(w, e->rcpts[i].site),
		};
	w->message.held = keep(w, e->held);
	return false;
}

/* What its file says of TLS; one that cannot be read says nothing. */
static void
read_requiretls(struct why *w)
{
	struct spooled file;
	int fd;

	if (qview_open_file(&w->ctl->inst, w->message.qid, &fd, NULL) == -1)
		return;
	if (spooled_init(&file, fd, NULL) == 0)
		w->requiretls = file.env.requiretls;
	spooled_fini(&file);
}

/* As qmgr makes them: no domain, which has a dot, and no address. */
bool
why_message_is(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!((s.p[i] >= '0' && s.p[i] <= '9') ||
			(s.p[i] >= 'A' && s.p[i] <= 'Z')))
			return false;
	return s.n > 9;
}

int
why_message(struct why *w, struct err *err)
{
	struct buf filter = { .max = WHY_FILTER_MAX };
	int rc;

	qtally_init(&w->place, QTALLY_ALL, SLICE(""));
	buf_addf(&filter, "id=%.*s", SLICE_FMT(w->name));
	rc = qview_each(&w->ctl->inst, buf_slice(&filter), on_message, w, err);
	buf_fini(&filter);
	if (rc == 0 && w->message.qid.n == 0)
		rc = err_set(err, ERR_PERM, "no such message in the queue");
	if (rc == 0 && w->message.nrcpts == 1) {
		read_requiretls(w);
		rc = why_ask_route(
		    w, w->message.rcpts[0].address, w->message.sender, err);
	}
	return rc;
}
