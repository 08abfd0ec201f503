/* SPDX-License-Identifier: ISC */
/* Encoded words, parameters, charsets, transfer encodings, folding: whatever
 * comes in, UTF-8 comes out. */
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/must.h"
#include "base/utf8.h"
#include "mime/charset.h"
#include "mime/fold.h"
#include "mime/param.h"
#include "mime/transfer.h"
#include "mime/word.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
fuzz_params(struct slice s, struct buf *out)
{
	struct slice type, subtype;
	struct arena arena;
	struct param *p;

	arena_init(&arena);
	if (param_content_type(&arena, s, &type, &subtype, &p))
		(void)param_text(p, "name", out);
	must(utf8_valid(buf_slice(out)));
	must(arena.used_bytes <= 64 * s.n + (64 << 10));
	arena_fini(&arena);
}

static void
fuzz_pieces(struct slice s, enum transfer_encoding e, struct buf *out)
{
	static const char *const names[] = { "euc-kr", "iso-2022-jp", "euc-jp",
		"shift_jis", "gb2312", "big5", "iso-2022-kr", "utf-16be",
		"utf-7", "us-ascii" };
	const size_t which = s.n > 0 ? (unsigned char)s.p[0] : 0;
	struct charset *cs =
	    charset_open(slice_str(names[which % ARRAY_LEN(names)]));
	struct transfer t;
	struct buf raw;

	buf_init(&raw, s.n + 100);
	transfer_init(&t, e);
	transfer_feed(&t, slice_sub(s, 0, s.n / 3), &raw);
	transfer_feed(&t, slice_from(s, s.n / 3), &raw);
	transfer_finish(&t, &raw);
	must(!raw.failed);
	charset_feed(cs, slice_sub(buf_slice(&raw), 0, raw.n / 2), out);
	charset_feed(cs, slice_from(buf_slice(&raw), raw.n / 2), out);
	charset_finish(cs, out);
	must(utf8_valid(buf_slice(out)));
	charset_close(&cs);
	buf_fini(&raw);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct slice s = slice_of(data, size);
	struct buf out, folded;

	buf_init(&out, size * 16 + 1000);
	buf_init(&folded, size * 400 + 1000);
	word_decode(&out, s);
	must(utf8_valid(buf_slice(&out)));
	fold_text(buf_slice(&out), &folded);
	must(!folded.failed && utf8_valid(buf_slice(&folded)));
	buf_reset(&out);
	fuzz_params(s, &out);
	buf_reset(&out);
	fuzz_pieces(s, TRANSFER_BASE64, &out);
	buf_reset(&out);
	fuzz_pieces(s, TRANSFER_QUOTED_PRINTABLE, &out);
	buf_reset(&out);
	fuzz_pieces(s, TRANSFER_IDENTITY, &out);
	buf_fini(&out);
	buf_fini(&folded);
	return 0;
}
