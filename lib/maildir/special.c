/* SPDX-License-Identifier: ISC */
#include "maildir/special.h"

#include <stddef.h>

const struct special_box special_boxes[SPECIAL_BOXES] = {
	{ "Drafts", MAILBOX_DRAFTS },
	{ "Sent", MAILBOX_SENT },
	{ "Junk", MAILBOX_JUNK },
	{ "Trash", MAILBOX_TRASH },
	{ "Archive", MAILBOX_ARCHIVE },
};

unsigned
special_of(struct slice name)
{
	for (size_t i = 0; i < SPECIAL_BOXES; i++)
		if (slice_is(name, special_boxes[i].name))
			return special_boxes[i].special;
	return 0;
}
