/* SPDX-License-Identifier: ISC */
/* Messages: the same tree however they are cut, out of its compact form, too;
 * parts lie within their parents, what is rendered is balanced. */
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/must.h"
#include "mime/imap.h"
#include "mime/parser.h"
#include "mime/part.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(const struct mime_part *p, uint64_t end)
{
	must(p->body.off == p->header.off + p->header.bytes);
	must(p->body.off + p->body.bytes <= end);
	must(p->body.crlf_bytes <= p->body.bytes + p->body.lines);
	for (const struct mime_part *c = p->child; c != NULL; c = c->next)
		check(c, end);
}

/* Reads strings as a client would; parentheses must match. */
static void
check_balanced(struct slice s)
{
	int depth = 0;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '"') {
			for (i++; s.p[i] != '"'; i++)
				i += s.p[i] == '\\';
		} else if (s.p[i] == '{') {
			size_t n = 0;

			for (i++; s.p[i] != '}'; i++)
				n = n * 10 + (size_t)(s.p[i] - '0');
			i += 2 + n;
		} else {
			depth += s.p[i] == '(';
			depth -= s.p[i] == ')';
			must(depth > 0 || i + 1 == s.n);
		}
	}
	must(depth == 0);
}

static void
render(const struct mime_tree *t, struct buf *out)
{
	buf_reset(out);
	imap_put_body(out, t->root, true);
	must(!out->failed);
	check_balanced(buf_slice(out));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct slice all = slice_of(data, size);
	const size_t step = size > 0 ? data[0] % 7 + 1 : 1;
	const struct mime_limits limits = { 20, 6, 10, 4096, 1 << 20 };
	struct mime_parser *p = mime_parser_new(&limits);
	struct mime_tree *whole = mime_parse(all, &limits), *t;
	struct buf blob, one, two;

	buf_init(&blob, SIZE_MAX / 2);
	buf_init(&one, SIZE_MAX / 2);
	buf_init(&two, SIZE_MAX / 2);
	for (size_t at = 0; at < size; at += step)
		mime_parser_feed(p, slice_sub(all, at, step));
	t = mime_parser_finish(&p);
	check(t->root, size);
	must(t->nparts <= 2 * limits.parts);
	check_balanced(t->root->envelope);
	render(t, &one);
	render(whole, &two);
	must(slice_eq(buf_slice(&one), buf_slice(&two)));
	mime_tree_free(&whole);

	mime_tree_put(&blob, t);
	whole = mime_tree_get(buf_slice(&blob));
	must(whole != NULL && whole->nparts == t->nparts);
	render(whole, &two);
	must(slice_eq(buf_slice(&one), buf_slice(&two)));
	mime_tree_free(&whole);
	mime_tree_free(&t);
	buf_fini(&blob);
	buf_fini(&one);
	buf_fini(&two);
	return 0;
}
