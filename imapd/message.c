/* SPDX-License-Identifier: ISC */
#include "imapd/message.h"

#include <unistd.h>

#include "imapd/conf.h"
#include "mime/parser.h"
#include "mime/part.h"
#include "mime/record.h"
#include "sys/fd.h"

enum {
	RECORD_MAX = 64 << 20, /* the parser's limits keep far below */
	PIECE = 64 << 10,
};

void
imapd_message_init(
    struct message *m, struct mailbox *mailbox, const struct message_info *info)
{
	*m = (struct message){ .mailbox = mailbox, .info = *info, .fd = -1 };
	buf_init(&m->record, RECORD_MAX);
}

void
imapd_message_close(struct message *m)
{
	fd_close(&m->fd);
	buf_fini(&m->record);
	mime_tree_free(&m->tree);
}

enum found
imapd_message_open(struct message *m, struct err *err)
{
	if (m->fd != -1)
		return FOUND;
	return message_open(m->mailbox, m->info.uid, &m->fd, &m->info, err);
}

struct mime_limits
imapd_mime_limits(void)
{
	struct mime_limits limits = mime_limits_default;

	limits.parts = imapd_conf->mime_parts_limit;
	limits.depth = imapd_conf->mime_depth_limit;
	return limits;
}

struct mime_tree *
imapd_mime_read(int fd, const struct mime_limits *limits, struct err *err)
{
	struct mime_parser *p = mime_parser_new(limits);
	char piece[PIECE];
	int64_t off = 0;
	ssize_t n;

	while ((n = pread(fd, piece, sizeof piece, off)) > 0) {
		mime_parser_feed(p, slice_of(piece, (size_t)n));
		off += n;
	}
	if (n == 0)
		return mime_parser_finish(&p);
	mime_parser_free(&p);
	err_sys(err, ERR_TEMP, "read message");
	return NULL;
}

/* Read the whole file once; what is found is kept for the next time. */
static enum found
make_record(struct message *m, struct err *err)
{
	const struct mime_limits limits = imapd_mime_limits();
	const enum found found = imapd_message_open(m, err);

	if (found != FOUND)
		return found;
	m->tree = imapd_mime_read(m->fd, &limits, err);
	if (m->tree == NULL)
		return TEMPFAIL;
	buf_reset(&m->record);
	mime_record_put(&m->record, m->tree);
	return FOUND;
}

static void
keep_record(struct message *m)
{
	const struct mime_part *root = m->tree->root;
	struct err err;

	/* A cache: where it cannot be kept it is made again. */
	(void)message_cache(m->mailbox, m->info.uid, buf_slice(&m->record),
	    (int64_t)(root->header.crlf_bytes + root->body.crlf_bytes),
	    mime_record_sent(root->envelope), &err);
}

enum found
imapd_message_record(struct message *m, struct err *err)
{
	struct slice envelope;
	enum found found;

	if (m->record.n > 0)
		return FOUND;
	found = message_cached(m->mailbox, m->info.uid, &m->record, err);
	if (found == TEMPFAIL)
		return found;
	if (found == FOUND &&
	    mime_record_envelope(buf_slice(&m->record), &envelope))
		return FOUND;
	found = make_record(m, err);
	if (found == FOUND)
		keep_record(m);
	return found;
}

/* A tree that does not describe the file is none. */
static bool
is_of_file(const struct message *m)
{
	const struct mime_part *root = m->tree->root;

	return root->header.bytes + root->body.bytes == (uint64_t)m->info.size;
}

enum found
imapd_message_tree(struct message *m, struct err *err)
{
	enum found found = imapd_message_record(m, err);

	if (found != FOUND || m->tree != NULL)
		return found;
	m->tree = mime_record_tree(buf_slice(&m->record));
	if (m->tree != NULL && is_of_file(m))
		return FOUND;
	mime_tree_free(&m->tree);
	found = make_record(m, err);
	if (found == FOUND)
		keep_record(m);
	return found;
}
