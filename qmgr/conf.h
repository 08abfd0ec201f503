/* SPDX-License-Identifier: ISC */
#ifndef QMGR_CONF_H
#define QMGR_CONF_H

#include "conf/shared.h"
#include "sys/sync_method.h"

struct qmgr_conf {
	struct shared_conf shared;
#include "conf/members.h"
#include "qmgr/params.def" /* IWYU pragma: keep */
};

extern const struct conf_desc qmgr_conf_desc;
/* The configuration that counts now; a reload replaces it. */
extern const struct qmgr_conf *qmgr_conf;

#endif
