/* SPDX-License-Identifier: ISC */
#include "ctl/imap/gather.h"

#include <string.h>

#include "base/cur.h"

void
imap_gather_init(struct imap_gather *g,
    void (*on_body)(void *arg, struct slice bytes), void *arg)
{
	*g = (struct imap_gather){ .on_body = on_body, .arg = arg };
	buf_init(&g->text, IMAP_RESPONSE_MAX);
}

void
imap_gather_fini(struct imap_gather *g)
{
	buf_fini(&g->text);
}

static void
begin(struct imap_gather *g)
{
	buf_reset(&g->text);
	g->has_body = g->in_body = g->whole = false;
	g->body_size = g->literal = 0;
	g->line = 0;
}

/* In what is said to people "{5}" may stand at the end of a line. */
static bool
is_for_people(struct slice s)
{
	static const char *const words[] = { "OK", "NO", "BAD", "BYE",
		"PREAUTH" };
	struct slice word;

	if (!slice_starts(s, SLICE("* ")))
		return true;
	word = slice_cut(slice_from(s, 2), ' ', &s);
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (slice_iis(word, words[i]))
			return true;
	return false;
}

/* Does LINE (without its CRLF) end in "{n}"?  Then BEFORE is what stands before
 * that, and N the number. */
static bool
announces(struct slice line, struct slice *before, uint64_t *n)
{
	const size_t open = slice_rfind(line, '{');
	struct cur c = cur_of(slice_from(line, open + 1));

	if (open == line.n || line.p[line.n - 1] != '}')
		return false;
	*n = cur_u64(&c, UINT64_MAX);
	cur_lit(&c, "}");
	*before = slice_sub(line, 0, open);
	return cur_end(&c);
}

static int
begin_literal(
    struct imap_gather *g, struct slice before, uint64_t n, struct err *err)
{
	if (before.n > 0 && before.p[before.n - 1] == '~')
		before.n--;
	if (before.n >= 7 &&
	    slice_iis(slice_from(before, before.n - 7), "BODY[] ")) {
		if (g->has_body || n > IMAP_MESSAGE_MAX)
			return err_set(err, ERR_PERM,
			    "the server sends a message of %llu bytes",
			    (unsigned long long)n);
		g->has_body = g->in_body = true;
		g->body_size = n;
		buf_truncate(&g->text, g->line + before.n);
		buf_adds(&g->text, "\"\"");
	} else if (n > IMAP_LITERAL_MAX) {
		return err_set(err, ERR_PERM,
		    "the server sends a literal of %llu bytes",
		    (unsigned long long)n);
	} else {
		buf_adds(&g->text, "\r\n");
	}
	g->literal = n;
	/* What comes behind it is a line again, without any of this. */
	if (n == 0) {
		g->line = g->text.n;
		g->in_body = false;
	}
	return 0;
}

/* A line is whole in text, without its CRLF. */
static int
end_line(struct imap_gather *g, struct err *err)
{
	const struct slice line = slice_from(buf_slice(&g->text), g->line);
	struct slice before;
	uint64_t n;

	if (memchr(line.p != NULL ? line.p : "", '\0', line.n) != NULL ||
	    slice_find(line, '\r') != line.n)
		return err_set(
		    err, ERR_PERM, "the server sends a line that is none");
	if (!is_for_people(buf_slice(&g->text)) && announces(line, &before, &n))
		return begin_literal(g, before, n, err);
	g->whole = true;
	return 0;
}

static struct slice
take(struct slice *in, uint64_t n)
{
	const struct slice s = slice_sub(*in, 0, n < in->n ? (size_t)n : in->n);

	*in = slice_from(*in, s.n);
	return s;
}

static void
feed_literal(struct imap_gather *g, struct slice *in)
{
	const struct slice s = take(in, g->literal);

	if (g->in_body)
		g->on_body(g->arg, s);
	else
		buf_add(&g->text, s);
	g->literal -= s.n;
	if (g->literal == 0) {
		g->in_body = false;
		g->line = g->text.n;
	}
}

static int
feed_line(struct imap_gather *g, struct slice *in, struct err *err)
{
	const size_t lf = slice_find(*in, '\n');
	const bool ends = lf < in->n;

	buf_add(&g->text, take(in, ends ? lf + 1 : in->n));
	if (g->text.failed || !ends)
		return 0;
	if (g->text.n < g->line + 2 || g->text.p[g->text.n - 2] != '\r')
		return err_set(
		    err, ERR_PERM, "the server ends a line without CRLF");
	buf_truncate(&g->text, g->text.n - 2);
	return end_line(g, err);
}

int
imap_gather_feed(struct imap_gather *g, struct slice *in, struct err *err)
{
	if (g->whole)
		begin(g);
	while (in->n > 0 && !g->whole) {
		if (g->literal > 0)
			feed_literal(g, in);
		else if (feed_line(g, in, err) == -1)
			return -1;
		if (g->text.failed)
			return err_set(err, ERR_PERM,
			    "the server sends a response of more than %d bytes",
			    IMAP_RESPONSE_MAX);
	}
	return g->whole ? 1 : 0;
}
