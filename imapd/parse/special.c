/* SPDX-License-Identifier: ISC */
#include "imapd/parse/special.h"

#include <stddef.h>

#include "base/cur.h"
#include "imapd/parse/parse.h"
#include "maildir/specialword.h"

unsigned
special_parse(struct parse *p)
{
	for (size_t i = 0; i < SPECIALWORDS; i++)
		if (parse_try_word(p, specialword_all[i].word))
			return specialword_all[i].special;
	if (!cur_try_byte(&p->c, '\\'))
		parse_fail(p, "expected a special-use attribute");
	(void)parse_atom(p);
	return SPECIAL_UNKNOWN;
}
