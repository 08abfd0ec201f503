/* SPDX-License-Identifier: ISC */
#include "imapd/metadata/query.h"

#include "base/cur.h"
#include "imapd/parse/boxname.h"
#include "imapd/parse/parse.h"
#include "maildir/metafile.h"

bool
query_is_root(struct slice name)
{
	return slice_iis(name, "/private") || slice_iis(name, "/shared");
}

bool
query_is_entry(struct slice name)
{
	bool slash = false; /* the last one */

	if (!slice_istarts(name, SLICE("/private/")) &&
	    !slice_istarts(name, SLICE("/shared/")))
		return false;
	for (size_t i = 0; i < name.n; i++) {
		const char c = name.p[i];

		if (c < ' ' || c == '*' || c == '%' || (c == '/' && slash))
			return false;
		slash = c == '/';
	}
	return !slash && metafile_is_name(name);
}

bool
query_matches(struct slice entry, enum query_depth depth, struct slice name)
{
	struct slice below;

	if (!slice_istarts(name, entry))
		return false;
	below = slice_from(name, entry.n);
	if (below.n == 0)
		return true;
	if (below.p[0] != '/' || depth == QUERY_SELF)
		return false;
	return depth == QUERY_ALL ||
	       slice_find(slice_from(below, 1), '/') == below.n - 1;
}

bool
query_mailbox(struct parse *p, struct slice *name)
{
	struct parse ahead = *p;
	const struct slice wire = parse_astring(&ahead);

	if (parse_ok(&ahead) && wire.n == 0) {
		*p = ahead;
		*name = wire;
		return true;
	}
	*name = boxname_parse(p);
	return false;
}

static struct slice
read_entry(struct parse *p, bool roots)
{
	const struct slice name = parse_astring(p);

	if (parse_ok(p) && !query_is_entry(name) &&
	    !(roots && query_is_root(name)))
		parse_fail(p, "invalid entry name");
	return name;
}

static void
read_depth(struct parse *p, struct metadata_query *q)
{
	if (parse_try_word(p, "0"))
		q->depth = QUERY_SELF;
	else if (parse_try_word(p, "1"))
		q->depth = QUERY_CHILDREN;
	else if (parse_try_word(p, "infinity"))
		q->depth = QUERY_ALL;
	else
		parse_fail(p, "expected 0, 1 or infinity");
}

/* What stands behind "(" is an option; no entry begins so. */
static bool
at_options(const struct parse *p)
{
	const struct slice rest = cur_rest(&p->c);

	return slice_istarts(rest, SLICE("(MAXSIZE ")) ||
	       slice_istarts(rest, SLICE("(DEPTH "));
}

/* Options and the space behind them, where there are some. */
static void
try_options(struct parse *p, struct metadata_query *q)
{
	if (!parse_ok(p) || !at_options(p))
		return;
	parse_open(p);
	do {
		if (parse_try_word(p, "MAXSIZE")) {
			parse_space(p);
			q->max_bytes = parse_number(p, UINT64_MAX - 1);
		} else if (parse_try_word(p, "DEPTH")) {
			parse_space(p);
			read_depth(p, q);
		} else {
			parse_fail(p, "expected MAXSIZE or DEPTH");
		}
	} while (parse_ok(p) && parse_next(p));
	parse_space(p);
}

static void
read_entries(struct parse *p, struct metadata_query *q)
{
	if (!parse_try_open(p)) {
		q->entries[q->n++] = read_entry(p, true);
		return;
	}
	do {
		if (q->n == QUERY_ENTRIES_MAX) {
			parse_fail(p, "too many entries");
			return;
		}
		q->entries[q->n++] = read_entry(p, true);
	} while (parse_ok(p) && parse_next(p));
}

void
query_parse(struct parse *p, struct metadata_query *q)
{
	*q = (struct metadata_query){ .max_bytes = UINT64_MAX };
	try_options(p, q);
	read_entries(p, q);
}

bool
query_parse_get(struct parse *p, struct metadata_query *q, struct slice *name)
{
	bool server;

	*q = (struct metadata_query){ .max_bytes = UINT64_MAX };
	try_options(p, q);
	server = query_mailbox(p, name);
	parse_space(p);
	try_options(p, q);
	read_entries(p, q);
	return server;
}

/* "~{" number ["+"] "}" CRLF *OCTET (literal8); the reader has made sure that
 * it is whole. */
static struct slice
read_literal8(struct parse *p)
{
	struct slice s = { "", 0 };
	uint64_t n;

	cur_lit(&p->c, "~{");
	n = cur_u64(&p->c, SIZE_MAX / 2);
	cur_try_byte(&p->c, '+');
	cur_lit(&p->c, "}\r\n");
	if (cur_ok(&p->c))
		s = cur_take(&p->c, (size_t)n);
	if (!cur_ok(&p->c))
		parse_fail(p, "invalid literal");
	return s;
}

/* value = nstring / literal8 */
static struct slice
read_value(struct parse *p)
{
	struct slice value =
	    parse_peek(p) == '~' ? read_literal8(p) : parse_nstring(p);

	/* What is empty is not NIL. */
	if (value.p != NULL && value.n == 0)
		value = SLICE("");
	return value;
}

size_t
query_parse_values(
    struct parse *p, struct query_value values[QUERY_ENTRIES_MAX])
{
	size_t n = 0;

	parse_open(p);
	do {
		if (n == QUERY_ENTRIES_MAX) {
			parse_fail(p, "too many entries");
			break;
		}
		values[n].entry = read_entry(p, false);
		parse_space(p);
		values[n++].value = read_value(p);
	} while (parse_ok(p) && parse_next(p));
	return n;
}
