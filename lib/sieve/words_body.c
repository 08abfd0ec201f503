/* SPDX-License-Identifier: ISC */
/* body (RFC 5173). */
#include "mime/part.h"
#include "sieve/content.h"
#include "sieve/exec.h"
#include "sieve/match.h"
#include "sieve/parts.h"
#include "sieve/words.h"

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
		return sieve_match_value(
		    x, m, sieve_parts_bytes(x, p->child, true));
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

int
sieve_do_body(struct sieve_exec *x, const struct sieve_call *c, bool *result)
{
	const struct sieve_operand *content =
	    sieve_call_tag(c, SIEVE_TAG_CONTENT);
	const struct slice text = SLICE("text");
	struct slice *types;
	struct sieve_match m;
	size_t n;
	int rc;

	if (sieve_match_init(x, &m, c, &c->args[0]) == -1)
		return -1;
	if (sieve_call_has(c, SIEVE_TAG_RAW))
		rc = sieve_match_value(x, &m, x->message->body);
	else if (content == NULL)
		rc = match_parts(x, &m, &text, 1, true);
	else if (sieve_exec_strings(x, content, &types, &n) == -1)
		return -1;
	else
		rc = match_parts(x, &m, types, n, false);
	return rc == -1 ? -1 : sieve_match_end(x, &m, result);
}
