/* SPDX-License-Identifier: ISC */
#include "store/hold.h"

#include "base/mem.h"
#include "base/must.h"
#include "ev/loop.h"
#include "maildir/mailboxes.h"
#include "store/handle.h"
#include "store/inner.h"

void
handle_close_dirs(struct mailbox *m)
{
	if (m->holds == 0 || m->dirs.fd == -1) {
		maildir_close(&m->dirs);
		return;
	}
	m->held = xreallocarray(m->held, m->nheld + 1, sizeof *m->held);
	m->held[m->nheld++] = m->dirs;
	m->dirs = MAILDIR_CLOSED;
}

int
handle_hold(struct mailbox *m, enum maildir_part part)
{
	m->holds++;
	return part == MAILDIR_NEW ? m->dirs.newfd : m->dirs.curfd;
}

void
handle_release(struct mailbox *m)
{
	must(m->holds > 0);
	if (--m->holds > 0)
		return;
	while (m->nheld > 0)
		maildir_close(&m->held[--m->nheld]);
	xfree(&m->held);
}

void
handle_trust(struct account *a)
{
	const uint64_t now = ev_turn();
	struct mailbox *m;

	if (a->turn == 0)
		return;
	a->turn = now;
	LIST_FOREACH(m, &a->boxes, link)
	if (m->turn != 0)
		m->turn = now;
}

void
handle_doubt(struct mailbox *m)
{
	m->a->turn = 0;
	handle_close_dirs(m);
}
