/* SPDX-License-Identifier: ISC */
#include "store/seenchange.h"

#include "base/mem.h"
#include "maildir/filename.h"
#include "store/change.h"
#include "store/copy.h"
#include "store/inner.h"
#include "store/seen.h"

void
seen_mark(struct mailbox *m, const uint32_t *uids, size_t n)
{
	const struct flags_change change = { .op = FLAGS_ADD,
		.flags = MSG_SEEN,
		.unchanged_since = UINT64_MAX };
	uint64_t from, to;

	if (n > 0)
		(void)message_flags(
		    m, uids, n, &change, NULL, &from, &to, NULL);
}

enum { STEP = 200 };

void
seen_mark_copies(const struct mailbox *from, struct mailbox *to,
    const struct copy_pair *pairs, size_t n)
{
	uint32_t uids[STEP];
	size_t found = 0;

	for (size_t i = 0; i < n && to->seen != NULL; i++) {
		if ((seen_flags(from, pairs[i].from, 0) & MSG_SEEN) == 0)
			continue;
		uids[found++] = pairs[i].to;
		if (found < STEP)
			continue;
		seen_mark(to, uids, found);
		found = 0;
	}
	seen_mark(to, uids, found);
}
