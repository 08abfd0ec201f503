/* SPDX-License-Identifier: ISC */
#include "imapd/parse/sortprogram.h"

#include "base/mem.h"
#include "imapd/parse/parse.h"

/* clang-format off */
static const struct { const char *name; enum sort_by by; } words[] = {
	{ "ARRIVAL",     SORT_BY_ARRIVAL },
	{ "CC",          SORT_BY_CC },
	{ "DATE",        SORT_BY_DATE },
	{ "DISPLAYFROM", SORT_BY_DISPLAYFROM },
	{ "DISPLAYTO",   SORT_BY_DISPLAYTO },
	{ "FROM",        SORT_BY_FROM },
	{ "RELEVANCY",   SORT_BY_RELEVANCY },
	{ "SIZE",        SORT_BY_SIZE },
	{ "SUBJECT",     SORT_BY_SUBJECT },
	{ "TO",          SORT_BY_TO },
};
/* clang-format on */

static struct sort_criterion
read_criterion(struct parse *p)
{
	struct sort_criterion c = { .reverse = false };

	if (parse_try_word(p, "REVERSE")) {
		c.reverse = true;
		parse_space(p);
	}
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (parse_try_word(p, words[i].name)) {
			c.by = words[i].by;
			return c;
		}
	parse_fail(p, "expected a sort criterion");
	return c;
}

struct sort_program
sortprogram_parse(struct parse *p)
{
	struct sort_program s = { .n = 0 };

	parse_open(p);
	do {
		if (s.n == SORTKEY_CRITERIA_MAX) {
			parse_fail(p, "too many sort criteria");
			break;
		}
		s.of[s.n++] = read_criterion(p);
	} while (parse_ok(p) && parse_next(p));
	return s;
}
