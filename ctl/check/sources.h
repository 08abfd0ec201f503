/* SPDX-License-Identifier: ISC */
/* Are the addresses of the table source_addresses ones of this host? */
#ifndef CTL_CHECK_SOURCES_H
#define CTL_CHECK_SOURCES_H

#include "base/slice.h"

struct instance;

struct sources_report {
	/* Nothing can be sent from IP, which KEY names, because of ERROR. */
	void (*missing)(struct sources_report *r, struct slice key,
	    struct slice ip, int error);
};

/* Tell R of those that are not. */
void sources_each_missing(const struct instance *in, struct sources_report *r);
/* The same for people, on stderr. */
void sources_warn(const struct instance *in);

#endif
