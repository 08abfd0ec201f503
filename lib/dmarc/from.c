/* SPDX-License-Identifier: ISC */
#include "dmarc/from.h"

#include "base/ascii.h"
#include "base/buf.h"
#include "base/mem.h"
#include "mime/addrlist.h"
#include "mime/header.h"
#include "proto/address.h"
#include "proto/domain.h"

/* Of a list, groups and their ends included. */
enum { ENTRIES_MAX = 32 };

const char *
dmarc_from_why(enum dmarc_from_state state)
{
	static const char *const why[] = {
		[DMARC_FROM_ABSENT] = "there is no From",
		[DMARC_FROM_SEVERAL] = "there is more than one From",
		[DMARC_FROM_MALFORMED] = "From is malformed",
	};

	return why[state];
}

/* Control characters, of which a program might make an end, and text that is
 * not UTF-8. */
static bool
is_clean(struct slice value)
{
	for (size_t i = 0; i < value.n; i++)
		if ((unsigned char)value.p[i] < 0x20 &&
		    !ascii_isspace(value.p[i]))
			return false;
	return true;
}

/* Add the domain of one mailbox; false: it has none that could be looked up. */
static bool
add(struct slice host, struct arena *a, struct dmarc_from *from)
{
	struct buf ascii = { .max = ADDRESS_DOMAIN_MAX + 1 };
	struct slice domain;
	bool ok;

	if (host.n > 1 && host.p[host.n - 1] == '.')
		host.n--;
	if (host.n > 1 && host.p[0] == '[' && host.p[host.n - 1] == ']')
		return true; /* an address has no policy */
	ok = domain_to_ascii(host, &ascii) &&
	     address_is_domain(buf_slice(&ascii), 0);
	domain = arena_slice(a, buf_slice(&ascii));
	buf_fini(&ascii);
	if (!ok)
		return false;
	for (size_t i = 0; i < from->n; i++)
		if (slice_eq(from->domains[i], domain))
			return true;
	if (from->n == DMARC_AUTHORS_MAX)
		return false;
	from->domains[from->n++] = domain;
	return true;
}

/* A look at the marks of a list, so that whoever reads it finds the same. */
struct from_scan {
	struct arena *arena;
	struct dmarc_from *from;
	size_t comments;
	bool quoted, open, closed;
	const char *at; /* "@" outside of brackets in this address */
};

/* One mark outside of quotes and comments, at P; false: two readers might find
 * two addresses. */
static bool
scan_mark(struct from_scan *s, const char *p)
{
	switch (*p) {
	case '(':
		s->comments = 1;
		return true;
	case '"':
		s->quoted = true;
		return !s->closed;
	case '<':
		/* "a@x <b@y>": some show the one, some the other; both count */
		if (s->open || s->closed ||
		    (s->at != NULL && !add(slice_trim(slice_of(s->at + 1,
					       (size_t)(p - s->at - 1))),
					  s->arena, s->from)))
			return false;
		s->open = true;
		return true;
	case '>':
		if (!s->open)
			return false;
		s->open = false;
		s->closed = true;
		return true;
	case ',':
	case ';':
	case ':':
		if (s->open)
			return *p != ';'; /* a route has the others */
		s->closed = false;
		s->at = NULL;
		return true;
	case '@':
		if (s->open)
			return true;
		if (s->at != NULL || s->closed)
			return false;
		s->at = p;
		return true;
	default:
		return !s->closed || ascii_isspace(*p);
	}
}

static bool
scan(struct slice value, struct arena *a, struct dmarc_from *from)
{
	struct from_scan s = { .arena = a, .from = from };

	for (size_t i = 0; i < value.n; i++) {
		const char c = value.p[i];

		if (c == '\\' && (s.quoted || s.comments > 0)) {
			i++;
		} else if (s.comments > 0) {
			s.comments += c == '(';
			s.comments -= c == ')';
		} else if (s.quoted) {
			s.quoted = c != '"';
		} else if (!scan_mark(&s, value.p + i)) {
			return false;
		}
	}
	return !s.open && s.comments == 0 && !s.quoted;
}

void
dmarc_from_parse(struct slice value, struct arena *a, struct dmarc_from *from)
{
	const struct addrlist_item *list, *i;
	size_t n = 0;

	*from = (struct dmarc_from){ .state = DMARC_FROM_MALFORMED };
	if (!is_clean(value) || !scan(value, a, from))
		return;
	list = addrlist_parse(a, value, ENTRIES_MAX);
	for (i = list; i != NULL; i = i->next, n++)
		if (n + 1 >= ENTRIES_MAX ||
		    (i->kind == ADDRLIST_MAILBOX &&
			(i->mailbox.n == 0 || i->host.n == 0 ||
			    !add(i->host, a, from))))
			return;
	if (list != NULL)
		from->state = DMARC_FROM_GOOD;
}

void
dmarc_from_find(struct slice header, struct arena *a, struct dmarc_from *from)
{
	struct header_field f;
	struct slice value = { 0 };
	size_t n = 0;

	while (header_next(&header, &f)) {
		if (!slice_iis(f.name, "From"))
			continue;
		value = f.value;
		n++;
	}
	*from = (struct dmarc_from){ .state = n == 0 ? DMARC_FROM_ABSENT
						     : DMARC_FROM_SEVERAL };
	if (n == 1)
		dmarc_from_parse(value, a, from);
}
