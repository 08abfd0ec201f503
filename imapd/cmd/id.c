/* SPDX-License-Identifier: ISC */
/* ID (RFC 2971): who the client is goes to the log, for those who look for the
 * cause of trouble. */
#include "imapd/cmd/commands.h"
#include "imapd/parse/parse.h"
#include "log/log.h"

enum { PAIRS_MAX = 30 };

/* "NIL" / "(" string SP nstring *(SP string SP nstring) ")" */
static void
read_pairs(struct parse *p, struct slice *name, struct slice *version)
{
	size_t n = 0;

	if (parse_try_word(p, "NIL"))
		return;
	parse_open(p);
	if (parse_try_close(p))
		return;
	do {
		const struct slice field = parse_string(p);
		struct slice value;

		parse_space(p);
		value = parse_nstring(p);
		if (slice_iis(field, "name"))
			*name = value;
		if (slice_iis(field, "version"))
			*version = value;
		if (++n > PAIRS_MAX)
			parse_fail(p, "too many pairs");
	} while (parse_ok(p) && parse_next(p));
}

void
imapd_cmd_id(struct session *s, struct parse *p)
{
	struct slice name = { NULL, 0 }, version = { NULL, 0 };

	parse_space(p);
	read_pairs(p, &name, &version);
	if (!parse_end(p)) {
		imapd_bad(s, p);
		return;
	}
	log_debug("imapd.client-id", kv_s("sid", s->sid),
	    kv_slice("name", slice_sub(name, 0, 80)),
	    kv_slice("version", slice_sub(version, 0, 80)));
	imapd_untagged(s, "ID (\"name\" \"pabal\")");
	imapd_ok(s, "ID completed");
}
