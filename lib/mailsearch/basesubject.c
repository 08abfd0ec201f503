/* SPDX-License-Identifier: ISC */
#include "mailsearch/basesubject.h"

#include "base/ascii.h"
#include "base/buf.h"
#include "text/fieldtext.h"

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* (1) UTF-8 on one line; each run of white space is one space. */
static void
normalize(struct slice raw, struct slice record, struct buf *text)
{
	size_t n = 0;

	buf_reset(text);
	if (fieldtext_is_plain(raw))
		buf_add(text, slice_sub(raw, 0, 2 * BASESUBJECT_MAX));
	else
		fieldtext_decode(
		    text, slice_sub(raw, 0, 4 * BASESUBJECT_MAX), record);
	for (size_t i = 0; i < text->n; i++) {
		const char c = text->p[i];

		if (!is_blank(c))
			text->p[n++] = c;
		else if (n == 0 || text->p[n - 1] != ' ')
			text->p[n++] = ' ';
	}
	while (n > BASESUBJECT_MAX ||
	       (n == BASESUBJECT_MAX && (text->p[n - 1] & 0x80) != 0))
		n--;
	buf_truncate(text, n);
}

static struct slice
skip_blank(struct slice s)
{
	return s.n > 0 && s.p[0] == ' ' ? slice_from(s, 1) : s;
}

/* subj-blob: "[" *BLOBCHAR "]" *WSP */
static bool
take_blob(struct slice *s)
{
	size_t i = 1;

	if (s->n == 0 || s->p[0] != '[')
		return false;
	while (i < s->n && s->p[i] != '[' && s->p[i] != ']')
		i++;
	if (i == s->n || s->p[i] != ']')
		return false;
	*s = skip_blank(slice_from(*s, i + 1));
	return true;
}

/* subj-refwd: ("re" / ("fw" ["d"])) *WSP [subj-blob] ":" */
static bool
take_refwd(struct slice *s)
{
	struct slice t = *s;
	const char first = t.n > 0 ? ascii_lower(t.p[0]) : 0;

	if (first != 'r' && first != 'f')
		return false;
	if (slice_istarts(t, SLICE("re")))
		t = slice_from(t, 2);
	else if (slice_istarts(t, SLICE("fwd")))
		t = slice_from(t, 3);
	else if (slice_istarts(t, SLICE("fw")))
		t = slice_from(t, 2);
	else
		return false;
	t = skip_blank(t);
	(void)take_blob(&t);
	if (t.n == 0 || t.p[0] != ':')
		return false;
	*s = slice_from(t, 1);
	return true;
}

/* (2) subj-trailer: "(fwd)" / WSP */
static struct slice
cut_trailers(struct slice s, bool *reply)
{
	for (;;) {
		if (s.n > 0 && s.p[s.n - 1] == ' ') {
			s.n--;
		} else if (s.n >= 5 && s.p[s.n - 1] == ')' &&
			   slice_iis(slice_from(s, s.n - 5), "(fwd)")) {
			s.n -= 5;
			*reply = true;
		} else {
			return s;
		}
	}
}

/* (3) *subj-blob subj-refwd, or (4) a subj-blob that is not all there is. */
static bool
cut_leader(struct slice *s, bool *reply)
{
	struct slice t = *s;

	while (take_blob(&t))
		;
	if (take_refwd(&t)) {
		*reply = true;
		*s = t;
		return true;
	}
	t = *s;
	if (!take_blob(&t) || t.n == 0)
		return false;
	*s = t;
	return true;
}

struct slice
basesubject_of(
    struct slice raw, struct slice record, struct buf *text, bool *reply)
{
	struct slice s;

	*reply = false;
	normalize(raw, record, text);
	s = buf_slice(text);
	for (;;) {
		s = cut_trailers(s, reply);
		do
			s = skip_blank(s);
		while (cut_leader(&s, reply)); /* (5) */
		if (s.n == 0 || s.p[0] != '[' || s.p[s.n - 1] != ']' ||
		    !slice_istarts(s, SLICE("[fwd:")))
			return s;
		s = slice_sub(s, 5, s.n - 6); /* (6) */
		*reply = true;
	}
}
