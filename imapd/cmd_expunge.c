/* SPDX-License-Identifier: ISC */
/* EXPUNGE and UID EXPUNGE (RFC 9051 6.4.3, 6.4.9): the EXPUNGE answers come
 * with what changed in the mailbox. */
#include <stdlib.h>

#include "base/mem.h"
#include "imapd/commands.h"
#include "imapd/expunge.h"
#include "imapd/parse.h"
#include "imapd/seqwalk.h"
#include "store/view.h"

static int
expunge(struct session *s, const struct seqwalk *w, struct err *err)
{
	size_t n;
	uint32_t *uids = seqwalk_uids(w, &n);
	const int rc =
	    message_expunge(view_mailbox(s->view), uids, n, false, err);

	xfree(&uids);
	return rc;
}

int
imapd_expunge_all(struct session *s, struct err *err)
{
	struct seqwalk w;

	seqwalk_all(&w, s->view, &s->arena);
	return expunge(s, &w, err);
}

static void
answer(struct session *s, int rc, const struct err *err)
{
	if (rc == -1)
		imapd_no(s, "expunge", err);
	else
		imapd_ok(s, "expunged");
}

static bool
is_refused(struct session *s)
{
	if (s->readonly)
		imapd_refuse(
		    s, "[READ-ONLY] the mailbox was opened with EXAMINE");
	return s->readonly;
}

void
imapd_cmd_expunge(struct session *s, struct parse *p)
{
	struct err err = { 0 };

	if (!parse_end(p))
		imapd_bad(s, p);
	else if (!is_refused(s))
		answer(s, imapd_expunge_all(s, &err), &err);
}

/* UID EXPUNGE SP sequence-set */
void
imapd_cmd_uid_expunge(struct session *s, struct parse *p)
{
	struct err err = { 0 };
	struct seqset set;
	struct seqwalk w;

	parse_space(p);
	set = parse_seqset(p);
	if (!parse_end(p)) {
		imapd_bad(s, p);
		return;
	}
	if (is_refused(s))
		return;
	(void)seqwalk_init(&w, s->view, set, true);
	answer(s, expunge(s, &w, &err), &err);
}
