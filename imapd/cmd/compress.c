/* SPDX-License-Identifier: ISC */
/* COMPRESS (RFC 4978) */
#include "imapd/cmd/commands.h"
#include "imapd/conf.h"
#include "imapd/conn/client.h"
#include "imapd/parse/parse.h"

void
imapd_cmd_compress(struct session *s, struct parse *p)
{
	struct slice name;

	parse_space(p);
	name = parse_atom(p);
	if (!parse_end(p))
		imapd_bad(s, p);
	else if (!imapd_conf->compression || !slice_iis(name, "DEFLATE"))
		imapd_refuse(s, "no such compression");
	else if (!imapd_compress(s))
		imapd_refuse(
		    s, "[COMPRESSIONACTIVE] DEFLATE is active already");
	else
		imapd_ok(s, "DEFLATE active");
}
