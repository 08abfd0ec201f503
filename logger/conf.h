/* SPDX-License-Identifier: ISC */
/* logger.conf */
#ifndef LOGGER_CONF_H
#define LOGGER_CONF_H

#include "conf/shared.h"

struct logger_conf {
	struct shared_conf shared;
#include "conf/members.h"
#include "logger/params.def" /* IWYU pragma: keep */
};

extern const struct conf_desc logger_conf_desc;
/* The configuration that counts now. */
extern const struct logger_conf *logger_conf;

#endif
