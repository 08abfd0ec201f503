/* SPDX-License-Identifier: ISC */
#include "imapd/append/incoming.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/mem.h"
#include "imapd/append/appendtext.h"
#include "imapd/conf.h"
#include "imapd/conn/mimelimits.h"
#include "imapd/parse/seqset_write.h"
#include "maildir/keywords.h"
#include "mime/parser.h"
#include "mime/unbinary.h"
#include "store/mailbox.h"
#include "store/message.h"
#include "store/usage.h"

enum {
	MESSAGES_MAX = 1000, /* of one command */
};

void
incoming_fini(struct incoming *in)
{
	mimereader_end(&in->reader);
	unbinary_free(&in->unbinary);
	append_batch_free(&in->batch);
	mailbox_close(&in->mailbox);
	xfree(&in->messages);
}

void
incoming_refuse(struct incoming *in, const struct err *why)
{
	if (in->refused)
		return;
	in->refused = true;
	in->why = *why;
}

void
incoming_refuse_as(struct incoming *in, enum err_code code, const char *text)
{
	struct err why;

	(void)err_set_code(&why, ERR_PERM, code, "%s", text);
	incoming_refuse(in, &why);
}

void
incoming_refuse_word(struct incoming *in, const char *text)
{
	if (!in->refused)
		in->word = text;
	in->refused = true;
}

static int
begin(struct incoming *in, const struct append_arguments *a, struct err *err)
{
	in->info = (struct append_info){ .flags = a->names.flags & in->flags,
		.has_date = a->has_date,
		.date_s = a->date.time_s,
		.frees = in->frees };
	if (in->keywords)
		in->info.keywords = a->names.keywords;
	if (in->n >= MESSAGES_MAX)
		return err_set_code(
		    err, ERR_PERM, ERR_LIMIT, "too many messages");
	if (keywords_check(a->names.keywords, err) == -1)
		return -1;
	in->message = append_begin(in->batch, in->mailbox, err);
	if (in->message == NULL)
		return -1;
	in->messages =
	    xreallocarray(in->messages, in->n + 1, sizeof(struct append *));
	in->messages[in->n++] = in->message;
	return 0;
}

void
incoming_begin(struct incoming *in, const struct append_arguments *a)
{
	struct err err = { 0 };

	in->size = 0;
	if (!in->refused && begin(in, a, &err) == -1)
		incoming_refuse(in, &err);
}

void
incoming_replaces(struct incoming *in, struct mailbox *m, uint32_t uid)
{
	struct message_info info;
	bool counts;

	if (in->mailbox != NULL && mailbox_counts(m, &counts, NULL) == 0 &&
	    counts && message_find(m, uid, &info, NULL) == FOUND)
		in->frees = (uint64_t)info.vsize;
}

static int
check_quota(const struct incoming *in, uint64_t bytes, struct err *err)
{
	if (in->frees == 0)
		return mailbox_check_quota(in->mailbox, bytes, in->n, err);
	return bytes <= in->frees ? 0
				  : mailbox_check_quota(
					in->mailbox, bytes - in->frees, 0, err);
}

static int
expect(struct incoming *in, uint64_t size, struct err *err)
{
	const uint64_t max = (uint64_t)imapd_conf->shared.message_size_limit;

	if (size > max || in->size > max - size)
		return err_set_code(
		    err, ERR_PERM, ERR_TOO_BIG, "message too large");
	return check_quota(in, in->bytes + size, err);
}

void
incoming_expect(struct incoming *in, uint64_t size, bool binary)
{
	struct err err = { 0 };

	if (in->refused)
		return;
	if (expect(in, size, &err) == -1) {
		incoming_refuse(in, &err);
		return;
	}
	in->size += size;
	in->bytes += size;
	if (binary)
		in->unbinary = unbinary_new();
}

static void
write_through(struct incoming *in, struct slice bytes)
{
	struct err err = { 0 };

	if (!in->refused && append_write(in->message, bytes, &err) == -1)
		incoming_refuse(in, &err);
}

/* What has been made of parts in binary; a NUL anywhere else has no form that a
 * mailbox could hold. */
static void
write_unbinary(struct incoming *in)
{
	struct buf *out = unbinary_out(in->unbinary);
	const struct slice bytes = buf_slice(out);

	if (slice_find(bytes, '\0') < bytes.n)
		incoming_refuse_word(
		    in, "[UNKNOWN-CTE] NUL in a part that is not in binary");
	write_through(in, bytes);
	buf_consume(out, out->n);
}

enum { UNBINARY_PIECE = 64 << 10 };

void
incoming_write(struct incoming *in, struct slice bytes)
{
	if (in->refused)
		return;
	if (in->unbinary == NULL) {
		write_through(in, bytes);
		return;
	}
	while (bytes.n > 0) {
		unbinary_feed(
		    in->unbinary, slice_sub(bytes, 0, UNBINARY_PIECE));
		write_unbinary(in);
		bytes = slice_from(bytes, UNBINARY_PIECE);
	}
}

void
incoming_end(struct incoming *in)
{
	const struct mime_limits limits = imapd_mime_limits();
	struct err err = { 0 };

	if (in->unbinary != NULL && !in->refused) {
		unbinary_end(in->unbinary);
		write_unbinary(in);
	}
	unbinary_free(&in->unbinary);
	if (in->refused)
		return;
	if (in->size == 0) {
		(void)err_set(&err, ERR_PERM, "empty message");
		incoming_refuse(in, &err);
	} else if (append_finish(in->message, &in->info, &err) == -1) {
		incoming_refuse(in, &err);
	} else {
		mimereader_begin(&in->reader, append_fd(in->message), &limits);
	}
}

int
incoming_put_appenduid(
    const struct incoming *in, struct buf *out, struct err *err)
{
	struct seqset_writer w = { 0 };
	uint32_t uidvalidity = 0;
	struct buf set;
	int rc = 0;

	buf_init(&set, SIZE_MAX / 2);
	for (size_t i = 0; i < in->n && rc == 0; i++) {
		uint32_t uid;

		rc = append_result(in->messages[i], &uid, &uidvalidity, err);
		if (rc == 0)
			seqset_put(&w, uid, &set);
	}
	seqset_finish(&w, &set);
	buf_addf(out, "[APPENDUID %u %s]", uidvalidity, buf_cstr(&set));
	buf_fini(&set);
	return rc;
}
