/* SPDX-License-Identifier: ISC */
#include "imapd/parse/modifiers.h"

#include "imapd/parse/parse.h"
#include "proto/seqset.h"

uint64_t
parse_modseq(struct parse *p)
{
	return parse_nz_number(p, INT64_MAX);
}

uint64_t
parse_modseq_or_zero(struct parse *p)
{
	return parse_number(p, INT64_MAX);
}

/* Each at most once. */
static void
once(struct parse *p, bool again)
{
	if (again)
		parse_fail(p, "a modifier stands twice");
}

static void
read_fetch(struct parse *p, struct fetch_modifiers *m)
{
	if (parse_try_word(p, "CHANGEDSINCE")) {
		once(p, m->changed_since > 0);
		parse_space(p);
		m->changed_since = parse_modseq_or_zero(p);
		/* Thunderbird, where it knows none yet; no message's is as
		 * low as 1. */
		if (m->changed_since == 0)
			m->changed_since = 1;
	} else if (parse_try_word(p, "VANISHED")) {
		once(p, m->vanished);
		m->vanished = true;
	} else if (parse_try_word(p, "PARTIAL")) {
		once(p, m->partial.from > 0);
		parse_space(p);
		m->partial = partial_parse(p);
	} else {
		parse_fail(p, "expected a modifier of FETCH");
	}
}

void
modifiers_parse_fetch(struct parse *p, struct fetch_modifiers *m)
{
	*m = (struct fetch_modifiers){ 0 };
	if (!parse_try_space(p)) {
		parse_end(p);
		return;
	}
	parse_open(p);
	do
		read_fetch(p, m);
	while (parse_ok(p) && parse_next(p));
	if (m->vanished && m->changed_since == 0)
		parse_fail(p, "VANISHED without CHANGEDSINCE");
	parse_end(p);
}

void
modifiers_parse_store(struct parse *p, struct store_modifiers *m)
{
	*m = (struct store_modifiers){ .unchanged_since = UINT64_MAX };
	if (!parse_try_open(p))
		return;
	do {
		if (!parse_try_word(p, "UNCHANGEDSINCE"))
			parse_fail(p, "expected a modifier of STORE");
		once(p, m->conditional);
		parse_space(p);
		m->conditional = true;
		m->unchanged_since = parse_modseq_or_zero(p);
	} while (parse_ok(p) && parse_next(p));
	parse_space(p);
}

/* A set of numbers as the client had them: "*" means nothing here, nor does
 * "$", which SELECT empties (RFC 5182 2.1).  *COUNT of them (NULL: in any
 * order), which have to ascend. */
static struct seqset
read_known(struct parse *p, uint64_t *count)
{
	const struct seqset set = parse_seqset(p);
	uint32_t last = 0;

	if (set.uids)
		parse_fail(p, "\"$\" in a set that is known");
	for (size_t i = 0; i < set.n; i++) {
		const struct seqrange r = set.v[i];

		if (r.lo == 0 || r.hi == 0)
			parse_fail(p, "\"*\" in a set that is known");
		if (count == NULL)
			continue;
		if (r.lo <= last || r.hi < r.lo)
			parse_fail(p, "expected numbers that ascend");
		last = r.hi;
		*count += (uint64_t)r.hi - r.lo + 1;
	}
	return set;
}

/* "(" known-sequence-set SP known-uid-set ")" */
static void
read_match(struct parse *p, struct select_params *m)
{
	uint64_t nseqs = 0, nuids = 0;

	parse_open(p);
	m->seqs = read_known(p, &nseqs);
	parse_space(p);
	m->uids = read_known(p, &nuids);
	if (!parse_try_close(p))
		parse_fail(p, "expected a closing parenthesis");
	if (nseqs != nuids)
		parse_fail(p, "expected as many UIDs as numbers");
	m->has_match = true;
}

/* "(" uidvalidity SP mod-sequence-value [SP known-uids] [SP seq-match-data]
 * ")" */
static void
read_qresync(struct parse *p, struct select_params *m)
{
	parse_space(p);
	parse_open(p);
	m->qresync = true;
	m->uidvalidity = (uint32_t)parse_nz_number(p, UINT32_MAX);
	parse_space(p);
	m->modseq = parse_modseq(p);
	if (parse_try_space(p) && parse_peek(p) != '(') {
		m->has_known = true;
		m->known = read_known(p, NULL);
		if (parse_try_space(p))
			read_match(p, m);
	} else if (parse_peek(p) == '(') {
		read_match(p, m);
	}
	if (!parse_try_close(p))
		parse_fail(p, "expected a closing parenthesis");
}

void
modifiers_parse_select(struct parse *p, struct select_params *m)
{
	*m = (struct select_params){ .condstore = false };
	if (!parse_try_space(p)) {
		parse_end(p);
		return;
	}
	parse_open(p);
	do {
		if (parse_try_word(p, "CONDSTORE")) {
			m->condstore = true;
		} else if (parse_try_word(p, "QRESYNC")) {
			once(p, m->qresync);
			read_qresync(p, m);
		} else {
			parse_fail(p, "expected a parameter of SELECT");
		}
	} while (parse_ok(p) && parse_next(p));
	parse_end(p);
}
