/* SPDX-License-Identifier: ISC */
/* The protocols a listener may speak, as facts. */
#ifndef SMTPD_PROTOCOL_H
#define SMTPD_PROTOCOL_H

#include <stdbool.h>

#include "front/session.h"

enum { SMTPD_SPEAKS_SMTP = 1, SMTPD_SPEAKS_LMTP = 2 };

struct smtpd_protocol {
	struct front_protocol front;
	const char *banner;  /* RFC 5321 4.2: "ESMTP" */
	const char *service; /* as auth knows it */
	unsigned speaks;     /* which verbs there are */
	bool submission;     /* RFC 6409: senders are our own users */
};

/* NULL: not one of ours. */
const struct smtpd_protocol *smtpd_protocol_find(const char *name);

#endif
