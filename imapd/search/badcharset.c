/* SPDX-License-Identifier: ISC */
#include "imapd/search/badcharset.h"

#include "base/buf.h"
#include "imapd/conf.h"
#include "imapd/conn/enabled.h"
#include "imapd/conn/session.h"
#include "imapd/parse/searchkey.h"
#include "mime/charset.h"

enum { TEXT_MAX = 4 << 10 };

void
imapd_badcharset(struct session *s)
{
	struct buf names, text;

	buf_init(&names, TEXT_MAX);
	buf_init(&text, TEXT_MAX);
	charset_list(&names);
	buf_addf(
	    &text, "[BADCHARSET (%s)] charset not known", buf_cstr(&names));
	imapd_refuse(s, buf_cstr(&text));
	buf_fini(&names);
	buf_fini(&text);
}

const char *
imapd_search_forbidden(const struct session *s, const struct search *search,
    bool need, bool relevancy)
{
	if (search->fuzzy && imapd_conf->fulltext == IMAPD_FULLTEXT_NO)
		return "FUZZY needs the full-text index";
	if (relevancy && !search->fuzzy)
		return "RELEVANCY needs FUZZY";

	if (search->numbers && (s->enabled & ENABLED_UIDONLY) != 0)
		return "[UIDREQUIRED] UIDONLY was enabled";
	if (!need && search->charset && (s->enabled & ENABLED_UTF8) != 0)
		return "CHARSET after ENABLE UTF8=ACCEPT";
	return NULL;
}
