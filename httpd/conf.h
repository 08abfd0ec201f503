/* SPDX-License-Identifier: ISC */
/* httpd.conf */
#ifndef HTTPD_CONF_H
#define HTTPD_CONF_H

#include "conf/shared.h"

struct httpd_conf {
	struct shared_conf shared;
#include "conf/members.h"

#include "httpd/params.def" /* IWYU pragma: keep */
};

extern const struct conf_desc httpd_conf_desc;
/* The configuration that counts now; a reload replaces it. */
extern const struct httpd_conf *httpd_conf;

#endif
