/* SPDX-License-Identifier: ISC */
/* A command line of a POP3 client: the first byte chooses the form. */
#include <stddef.h>

#include "base/must.h"
#include "pop3d/parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pop3d_command c;
	struct slice line, rest;

	if (size == 0)
		return 0;
	line = slice_of(data + 1, size - 1);
	rest = pop3d_parse_verb(line, &c);
	must(c.verb.n + rest.n <= line.n);
	if (pop3d_parse_args(rest, (enum pop3d_args)(data[0] % 5), &c) == NULL)
		must(c.has_number == (c.number > 0));
	return 0;
}
