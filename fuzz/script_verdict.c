/* SPDX-License-Identifier: ISC */
/* What a process that runs a script says: frames, each behind its length in two
 * bytes.  Whatever is taken is in the form that deliveries expect. */
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/must.h"
#include "base/utf8.h"
#include "ipc/frame.h"
#include "script/pieced.h"
#include "script/range.h"
#include "script/verdict.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SIZE = 1000 };

static void
check(const struct verdict_action *a)
{
	must(utf8_valid(a->mailbox) &&
	     slice_find(a->mailbox, '\n') == a->mailbox.n);
	must(a->kind != SIEVE_FILEINTO || a->mailbox.n > 0);
	must(!verdict_is_letter(a) || a->to.n > 0);
	must(a->body_from >= -1 && a->body_from <= SIZE);
	for (size_t i = 0; a->pieces != NULL && i < a->pieces->n; i++) {
		const struct pieced_piece *p = &a->pieces->list[i];

		must(p->bytes.p != NULL || (p->from >= 0 && p->size > 0 &&
					       p->from + p->size <= SIZE));
	}
	must(slice_find(a->keywords, '\\') == a->keywords.n);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct verdict v = { 0 };
	struct script_range ranges[SIEVE_RANGES_MAX];
	struct verdict_bytes bytes = { .head = SLICE("A: b\r\n\r\n"),
		.ranges = ranges };
	struct buf text = { .max = 1 << 20 };
	struct arena arena;

	arena_init(&arena);
	while (size >= 2) {
		const size_t n = (size_t)data[0] << 8 | data[1];
		struct msg m;

		data += 2;
		size -= 2;
		if (n > size)
			break;
		if (msg_get(slice_of(data, n), -1, &m) &&
		    m.type == MSG_sieve_action)
			(void)verdict_add(
			    &v, &arena, &m.sieve_action, &bytes, SIZE);
		if (msg_get(slice_of(data, n), -1, &m) &&
		    m.type == MSG_sieve_range &&
		    bytes.nranges < SIEVE_RANGES_MAX)
			ranges[bytes.nranges++] = (struct script_range){ 0,
				m.sieve_range.from, m.sieve_range.size };
		data += n;
		size -= n;
	}
	for (size_t i = 0; i < v.n; i++)
		check(&v.actions[i]);
	verdict_describe(&v, &text);
	buf_fini(&text);
	arena_fini(&arena);
	return 0;
}
