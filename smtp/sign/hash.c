/* SPDX-License-Identifier: ISC */
#include "smtp/sign/hash.h"

#include "base/mem.h"
#include "dkim/message.h"
#include "dkim/sign.h"
#include "smtp/job.h"
#include "smtp/session/body.h"
#include "smtp/session/content.h"
#include "smtp/sign/names.h"
#include "sys/clock.h"

enum { STEP_BYTES = 1 << 20 };

struct smtp_hash {
	struct smtp_body body;
	struct dkim_message message;
};

/* With all but the dots. */
struct smtp_hash *
smtp_hash_new(const struct smtp_job *job, bool converts)
{
	struct smtp_hash *h = xcalloc(1, sizeof *h);

	dkim_message_init(&h->message, &dkim_limits_default);
	dkim_message_want(&h->message, DKIM_RELAXED);
	smtp_body_init(&h->body, job->text, job->crc32c,
	    converts ? job->content->downgrade : NULL, job->content->binary);
	h->body.lines.dots = false;
	return h;
}

void
smtp_hash_free(struct smtp_hash **h)
{
	if (*h == NULL)
		return;
	dkim_message_fini(&(*h)->message);
	xfree(h);
}

static void
take(struct smtp_hash *h, struct buf *out, bool last)
{
	struct slice bytes = buf_slice(out);

	if (last && !h->body.chunk)
		bytes.n -= sizeof ".\r\n" - 1;
	dkim_message_add(&h->message, bytes);
	buf_reset(out);
}

enum smtp_hash_end
smtp_hash_step(struct smtp_hash *h, struct err *err)
{
	struct buf out = { .max = SIZE_MAX / 2 };
	enum smtp_body_end end = SMTP_BODY_MORE;

	for (int64_t done = 0; end == SMTP_BODY_MORE && done < STEP_BYTES;
	     done += SMTP_BODY_PIECE) {
		end = smtp_body_next(&h->body, &out, err);
		if (end == SMTP_BODY_MORE || end == SMTP_BODY_DONE)
			take(h, &out, end == SMTP_BODY_DONE);
	}
	buf_fini(&out);
	switch (end) {
	case SMTP_BODY_MORE:
		return SMTP_HASH_MORE;
	case SMTP_BODY_ERROR:
		return SMTP_HASH_ERROR;
	case SMTP_BODY_DAMAGED:
		return SMTP_HASH_DAMAGED;
	case SMTP_BODY_DONE:
		break;
	}
	dkim_message_end(&h->message);
	return SMTP_HASH_DONE;
}

void
smtp_hash_field(const struct smtp_hash *h, bool rsa, struct slice domain,
    struct slice selector, struct buf *field, uint8_t digest[32])
{
	struct slice names[SMTP_SIGN_NAMES_MAX];
	const struct dkim_sign how = {
		.alg = rsa ? DKIM_RSA_SHA256 : DKIM_ED25519_SHA256,
		.head = DKIM_RELAXED,
		.body = DKIM_RELAXED,
		.domain = domain,
		.selector = selector,
		.names = names,
		.nnames = smtp_sign_names(&h->message, names),
		.signed_s = clock_wall_s(),
		.expires_s = -1,
	};

	dkim_sign_begin(&h->message, &how, field, digest);
}

void
smtp_hash_field_end(struct buf *field, struct slice signature)
{
	dkim_sign_end(field, signature);
}
