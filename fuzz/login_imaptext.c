/* SPDX-License-Identifier: ISC */
/* A command however it is cut into pieces reads the same, and its arguments
 * stay inside it. */
#include <stddef.h>
#include <stdint.h>

#include "base/must.h"
#include "login/imaptext.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MAX = 256 };

static enum imap_need
whole(struct slice in, size_t *len)
{
	struct imaptext_frame f = { 0 };
	enum imap_need need;

	while ((need = imaptext_frame(&f, in, MAX, len)) == IMAP_GO_AHEAD)
		must(*len <= in.n);
	return need;
}

static enum imap_need
pieces(struct slice in, size_t *len)
{
	struct imaptext_frame f = { 0 };
	enum imap_need need = IMAP_MORE;

	for (size_t n = 0; n <= in.n && need == IMAP_MORE; n++)
		while ((need = imaptext_frame(&f, slice_sub(in, 0, n), MAX,
			    len)) == IMAP_GO_AHEAD)
			must(*len <= n);
	return need;
}

static void
read_arguments(struct slice text)
{
	struct cur c = cur_of(text);
	struct buf out;

	buf_init(&out, 100);
	(void)imaptext_tag(&c);
	while (cur_ok(&c) && cur_try(&c, " "))
		imaptext_astring(&c, &out);
	imaptext_crlf(&c);
	must(out.n <= 100);
	buf_fini(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct slice in = slice_of(data, size < 1000 ? size : 1000);
	size_t a = 0, b = 0;
	const enum imap_need need = whole(in, &a);

	if (need == IMAP_WHOLE || need == IMAP_TOO_BIG) {
		must(a <= in.n && a <= MAX);
		must(pieces(in, &b) == need && a == b);
		read_arguments(slice_sub(in, 0, a));
	}
	return 0;
}
