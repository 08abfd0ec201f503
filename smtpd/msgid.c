/* SPDX-License-Identifier: ISC */
#include "smtpd/msgid.h"

#include "base/ascii.h"

static void
feed_byte(struct smtpd_msgid *id, char c)
{
	if (ascii_isspace(c)) {
		id->ended = id->began;
		return;
	}
	id->began = true;
	id->text[id->n++] = c;
	id->ended = c == '>' || id->n == sizeof id->text;
}

void
smtpd_msgid_feed(struct smtpd_msgid *id, struct slice bytes)
{
	for (size_t i = 0; i < bytes.n && !id->ended; i++)
		feed_byte(id, bytes.p[i]);
}

struct slice
smtpd_msgid_text(const struct smtpd_msgid *id)
{
	return slice_of(id->text, id->n);
}
