/* SPDX-License-Identifier: ISC */
#ifndef PIPE_CONF_H
#define PIPE_CONF_H

#include "conf/shared.h"

struct pipe_conf {
	struct shared_conf shared;
#include "conf/members.h"
#include "pipe/params.def" /* IWYU pragma: keep */
};

extern const struct conf_desc pipe_conf_desc;
/* The configuration that counts now; a reload replaces it. */
extern const struct pipe_conf *pipe_conf;

#endif
