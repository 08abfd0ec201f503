/* SPDX-License-Identifier: ISC */
#include "ctl/view/mistakes.h"

#include <stdio.h>

#include "ctl/view/out.h"

void
mistakes_add(struct mistakes *m, unsigned line, const char *text)
{
	if (m->n++ >= MISTAKES_SHOWN)
		return;
	if (line > 0)
		out_printf(stderr, "%s:%u: %s\n", m->file, line, text);
	else
		out_printf(stderr, "%s: %s\n", m->file, text);
}

void
mistakes_end(const struct mistakes *m)
{
	if (m->n > MISTAKES_SHOWN)
		out_printf(stderr, "%s: and %zu more\n", m->file,
		    m->n - MISTAKES_SHOWN);
}
