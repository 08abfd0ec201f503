/* SPDX-License-Identifier: ISC */
#include "imapd/parse/seqset_write.h"

#include "base/buf.h"

static void
flush(struct seqset_writer *w, struct buf *out)
{
	if (w->lo == 0)
		return;
	if (w->any)
		buf_addc(out, ',');
	buf_addu(out, w->lo);
	if (w->hi > w->lo) {
		buf_addc(out, ':');
		buf_addu(out, w->hi);
	}
	w->any = true;
}

void
seqset_put_range(
    struct seqset_writer *w, uint32_t lo, uint32_t hi, struct buf *out)
{
	if (w->lo != 0 && lo == w->hi + 1) {
		w->hi = hi;
		return;
	}
	flush(w, out);
	w->lo = lo;
	w->hi = hi;
}

void
seqset_put(struct seqset_writer *w, uint32_t n, struct buf *out)
{
	seqset_put_range(w, n, n, out);
}

void
seqset_finish(struct seqset_writer *w, struct buf *out)
{
	flush(w, out);
	w->lo = 0;
}
