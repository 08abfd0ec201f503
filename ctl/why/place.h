/* SPDX-License-Identifier: ISC */
#ifndef CTL_WHY_PLACE_H
#define CTL_WHY_PLACE_H

#include "base/err.h"

struct why;

/* Find what waits for w->name: an address; a domain, a site, or both.  Where
 * new mail goes is told people at once: what waits may take a moment to be
 * counted.
 */
int why_place_address(struct why *w, struct err *err);
int why_place_name(struct why *w, struct err *err);

#endif
