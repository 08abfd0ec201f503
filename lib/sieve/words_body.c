/* SPDX-License-Identifier: ISC */
/* body (RFC 5173). */
#include "mime/part.h"
#include "mime/transfer.h"
#include "sieve/content.h"
#include "sieve/exec.h"
#include "sieve/match.h"
#include "sieve/parts.h"
#include "sieve/words.h"

static struct slice
without_empty_line(struct slice head)
{
	if (slice_ends(head, SLICE("\n\r\n")))
		head.n -= 2;
	else if (slice_ends(head, SLICE("\n\n")))
		head.n--;
	return head;
}

/* What P itself says, without the parts in it. */
static int
match_part(struct sieve_exec *x, struct sieve_match *m,
    const struct mime_part *p, bool visible)
{
	struct slice text;
	int rc;

	if (p->kind == MIME_MULTIPART) {
		rc = sieve_match_value(x, m, sieve_content_prologue(x, p));
		if (rc != 0)
			return rc;
		return sieve_match_value(x, m, sieve_content_epilogue(x, p));
	}
	if (p->kind == MIME_MESSAGE)
		return sieve_match_value(x, m,
		    without_empty_line(sieve_parts_bytes(x, p->child, true)));
	if (transfer_find(p->encoding) == TRANSFER_UNKNOWN)
		return 0;
	if (sieve_content_text(x, p, visible, &text) == -1)
		return -1;
	return sieve_match_value(x, m, text);
}

static bool
is_wanted(const struct mime_part *p, const struct slice *types, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (sieve_content_is(p, types[i]))
			return true;
	return false;
}

static int
match_parts(struct sieve_exec *x, struct sieve_match *m,
    const struct slice *types, size_t n, bool visible)
{
	const struct mime_part *root = sieve_message_tree(x->message)->root;
	int rc = 0;

	for (const struct mime_part *p = root; p != NULL && rc == 0;
	     p = sieve_parts_next(root, p))
		if (is_wanted(p, types, n))
			rc = match_part(x, m, p, visible);
	return rc;
}

/* A header that no empty line ends is all there is (RFC 5173 4). */
static bool
has_body(const struct sieve_message *m)
{
	const struct slice head = slice_sub(m->raw, 0, m->raw.n - m->body.n);

	return m->body_edited || m->body.n > 0 ||
	       slice_ends(head, SLICE("\n\n")) ||
	       slice_ends(head, SLICE("\n\r\n"));
}

int
sieve_do_body(struct sieve_exec *x, const struct sieve_call *c, bool *result)
{
	const struct sieve_operand *content =
	    sieve_call_tag(c, SIEVE_TAG_CONTENT);
	const struct slice text[] = { SLICE("text"),
		SLICE("application/xhtml+xml") };
	struct slice *types;
	struct sieve_match m;
	size_t n;
	int rc;

	if (sieve_match_init(x, &m, c, &c->args[0]) == -1)
		return -1;
	m.no_values = true; /* RFC 5173 6 */
	*result = false;
	if (!has_body(x->message))
		return 0;
	if (sieve_call_has(c, SIEVE_TAG_RAW))
		rc = sieve_match_value(x, &m, x->message->body);
	else if (content == NULL)
		rc = match_parts(x, &m, text, 2, true);
	else if (sieve_exec_strings(x, content, &types, &n) == -1)
		return -1;
	else
		rc = match_parts(x, &m, types, n, false);
	return rc == -1 ? -1 : sieve_match_end(x, &m, result);
}
