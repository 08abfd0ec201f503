/* SPDX-License-Identifier: ISC */
#include "smtpd/rewrite/own.h"

#include "smtpd/conf.h"
#include "smtpd/dialog.h"
#include "smtpd/protocol.h"

bool
smtpd_rewrite_own(const struct smtpd_session *s)
{
	if (s->protocol->speaks == SMTPD_SPEAKS_LMTP)
		return false;
	if (s->login != NULL || s->protocol->submission || s->front.local)
		return true;
	switch (smtpd_conf->rewrite_clients) {
	case SMTPD_REWRITE_ALL:
		return true;
	case SMTPD_REWRITE_TRUSTED:
		return s->front.trusted;
	case SMTPD_REWRITE_OWN:
	default:
		return false;
	}
}
