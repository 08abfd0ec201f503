/* SPDX-License-Identifier: ISC */
/* The texts of APPEND, CATENATE and REPLACE, in the order in which their
 * literals come, and the URLs in them. */
#include <stddef.h>
#include <stdint.h>

#include "base/must.h"
#include "imapd/append/appendtext.h"
#include "imapd/conn/cmdtext.h"
#include "imapd/parse/imapurl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LINE_MAX_BYTES = 4096 };

static void
read_ops(struct append_op *op, struct arena *a)
{
	bool open = true; /* it may have begun in a text before */

	for (; op != NULL; op = op->next) {
		struct imapurl u;

		if (op->kind != APPEND_OP_URL) {
			open = op->kind == APPEND_OP_BEGIN;
			continue;
		}
		must(open && op->url.n > 0);
		if (imapurl_parse(op->url, a, &u))
			must(u.uid != 0 && u.len != 0 &&
			     (u.mailbox.p != NULL || u.host.p == NULL));
	}
}

/* False: it is over. */
static bool
read_text(struct cmdtext *line, enum append_place *place, bool literal,
    struct arena *a, bool utf8)
{
	const struct literal l = line->literal;
	struct slice text = buf_slice(&line->text);
	struct appendtext t = {
		.place = *place, .many = true, .literal = literal ? &l : NULL
	};
	struct parse p;

	if (literal)
		text = slice_sub(text, 0, l.at);
	p = parse_of(arena_slice(a, text), a);
	p.utf8 = utf8;
	switch (appendtext_read(&p, &t)) {
	case APPEND_TEXT_BAD:
		must(!parse_ok(&p) && p.why != NULL);
		return false;
	case APPEND_TEXT_MORE:
		must(literal);
		return cmdtext_accept(line);
	case APPEND_TEXT_END:
		must(!literal && parse_ok(&p));
		read_ops(t.ops, a);
		return false;
	case APPEND_TEXT_LITERAL:
		must(literal && parse_ok(&p));
		read_ops(t.ops, a);
		break;
	}
	*place = t.place;
	return true;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice in = slice_from(slice_of(data, size), 1);
	enum append_place place = APPEND_BEFORE;
	struct cmdtext line;
	struct arena arena;
	bool go_on = true;

	arena_init(&arena);
	cmdtext_init(&line, LINE_MAX_BYTES);
	while (in.n > 0 && go_on) {
		const enum cmdtext_event e = cmdtext_feed(&line, &in);
		const uint64_t n = line.literal.size;
		const enum append_place before = place;

		if (e != CMDTEXT_LITERAL && e != CMDTEXT_DONE)
			break;
		go_on = read_text(&line, &place, e == CMDTEXT_LITERAL, &arena,
		    (data[0] & 1) != 0);
		if (!go_on || (place == before && line.left > 0))
			continue;
		in = slice_from(in, n < in.n ? (size_t)n : in.n);
		cmdtext_reset(&line);
	}
	cmdtext_fini(&line);
	arena_fini(&arena);
	return 0;
}
