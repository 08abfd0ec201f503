/* SPDX-License-Identifier: ISC */
#ifndef POP3D_CONF_H
#define POP3D_CONF_H

#include "conf/shared.h"
#include "ipc/place.h"

struct pop3d_conf {
	struct shared_conf shared;
#include "conf/members.h"
#include "pop3d/params.def" /* IWYU pragma: keep */
};

extern const struct conf_desc pop3d_conf_desc;
/* The configuration that counts now; a reload replaces it. */
extern const struct pop3d_conf *pop3d_conf;

#endif
