/* SPDX-License-Identifier: ISC */
/* CAPABILITY (RFC 9051 6.1.1): what there is after authentication; login tells
 * of what there is before. */
#include "base/buf.h"
#include "imapd/cmd/commands.h"
#include "imapd/cmd/limit.h"
#include "imapd/conf.h"
#include "imapd/parse/parse.h"

int64_t
imapd_append_limit(void)
{
	return imapd_conf->shared.message_size_limit;
}

void
imapd_put_capabilities(const struct session *s, struct buf *out)
{
#define CAP(name)          buf_adds(out, name " ");
#define ENABLE(name, what) CAP(name)
#include "imapd/cmd/capabilities.def" // IWYU pragma: keep
#undef CAP
#undef ENABLE
	if (imapd_conf->fulltext != IMAPD_FULLTEXT_NO)
		buf_adds(out, "SEARCH=FUZZY ");
	if (imapd_conf->compression)
		buf_adds(out, "COMPRESS=DEFLATE ");
	if (imapd_conf->shared.imapsieve_url[0] != '\0')
		buf_addf(
		    out, "IMAPSIEVE=%s ", imapd_conf->shared.imapsieve_url);
	if (s->returns)
		buf_adds(out, "UNAUTHENTICATE ");
	if (imapd_limit() > 0)
		buf_addf(out, "MESSAGELIMIT=%u ", imapd_limit());
	buf_addf(out, "APPENDLIMIT=%lld", (long long)imapd_append_limit());
}

void
imapd_cmd_capability(struct session *s, struct parse *p)
{
	if (!parse_end(p)) {
		imapd_bad(s, p);
		return;
	}
	buf_adds(imapd_out(s), "* CAPABILITY ");
	imapd_put_capabilities(s, imapd_out(s));
	buf_adds(imapd_out(s), "\r\n");
	imapd_ok(s, "CAPABILITY completed");
}
