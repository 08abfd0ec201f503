/* SPDX-License-Identifier: ISC */
#include "fulltext/indexer.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/mem.h"
#include "fulltext/fulltext.h"
#include "fulltext/reader.h"
#include "mime/parser.h"
#include "store/account.h"
#include "store/beside.h"
#include "store/mailbox.h"
#include "store/message.h"

enum {
	BATCH = 256,          /* messages whose records are read at once */
	COMMIT_DOCS = 200,    /* of a transaction, */
	COMMIT_TERMS = 50000, /* at most */
	MERGES = 16,          /* of another */
	GONE_SLACK = 100,     /* of a mailbox, that are left in */
};

enum stage {
	START,
	NEXT_BOX,
	BEGIN,
	LOOK,
	READ,
	KNOW,
	COMMIT,
	MERGE,
	FINISH,
	DONE
};

struct indexer {
	struct account *account;
	struct fulltext *index;
	struct arena arena;
	bool all;        /* mailboxes, */
	uint64_t modseq; /* as of this change */
	struct slice *names;
	size_t nnames, capnames, name;

	enum stage stage, after; /* after: of MERGE */
	unsigned merges;         /* in the transaction */
	struct mailbox *mailbox;
	struct mailbox_status status;
	struct fulltext_places places;
	struct message_info *batch;
	size_t n, at;      /* in batch */
	uint32_t next_uid; /* to be looked at */
	bool whole;        /* all its messages are looked at */
	bool looked;       /* at all of what there is to look at */
	uint32_t *uids;    /* WHOLE: those that are there */
	size_t nuids, capuids;
	size_t known;         /* KNOW: terms of the message */
	uint64_t docs, terms; /* in the transaction */
	struct term_reader reader;
	struct indexer_progress progress;
};

static bool
on_name(void *arg, const struct mailbox_info *info)
{
	struct indexer *x = arg;

	if (!info->exists)
		return true;
	if (x->nnames == x->capnames) {
		x->capnames = x->capnames > 0 ? 2 * x->capnames : 16;
		x->names =
		    xreallocarray(x->names, x->capnames, sizeof *x->names);
	}
	x->names[x->nnames++] = arena_slice(&x->arena, info->name);
	return true;
}

struct indexer *
indexer_new(struct account *a, struct fulltext *f, struct slice name,
    const struct mime_limits *limits)
{
	struct indexer *x = xcalloc(1, sizeof *x);
	const struct mailbox_info one = { .name = name, .exists = true };

	x->account = a;
	x->index = f;
	arena_init(&x->arena);
	reader_init(&x->reader, limits);
	x->batch = xcalloc(BATCH, sizeof *x->batch);
	x->all = name.p == NULL;
	if (!x->all)
		(void)on_name(x, &one);
	return x;
}

static void
leave_box(struct indexer *x)
{
	reader_close(&x->reader);
	fulltext_places_fini(&x->places);
	mailbox_close(&x->mailbox);
	x->nuids = 0;
}

void
indexer_free(struct indexer **xp)
{
	struct indexer *x = *xp;

	if (x == NULL)
		return;
	fulltext_rollback(x->index);
	leave_box(x);
	reader_fini(&x->reader);
	arena_fini(&x->arena);
	xfree(&x->names);
	xfree(&x->batch);
	xfree(&x->uids);
	xfree(xp);
}

const struct indexer_progress *
indexer_progress(const struct indexer *x)
{
	return &x->progress;
}

static int
commit(void *arg, struct err *err)
{
	struct indexer *x = arg;

	return fulltext_commit(x->index, err);
}

/* The id of the mailbox, as the index has it. */
static struct slice
box_id(const struct indexer *x)
{
	return slice_str(x->status.id);
}

int
indexer_commit(struct indexer *x, struct err *err)
{
	if (!fulltext_is_writing(x->index))
		return 0;
	if (x->mailbox != NULL &&
	    fulltext_put_places(x->index, box_id(x), x->status.uidvalidity,
		&x->places, false, err) == -1)
		return -1;
	if (account_beside_change(x->account, commit, x, err) == -1)
		return -1;
	x->docs = x->terms = 0;
	return 0;
}

static uint64_t
count(const struct fulltext_places *p)
{
	uint64_t n = 0;

	for (size_t i = 0; i < p->n; i++)
		n += p->v[i].n;
	return n;
}

static uint32_t
uid_after(const struct fulltext_places *p)
{
	return p->n > 0 ? p->v[p->n - 1].uid + p->v[p->n - 1].n : 1;
}

/* What of the mailbox has to be looked at: all that is behind what is in the
 * index; all of it, if some before that is missing or much is gone. */
static void
plan(struct indexer *x)
{
	const uint64_t had = count(&x->places);

	x->next_uid = uid_after(&x->places);
	x->whole =
	    had > x->status.messages + GONE_SLACK + x->status.messages / 8 ||
	    (x->next_uid >= x->status.uidnext && had < x->status.messages);
	if (x->whole)
		x->next_uid = 1;
	x->looked = x->next_uid >= x->status.uidnext;
	x->n = x->at = 0;
	x->nuids = 0;
}

/* ABSENT: it is gone. */
static enum found
enter_box(struct indexer *x, struct slice name, struct err *err)
{
	enum found found = mailbox_open(x->account, name, &x->mailbox, err);

	if (found != FOUND)
		return found;
	if (mailbox_status(x->mailbox, &x->status, err) == -1)
		return err->class == ERR_PERM ? ABSENT : TEMPFAIL;
	if (fulltext_places(x->index, box_id(x), x->status.uidvalidity,
		&x->places, err) == -1)
		return TEMPFAIL;
	plan(x);
	x->progress.mailbox = name;
	x->progress.messages += x->status.messages;
	if (!x->whole)
		x->progress.looked_at += count(&x->places);
	return FOUND;
}

/* Nothing has changed since all was in the index? */
static int
start(struct indexer *x, struct err *err)
{
	uint64_t seen;

	x->stage = NEXT_BOX;
	if (!x->all)
		return 0;
	if (account_modseq(x->account, &x->modseq, err) == -1 ||
	    fulltext_seen(x->index, &seen, err) == -1)
		return -1;
	if (seen == x->modseq)
		x->stage = DONE;
	else
		return mailbox_list(x->account, false, on_name, x, err);
	return 0;
}

static int
next_box(struct indexer *x, struct err *err)
{
	struct err why = { 0 };
	enum found found;

	leave_box(x);
	if (x->name == x->nnames) {
		x->stage = FINISH;
		return 0;
	}
	found = enter_box(x, x->names[x->name++], &why);
	if (found == ABSENT && !x->all)
		return err_set_code(
		    err, ERR_PERM, ERR_NOT_FOUND, "no such mailbox");
	if (found == TEMPFAIL) {
		if (err != NULL)
			*err = why;
		x->name--;
		return -1;
	}
	if (found == FOUND && !x->looked)
		x->stage = BEGIN;
	return 0;
}

/* Somebody else may have written since: what is known is read again. */
static int
begin(struct indexer *x, struct err *err)
{
	if (fulltext_begin(x->index, err) == -1)
		return -1;
	fulltext_places_fini(&x->places);
	if (fulltext_places(x->index, box_id(x), x->status.uidvalidity,
		&x->places, err) == -1)
		return -1;
	x->stage = LOOK;
	return 0;
}

static void
note_uid(struct indexer *x, uint32_t uid)
{
	if (!x->whole)
		return;
	if (x->nuids == x->capuids) {
		x->capuids = x->capuids > 0 ? 2 * x->capuids : 1024;
		x->uids = xreallocarray(x->uids, x->capuids, sizeof *x->uids);
	}
	x->uids[x->nuids++] = uid;
}

static int
read_batch(struct indexer *x, struct err *err)
{
	if (message_read(
		x->mailbox, x->next_uid, x->batch, BATCH, &x->n, err) == -1)
		return -1;
	x->at = 0;
	x->looked = x->n == 0;
	if (x->n > 0)
		x->next_uid = x->batch[x->n - 1].uid + 1;
	return 0;
}

/* The next message of the batch, if it is not in the index. */
static int
look(struct indexer *x, struct err *err)
{
	const struct message_info *info;
	uint64_t doc;
	enum found found;

	if (x->at == x->n && !x->looked)
		return read_batch(x, err);
	if (x->at == x->n) {
		x->stage = COMMIT;
		return 0;
	}
	info = &x->batch[x->at++];
	x->progress.looked_at++;
	note_uid(x, info->uid);
	if (fulltext_place_of(&x->places, info->uid, &doc) == FOUND)
		return 0;
	found = fulltext_find(x->index, info->email_id, info->size, &doc, err);
	if (found == FOUND) {
		fulltext_place(&x->places, info->uid, doc);
		x->progress.copies++;
	}
	if (found != ABSENT)
		return found == FOUND ? 0 : -1;
	/* One that cannot be read is left to those who look for it. */
	if (reader_open(&x->reader, x->mailbox, info->uid, NULL) == FOUND)
		x->stage = READ;
	return 0;
}

/* It is the document DOC. */
static void
end_message(struct indexer *x, uint64_t doc)
{
	struct term_reader *r = &x->reader;

	fulltext_place(&x->places, r->info.uid, doc);
	x->progress.read++;
	x->docs++;
	x->terms += r->terms.n;
	reader_close(r);
	x->stage =
	    x->docs >= COMMIT_DOCS || x->terms >= COMMIT_TERMS ? COMMIT : LOOK;
}

static int
read_message(struct indexer *x, struct err *err)
{
	struct term_reader *r = &x->reader;
	enum found found;
	uint64_t doc;
	bool more;

	if (reader_step(r, &more, NULL) == -1) {
		reader_close(r);
		x->stage = LOOK;
		return 0;
	}
	if (more)
		return 0;
	/* Its size may have been corrected. */
	found =
	    fulltext_find(x->index, r->info.email_id, r->info.size, &doc, err);
	if (found == TEMPFAIL)
		return -1;
	x->stage = KNOW;
	x->known = 0;
	if (found == FOUND)
		end_message(x, doc);
	return 0;
}

static int
know(struct indexer *x, struct err *err)
{
	const struct term_reader *r = &x->reader;
	uint64_t doc;
	bool more;

	if (fulltext_know(x->index, &r->terms, &x->known, &more, err) == -1)
		return -1;
	if (more)
		return 0;
	if (fulltext_add(x->index, r->info.email_id, r->info.size, &r->terms,
		&doc, err) == -1)
		return -1;
	end_message(x, doc);
	return 0;
}

/* A mailbox of which all was looked at loses what is gone. */
static int
end_box(struct indexer *x, struct err *err)
{
	const uint64_t had = count(&x->places);

	if (x->whole && fulltext_places_keep(&x->places, x->uids, x->nuids)) {
		if (fulltext_put_places(x->index, box_id(x),
			x->status.uidvalidity, &x->places, true, err) == -1)
			return -1;
		x->progress.gone += had - count(&x->places);
	}
	return 0;
}

static int
commit_step(struct indexer *x, struct err *err)
{
	const bool over = x->looked && x->at == x->n;

	if (over && end_box(x, err) == -1)
		return -1;
	if (indexer_commit(x, err) == -1)
		return -1;
	x->after = over ? NEXT_BOX : BEGIN;
	x->stage = MERGE;
	x->merges = 0;
	return 0;
}

/* In transactions of their own, of which none is long. */
static int
merge(struct indexer *x, struct err *err)
{
	bool more = false;

	if (fulltext_begin(x->index, err) == -1)
		return -1;
	if (x->merges < MERGES && fulltext_merge(x->index, &more, err) == -1)
		return -1;
	x->merges++;
	if (more)
		return 0;
	if (account_beside_change(x->account, commit, x, err) == -1)
		return -1;
	if (x->merges <= MERGES)
		x->stage = x->after;
	x->merges = 0;
	return 0;
}

static int
finish(struct indexer *x, struct err *err)
{
	x->stage = DONE;
	if (!x->all)
		return 0;
	x->stage = FINISH;
	if (fulltext_begin(x->index, err) == -1 ||
	    fulltext_set_seen(x->index, x->modseq, err) == -1 ||
	    indexer_commit(x, err) == -1)
		return -1;
	x->stage = DONE;
	return 0;
}

int
indexer_step(struct indexer *x, bool *more, struct err *err)
{
	int rc = 0;

	*more = true;
	switch (x->stage) {
	case START:
		rc = start(x, err);
		break;
	case NEXT_BOX:
		rc = next_box(x, err);
		break;
	case BEGIN:
		rc = begin(x, err);
		break;
	case LOOK:
		rc = look(x, err);
		break;
	case READ:
		rc = read_message(x, err);
		break;
	case KNOW:
		rc = know(x, err);
		break;
	case COMMIT:
		rc = commit_step(x, err);
		break;
	case MERGE:
		rc = merge(x, err);
		break;
	case FINISH:
		rc = finish(x, err);
		break;
	case DONE:
		*more = false;
		break;
	}
	return rc;
}
