/* SPDX-License-Identifier: ISC */
#include "smtpd/scan.h"

#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/must.h"

/* A longer name is none of a field: no line may be longer (RFC 5322 2.1.1). */
enum { NAME_MAX_BYTES = 998, VALUE_MAX_BYTES = 64 };

/* One call's way through its input. */
struct scan_run {
	struct smtpd_scan *sc;
	const char *p;    /* next byte to look at */
	const char *end;  /* of the input */
	const char *from; /* first byte not yet given on */
	const char *cr;   /* first CR at or behind p; end: none */
	const char *id;   /* first byte of a Message-ID not yet read */
};

/* clang-format off */
static const struct {
	const char *name;
	unsigned field;
} known[] = {
	{ "date",       SMTPD_SCAN_DATE },
	{ "message-id", SMTPD_SCAN_MESSAGE_ID },
	{ "from",       SMTPD_SCAN_FROM },
	{ "list-id",    SMTPD_SCAN_BULK },
};
/* clang-format on */

static size_t
left(const struct scan_run *r)
{
	return (size_t)(r->end - r->p);
}

static void
put(struct smtpd_scan *sc, struct slice bytes)
{
	if (bytes.n == 0 || sc->strip)
		return;
	if (sc->watching) {
		buf_add(sc->field, bytes);
		return;
	}
	sc->size += (int64_t)bytes.n;
	sc->put(sc, bytes);
}

/* Give on what stands before UPTO; what follows begins at NEXT. */
static void
give(struct scan_run *r, const char *upto, const char *next)
{
	put(r->sc, slice_of(r->from, (size_t)(upto - r->from)));
	r->from = next;
}

/* ---- the header ---- */

/* A field that is watched has ended.  One that is too large to be kept says
 * nothing that anybody could believe. */
static void
end_watched(struct smtpd_scan *sc)
{
	if (!sc->watching)
		return;
	sc->watching = false;
	if (!sc->field->failed && !sc->is_unwanted(sc, buf_slice(sc->field)))
		put(sc, buf_slice(sc->field));
	buf_fini(sc->field);
}

/* What stands before UPTO is of the Message-ID, if one is being read; it goes
 * on at NEXT. */
static void
read_id(struct scan_run *r, const char *upto, const char *next)
{
	if (r->sc->in_id)
		smtpd_msgid_feed(
		    &r->sc->id, slice_of(r->id, (size_t)(upto - r->id)));
	r->id = next;
}

static void
end_id(struct scan_run *r)
{
	read_id(r, r->p, r->p);
	r->sc->in_id = false;
}

static void
end_header(struct smtpd_scan *sc)
{
	end_watched(sc);
	sc->in_body = true;
	sc->strip = false;
	sc->on_header(sc);
}

/* What a line of the header begins with. */
struct start {
	struct slice name;  /* before a colon or blanks; may be empty */
	struct slice value; /* of Precedence, as far as it matters */
	bool field;         /* a colon follows */
};

static bool
is_name(char c)
{
	return c > 0x20 && c < 0x7f && c != ':';
}

/* The one field whose value counts: what stands at P up to END, of which there
 * may be more; false: it must come first. */
static bool
read_precedence(const char *p, const char *end, struct start *st)
{
	const size_t n = (size_t)(end - p);
	size_t at = 0;

	while (at < n && at < VALUE_MAX_BYTES && p[at] != '\r' && p[at] != '\n')
		at++;
	st->value = slice_trim(slice_of(p, at));
	return at < n || at == VALUE_MAX_BYTES;
}

/* Read the start of the line at P as far as it takes to tell a field; false:
 * that is not there yet. */
static bool
read_start(const char *p, const char *end, struct start *st)
{
	const size_t n = (size_t)(end - p);
	size_t at = 0;

	while (at < n && at < NAME_MAX_BYTES && is_name(p[at]))
		at++;
	*st = (struct start){ .name = slice_of(p, at) };
	while (at > 0 && at < n && at < NAME_MAX_BYTES &&
	       (p[at] == ' ' || p[at] == '\t'))
		at++;
	st->field = st->name.n > 0 && at < n && p[at] == ':';
	if (st->field && slice_iis(st->name, "precedence"))
		return read_precedence(p + at + 1, end, st);
	return at < n || at == NAME_MAX_BYTES;
}

/* "From sender date" of an mbox, or ">From ": who hands on a message from one
 * (procmail, a script) leaves it in front of the header. */
static bool
is_mbox_line(const struct start *st)
{
	struct slice name = st->name;

	while (slice_starts(name, SLICE(">")))
		name = slice_from(name, 1);
	return !st->field && slice_is(name, "From") &&
	       st->name.p[st->name.n] == ' ';
}

/* What lists and mailing programs say (RFC 2076 3.9, RFC 2919). */
static bool
is_bulk(struct slice precedence)
{
	return slice_iis(precedence, "bulk") || slice_iis(precedence, "list") ||
	       slice_iis(precedence, "junk");
}

static bool
is_watched(const struct smtpd_scan *sc, struct slice name)
{
	return sc->watched != NULL && slice_iis(name, sc->watched);
}

static void
note_field(struct scan_run *r, const struct start *st)
{
	struct smtpd_scan *sc = r->sc;
	const struct slice name = st->name;
	const bool strip = sc->strip_bcc && slice_iis(name, "bcc");

	sc->in_field = true;
	if (strip != sc->strip || sc->watching || is_watched(sc, name))
		give(r, r->p, r->p);
	end_watched(sc);
	sc->strip = strip;
	sc->watching = is_watched(sc, name);
	if (is_bulk(st->value))
		sc->fields |= SMTPD_SCAN_BULK;
	if (slice_iis(name, "received"))
		sc->received++;
	if (slice_iis(name, "message-id") &&
	    (sc->fields & SMTPD_SCAN_MESSAGE_ID) == 0) {
		sc->in_id = true;
		r->id = memchr(
		    name.p + name.n, ':', (size_t)(r->end - name.p) - name.n);
		r->id++;
	}
	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (slice_iis(name, known[i].name))
			sc->fields |= known[i].field;
}

/* The line at P is one of the header, or what follows it. */
static void
header_line(struct scan_run *r, const struct start *st)
{
	struct smtpd_scan *sc = r->sc;
	const char c = *r->p;

	if (sc->in_field && (c == ' ' || c == '\t'))
		return;
	end_id(r);
	if (st->field) {
		note_field(r, st);
		return;
	}
	give(r, r->p, r->p);
	end_watched(sc);
	if (!sc->in_field && is_mbox_line(st)) {
		put(sc, SLICE("X-Mailbox-Line: "));
		return;
	}
	end_header(sc);
	/* Text right behind the header would be read as a part of it. */
	if (c != '\r' && c != '\n')
		put(sc, SLICE("\r\n"));
}

/* ---- lines ---- */

/* The line at P begins with a dot.  False: more must come to tell. */
static bool
is_dot_line(const struct scan_run *r, bool *is)
{
	const size_t n = left(r);

	*is = n >= 3 && r->p[1] == '\r' && r->p[2] == '\n';
	return n >= 3 || (n == 2 && r->p[1] != '\r');
}

/* What is to be done at the start of a line; false: more must come first. */
static bool
begin_line(struct scan_run *r)
{
	struct smtpd_scan *sc = r->sc;
	const bool dot =
	    !sc->counted && sc->at == SMTPD_AT_LINE && r->p[0] == '.';
	struct start st = { 0 };
	bool last;

	if (dot) {
		if (!is_dot_line(r, &last))
			return false;
		if (last) {
			end_id(r);
			give(r, r->p, r->p + 3);
			r->p += 3;
			sc->ended = true;
			if (!sc->in_body)
				end_header(sc);
			return true;
		}
	}
	if (!sc->in_body && !read_start(r->p + dot, r->end, &st))
		return false;
	if (dot) {
		read_id(r, r->p, r->p + 1);
		give(r, r->p, r->p + 1);
		r->p++;
	}
	if (!sc->in_body)
		header_line(r, &st);
	sc->at = SMTPD_AT_MIDDLE;
	sc->line_n = 0;
	return true;
}

/* N more bytes of this line. */
static void
lengthen(struct smtpd_scan *sc, size_t n)
{
	sc->line_n += (int64_t)n;
	if (sc->line_max > 0 && sc->line_n > sc->line_max)
		sc->faults |= SMTPD_SCAN_LONG;
}

/* P stands at a CR or LF by itself. */
static void
bare(struct scan_run *r)
{
	struct smtpd_scan *sc = r->sc;

	if (!sc->normalise) {
		sc->faults |= SMTPD_SCAN_BARE;
		r->p++;
		return;
	}
	give(r, r->p, r->p + 1);
	put(sc, SLICE("\r\n"));
	r->p++;
	sc->at = SMTPD_AT_BARE;
}

/* The next CR; looked for once for each, or a million LFs would make a million
 * walks to the end. */
static const char *
next_cr(struct scan_run *r)
{
	if (r->cr == NULL || r->cr < r->p) {
		r->cr = memchr(r->p, '\r', left(r));
		if (r->cr == NULL)
			r->cr = r->end;
	}
	return r->cr;
}

/* Go on to the end of the line or of the input; false: nothing more can be
 * told from this input. */
static bool
finish_line(struct scan_run *r)
{
	struct smtpd_scan *sc = r->sc;
	const char *cr = next_cr(r);
	const char *lf =
	    cr > r->p ? memchr(r->p, '\n', (size_t)(cr - r->p)) : NULL;
	const char *stop = lf != NULL ? lf : cr;

	lengthen(sc, (size_t)(stop - r->p));
	r->p = stop;
	if (stop == r->end || (lf == NULL && stop + 1 == r->end))
		return false;
	if (lf != NULL || stop[1] != '\n') {
		bare(r);
		return true;
	}
	lengthen(sc, 2);
	r->p += 2;
	sc->at = SMTPD_AT_LINE;
	return true;
}

void
smtpd_scan_init(struct smtpd_scan *sc,
    void (*put_bytes)(struct smtpd_scan *, struct slice),
    void (*on_header)(struct smtpd_scan *))
{
	*sc = (struct smtpd_scan){ .put = put_bytes, .on_header = on_header };
}

size_t
smtpd_scan(struct smtpd_scan *sc, struct slice in)
{
	struct scan_run r = { .sc = sc, .p = in.p, .from = in.p, .id = in.p };
	bool more = true;

	if (in.n == 0)
		return 0;
	r.end = in.p + in.n;
	while (more && !sc->ended && r.p < r.end)
		more = sc->at == SMTPD_AT_MIDDLE ? finish_line(&r)
						 : begin_line(&r);
	give(&r, r.p, r.p);
	read_id(&r, r.p, r.p);
	if (r.p > in.p && memchr(in.p, '\0', (size_t)(r.p - in.p)) != NULL)
		sc->faults |= SMTPD_SCAN_NUL;
	return (size_t)(r.p - in.p);
}

void
smtpd_scan_end(struct smtpd_scan *sc, struct slice rest)
{
	char last[SMTPD_SCAN_HELD_MAX + 2];
	size_t n = rest.n;

	must(rest.n < SMTPD_SCAN_HELD_MAX);
	if (n > 0)
		memcpy(last, rest.p, n);
	if (n > 0 || sc->at == SMTPD_AT_MIDDLE) {
		last[n++] = '\r';
		last[n++] = '\n';
	}
	must(smtpd_scan(sc, slice_of(last, n)) == n);
	sc->in_id = false;
	if (!sc->in_body)
		end_header(sc);
	sc->ended = true;
}
