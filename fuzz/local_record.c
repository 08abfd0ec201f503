/* SPDX-License-Identifier: ISC */
/* A message and its record: the first byte says whether what follows is a
 * message, whose record must be what a parser finds in the delivered file, or a
 * record that somebody forged. */
#include <stddef.h>
#include <stdint.h>

#include "tests/record_law.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Line ends become CRLF, other CRs go: nothing else gets past smtpd. */
static void
message(struct slice s)
{
	struct buf b = { .max = SIZE_MAX / 2 };

	buf_adds(&b, "Received: x\r\n");
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '\n')
			buf_addc(&b, '\r');
		if (s.p[i] != '\r' && s.p[i] != '\0')
			buf_addc(&b, s.p[i]);
	}
	buf_adds(&b, "\r\n");
	(void)law_honest(buf_slice(&b), 0, s.n % 2 == 0 ? 13 : 0, NULL);
	buf_fini(&b);
}

/* Of a message as long as it says. */
static void
record(struct slice text)
{
	struct mime_tree *t = mime_record_tree(slice_from(text, 8));
	struct buf b = { .max = 1 << 16 };
	uint64_t n;

	if (t == NULL)
		return;
	n = t->root->body.off + t->root->body.bytes;
	for (uint64_t i = 0; i < n && !b.failed; i++)
		buf_addc(&b, "a\r\nb c\r\n\r\n"[i % 10]);
	if (!b.failed)
		(void)law_any(text, buf_slice(&b));
	buf_fini(&b);
	mime_tree_free(&t);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct slice all = slice_of(data, size);

	if (size == 0)
		return 0;
	if (data[0] % 2 == 0)
		message(slice_from(all, 1));
	else
		record(slice_from(all, 1));
	return 0;
}
