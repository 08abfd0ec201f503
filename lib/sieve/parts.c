/* SPDX-License-Identifier: ISC */
#include "sieve/parts.h"

#include "mime/part.h"
#include "sieve/exec.h"

const struct mime_part *
sieve_parts_next(const struct mime_part *root, const struct mime_part *p)
{
	if (p->child != NULL)
		return p->child;
	while (p != root && p->next == NULL)
		p = p->parent;
	return p == root ? NULL : p->next;
}

struct slice
sieve_parts_bytes(struct sieve_exec *x, const struct mime_part *p, bool header)
{
	const struct mime_span *s = header ? &p->header : &p->body;

	return slice_sub(x->message->raw, s->off, s->bytes);
}

/* The fields of PART; those of the message itself may have been changed. */
static struct sieve_fields *
fields_of(struct sieve_exec *x, const struct mime_part *part)
{
	struct sieve_fields *f;

	if (part->parent == NULL)
		return &x->message->fields;
	f = arena_new(&x->tmp, struct sieve_fields);
	sieve_message_fields(&x->tmp, sieve_parts_bytes(x, part, true), f);
	return f;
}

int
sieve_parts_headers(struct sieve_exec *x, const struct sieve_call *c,
    struct sieve_fields ***lists, size_t *n)
{
	const bool all = sieve_call_has(c, SIEVE_TAG_ANYCHILD);
	const struct mime_tree *tree;
	const struct mime_part *root;

	*n = 0;
	if (!sieve_call_has(c, SIEVE_TAG_MIME)) {
		*lists = arena_alloc(&x->tmp, sizeof **lists);
		(*lists)[(*n)++] = &x->message->fields;
		return 0;
	}
	tree = sieve_message_tree(x->message);
	root = x->nloops > 0 ? x->loops[x->nloops - 1] : tree->root;
	*lists = arena_alloc(&x->tmp, (tree->nparts + 1) * sizeof **lists);
	for (const struct mime_part *p = root; p != NULL && *n <= tree->nparts;
	     p = all ? sieve_parts_next(root, p) : NULL) {
		(*lists)[(*n)++] = fields_of(x, p);
		if (sieve_exec_spend(x, 1 + p->header.bytes / 64) == -1)
			return -1;
	}
	return 0;
}

int
sieve_parts_select(const struct sieve_call *c, struct sieve_fields *fields,
    struct slice name, int index_tag, int last_tag, struct sieve_selected *s)
{
	const struct sieve_operand *o = sieve_call_tag(c, index_tag);
	const bool last = sieve_call_has(c, last_tag);
	const uint64_t want = o != NULL ? sieve_exec_number(o) : 0;
	uint64_t seen = 0;

	for (size_t k = 0; k < fields->n; k++) {
		const size_t i = last ? fields->n - 1 - k : k;
		int rc;

		if (!slice_ieq(fields->list[i].name, name) ||
		    (++seen != want && o != NULL))
			continue;
		rc = s->on(s, i);
		if (rc != 0 || o != NULL)
			return rc;
	}
	return 0;
}
