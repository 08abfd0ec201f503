/* SPDX-License-Identifier: ISC */
#include "mailread/mailread.h"

#include <stdlib.h>

#include "base/mem.h"
#include "log/metric.h"
#include "mailread/preview.h"
#include "mailread/threadid.h"
#include "mime/header.h"
#include "mime/parser.h"
#include "mime/part.h"
#include "mime/record.h"
#include "sys/fd.h"

static struct metric parsed = { .name = "pabal_mailread_parsed",
	.help = "Messages parsed because no structure was stored with them." };

enum {
	RECORD_MAX = 64 << 20, /* the parser's limits keep far below */
};

static struct mime_limits parameters;
static const struct mime_limits *limits = &mime_limits_default;

void
mailread_limit(const struct mime_limits *l)
{
	parameters = *l;
	limits = &parameters;
}

void
mailread_init(struct mailread *m, struct mailbox *mailbox,
    const struct message_info *info)
{
	*m = (struct mailread){ .mailbox = mailbox, .info = *info, .fd = -1 };
	buf_init(&m->record, RECORD_MAX);
	buf_init(&m->preview, PREVIEW_BYTES);
}

void
mailread_close(struct mailread *m)
{
	mimereader_end(&m->reader);
	fd_close(&m->fd);
	buf_fini(&m->record);
	buf_fini(&m->preview);
	mime_tree_free(&m->tree);
}

void
mailread_lend(struct mailread *m, struct slice record)
{
	struct slice envelope;

	if (record.p != NULL && mime_record_envelope(record, &envelope))
		m->lent = record;
}

struct slice
mailread_kept(const struct mailread *m)
{
	return m->lent.p != NULL ? m->lent : buf_slice(&m->record);
}

enum found
mailread_open(struct mailread *m, struct err *err)
{
	if (m->fd != -1)
		return FOUND;
	return message_open(m->mailbox, m->info.uid, &m->fd, &m->info, err);
}

static void
keep_record(struct mailread *m)
{
	const struct mime_part *root = m->tree->root;
	struct err err;

	/* A cache: where it cannot be kept it is made again. */
	(void)message_cache(m->mailbox, m->info.uid, buf_slice(&m->record),
	    (int64_t)(root->header.crlf_bytes + root->body.crlf_bytes),
	    mime_record_sent(root->envelope), &err);
}

/* A tree that does not describe the file is none. */
static bool
is_of_file(const struct mailread *m)
{
	const struct mime_part *root = m->tree->root;

	return root->header.bytes + root->body.bytes == (uint64_t)m->info.size;
}

/* Are the sizes that the index has those that were found? */
static bool
has_sizes(const struct mailread *m)
{
	const struct mime_part *root = m->tree->root;

	return is_of_file(m) &&
	       root->header.crlf_bytes + root->body.crlf_bytes ==
		   (uint64_t)m->info.vsize;
}

/* Not so: they are corrected, which a second opening does. */
static enum found
correct_sizes(struct mailread *m, struct err *err)
{
	enum found found;

	fd_close(&m->fd);
	found = mailread_open(m, err);
	if (found != FOUND || has_sizes(m))
		return found;
	err_set(err, ERR_TEMP, "a message has changed");
	return TEMPFAIL;
}

/* Read the whole file once, a step in each call; what is found is kept for the
 * next time. */
static enum found
make_record(struct mailread *m, struct err *err)
{
	enum found found = FOUND;

	if (m->fd == -1)
		found = message_open_unread(
		    m->mailbox, m->info.uid, &m->fd, &m->info, err);
	if (found != FOUND)
		return found;
	if (!m->reading)
		mimereader_begin(&m->reader, m->fd, limits);
	m->reading = true;
	if (mimereader_step(&m->reader, &m->tree, err) == -1)
		return TEMPFAIL;
	if (m->tree == NULL)
		return FOUND;
	metric_add(&parsed, 1);
	mimereader_end(&m->reader);
	m->reading = false;
	found = has_sizes(m) ? FOUND : correct_sizes(m, err);
	if (found != FOUND) {
		mime_tree_free(&m->tree);
		return found;
	}
	m->lent = (struct slice){ NULL, 0 };
	buf_reset(&m->record);
	mime_record_put(&m->record, m->tree);
	keep_record(m);
	return FOUND;
}

enum found
mailread_record(struct mailread *m, struct err *err)
{
	struct slice envelope;
	enum found found;

	if (m->reading)
		return make_record(m, err);
	if (m->lent.p != NULL || m->record.n > 0)
		return FOUND;
	found = message_cached(m->mailbox, m->info.uid, &m->record, err);
	if (found == TEMPFAIL)
		return found;
	if (found == FOUND &&
	    mime_record_envelope(buf_slice(&m->record), &envelope))
		return FOUND;
	return make_record(m, err);
}

enum found
mailread_tree(struct mailread *m, struct err *err)
{
	enum found found = mailread_record(m, err);

	if (found != FOUND || m->reading || m->tree != NULL)
		return found;
	m->tree = mime_record_tree(mailread_kept(m));
	if (m->tree != NULL && is_of_file(m))
		return FOUND;
	mime_tree_free(&m->tree);
	return make_record(m, err);
}

/* By the record, if there is one; of a header so long that not all of it counts
 * the file decides. */
static bool
thread_of_kept(struct mailread *m)
{
	struct slice fields;

	if (m->info.size > THREADID_HEADER_MAX)
		return false;
	if (m->lent.p == NULL && m->record.n == 0 && !m->reading &&
	    (message_cached(m->mailbox, m->info.uid, &m->record, NULL) !=
		    FOUND ||
		!mime_record_header(buf_slice(&m->record), &fields)))
		buf_reset(&m->record);
	return mime_record_header(mailread_kept(m), &fields) &&
	       threadid_of_kept(fields, m->info.email_id, &m->thread_id);
}

enum found
mailread_thread(struct mailread *m, struct err *err)
{
	enum found found = FOUND;
	size_t n = THREADID_HEADER_MAX;
	char *header;

	if (m->thread_id == 0)
		m->thread_id = m->info.thread_id;
	if (m->thread_id != 0 || thread_of_kept(m))
		return FOUND;
	found = mailread_open(m, err);
	if (found != FOUND)
		return found;
	if (m->info.size < (int64_t)n)
		n = (size_t)m->info.size;
	header = xmalloc(n + 1);
	if (fd_pread_all(m->fd, header, n, 0, err) == -1)
		found = TEMPFAIL;
	else
		m->thread_id =
		    threadid_of(slice_of(header, n), m->info.email_id);
	xfree(&header);
	return found;
}

enum found
mailread_preview(struct mailread *m, struct err *err)
{
	const uint32_t uid = m->info.uid;
	enum found found = FOUND;

	if (m->previewed)
		return FOUND;
	if (!m->reading)
		found = message_preview(m->mailbox, uid, &m->preview, err);
	if (m->reading || found == ABSENT) {
		found = mailread_open(m, err);
		if (found == FOUND)
			found = mailread_tree(m, err);
		if (found != FOUND || m->reading)
			return found;
		if (preview_read(&m->preview, m->fd, m->tree->root, NULL) == -1)
			return FOUND;
		(void)message_keep_preview(
		    m->mailbox, uid, buf_slice(&m->preview), NULL);
	}
	m->previewed = found == FOUND;
	return found;
}
