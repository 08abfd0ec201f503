/* SPDX-License-Identifier: ISC */
/* keys.conf */
#ifndef KEYS_CONF_H
#define KEYS_CONF_H

#include "conf/shared.h"

struct keys_conf {
	struct shared_conf shared;
#include "conf/members.h"
#include "keys/params.def" /* IWYU pragma: keep */
};

extern const struct conf_desc keys_conf_desc;
/* The configuration that counts now. */
extern const struct keys_conf *keys_conf;

#endif
