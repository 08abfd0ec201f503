/* SPDX-License-Identifier: ISC */
/* NAMESPACE (RFC 2342): one's own mailboxes, and other users'. */
#include "base/buf.h"
#include "imapd/cmd/commands.h"
#include "imapd/parse/boxname.h"
#include "imapd/parse/parse.h"
#include "imapd/relay/names.h"

/* Other users': its name ends with the delimiter. */
static void
put_others(struct session *s)
{
	struct buf name;

	buf_init(&name, 1024);
	buf_add(&name, names_space());
	buf_addc(&name, '/');
	buf_adds(imapd_out(s), "((");
	boxname_put(s, buf_slice(&name));
	buf_addf(imapd_out(s), " \"%c\"))", boxname_delimiter());
	buf_fini(&name);
}

void
imapd_cmd_namespace(struct session *s, struct parse *p)
{
	if (!parse_end(p)) {
		imapd_bad(s, p);
		return;
	}
	buf_addf(
	    imapd_out(s), "* NAMESPACE ((\"\" \"%c\")) ", boxname_delimiter());
	if (names_shared())
		put_others(s);
	else
		buf_adds(imapd_out(s), "NIL");
	buf_adds(imapd_out(s), " NIL\r\n");
	imapd_ok(s, "NAMESPACE completed");
}
