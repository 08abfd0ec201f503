/* SPDX-License-Identifier: ISC */
#include "imapd/relay/own.h"

#include "base/buf.h"
#include "base/cur.h"
#include "ev/work.h"
#include "imapd/cmd/limit.h"
#include "imapd/conn/session.h"
#include "imapd/parse/boxtext.h"
#include "imapd/relay/transfer.h"
#include "mailread/seqwalk.h"
#include "store/change.h"
#include "store/mailbox.h"
#include "store/view.h"

enum { REMOVE_BATCH = 200 };

bool
own_uids(struct session *s, const struct transfer_plan *plan, uint32_t **uids,
    size_t *n)
{
	struct seqwalk w;

	if (plan->move && s->readonly) {
		imapd_refuse(
		    s, "[READ-ONLY] the mailbox was opened with EXAMINE");
		return false;
	}
	if (!seqwalk_init(&w, s->view, plan->set, plan->uid)) {
		imapd_bad_text(s, "no such message");
		return false;
	}
	if (seqwalk_limit(&w, imapd_limit()) != 0) {
		imapd_refuse_limited(s);
		return false;
	}
	*uids = seqwalk_uids(&w, n);
	return true;
}

void
own_put_examine(struct session *s, struct buf *out)
{
	buf_adds(out, "EXAMINE ");
	boxtext_add(out, s, mailbox_name(view_mailbox(s->view)));
}

void
own_is_same(struct session *s, struct slice line, bool *same)
{
	const struct slice word = SLICE("* OK [UIDVALIDITY ");
	struct mailbox_status st = { .uidvalidity = 0 };
	struct cur c = cur_of(slice_from(line, word.n));

	if (slice_starts(line, word))
		*same = mailbox_status(view_mailbox(s->view), &st, NULL) == 0 &&
			cur_u64(&c, UINT32_MAX) == st.uidvalidity;
}

int
own_remove(struct session *s, const uint32_t *uids, size_t n, size_t *at,
    struct err *err)
{
	while (*at < n && !work_spent()) {
		const size_t left = n - *at;
		const size_t some = left < REMOVE_BATCH ? left : REMOVE_BATCH;

		if (message_expunge(view_mailbox(s->view), uids + *at, some,
			true, err) == -1)
			return -1;
		*at += some;
	}
	return 0;
}
