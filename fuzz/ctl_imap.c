/* SPDX-License-Identifier: ISC */
/* What a foreign IMAP server sends, cut anywhere, gives the same responses as
 * when it comes whole; and what is found in them is what it is said to be. */
#include <stddef.h>
#include <stdint.h>

#include "base/must.h"
#include "base/utf8.h"
#include "ctl/imap/answer.h"
#include "ctl/imap/frame.h"
#include "ctl/imap/gather.h"
#include "ctl/imap/name.h"
#include "maildir/filename.h"
#include "maildir/keywords.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct side {
	struct imap_gather gather;
	struct buf body;
};

static void
on_body(void *arg, struct slice bytes)
{
	struct side *s = arg;

	buf_add(&s->body, bytes);
}

static void
check_name(const struct imap_answer *a)
{
	struct buf path = { .max = 16 << 10 }, quoted = { .max = 64 << 10 };

	if (imap_name_path(&path, a->name, a->delimiter, SLICE("INBOX.")))
		must(utf8_valid(buf_slice(&path)));
	if (imap_name_quote(&quoted, a->name))
		must(slice_find(buf_slice(&quoted), '\n') == quoted.n);
	buf_fini(&path);
	buf_fini(&quoted);
}

static void
check(struct slice text)
{
	struct imap_answer a;
	struct slice names, name;

	imap_answer_init(&a);
	if (imap_answer_parse(&a, text)) {
		must((a.flags & ~(unsigned)MSG_FLAGS) == 0);
		names = buf_slice(&a.keywords);
		while (keywords_next(&names, &name))
			must(keywords_check(name, NULL) == 0);
		if (a.kind == IMAP_LIST || a.kind == IMAP_LSUB)
			check_name(&a);
	}
	imap_answer_fini(&a);
}

/* Feed IN in pieces of at most N bytes; the responses are one after the other
 * in OUT. */
static int
feed(struct side *s, struct slice in, size_t n, struct buf *out)
{
	int rc = 0;

	imap_gather_init(&s->gather, on_body, s);
	buf_init(&s->body, 1 << 20);
	while (in.n > 0 && rc != -1) {
		struct slice piece = slice_sub(in, 0, n);
		const size_t before = piece.n;

		rc = imap_gather_feed(&s->gather, &piece, NULL);
		in = slice_from(in, before - piece.n);
		if (rc != 1)
			continue;
		must(s->gather.text.n <= IMAP_RESPONSE_MAX);
		buf_add(out, buf_slice(&s->gather.text));
		buf_addc(out, '\n');
		check(buf_slice(&s->gather.text));
	}
	imap_gather_fini(&s->gather);
	return rc == -1 ? -1 : 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct slice all =
	    slice_of(data + (size > 0), size > 0 ? size - 1 : 0);
	struct buf one = { .max = 1 << 20 }, two = { .max = 1 << 20 };
	struct side a, b;
	struct imap_frame f;

	must(feed(&a, all, all.n, &one) ==
	     feed(&b, all, size > 0 ? data[0] % 16 + 1 : 1, &two));
	must(slice_eq(buf_slice(&one), buf_slice(&two)));
	must(slice_eq(buf_slice(&a.body), buf_slice(&b.body)));
	buf_fini(&a.body);
	buf_fini(&b.body);
	buf_fini(&one);
	buf_fini(&two);
	if (imap_frame_get(all, &f))
		must(f.s.n + f.t.n <= all.n);
	return 0;
}
