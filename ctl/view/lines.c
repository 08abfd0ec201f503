/* SPDX-License-Identifier: ISC */
#include "ctl/view/lines.h"

#include <string.h>

#include "base/slice.h"

void
lines_fill(FILE *f, const char *indent, const char *text)
{
	struct slice rest = slice_str(text);
	size_t column = 0;

	while (rest.n > 0) {
		const struct slice word = slice_cut(rest, ' ', &rest);

		if (column > 0 && column + 1 + word.n > 78) {
			fputc('\n', f);
			column = 0;
		}
		if (column == 0)
			column = strlen(indent) + word.n;
		else
			column += 1 + word.n;
		fputs(column == strlen(indent) + word.n ? indent : " ", f);
		fwrite(word.p, 1, word.n, f);
	}
	fputc('\n', f);
}
