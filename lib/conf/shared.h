/* SPDX-License-Identifier: ISC */
/* Facts that several daemons need (pabal.conf). */
#ifndef CONF_SHARED_H
#define CONF_SHARED_H

#include <stdbool.h>

#include "base/slice.h"
#include "conf/param.h"

struct shared_conf {
#include "conf/members.h"
#include "conf/shared.def" /* IWYU pragma: keep */
};

/* The words of log_format and log_level, in the order of shared.def. */
enum shared_log_format { SHARED_LOGFMT, SHARED_JSON };
enum shared_log_level { SHARED_ERROR, SHARED_WARN, SHARED_INFO, SHARED_DEBUG };

extern const struct conf_desc shared_conf_desc;

/* Whether DOMAIN is one of the domains whose mail stays here. */
bool shared_is_local(const struct shared_conf *s, struct slice domain);

#endif
