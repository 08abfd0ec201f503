/* SPDX-License-Identifier: ISC */
#include "qmgr/queue/structure.h"

#include <stddef.h>

#include "mime/wire.h"

enum { ROOM_BYTES = 16 << 20 };

static size_t kept_bytes;

void
structure_keep(struct buf *to, struct slice record)
{
	if (record.n == 0 || record.n > MIME_WIRE_MAX ||
	    record.n > ROOM_BYTES - kept_bytes)
		return;
	buf_init(to, record.n);
	buf_add(to, record);
	kept_bytes += record.n;
}

void
structure_drop(struct buf *record)
{
	kept_bytes -= record->n;
	buf_fini(record);
}
