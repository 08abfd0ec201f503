/* SPDX-License-Identifier: ISC */
#include "report/tlsrpt.h"

#include "base/ascii.h"

enum { NAME_MAX_BYTES = 32 };

static const struct slice version = SLICE("v=TLSRPTv1");

static struct slice
skip_blanks(struct slice s)
{
	while (s.n > 0 && (s.p[0] == ' ' || s.p[0] == '\t'))
		s = slice_from(s, 1);
	return s;
}

bool
tlsrpt_is_record(struct slice txt)
{
	return slice_starts(txt, version) &&
	       slice_starts(
		   skip_blanks(slice_from(txt, version.n)), SLICE(";"));
}

static bool
is_name(struct slice s)
{
	if (s.n == 0 || s.n > NAME_MAX_BYTES || !ascii_isalnum(s.p[0]))
		return false;
	for (size_t i = 1; i < s.n; i++)
		if (!ascii_isalnum(s.p[i]) && s.p[i] != '_' && s.p[i] != '-' &&
		    s.p[i] != '.')
			return false;
	return true;
}

/* Printable, and without "=" and blanks where it is no list of URIs. */
static bool
is_value(struct slice s, bool uris)
{
	for (size_t i = 0; i < s.n; i++) {
		const unsigned char c = (unsigned char)s.p[i];
		const bool blank = c == ' ' || c == '\t';

		if (blank || c == '=' ? !uris : c <= 0x20 || c >= 0x7f)
			return false;
	}
	return s.n > 0;
}

bool
tlsrpt_parse(struct slice txt, struct slice *rua)
{
	bool found = false;

	if (!tlsrpt_is_record(txt))
		return false;
	(void)slice_cut(txt, ';', &txt);
	while (txt.n > 0) {
		const struct slice field =
		    slice_trim(slice_cut(txt, ';', &txt));
		struct slice value;
		const struct slice name = slice_cut(field, '=', &value);
		const bool is_rua = slice_is(name, "rua");

		if (field.n == 0 && slice_trim(txt).n == 0)
			break;
		if (!is_name(name) || !is_value(value, is_rua) ||
		    (is_rua && found))
			return false;
		if (is_rua)
			*rua = value;
		found |= is_rua;
	}
	return found;
}
