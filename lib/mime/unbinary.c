/* SPDX-License-Identifier: ISC */
#include "mime/unbinary.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/mem.h"
#include "mime/encode.h"
#include "mime/header.h"
#include "mime/param.h"
#include "mime/part.h"
#include "mime/transfer.h"

enum {
	HEADER_MAX = 64 << 10, /* a part with a longer one is left as it is */
	LINE_MAX = 256,        /* of a line that may be a boundary */
	BOUNDARY_MAX = LINE_MAX - 6, /* CRLF "--" boundary "--" */
	DEPTH_MAX = 20,              /* of multiparts in each other */
	OUT_MAX = 1 << 20,
};

enum state {
	HEADER, /* of a part: held until it is whole */
	TEXT,   /* lines that are not changed */
	BINARY, /* content that becomes base 64 */
};

struct enclosing {
	size_t n;
	char boundary[BOUNDARY_MAX];
	bool digest;
	bool is_signed; /* it, or what it is in */
};

struct unbinary {
	enum state state;
	enum state behind_line; /* TEXT: what begins with the next line */
	bool in_line;           /* TEXT: it can be no boundary any more */
	struct enclosing open[DEPTH_MAX];
	size_t nopen;
	struct buf header;
	bool is_part; /* of a multipart: not the message, nor one in it */
	/* What may be a boundary: of TEXT the beginning of a line; of BINARY
	 * its CRLF and that, of which SEEDED bytes are not content. */
	char line[LINE_MAX];
	size_t nline;
	unsigned may; /* which of the open ones; bits */
	size_t seeded;
	struct encode encode;
	struct buf out;
	bool broke_signature;
};

struct unbinary *
unbinary_new(void)
{
	struct unbinary *u = xcalloc(1, sizeof *u);

	buf_init(&u->header, HEADER_MAX);
	buf_init(&u->out, OUT_MAX);
	return u;
}

void
unbinary_free(struct unbinary **p)
{
	struct unbinary *u = *p;

	if (u == NULL)
		return;
	buf_fini(&u->header);
	buf_fini(&u->out);
	xfree(p);
}

struct buf *
unbinary_out(struct unbinary *u)
{
	return &u->out;
}

bool
unbinary_broke_signature(const struct unbinary *u)
{
	return u->broke_signature;
}

/* ---- boundaries ---- */

static struct slice
boundary_of(const struct enclosing *o)
{
	return slice_of(o->boundary, o->n);
}

/* The boundary that LINE, behind its "--", begins with: the longest, among
 * equals the innermost. */
static bool
find_boundary(const struct unbinary *u, struct slice line, size_t *which)
{
	size_t best = 0;

	for (size_t i = u->nopen; i > 0; i--) {
		const struct slice b = boundary_of(&u->open[i - 1]);

		if (b.n > best && slice_starts(line, b)) {
			best = b.n;
			*which = i - 1;
		}
	}
	return best > 0;
}

/* C is the next byte of a line, behind K others that go well: can it still
 * become one with a boundary?  A byte costs a glance at each that is open,
 * however much they and the line have in common. */
static bool
may_go_on(struct unbinary *u, size_t k, char c)
{
	if (k < 2) {
		u->may = (1U << u->nopen) - 1;
		return u->nopen > 0 && c == '-';
	}
	for (size_t i = 0; i < u->nopen; i++) {
		const struct enclosing *o = &u->open[i];

		if (k - 2 < o->n && o->boundary[k - 2] != c)
			u->may &= ~(1U << i);
	}
	return u->may != 0;
}

/* LINE, with its "--", is one with a boundary: what it closes is forgotten.
 * Gives what begins behind it. */
static enum state
take_boundary(struct unbinary *u, struct slice line)
{
	struct slice rest = slice_from(line, 2);
	size_t which = 0;
	bool closing;

	(void)find_boundary(u, rest, &which);
	rest = slice_from(rest, u->open[which].n);
	closing = slice_starts(rest, SLICE("--"));
	u->is_part = true;
	u->nopen = closing ? which : which + 1;
	return closing ? TEXT : HEADER;
}

static bool
is_boundary(const struct unbinary *u, struct slice line)
{
	size_t which;

	return slice_starts(line, SLICE("--")) &&
	       find_boundary(u, slice_from(line, 2), &which);
}

/* The next line begins, in STATE. */
static void
begin(struct unbinary *u, enum state state)
{
	u->state = u->behind_line = state;
	u->in_line = false;
	u->nline = 0;
	buf_reset(&u->header);
}

/* The rest of the line that has begun passes; then comes STATE. */
static void
pass_line(struct unbinary *u, enum state state)
{
	u->state = TEXT;
	u->behind_line = state;
	u->in_line = true;
	u->nline = 0;
	buf_reset(&u->header);
}

/* ---- headers ---- */

/* What a header says of its part. */
struct unbinary_facts {
	struct arena arena;
	enum mime_kind kind;
	struct slice type, subtype;
	struct slice boundary; /* of a multipart; may be empty */
	struct slice binary;   /* that word, where it stands; or empty */
	bool encoded;          /* base 64 or quoted-printable */
};

static void
read_type(struct unbinary_facts *f, struct slice head, bool digest)
{
	struct header_field field;
	struct param *params = NULL;

	f->type = digest ? SLICE("message") : SLICE("text");
	f->subtype = digest ? SLICE("rfc822") : SLICE("plain");
	if (header_find(head, "Content-Type", &field) &&
	    !param_content_type(
		&f->arena, field.value, &f->type, &f->subtype, &params)) {
		f->type = SLICE("text");
		f->subtype = SLICE("plain");
	}
	f->kind = mime_kind_of(f->type, f->subtype);
	f->boundary = param_value(&f->arena, params, "boundary");
	while (f->boundary.n > 0 && f->boundary.p[f->boundary.n - 1] == ' ')
		f->boundary.n--;
}

static void
read_header(struct unbinary_facts *f, struct slice head, bool digest)
{
	struct header_field field;
	struct slice word;

	*f = (struct unbinary_facts){ .kind = MIME_LEAF };
	arena_init(&f->arena);
	read_type(f, head, digest);
	if (!header_find(head, "Content-Transfer-Encoding", &field))
		return;
	word = param_token(field.value);
	if (slice_iis(word, "binary"))
		f->binary = word;
	f->encoded = transfer_find(word) == TRANSFER_BASE64 ||
		     transfer_find(word) == TRANSFER_QUOTED_PRINTABLE;
}

/* The header with WORD in place of the "binary" that is in it. */
static void
put_header(struct unbinary *u, const struct unbinary_facts *f, const char *word)
{
	const struct slice head = buf_slice(&u->header);
	size_t at;

	if (f->binary.n == 0) {
		buf_add(&u->out, head);
		return;
	}
	at = (size_t)(f->binary.p - head.p);
	buf_add(&u->out, slice_sub(head, 0, at));
	buf_adds(&u->out, word);
	buf_add(&u->out, slice_from(head, at + f->binary.n));
}

static bool
open_multipart(struct unbinary *u, const struct unbinary_facts *f)
{
	const bool outer = u->nopen > 0 && u->open[u->nopen - 1].is_signed;
	struct enclosing *o = &u->open[u->nopen];

	if (f->boundary.n == 0 || f->boundary.n > BOUNDARY_MAX ||
	    u->nopen == DEPTH_MAX)
		return false;
	o->n = f->boundary.n;
	memcpy(o->boundary, f->boundary.p, o->n);
	o->digest = slice_iis(f->subtype, "digest");
	o->is_signed = outer || slice_iis(f->subtype, "signed");
	u->nopen++;
	return true;
}

/* Types that stay as they are (RFC 2046 5.2.2, 5.2.3). */
static bool
may_encode(const struct unbinary_facts *f)
{
	return !slice_iis(f->type, "multipart") &&
	       !(slice_iis(f->type, "message") &&
		   (slice_iis(f->subtype, "partial") ||
		       slice_iis(f->subtype, "external-body")));
}

static void
begin_binary(struct unbinary *u)
{
	u->broke_signature |= u->nopen > 0 && u->open[u->nopen - 1].is_signed;
	encode_init(&u->encode, TRANSFER_BASE64);
	begin(u, BINARY);
	memcpy(u->line, "\r\n", 2);
	u->nline = u->seeded = 2;
}

/* The header is whole: it goes out, and says what comes. */
static void
end_header(struct unbinary *u)
{
	const bool digest =
	    u->is_part && u->nopen > 0 && u->open[u->nopen - 1].digest;
	struct unbinary_facts f;

	read_header(&f, buf_slice(&u->header), digest);
	if (f.kind == MIME_MULTIPART) {
		put_header(u, &f, "8bit");
		(void)open_multipart(u, &f);
		begin(u, TEXT);
	} else if (f.kind == MIME_MESSAGE && !f.encoded) {
		put_header(u, &f, "8bit");
		u->is_part = false;
		begin(u, HEADER);
	} else if (f.binary.n > 0 && may_encode(&f)) {
		put_header(u, &f, "base64");
		begin_binary(u);
	} else {
		put_header(u, &f, "8bit");
		begin(u, TEXT);
	}
	arena_fini(&f.arena);
}

/* Where the line begins that the header held so far ends in. */
static size_t
line_start(const struct unbinary *u)
{
	const struct slice head = buf_slice(&u->header);
	const size_t lf =
	    slice_rfind(slice_sub(head, 0, head.n > 0 ? head.n - 1 : 0), '\n');

	return lf + 1 < head.n ? lf + 1 : 0;
}

/* A line of the header has ended. */
static void
end_header_line(struct unbinary *u)
{
	const struct slice head = buf_slice(&u->header);
	const struct slice line = slice_from(head, line_start(u));

	if (slice_is(line, "\r\n") || slice_is(line, "\n")) {
		end_header(u);
	} else if (is_boundary(u, line)) {
		/* Its part has no body. */
		buf_add(&u->out, head);
		begin(u, take_boundary(u, line));
	}
}

/* ---- pieces ---- */

static size_t
feed_header(struct unbinary *u, struct slice in)
{
	const size_t lf = slice_find(in, '\n');
	const size_t n = lf < in.n ? lf + 1 : in.n;

	if (n > HEADER_MAX - u->header.n) {
		buf_add(&u->out, buf_slice(&u->header));
		pass_line(u, TEXT);
		return 0;
	}
	buf_add(&u->header, slice_sub(in, 0, n));
	if (lf < in.n)
		end_header_line(u);
	return n;
}

/* The beginning of a line is held no longer. */
static void
release_text(struct unbinary *u)
{
	const struct slice line = slice_of(u->line, u->nline);
	const bool boundary = is_boundary(u, line);

	buf_add(&u->out, line);
	pass_line(u, boundary ? take_boundary(u, line) : TEXT);
}

static size_t
feed_text(struct unbinary *u, struct slice in)
{
	size_t n = 0;

	while (!u->in_line && n < in.n) {
		/* the byte that told is passed with the others */
		if (u->nline == LINE_MAX || in.p[n] == '\n' ||
		    !may_go_on(u, u->nline, in.p[n]))
			release_text(u);
		else
			u->line[u->nline++] = in.p[n++];
	}
	if (n < in.n) {
		const struct slice rest = slice_from(in, n);
		const size_t lf = slice_find(rest, '\n');
		const size_t more = lf < rest.n ? lf + 1 : rest.n;

		buf_add(&u->out, slice_sub(rest, 0, more));
		n += more;
		if (lf < rest.n)
			begin(u, u->behind_line);
	}
	return n;
}

/* What is held, but for its seed, is content. */
static void
release_content(struct unbinary *u)
{
	encode_feed(&u->encode,
	    slice_from(slice_of(u->line, u->nline), u->seeded), &u->out);
	u->nline = u->seeded = 0;
}

/* What is held is a boundary: it ends the part. */
static void
end_binary(struct unbinary *u)
{
	const struct slice held = slice_of(u->line, u->nline);

	encode_finish(&u->encode, &u->out);
	buf_add(&u->out, slice_from(held, u->seeded));
	pass_line(u, take_boundary(u, slice_from(held, 2)));
}

/* Could what is held, with C behind it, become CRLF and a boundary? */
static bool
goes_on(struct unbinary *u, char c)
{
	return u->nline < 2 ? c == "\r\n"[u->nline]
			    : may_go_on(u, u->nline - 2, c);
}

static bool
holds_boundary(const struct unbinary *u)
{
	return is_boundary(u, slice_from(slice_of(u->line, u->nline), 2));
}

static size_t
feed_binary(struct unbinary *u, struct slice in)
{
	const size_t cr = u->nline > 0 ? 0 : slice_find(in, '\r');
	size_t n = cr;

	encode_feed(&u->encode, slice_sub(in, 0, cr), &u->out);
	while (n < in.n) {
		if ((in.p[n] == '\n' || u->nline == LINE_MAX) &&
		    holds_boundary(u)) {
			end_binary(u);
			return n;
		}
		if (!goes_on(u, in.p[n])) {
			/* The byte may begin a boundary itself. */
			release_content(u);
			return n;
		}
		u->line[u->nline++] = in.p[n++];
	}
	return n;
}

void
unbinary_feed(struct unbinary *u, struct slice piece)
{
	while (piece.n > 0) {
		size_t n;

		if (u->state == HEADER)
			n = feed_header(u, piece);
		else if (u->state == TEXT)
			n = feed_text(u, piece);
		else
			n = feed_binary(u, piece);
		piece = slice_from(piece, n);
	}
}

void
unbinary_end(struct unbinary *u)
{
	if (u->state == HEADER && u->header.n > 0)
		end_header(u);
	if (u->state == TEXT) {
		buf_add(&u->out, slice_of(u->line, u->nline));
	} else if (u->state == BINARY) {
		if (holds_boundary(u)) {
			end_binary(u);
		} else {
			release_content(u);
			encode_finish(&u->encode, &u->out);
		}
	}
	u->nline = 0;
}
