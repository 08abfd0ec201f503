/* SPDX-License-Identifier: ISC */
#include "lookup/own.h"

#include "base/buf.h"
#include "lookup/copies.h"
#include "lookup/rewrite.h"
#include "proto/address.h"

enum found
lookup_own_rcpt(struct slice address, struct buf *now, bool *rewrites)
{
	const enum found used = lookup_rewrite_used();

	*rewrites = used == FOUND;
	return *rewrites
		   ? lookup_rewrite(LOOKUP_ENVELOPE_RECIPIENT, address, now)
		   : used;
}

enum found
lookup_own_copies(
    bool own, struct slice sender, struct slice rcpt, struct buf *out)
{
	struct buf now = { .max = ADDRESS_MAX };
	enum found found = ABSENT;

	if (own && sender.n > 0)
		found = lookup_rewrite(LOOKUP_ENVELOPE_SENDER, sender, &now);
	if (found != TEMPFAIL)
		found = lookup_copies(LOOKUP_COPIES_SENDER,
		    now.n > 0 ? buf_slice(&now) : sender, out);
	buf_fini(&now);
	if (found != TEMPFAIL)
		found = lookup_copies_always(out);
	if (found != TEMPFAIL)
		found = lookup_copies(LOOKUP_COPIES_RECIPIENT, rcpt, out);
	return out->failed ? TEMPFAIL : found;
}
