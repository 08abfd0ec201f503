/* SPDX-License-Identifier: ISC */
#include "text/html.h"

#include "base/ascii.h"
#include "base/buf.h"
#include "base/mem.h"
#include "text/entity.h"

enum { RUN_MAX = 256 };

/* Within these words go on. */
static const char *const inner[] = { "a", "abbr", "acronym", "b", "bdi", "bdo",
	"big", "cite", "code", "data", "del", "dfn", "em", "font", "i", "ins",
	"kbd", "label", "mark", "nobr", "o:p", "q", "ruby", "s", "samp",
	"small", "span", "strike", "strong", "sub", "sup", "time", "tt", "u",
	"var", "wbr" };

/* Nobody sees what is in these. */
static const char *const hidden[] = { "script", "style", "template", "title" };

static bool
is_one_of(struct slice name, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (slice_iis(name, names[i]))
			return true;
	return false;
}

static struct slice
held(const struct html *h)
{
	return slice_of(h->held, h->nheld);
}

static void
hold(struct html *h, char c)
{
	/* What is longer is no name of ours. */
	if (h->nheld < HTML_HELD)
		h->held[h->nheld++] = c;
}

static void
enter(struct html *h, enum html_state state)
{
	h->state = state;
	h->nheld = 0;
}

/* Text that is shown, unless the element around it is not. */
static void
show(const struct html *h, struct slice text, struct buf *out)
{
	if (h->hidden == NULL)
		buf_add(out, text);
}

/* The reference in held[] is over, with a semicolon or without. */
static void
end_reference(struct html *h, bool ended, struct buf *out)
{
	const struct slice name = held(h);
	size_t n = name.n;
	uint32_t code = 0;

	if (slice_starts(name, SLICE("#"))) {
		if (!entity_number(slice_from(name, 1), &code))
			n = 0;
	} else if (n > 0) { /* "&" alone is frequent */
		code = entity_code(name, ended);
		while (code == 0 && n > 1)
			code = entity_code(slice_sub(name, 0, --n), false);
		n = code != 0 ? n : 0;
	}
	if (n == 0)
		buf_addc(out, '&');
	else
		entity_put(out, code);
	buf_add(out, slice_from(name, n));
	if (ended && (n == 0 || n < name.n))
		buf_addc(out, ';');
	enter(h, HTML_TEXT);
}

/* False: C stands behind the reference. */
static bool
on_reference(struct html *h, char c, struct buf *out)
{
	const bool first = h->nheld == 0;

	if ((ascii_isalnum(c) || (first && c == '#')) && h->nheld < HTML_HELD) {
		hold(h, c);
		return true;
	}
	end_reference(h, c == ';', out);
	return c == ';';
}

/* Names that are no element at all part words, too. */
static void
end_tag(struct html *h, struct buf *out)
{
	const struct slice name = held(h);
	const char *in = h->hidden;

	h->state = HTML_TEXT;
	if (in != NULL) {
		if (h->closing && slice_iis(name, in))
			h->hidden = NULL;
		return;
	}
	if (!is_one_of(name, inner, ARRAY_LEN(inner)))
		buf_addc(out, ' ');
	for (size_t i = 0; i < ARRAY_LEN(hidden) && !h->closing; i++)
		if (slice_iis(name, hidden[i]))
			h->hidden = hidden[i];
}

/* Within a hidden element only its end is a tag. */
static bool
may_begin(const struct html *h, char c)
{
	if (h->hidden != NULL && !h->closing)
		return false;
	return ascii_isalpha(c);
}

/* Behind "<" or "</"; false: it was text, C stands behind it. */
static bool
on_open(struct html *h, char c, struct buf *out)
{
	if (c == '/' && !h->closing) {
		h->closing = true;
	} else if (may_begin(h, c)) {
		enter(h, HTML_NAME);
		hold(h, c);
	} else if (h->hidden == NULL && c == '!' && !h->closing) {
		enter(h, HTML_MARKUP);
	} else if (h->hidden == NULL && (h->closing || c == '?')) {
		enter(h, HTML_DECLARATION);
		return c != '>';
	} else {
		show(h, SLICE("<"), out);
		enter(h, HTML_TEXT);
		return false;
	}
	return true;
}

static void
on_tag(struct html *h, char c, struct buf *out)
{
	const bool names = h->state == HTML_NAME;

	if (c == '>')
		end_tag(h, out);
	else if (names && !ascii_isspace(c) && c != '/')
		hold(h, c);
	else
		h->state = !names && c == '=' ? HTML_VALUE : HTML_TAG;
}

/* A quote means something at the beginning of a value only. */
static void
on_value(struct html *h, char c, struct buf *out)
{
	if (c == '"' || c == '\'') {
		h->quote = c;
		h->state = HTML_QUOTED;
	} else if (c == '>') {
		end_tag(h, out);
	} else if (!ascii_isspace(c)) {
		h->state = HTML_TAG;
	}
}

/* False: C belongs to what "<!" began. */
static bool
on_markup(struct html *h, char c)
{
	if (c == '-') {
		hold(h, c);
		if (h->nheld == 2) {
			enter(h, HTML_COMMENT);
			h->dashes = 2; /* "<!-->" is a whole one */
		}
		return true;
	}
	enter(h, HTML_DECLARATION);
	return false;
}

static void
on_comment(struct html *h, char c)
{
	if (c == '-')
		h->dashes++;
	else if (c == '>' && h->dashes >= 2)
		enter(h, HTML_TEXT);
	else if (c != '!' || h->dashes < 2)
		h->dashes = 0;
}

/* One byte; false: it has to be looked at in the state that it led to. */
static bool
step(struct html *h, char c, struct buf *out)
{
	switch (h->state) {
	case HTML_TEXT:
		if (c == '<') {
			enter(h, HTML_OPEN);
			h->closing = false;
		} else if (c == '&' && h->hidden == NULL) {
			enter(h, HTML_REFERENCE);
		} else {
			show(h, slice_of(&c, 1), out);
		}
		break;
	case HTML_REFERENCE:
		return on_reference(h, c, out);
	case HTML_OPEN:
		return on_open(h, c, out);
	case HTML_NAME:
	case HTML_TAG:
		on_tag(h, c, out);
		break;
	case HTML_VALUE:
		on_value(h, c, out);
		break;
	case HTML_QUOTED:
		if (c == h->quote)
			h->state = HTML_TAG;
		break;
	case HTML_MARKUP:
		return on_markup(h, c);
	case HTML_COMMENT:
		on_comment(h, c);
		break;
	case HTML_DECLARATION:
		if (c == '>')
			enter(h, HTML_TEXT);
		break;
	}
	return true;
}

/* How many bytes at the start of IN are text and nothing else: some of them,
 * for a byte that is looked for in vain each time would take square time. */
static size_t
text_run(const struct html *h, struct slice in)
{
	size_t n;

	if (h->state != HTML_TEXT)
		return 0;
	in = slice_sub(in, 0, RUN_MAX);
	n = slice_find(in, '<');
	if (h->hidden == NULL)
		n = slice_find(slice_sub(in, 0, n), '&');
	return n;
}

void
html_feed(struct html *h, struct slice in, struct buf *out)
{
	while (in.n > 0) {
		const size_t n = text_run(h, in);

		show(h, slice_sub(in, 0, n), out);
		in = slice_from(in, n);
		if (in.n > 0 && step(h, in.p[0], out))
			in = slice_from(in, 1);
	}
}

void
html_finish(struct html *h, struct buf *out)
{
	if (h->state == HTML_REFERENCE)
		end_reference(h, false, out);
	else if (h->state == HTML_OPEN)
		show(h, SLICE("<"), out);
	*h = (struct html){ .state = HTML_TEXT };
}
