/* SPDX-License-Identifier: ISC */
/* Files whose lines behind the message are not as they should be: torn by a
 * crash, or by an older version on a full disk. */
#ifndef QMGR_QUEUE_REPAIR_H
#define QMGR_QUEUE_REPAIR_H

#include "qmgr/queue/message.h"

struct flaws {
	bool torn;         /* the last line is cut short: */
	size_t good_bytes; /* what stands before it */
	size_t joined;     /* lines found behind one that was cut short */
	size_t lost;       /* lines that say nothing any more */
};

/* Make the file of M, open as FD, say what M says, before anything else is
 * appended.  When that cannot be done now, the next load does it. */
void repair(struct message *m, int fd, const struct flaws *flaws);

#endif
