/* SPDX-License-Identifier: ISC */
#include "smtpd/protocol.h"

#include <string.h>

#include "base/mem.h"

/* clang-format off */
static const struct smtpd_protocol protocols[] = {
	/* name           tls      banner   service       speaks             submits */
	{ { "smtp",        false }, "ESMTP", "smtp",       SMTPD_SPEAKS_SMTP, false },
	{ { "submission",  false }, "ESMTP", "submission", SMTPD_SPEAKS_SMTP, true },
	{ { "submissions", true },  "ESMTP", "submission", SMTPD_SPEAKS_SMTP, true },
	{ { "lmtp",        false }, "LMTP",  "smtp",       SMTPD_SPEAKS_LMTP, false },
};
/* clang-format on */

const struct smtpd_protocol *
smtpd_protocol_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(protocols); i++)
		if (strcmp(name, protocols[i].front.name) == 0)
			return &protocols[i];
	return NULL;
}
