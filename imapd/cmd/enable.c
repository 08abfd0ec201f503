/* SPDX-License-Identifier: ISC */
/* ENABLE (RFC 5161).  Names that are unknown, or that nothing is turned on by,
 * are passed over, as it asks. */
#include "imapd/cmd/enable.h"
#include "base/buf.h"
#include "imapd/cmd/commands.h"
#include "imapd/conn/enabled.h" // IWYU pragma: keep
#include "imapd/parse/parse.h"
#include "imapd/selected/modseq.h"

static const struct {
	const char *name;
	unsigned what; /* enum enabled, with what it implies */
} names[] = {
#define CAP(name)
#define ENABLE(name, what) { name, what },
#include "imapd/cmd/capabilities.def" // IWYU pragma: keep
#undef CAP
#undef ENABLE
	{ NULL, 0 },
};

void
imapd_put_enabled(struct buf *out, unsigned what)
{
	for (size_t i = 0; names[i].name != NULL; i++)
		if ((names[i].what & what) == names[i].what)
			buf_addf(out, " %s", names[i].name);
}

void
imapd_cmd_enable(struct session *s, struct parse *p)
{
	unsigned told = 0;
	unsigned what = 0;

	do {
		struct slice name;

		parse_space(p);
		name = parse_atom(p);
		for (size_t i = 0; names[i].name != NULL; i++)
			if (slice_iis(name, names[i].name)) {
				what |= names[i].what;
				told |= 1U << i;
			}
	} while (parse_ok(p) && parse_peek(p) == ' ');
	if (!parse_end(p)) {
		imapd_bad(s, p);
		return;
	}
	buf_adds(imapd_out(s), "* ENABLED");
	for (size_t i = 0; names[i].name != NULL; i++)
		if ((told & (1U << i)) != 0)
			buf_addf(imapd_out(s), " %s", names[i].name);
	buf_adds(imapd_out(s), "\r\n");
	imapd_enable(s, what);
	imapd_ok(s, "ENABLE completed");
}
