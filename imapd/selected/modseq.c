/* SPDX-License-Identifier: ISC */
#include "imapd/selected/modseq.h"

#include "base/buf.h"
#include "imapd/conn/enabled.h"
#include "imapd/conn/session.h"
#include "store/message.h"
#include "store/view.h"

uint64_t
imapd_highest(const struct session *s)
{
	return view_modseq(s->view);
}

void
imapd_enable(struct session *s, unsigned what)
{
	const bool first = (what & ~s->enabled & ENABLED_CONDSTORE) != 0;

	s->enabled |= what;
	if (first && s->view != NULL)
		imapd_untagged(s, "OK [HIGHESTMODSEQ %llu] mod-sequences",
		    (unsigned long long)imapd_highest(s));
}

bool
imapd_tells_modseq(const struct session *s)
{
	return (s->enabled & ENABLED_CONDSTORE) != 0;
}

bool
imapd_tells_vanished(const struct session *s)
{
	return (s->enabled & (ENABLED_QRESYNC | ENABLED_UIDONLY)) != 0;
}

void
imapd_begin_fetch(struct session *s, uint32_t seq, uint32_t uid)
{
	const bool uidonly = (s->enabled & ENABLED_UIDONLY) != 0;
	struct buf *out = imapd_out(s);

	buf_adds(out, "* ");
	buf_addu(out, uidonly ? uid : seq);
	buf_adds(out, uidonly ? " UIDFETCH (" : " FETCH (");
}

void
imapd_put_modseq(struct session *s, const struct message_info *info)
{
	buf_adds(imapd_out(s), "MODSEQ (");
	buf_addu(imapd_out(s), info->modseq);
	buf_addc(imapd_out(s), ')');
}
