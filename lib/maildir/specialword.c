/* SPDX-License-Identifier: ISC */
#include "maildir/specialword.h"

#include <stddef.h>

#include "base/buf.h"
#include "maildir/special.h"

const struct specialword specialword_all[SPECIALWORDS] = {
	{ "\\Drafts", MAILBOX_DRAFTS },
	{ "\\Sent", MAILBOX_SENT },
	{ "\\Junk", MAILBOX_JUNK },
	{ "\\Trash", MAILBOX_TRASH },
	{ "\\Archive", MAILBOX_ARCHIVE },
	{ "\\Flagged", MAILBOX_FLAGGED },
	{ "\\Important", MAILBOX_IMPORTANT },
};

void
specialword_put(struct buf *out, unsigned special)
{
	for (size_t i = 0; i < SPECIALWORDS; i++)
		if ((special & specialword_all[i].special) != 0)
			buf_addf(out, " %s", specialword_all[i].word);
}
