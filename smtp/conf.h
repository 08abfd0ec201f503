/* SPDX-License-Identifier: ISC */
/* smtp.conf */
#ifndef SMTP_CONF_H
#define SMTP_CONF_H

#include "conf/shared.h"

struct smtp_conf {
	struct shared_conf shared;
#include "conf/members.h"
#include "smtp/params.def" /* IWYU pragma: keep */
};

extern const struct conf_desc smtp_conf_desc;
/* The configuration that counts now. */
extern const struct smtp_conf *smtp_conf;

#endif
