/* SPDX-License-Identifier: ISC */
#include "imapd/parse/boxtext.h"

#include "base/buf.h"
#include "imapd/conf.h"
#include "imapd/conn/session.h"
#include "imapd/parse/wirename.h"
#include "imapd/relay/guest.h"

char
boxtext_delimiter(void)
{
	return imapd_conf->hierarchy_delimiter == IMAPD_DELIMITER_DOT ? '.'
								      : '/';
}

void
boxtext_add(struct buf *out, const struct session *s, struct slice name)
{
	struct buf full;

	if (guest_of(s) == NULL) {
		wirename_put(
		    out, name, boxtext_delimiter(), imapd_takes_utf8(s));
		return;
	}
	buf_init(&full, SIZE_MAX / 2);
	buf_add(&full, guest_of(s)->prefix);
	buf_add(&full, name);
	wirename_put(
	    out, buf_slice(&full), boxtext_delimiter(), imapd_takes_utf8(s));
	buf_fini(&full);
}
