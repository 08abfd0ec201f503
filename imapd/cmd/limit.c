/* SPDX-License-Identifier: ISC */
#include "imapd/cmd/limit.h"

#include <stdio.h>

#include "imapd/conf.h"
#include "imapd/conn/session.h"

uint32_t
imapd_limit(void)
{
	return imapd_conf->messages_per_command;
}

void
imapd_ok_limited(struct session *s, uint32_t lowest, const char *text)
{
	if (lowest == 0)
		imapd_ok(s, "%s", text);
	else
		imapd_ok(s, "[MESSAGELIMIT %u %u] %s for some of the messages",
		    imapd_limit(), lowest, text);
}

void
imapd_tell_limited(struct session *s, uint32_t lowest)
{
	if (lowest != 0)
		imapd_untagged(s,
		    "OK [MESSAGELIMIT %u %u] done for some of the messages",
		    imapd_limit(), lowest);
}

void
imapd_refuse_limited(struct session *s)
{
	char text[80];

	snprintf(text, sizeof text, "[MESSAGELIMIT %u] too many messages",
	    imapd_limit());
	imapd_refuse(s, text);
}
