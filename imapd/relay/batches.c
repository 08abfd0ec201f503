/* SPDX-License-Identifier: ISC */
#include "imapd/relay/batches.h"

#include <stdlib.h>

#include "base/mem.h"
#include "imapd/relay/fetched.h"

enum { UIDS_MAX = 10 * 1000 * 1000 }; /* that another process may list */

void
batches_init(struct batches *b)
{
	*b = (struct batches){ .uids = NULL };
	buf_init(&b->from, SIZE_MAX / 2);
	buf_init(&b->to, SIZE_MAX / 2);
}

void
batches_fini(struct batches *b)
{
	xfree(&b->uids);
	buf_fini(&b->from);
	buf_fini(&b->to);
}

bool
batches_add(struct batches *b, uint32_t uid)
{
	if (b->n == UIDS_MAX || (b->n > 0 && uid <= b->uids[b->n - 1]))
		return false;
	if (b->n == b->cap) {
		b->cap = b->cap > 0 ? 2 * b->cap : 256;
		b->uids = xreallocarray(b->uids, b->cap, sizeof *b->uids);
	}
	b->uids[b->n++] = uid;
	return true;
}

bool
batches_several(const struct batches *b)
{
	return b->n > BATCH_MAX;
}

bool
batches_left(const struct batches *b)
{
	return b->end < b->n;
}

void
batches_next(struct batches *b)
{
	const size_t left = b->n - b->end;

	b->begin = b->at = b->end;
	b->end += left < BATCH_MAX ? left : BATCH_MAX;
	b->nread = 0;
}

bool
batches_read(struct batches *b, uint32_t uid)
{
	while (b->at < b->end && b->uids[b->at] < uid)
		b->at++;
	if (b->at == b->end || b->uids[b->at] != uid)
		return false;
	b->at++;
	b->read[b->nread++] = uid;
	return true;
}

bool
batches_written(struct batches *b, struct slice status)
{
	uint32_t uidvalidity;

	if (!fetched_read_uids(
		status, "APPENDUID", &uidvalidity, b->copies, b->nread))
		return false;
	/* What was told before would be of another mailbox. */
	if (b->uidvalidity != 0 && uidvalidity != b->uidvalidity)
		return false;
	b->uidvalidity = uidvalidity;
	for (size_t i = 0; i < b->nread; i++) {
		seqset_put(&b->w_from, b->read[i], &b->from);
		seqset_put(&b->w_to, b->copies[i], &b->to);
	}
	b->any = true;
	return true;
}

void
batches_put_copyuid(struct batches *b, struct buf *out)
{
	seqset_finish(&b->w_from, &b->from);
	seqset_finish(&b->w_to, &b->to);
	buf_addf(out, "[COPYUID %u ", b->uidvalidity);
	buf_add(out, buf_slice(&b->from));
	buf_addc(out, ' ');
	buf_add(out, buf_slice(&b->to));
	buf_addc(out, ']');
	buf_reset(&b->from);
	buf_reset(&b->to);
	b->w_from = b->w_to = (struct seqset_writer){ .lo = 0 };
	b->any = false;
}

void
batches_put_set(struct buf *out, const uint32_t *uids, size_t n)
{
	struct seqset_writer w = { .lo = 0 };

	for (size_t i = 0; i < n; i++)
		seqset_put(&w, uids[i], out);
	seqset_finish(&w, out);
}
