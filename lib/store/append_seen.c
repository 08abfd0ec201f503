/* SPDX-License-Identifier: ISC */
/* Messages that a guest brings as seen, where he has a \Seen of his own. */
#include <stdlib.h>

#include "base/mem.h"
#include "maildir/filename.h"
#include "store/append_inner.h"
#include "store/seenchange.h"

void
append_seen(struct append_batch *b)
{
	uint32_t *uids = NULL;
	struct mailbox *m = NULL;
	struct append *a;
	size_t n = 0;

	TAILQ_FOREACH(a, &b->appends, link)
	{
		if (!a->own_seen || a->rc != 0)
			continue;
		if (m != a->m)
			seen_mark(m, uids, n);
		n = m != a->m ? 0 : n;
		m = a->m;
		uids = xreallocarray(uids, n + 1, sizeof *uids);
		uids[n++] = a->uid;
	}
	seen_mark(m, uids, n);
	xfree(&uids);
}
