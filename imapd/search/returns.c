/* SPDX-License-Identifier: ISC */
#include "imapd/search/returns.h"

#include "base/mem.h"
#include "imapd/parse/parse.h"

/* clang-format off */
static const struct { const char *name; unsigned option; } words[] = {
	{ "ALL",       RETURN_ALL },
	{ "CONTEXT",   RETURN_CONTEXT },
	{ "COUNT",     RETURN_COUNT },
	{ "MAX",       RETURN_MAX },
	{ "MIN",       RETURN_MIN },
	{ "PARTIAL",   RETURN_PARTIAL },
	{ "RELEVANCY", RETURN_RELEVANCY },
	{ "SAVE",      RETURN_SAVE },
	{ "UPDATE",    RETURN_UPDATE },
};
/* clang-format on */

static void
read_option(struct parse *p, struct search_returns *r)
{
	unsigned option = 0;

	for (size_t i = 0; i < ARRAY_LEN(words) && option == 0; i++)
		if (parse_try_word(p, words[i].name))
			option = words[i].option;
	if (option == 0)
		parse_fail(p, "expected a return option");
	if (option == RETURN_PARTIAL) {
		/* RFC 9394 3.1 */
		if ((r->options & RETURN_PARTIAL) != 0)
			parse_fail(p, "PARTIAL only once");
		parse_space(p);
		r->partial = partial_parse(p);
	}
	r->options |= option;
}

struct search_returns
returns_parse(struct parse *p)
{
	struct search_returns r = { .options = 0 };

	if (!parse_try_word(p, "RETURN"))
		return r;
	parse_space(p);
	parse_open(p);
	if (!parse_try_close(p)) {
		do
			read_option(p, &r);
		while (parse_ok(p) && parse_next(p));
	}
	parse_space(p);
	if ((r.options & RETURN_PARTIAL) != 0 && (r.options & RETURN_ALL) != 0)
		parse_fail(p, "PARTIAL or ALL");
	if (r.options == 0)
		r.options = RETURN_ALL;
	return r;
}
