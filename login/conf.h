/* SPDX-License-Identifier: ISC */
#ifndef LOGIN_CONF_H
#define LOGIN_CONF_H

#include "conf/shared.h"

struct login_conf {
	struct shared_conf shared;
#include "conf/members.h"

#include "login/params.def" /* IWYU pragma: keep */
};

extern const struct conf_desc login_conf_desc;
/* The configuration that counts now; a reload replaces it. */
extern const struct login_conf *login_conf;

#endif
