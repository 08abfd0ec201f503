/* SPDX-License-Identifier: ISC */
/* Fields of an ENVELOPE: one that somebody forged, or that of some header; of
 * this a glance says that a string is missing only where it is. */
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/must.h"
#include "base/needle.h"
#include "mailsearch/envfield.h"
#include "mime/envelope.h"
#include "mime/fold.h"
#include "mime/word.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { TEXT_MAX = 16 << 20 };

static void
look(struct slice rendered, bool addresses, struct slice needle)
{
	struct buf raw, text, folded;

	buf_init(&raw, TEXT_MAX);
	buf_init(&text, TEXT_MAX);
	buf_init(&folded, TEXT_MAX);
	envfield_text(rendered, addresses, &raw);
	word_decode(&text, buf_slice(&raw));
	fold_text(buf_slice(&text), &folded);
	if (envfield_lacks(rendered, addresses, needle, needle_rare(needle)))
		must(slice_search(buf_slice(&folded), needle) == folded.n);
	buf_fini(&raw);
	buf_fini(&text);
	buf_fini(&folded);
}

static void
look_all(struct slice envelope, struct slice needle)
{
	struct envelope_fields e;

	envfield_begin(&e, envelope);
	for (unsigned i = 0; i < ENVFIELDS; i++) {
		const enum envfield field = (enum envfield)i;
		const struct slice s = envfield_get(&e, field);

		if (s.n > 0 && needle.n > 0)
			look(s, field >= ENVFIELD_FROM, needle);
	}
}

/* One byte: forged or made; a needle and LF; the rest. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice rest;
	const struct slice first =
	    slice_cut(slice_from(slice_of(data, size), 1), '\n', &rest);
	struct buf needle, envelope;

	if (size == 0)
		return 0;
	buf_init(&needle, TEXT_MAX);
	buf_init(&envelope, TEXT_MAX);
	fold_text(first, &needle);
	if (data[0] % 2 == 0) {
		mime_put_envelope(&envelope, rest, 100);
		rest = buf_slice(&envelope);
	}
	look_all(rest, buf_slice(&needle));
	buf_fini(&needle);
	buf_fini(&envelope);
	return 0;
}
