/* SPDX-License-Identifier: ISC */
/* smtpd.conf */
#ifndef SMTPD_CONF_H
#define SMTPD_CONF_H

#include "conf/param.h"
#include "conf/shared.h"

struct smtpd_conf {
	struct shared_conf shared;
#include "conf/members.h"
#include "smtpd/params.def" /* IWYU pragma: keep */
};

/* The words of bare_newline and over_quota. */
enum smtpd_bare_newline { SMTPD_BARE_REJECT, SMTPD_BARE_NORMALISE };
enum smtpd_over_quota { SMTPD_QUOTA_DEFER, SMTPD_QUOTA_REFUSE };

extern const struct conf_desc smtpd_conf_desc;
/* The configuration that counts now. */
extern const struct smtpd_conf *smtpd_conf;

#endif
