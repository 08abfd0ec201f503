/* SPDX-License-Identifier: ISC */
#ifndef AUTH_CONF_H
#define AUTH_CONF_H

#include "conf/shared.h"
#include "sasl/password.h"

struct auth_conf {
	struct shared_conf shared;
#include "conf/members.h"

#include "auth/params.def" /* IWYU pragma: keep */
};

extern const struct conf_desc auth_conf_desc;
/* The configuration that counts now; a reload replaces it. */
extern const struct auth_conf *auth_conf;

#endif
