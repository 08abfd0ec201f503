/* SPDX-License-Identifier: ISC */
#include "imapd/parse/boxtext.h"

#include "imapd/conf.h"
#include "imapd/conn/session.h"
#include "imapd/parse/wirename.h"

char
boxtext_delimiter(void)
{
	return imapd_conf->hierarchy_delimiter == IMAPD_DELIMITER_DOT ? '.'
								      : '/';
}

void
boxtext_add(struct buf *out, const struct session *s, struct slice name)
{
	wirename_put(out, name, boxtext_delimiter(), imapd_takes_utf8(s));
}
