/* SPDX-License-Identifier: ISC */
#include "store/keptnames.h"

#include <stdint.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "maildir/filename.h"
#include "maildir/keptdir.h"
#include "maildir/keyword_set.h"
#include "maildir/keywords.h"
#include "maildir/kwfile.h"
#include "maildir/letters.h"
#include "maildir/mailboxes.h"
#include "store/inner.h"
#include "store/keptlist.h"
#include "store/kwtable.h"

struct keptnames {
	struct mailbox *to;
	const struct kept_message *last; /* NULL: none */
	struct maildir d;
	struct kwfile file;
	struct keyword_table letters; /* of a mailbox that was deleted */
};

bool
keptnames_same(const struct kept_message *a, const struct kept_message *b)
{
	if (a == NULL || b == NULL || a->npath != b->npath)
		return false;
	for (size_t i = 0; i < a->npath; i++)
		if (strcmp(a->path[i], b->path[i]) != 0)
			return false;
	return true;
}

struct keptnames *
keptnames_new(struct mailbox *to)
{
	struct keptnames *n = xcalloc(1, sizeof *n);

	n->to = to;
	n->d = MAILDIR_CLOSED;
	kwfile_init(&n->file, -1);
	return n;
}

static void
leave(struct keptnames *n)
{
	kwfile_fini(&n->file);
	keywords_fini(&n->letters);
	n->letters = (struct keyword_table){ .size = 0 };
	maildir_close(&n->d);
	n->last = NULL;
}

void
keptnames_free(struct keptnames **np)
{
	if (*np == NULL)
		return;
	leave(*np);
	xfree(np);
}

/* A deleted mailbox has its files beside cur and new. */
static int
enter(struct keptnames *n, const struct kept_message *k, struct err *err)
{
	const size_t depth = k->npath == 4 ? 3 : k->npath;
	enum found f;

	if (keptnames_same(n->last, k))
		return 0;
	leave(n);
	f = keptdir_find(&n->d, n->to->a->ix.fd, k->path, depth, err);
	kwfile_init(&n->file, n->d.curfd);
	if (f == TEMPFAIL ||
	    (f == FOUND && depth == 3 &&
		letters_read(n->d.curfd, &n->letters, err) == -1))
		return -1;
	n->last = f == FOUND ? k : NULL;
	return 0;
}

static int
find(struct keptnames *n, const struct kept_message *k,
    const struct filename *f, struct buf *out, struct err *err)
{
	struct slice names = { NULL, 0 };

	if (enter(n, k, err) == -1)
		return -1;
	if (n->last == NULL)
		return 0;
	if (kwfile_find(&n->file, f, &names, err) == -1)
		return -1;
	buf_add(out, names);
	for (unsigned i = 0; i < KEYWORD_LETTERS; i++)
		if ((f->letters & 1u << i) != 0 &&
		    keywords_name(&n->letters, i) != NULL)
			buf_addf(out, "%s%s", out->n > 0 ? " " : "",
			    keywords_name(&n->letters, i));
	return 0;
}

int
keptnames_resolve(struct keptnames *n, struct tx *tx, struct ix_box *b,
    const struct kept_message *k, const struct filename *f,
    struct keyword_set *set, struct err *err)
{
	struct buf names;
	int rc;

	buf_init(&names, KEYWORD_TEXT_MAX);
	rc = find(n, k, f, &names, err);
	if (rc == 0)
		rc = kwtable_resolve(tx, b, &n->to->dirs, n->to->keywords,
		    buf_slice(&names), true, set, err);
	buf_fini(&names);
	return rc;
}

void
keptnames_undo(struct keptnames *n)
{
	/* Read in it, the table is not what the next one will have. */
	n->to->keywords->modseq = 0;
}
