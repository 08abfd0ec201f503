/* SPDX-License-Identifier: ISC */
/* What the imapd of another account sends, in pieces of any size: every byte is
 * given out once and in order, however it is cut, and what is read of a message
 * cannot say more to APPEND than it should. */
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/must.h"
#include "imapd/relay/answer.h"
#include "imapd/relay/fetched.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* All that can be had of IN when it comes in steps of N. */
static enum answer_next
hear(struct buf *out, struct slice in, size_t n, unsigned skip)
{
	struct answer_reader r = { .skip = skip };
	size_t from = 0, to = 0;

	for (;;) {
		enum answer_next next = ANSWER_WAITS;
		struct answer_piece p;

		if (from < to)
			next = answer_next(&r, SLICE("t1"),
			    slice_sub(in, from, to - from), &p);
		if (next == ANSWER_BROKEN ||
		    (next == ANSWER_WAITS && to == in.n))
			return next;
		if (next == ANSWER_WAITS) {
			to = in.n - to > n ? to + n : in.n;
			continue;
		}
		must(p.bytes.n > 0 && p.bytes.p == in.p + from);
		must(p.kind != ANSWER_LAST || p.ends);
		must(!p.ends || (!r.inside && r.left == 0));
		from += p.bytes.n;
		buf_addc(out, p.own ? 'o' : 'c');
		if (p.ends)
			buf_addc(out, p.kind == ANSWER_LAST ? 'L' : 'E');
	}
}

/* The marks of pieces, each once. */
static void
squeeze(struct buf *b)
{
	size_t n = 0;

	for (size_t i = 0; i < b->n; i++)
		if (n == 0 || b->p[i] == 'L' || b->p[i] == 'E' ||
		    b->p[n - 1] != b->p[i])
			b->p[n++] = b->p[i];
	b->n = n;
}

static void
check_fetched(struct slice line)
{
	struct fetched l;
	struct arena a;
	struct buf out;

	arena_init(&a);
	buf_init(&out, 1 << 20);
	if (fetched_read(line, &a, &l) && fetched_is_whole(&l)) {
		fetched_put(&out, &l);
		must(slice_find(buf_slice(&out), '\n') == out.n - 1);
		must(slice_find(buf_slice(&out), '\r') == out.n - 2);
	}
	buf_fini(&out);
	arena_fini(&a);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint32_t uidvalidity, uids[8];
	struct buf whole, cut;
	struct slice in;
	enum answer_next end;
	size_t n;

	if (size < 2)
		return 0;
	n = data[0] % 37 + 1U;
	in = slice_of(data + 2, size - 2);
	buf_init(&whole, SIZE_MAX / 2);
	buf_init(&cut, SIZE_MAX / 2);
	end = hear(&whole, in, in.n, data[1] % 3);
	must(end == hear(&cut, in, n, data[1] % 3));
	squeeze(&whole);
	squeeze(&cut);
	must(end == ANSWER_BROKEN ||
	     slice_eq(buf_slice(&whole), buf_slice(&cut)));
	buf_fini(&whole);
	buf_fini(&cut);
	check_fetched(in);
	if (fetched_read_uids(in, "APPENDUID", &uidvalidity, uids, n % 8 + 1))
		for (size_t i = 1; i < n % 8 + 1; i++)
			must(uids[i] > uids[i - 1]);
	return 0;
}
