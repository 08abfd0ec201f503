/* SPDX-License-Identifier: ISC */
/* imapd.conf */
#ifndef IMAPD_CONF_H
#define IMAPD_CONF_H

#include "conf/shared.h"
#include "ipc/place.h"
#include "sys/sync_method.h"

struct imapd_conf {
	struct shared_conf shared;
#include "conf/members.h"
#include "imapd/params.def" /* IWYU pragma: keep */
};

extern const struct conf_desc imapd_conf_desc;
/* The configuration that counts now. */
extern const struct imapd_conf *imapd_conf;

#endif
