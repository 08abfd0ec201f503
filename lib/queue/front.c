/* SPDX-License-Identifier: ISC */
#include "queue/front.h"

#include <stddef.h>
#include <string.h>

/* "Name:", behind which anything may stand. */
static bool
begins_field(struct slice line)
{
	for (size_t i = 0; i < line.n; i++) {
		if (line.p[i] == ':')
			return i > 0;
		if (line.p[i] <= ' ' || line.p[i] >= 0x7f)
			return false;
	}
	return false;
}

/* One line with its CRLF off *REST. */
static bool
take_line(struct slice *rest, struct slice *line)
{
	const size_t n = slice_find(*rest, '\n');

	if (n == rest->n || n == 0 || rest->p[n - 1] != '\r')
		return false;
	*line = slice_sub(*rest, 0, n - 1);
	*rest = slice_from(*rest, n + 1);
	return memchr(line->p, '\r', line->n) == NULL &&
	       memchr(line->p, '\0', line->n) == NULL;
}

/* It continues a field: white space, and something that is none. */
static bool
continues(struct slice line)
{
	return (line.p[0] == ' ' || line.p[0] == '\t') &&
	       slice_trim(line).n > 0;
}

bool
front_is_valid(struct slice fields)
{
	bool first = true;
	struct slice line;

	if (fields.n > FRONT_MAX_BYTES)
		return false;
	while (fields.n > 0) {
		if (!take_line(&fields, &line) || line.n == 0)
			return false;
		if (!begins_field(line) && (first || !continues(line)))
			return false;
		first = false;
	}
	return true;
}
