/* SPDX-License-Identifier: ISC */
#include "smtpd/protocol.h"

#include <string.h>

#include "base/mem.h"

/* clang-format off */
static const struct smtpd_protocol protocols[] = {
	/* name          banner   service       speaks             submits tls */
	{ "smtp",        "ESMTP", "smtp",       SMTPD_SPEAKS_SMTP, false, false },
	{ "submission",  "ESMTP", "submission", SMTPD_SPEAKS_SMTP, true,  false },
	{ "submissions", "ESMTP", "submission", SMTPD_SPEAKS_SMTP, true,  true },
	{ "lmtp",        "LMTP",  "smtp",       SMTPD_SPEAKS_LMTP, false, false },
};
/* clang-format on */

const struct smtpd_protocol *
smtpd_protocol_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(protocols); i++)
		if (strcmp(name, protocols[i].name) == 0)
			return &protocols[i];
	return NULL;
}
