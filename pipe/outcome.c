/* SPDX-License-Identifier: ISC */
#include "pipe/outcome.h"

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include <bsd/string.h>

#include "base/ascii.h"
#include "base/cur.h"
#include "base/mem.h"
#include "base/utf8.h"

enum { SHELL_CANNOT_RUN = 126, SHELL_NOT_FOUND = 127 };

struct meaning {
	int code;
	const char *dsn;
	const char *text;
};

/* clang-format off */
static const struct meaning meanings[] = {
	{ EX_OK,            "2.0.0", "delivered to the command" },
	{ EX_USAGE,         "5.3.0", "command line usage error" },
	{ EX_DATAERR,       "5.6.0", "data format error" },
	{ EX_NOINPUT,       "5.3.0", "cannot open input" },
	{ EX_NOUSER,        "5.1.1", "user unknown" },
	{ EX_NOHOST,        "5.1.2", "host unknown" },
	{ EX_UNAVAILABLE,   "5.3.0", "service unavailable" },
	{ EX_SOFTWARE,      "5.3.0", "internal software error" },
	{ EX_OSERR,         "4.3.0", "system resource problem" },
	{ EX_OSFILE,        "5.3.0", "system file missing" },
	{ EX_CANTCREAT,     "5.2.0", "cannot create output file" },
	{ EX_IOERR,         "5.3.0", "input/output error" },
	{ EX_TEMPFAIL,      "4.3.0", "temporary failure" },
	{ EX_PROTOCOL,      "5.5.0", "remote error in protocol" },
	{ EX_NOPERM,        "5.7.1", "permission denied" },
	{ EX_CONFIG,        "5.3.5", "configuration error" },
	/* An upgrade of the program may be under way: nothing is lost by
	 * waiting. */
	{ SHELL_CANNOT_RUN, "4.3.5", "the command cannot be run" },
	{ SHELL_NOT_FOUND,  "4.3.5", "the command was not found" },
};
/* clang-format on */

static const struct meaning *
meaning_of(int code)
{
	static const struct meaning other = { -1, "5.3.0", "failed" };

	for (size_t i = 0; i < ARRAY_LEN(meanings); i++)
		if (meanings[i].code == code)
			return &meanings[i];
	return &other;
}

static enum job_status
status_of(const char *dsn)
{
	if (dsn[0] == '2')
		return JOB_DELIVERED;
	return dsn[0] == '4' ? JOB_TEMPFAIL : JOB_PERMFAIL;
}

static void
begin(struct outcome *o, const char *dsn)
{
	*o = (struct outcome){ .status = status_of(dsn) };
	buf_init(&o->text, OUTCOME_TEXT_MAX);
	strlcpy(o->dsn, dsn, sizeof o->dsn);
}

/* "4.2.1 text": RFC 3463's subject and detail have one to three digits. */
static bool
take_dsn(struct slice *output, char *dsn, size_t size)
{
	struct cur c = cur_of(*output);
	const char *start = c.p;
	const int class = cur_byte(&c);

	if (class != '4' && class != '5')
		return false;
	for (int i = 0; i < 2; i++) {
		struct slice digits;

		cur_lit(&c, ".");
		digits = cur_while(&c, ascii_isdigit);
		if (digits.n < 1 || digits.n > 3)
			return false;
	}
	if (!cur_ok(&c) || (!cur_end(&c) && !ascii_isspace((char)cur_peek(&c))))
		return false;
	if (!slice_copy(slice_of(start, (size_t)(c.p - start)), dsn, size))
		return false;
	*output = slice_trim(cur_rest(&c));
	return true;
}

void
outcome_add_text(struct buf *out, struct slice s)
{
	bool space = false;

	s = slice_trim(s);
	while (s.n > 0) {
		const size_t n = utf8_len(s);
		const bool blank =
		    n == 1 && ((unsigned char)s.p[0] <= ' ' || s.p[0] == 0x7f);

		if (blank && !space)
			buf_addc(out, ' ');
		else if (!blank && n > 0)
			buf_add(out, slice_sub(s, 0, n));
		else if (!blank)
			buf_addc(out, '?');
		space = blank;
		s = slice_from(s, n > 0 ? n : 1);
	}
}

static void
exited(struct outcome *o, int code, struct slice output)
{
	const struct meaning *m = meaning_of(code);
	char dsn[sizeof o->dsn];
	const bool told = code != EX_OK && take_dsn(&output, dsn, sizeof dsn);

	begin(o, told ? dsn : m->dsn);
	if (code == EX_OK || (told && output.n > 0)) {
		if (code == EX_OK)
			buf_adds(&o->text, m->text);
		else
			outcome_add_text(&o->text, output);
		return;
	}
	buf_addf(&o->text, "command exited with status %d (%s)", code, m->text);
	if (output.n == 0)
		return;
	buf_adds(&o->text, ": ");
	outcome_add_text(&o->text, output);
}

void
outcome_of(
    struct outcome *o, int wait_status, bool timed_out, struct slice output)
{
	const char *name;

	output = slice_trim(output);
	/* Who ended by himself while his time ran out has still done it. */
	if (WIFEXITED(wait_status)) {
		exited(o, WEXITSTATUS(wait_status), output);
		return;
	}
	begin(o, "4.3.0");
	name = WIFSIGNALED(wait_status) ? sigabbrev_np(WTERMSIG(wait_status))
					: NULL;
	if (timed_out)
		buf_adds(&o->text, "command time limit exceeded");
	else
		buf_addf(&o->text, "command was killed by signal %s",
		    name != NULL ? name : "?");
	if (output.n > 0)
		buf_adds(&o->text, ": ");
	outcome_add_text(&o->text, output);
}

void
outcome_set(struct outcome *o, enum job_status status, const char *dsn,
    const char *text)
{
	begin(o, dsn);
	o->status = status;
	outcome_add_text(&o->text, slice_str(text));
}
