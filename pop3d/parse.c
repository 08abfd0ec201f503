/* SPDX-License-Identifier: ISC */
#include "pop3d/parse.h"

#include <stddef.h>

#include "base/cur.h"

struct slice
pop3d_parse_verb(struct slice line, struct pop3d_command *c)
{
	struct slice rest;

	while (line.n > 0 &&
	       (line.p[line.n - 1] == ' ' || line.p[line.n - 1] == '\t'))
		line.n--;
	*c = (struct pop3d_command){ .verb = slice_cut(line, ' ', &rest) };
	return rest;
}

static const char *
parse_number(struct cur *c, struct pop3d_command *out)
{
	out->number = (uint32_t)cur_u64(c, UINT32_MAX);
	out->has_number = true;
	if (!cur_ok(c) || out->number == 0)
		return "expected a message number";
	return NULL;
}

/* A count beyond all messages means the whole one. */
static const char *
parse_lines(struct cur *c, struct pop3d_command *out)
{
	cur_lit(c, " ");
	cur_skip_blank(c);
	out->lines = cur_u64(c, UINT64_MAX);
	return cur_ok(c) ? NULL : "expected a message number and a line count";
}

const char *
pop3d_parse_args(
    struct slice rest, enum pop3d_args form, struct pop3d_command *out)
{
	struct cur c = cur_of(rest);
	const char *why;

	cur_skip_blank(&c);
	switch (form) {
	case ARGS_ANY:
		out->text = cur_rest(&c);
		return NULL;
	case ARGS_NONE:
		return cur_end(&c) ? NULL : "no arguments allowed";
	case ARGS_MAYBE_NUMBER:
		if (cur_end(&c))
			return NULL;
		why = parse_number(&c, out);
		break;
	case ARGS_NUMBER_LINES:
		why = parse_number(&c, out);
		if (why == NULL)
			why = parse_lines(&c, out);
		break;
	case ARGS_NUMBER:
	default:
		why = parse_number(&c, out);
		break;
	}
	if (why != NULL)
		return why;
	return cur_end(&c) ? NULL : "too many arguments";
}
