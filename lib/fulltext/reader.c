/* SPDX-License-Identifier: ISC */
#include "fulltext/reader.h"

#include "base/mem.h"
#include "mime/part.h"
#include "mime/record.h"
#include "sys/fd.h"

enum { RECORD_MAX = 64 << 20 };

void
reader_init(struct term_reader *r, const struct mime_limits *limits)
{
	*r = (struct term_reader){ .limits = limits, .fd = -1 };
	buf_init(&r->record, RECORD_MAX);
	terms_init(&r->terms);
}

void
reader_close(struct term_reader *r)
{
	if (r->scanning)
		textscan_end(&r->text);
	r->scanning = false;
	block_fini(&r->block);
	mimereader_end(&r->mime);
	mime_tree_free(&r->tree);
	buf_reset(&r->record);
	fd_close(&r->fd);
	r->mailbox = NULL;
}

void
reader_fini(struct term_reader *r)
{
	reader_close(r);
	buf_fini(&r->record);
	terms_fini(&r->terms);
}

/* A tree that does not describe the file is none. */
static bool
is_of_file(const struct term_reader *r)
{
	return r->tree->root->header.bytes + r->tree->root->body.bytes ==
	       (uint64_t)r->info.size;
}

enum found
reader_open(
    struct term_reader *r, struct mailbox *m, uint32_t uid, struct err *err)
{
	enum found found = message_open(m, uid, &r->fd, &r->info, err);

	if (found != FOUND)
		return found;
	r->mailbox = m;
	terms_reset(&r->terms);
	found = message_cached(m, uid, &r->record, err);
	if (found == FOUND)
		r->tree = mime_record_tree(buf_slice(&r->record));
	if (r->tree != NULL && !is_of_file(r))
		mime_tree_free(&r->tree);
	if (r->tree == NULL)
		mimereader_begin(&r->mime, r->fd, r->limits);
	return FOUND;
}

static void
take(struct textscan *t, enum textscan_where where, bool end)
{
	struct term_reader *r = OUTER(t, struct term_reader, text);

	terms_feed(&r->terms,
	    where == TEXTSCAN_HEADER ? TERMS_HEADER : TERMS_BODY,
	    buf_slice(&t->window));
	if (end)
		terms_end(&r->terms);
	buf_reset(&t->window);
}

int
reader_step(struct term_reader *r, bool *more, struct err *err)
{
	*more = true;
	if (r->tree == NULL) {
		if (mimereader_step(&r->mime, &r->tree, err) == -1)
			return -1;
		if (r->tree != NULL && !is_of_file(r))
			return err_set(err, ERR_TEMP, "a message has changed");
		return 0;
	}
	if (!r->scanning) {
		block_init(&r->block, r->fd, (uint64_t)r->info.size);
		textscan_begin(&r->text, &r->block, r->tree->root, take);
		r->scanning = true;
	}
	/* What there is too much of is read no further. */
	if (textscan_has_more(&r->text) && !r->terms.too_many)
		return textscan_step(&r->text, err);
	*more = false;
	return 0;
}
