/* SPDX-License-Identifier: ISC */
#include "ctl/reports/attached.h"

#include "base/ascii.h"
#include "base/buf.h"
#include "mime/parser.h"
#include "mime/part.h"
#include "mime/transfer.h"

/* May P hold a report? */
static bool
may_be_report(const struct mime_part *p, const char *const *subtypes)
{
	for (size_t i = 0; subtypes[i] != NULL; i++)
		if (slice_iis(p->subtype, subtypes[i]))
			return p->kind == MIME_LEAF;
	return false;
}

static int
add_part(const struct mime_part *p, struct slice message, attached_add *add,
    void *arg, struct err *err)
{
	const struct slice body =
	    slice_sub(message, p->body.off, p->body.bytes);
	struct buf file = { .max = body.n + 100 };
	struct transfer t;
	int rc;

	transfer_init(&t, transfer_find(p->encoding));
	transfer_feed(&t, body, &file);
	transfer_finish(&t, &file);
	rc = add(arg, buf_slice(&file), err);
	buf_fini(&file);
	return rc;
}

static const struct mime_part *
next_part(const struct mime_part *p)
{
	if (p->child != NULL)
		return p->child;
	while (p != NULL && p->next == NULL)
		p = p->parent;
	return p != NULL ? p->next : NULL;
}

static int
add_message(struct slice message, const char *const *subtypes,
    attached_add *add, void *arg, size_t *reports, struct err *err)
{
	struct mime_tree *tree = mime_parse(message, NULL);
	int rc = 0;

	for (const struct mime_part *p = tree->root; p != NULL;
	     p = next_part(p)) {
		struct err one = { 0 };

		if (!may_be_report(p, subtypes))
			continue;
		if (add_part(p, message, add, arg, &one) == 0) {
			++*reports;
		} else {
			rc = -1;
			*err = one;
		}
	}
	mime_tree_free(&tree);
	return rc;
}

/* A header begins with a letter, an archive, XML or JSON with something else.
 */
static bool
is_message(struct slice file)
{
	return file.n > 1 && ascii_isalpha(file.p[0]) &&
	       !slice_starts(file, SLICE("PK\3\4"));
}

int
attached_each(struct slice file, const char *const *subtypes, attached_add *add,
    void *arg, size_t *reports, struct err *err)
{
	*reports = 0;
	if (is_message(file))
		return add_message(file, subtypes, add, arg, reports, err);
	if (add(arg, file, err) == -1)
		return -1;
	*reports = 1;
	return 0;
}
