/* SPDX-License-Identifier: ISC */
/* Names of sites: "TRANSPORT:HOSTS", or "TRANSPORT:HOSTS:PORT", hosts with
 * commas between them. */
#ifndef QUEUE_SITENAME_H
#define QUEUE_SITENAME_H

#include <stdbool.h>

#include "base/slice.h"

/* Does somebody who says NAME mean SITE: all of it, its hosts with or without
 * the port, or one of them, an address with or without its brackets. */
bool sitename_means(struct slice site, struct slice name);

#endif
