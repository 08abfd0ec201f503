/* SPDX-License-Identifier: ISC */
/* smtpd.conf */
#ifndef SMTPD_CONF_H
#define SMTPD_CONF_H

#include "conf/shared.h"

struct smtpd_conf {
	struct shared_conf shared;
#include "conf/members.h"
#include "smtpd/params.def" /* IWYU pragma: keep */
};

extern const struct conf_desc smtpd_conf_desc;
/* The configuration that counts now. */
extern const struct smtpd_conf *smtpd_conf;

#endif
