/* SPDX-License-Identifier: ISC */
#include "imapd/relay/fetched.h"

#include "base/arena.h"
#include "base/buf.h"
#include "imapd/parse/parse.h"
#include "mime/date.h"
#include "proto/seqset.h"

enum { FLAGS_MAX = 16 << 10 };

/* "(" *(flag SP) ")" */
static void
read_flags(struct parse *p, struct fetched *l)
{
	struct buf flags;

	buf_init(&flags, FLAGS_MAX);
	parse_open(p);
	if (!parse_try_close(p))
		do {
			const bool system = cur_try_byte(&p->c, '\\');
			const struct slice name = parse_atom(p);

			if (system && slice_iis(name, "Recent"))
				continue;
			buf_adds(&flags, flags.n > 0 ? " " : "");
			buf_adds(&flags, system ? "\\" : "");
			buf_add(&flags, name);
		} while (parse_ok(p) && parse_next(p));
	if (flags.failed)
		parse_fail(p, "too many flags");
	l->has_flags = true;
	l->flags = arena_slice(p->arena, buf_slice(&flags));
	buf_fini(&flags);
}

static void
read_date(struct parse *p, struct fetched *l)
{
	struct date date;

	l->date = parse_string(p);
	if (parse_ok(p) && !date_parse_imap_time(l->date, &date))
		parse_fail(p, "expected a date and time");
}

/* "(" mod-sequence ")" */
static void
read_modseq(struct parse *p)
{
	parse_open(p);
	(void)parse_number(p, UINT64_MAX);
	if (!parse_try_close(p))
		parse_fail(p, "expected a closing parenthesis");
}

/* The literal, at the end of what there is. */
static void
read_body(struct parse *p, struct fetched *l)
{
	const struct slice rest = cur_rest(&p->c);
	struct literal literal = { .size = 0 };

	if (!parse_literal(rest, &literal) || literal.at != 0)
		parse_fail(p, "expected a literal");
	(void)cur_take(&p->c, rest.n);
	l->has_body = parse_ok(p);
	l->size = literal.size;
}

static void
read_items(struct parse *p, struct fetched *l)
{
	do {
		if (cur_try(&p->c, "UID "))
			l->uid = (uint32_t)parse_nz_number(p, UINT32_MAX);
		else if (cur_try(&p->c, "FLAGS "))
			read_flags(p, l);
		else if (cur_try(&p->c, "INTERNALDATE "))
			read_date(p, l);
		else if (cur_try(&p->c, "MODSEQ "))
			read_modseq(p);
		else if (cur_try(&p->c, "BODY[] "))
			read_body(p, l);
		else
			parse_fail(p, "expected an item");
	} while (parse_ok(p) && !l->has_body && parse_next(p));
}

bool
fetched_may_be(struct slice line)
{
	struct cur c = cur_of(line);

	cur_lit(&c, "* ");
	(void)cur_u64(&c, UINT32_MAX);
	cur_lit(&c, " ");
	return cur_ok(&c) &&
	       (cur_try(&c, "FETCH (") || cur_try(&c, "UIDFETCH ("));
}

bool
fetched_read(struct slice line, struct arena *a, struct fetched *l)
{
	struct parse p = parse_of(slice_chomp(line), a);
	uint32_t number;

	*l = (struct fetched){ .uid = 0 };
	cur_lit(&p.c, "* ");
	number = (uint32_t)parse_nz_number(&p, UINT32_MAX);
	if (cur_try(&p.c, " UIDFETCH ("))
		l->uid = number;
	else
		cur_lit(&p.c, " FETCH (");
	if (parse_ok(&p))
		read_items(&p, l);
	return parse_end(&p) && l->uid > 0;
}

bool
fetched_is_whole(const struct fetched *l)
{
	return l->uid > 0 && l->has_flags && l->date.n > 0 && l->has_body;
}

void
fetched_put(struct buf *out, const struct fetched *l)
{
	buf_adds(out, " (");
	buf_add(out, l->flags);
	buf_addf(out, ") \"%.*s\" {%llu+}\r\n", SLICE_FMT(l->date),
	    (unsigned long long)l->size);
}

bool
fetched_take(uint64_t *left, size_t n)
{
	if (n > *left)
		return false;
	*left -= n;
	return true;
}

static bool
take_uids(const struct seqset *set, uint32_t *uids, size_t n)
{
	size_t at = 0;

	for (size_t i = 0; i < set->n; i++) {
		const struct seqrange r = set->v[i];

		if (r.lo == 0 || r.hi < r.lo || r.hi - r.lo >= n - at ||
		    (at > 0 && r.lo <= uids[at - 1]))
			return false;
		for (uint32_t k = 0; k <= r.hi - r.lo; k++)
			uids[at++] = r.lo + k;
	}
	return at == n;
}

bool
fetched_read_uids(struct slice status, const char *word, uint32_t *uidvalidity,
    uint32_t *uids, size_t n)
{
	struct cur c = cur_of(status);
	struct seqset set = { .n = 0 };
	struct arena a;
	bool ok;

	arena_init(&a);
	cur_lit(&c, "OK [");
	cur_lit(&c, word);
	cur_lit(&c, " ");
	*uidvalidity = (uint32_t)cur_u64(&c, UINT32_MAX);
	cur_lit(&c, " ");
	seqset_parse(&c, &a, &set);
	cur_lit(&c, "]");
	ok = cur_ok(&c) && take_uids(&set, uids, n);
	arena_fini(&a);
	return ok;
}
