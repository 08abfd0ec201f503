/* SPDX-License-Identifier: ISC */
#include "qmgr/queue/kept.h"

#include <stddef.h>

#include "mime/wire.h"

enum { ROOM_BYTES = 16 << 20 };

static size_t kept_total;

static void
keep(struct buf *to, struct slice bytes)
{
	if (bytes.n == 0 || bytes.n > ROOM_BYTES - kept_total)
		return;
	buf_init(to, bytes.n);
	buf_add(to, bytes);
	kept_total += bytes.n;
}

void
kept_record(struct kept_bytes *k, struct slice record)
{
	if (record.n <= MIME_WIRE_MAX)
		keep(&k->record, record);
}

void
kept_body(struct kept_bytes *k, struct slice body)
{
	keep(&k->body, body);
}

void
kept_move(struct kept_bytes *to, struct kept_bytes *from)
{
	*to = *from;
	*from = (struct kept_bytes){ 0 };
}

void
kept_drop(struct kept_bytes *k)
{
	kept_total -= k->record.n + k->body.n;
	buf_fini(&k->record);
	buf_fini(&k->body);
}
