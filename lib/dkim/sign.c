/* SPDX-License-Identifier: ISC */
#include "dkim/sign.h"

#include <string.h>

#include "base/base64.h"
#include "base/must.h"

enum { LINE = 72 };

/* ITEM, on a new line where this one has no room for it. */
static void
put(struct buf *field, size_t *column, const char *before, struct slice item)
{
	const size_t n = strlen(before) + item.n;

	if (*column + n > LINE) {
		buf_adds(field, "\r\n\t");
		*column = 8;
		while (*before == ' ')
			before++;
	}
	buf_adds(field, before);
	buf_add(field, item);
	*column += n;
}

/* Base 64 may be folded anywhere. */
static void
put_base64(struct buf *field, size_t *column, struct slice bytes)
{
	struct buf text = { .max = SIZE_MAX };
	struct slice rest;

	base64_encode(&text, bytes);
	rest = buf_slice(&text);
	while (rest.n > 0) {
		const size_t room = *column < LINE ? LINE - *column : 0;
		const struct slice piece = slice_sub(rest, 0, room);

		buf_add(field, piece);
		rest = slice_from(rest, piece.n);
		*column += piece.n;
		if (rest.n > 0) {
			buf_adds(field, "\r\n\t");
			*column = 8;
		}
	}
	buf_fini(&text);
}

static void
put_time(struct buf *field, size_t *column, const char *before, int64_t s)
{
	struct buf text = { .max = 32 };

	if (s < 0)
		return;
	buf_addu(&text, (uint64_t)s);
	put(field, column, before, buf_slice(&text));
	buf_addc(field, ';');
	buf_fini(&text);
}

static void
put_word(
    struct buf *field, size_t *column, const char *before, struct slice word)
{
	put(field, column, before, word);
	buf_addc(field, ';');
	*column += 1;
}

void
dkim_sign_begin(const struct dkim_message *m, const struct dkim_sign *s,
    struct buf *field, uint8_t digest[32])
{
	static const char *const canons[] = { "simple", "relaxed" };
	struct buf input = { .max = SIZE_MAX }, canon = { .max = 32 };
	const size_t from = field->n;
	size_t column = 0;
	uint8_t sum[DIGEST_MAX];

	must(m->state == DKIM_ENDED && m->wanted[s->body]);
	buf_addf(&canon, "%s/%s", canons[s->head], canons[s->body]);
	put_word(field, &column, "DKIM-Signature: v=", SLICE("1"));
	put_word(field, &column, " a=", slice_str(dkim_alg_name(s->alg)));
	put_word(field, &column, " c=", buf_slice(&canon));
	put_word(field, &column, " d=", s->domain);
	put_word(field, &column, " s=", s->selector);
	if (s->identity.n > 0)
		put_word(field, &column, " i=", s->identity);
	put_time(field, &column, " t=", s->signed_s);
	put_time(field, &column, " x=", s->expires_s);
	for (size_t i = 0; i < s->nnames; i++)
		put(field, &column, i == 0 ? " h=" : ":", s->names[i]);
	buf_addc(field, ';');
	put(field, &column, " bh=", (struct slice){ NULL, 0 });
	put_base64(field, &column, slice_of(m->hash[s->body], 32));
	put(field, &column, "; b=", (struct slice){ NULL, 0 });
	dkim_message_input(m, s->head, s->names, s->nnames,
	    slice_from(buf_slice(field), from), &input);
	must(digest_of(DIGEST_SHA256, buf_slice(&input), sum) == 32);
	memcpy(digest, sum, 32);
	buf_fini(&input);
	buf_fini(&canon);
}

void
dkim_sign_end(struct buf *field, struct slice signature)
{
	size_t column = 8;

	buf_adds(field, "\r\n\t");
	put_base64(field, &column, signature);
	buf_adds(field, "\r\n");
}
