/* SPDX-License-Identifier: ISC */
#ifndef JMAPD_API_METHODS_H
#define JMAPD_API_METHODS_H

#include "base/slice.h"
#include "jmapd/api/call.h"

/* NULL: there is none of that NAME, or of the CAPABILITIES in use. */
const struct call_method *methods_find(
    struct slice name, unsigned capabilities);
/* The bit of the capability with that URI; 0: there is none such. */
unsigned methods_capability(struct slice uri);

#endif
