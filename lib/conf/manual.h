/* SPDX-License-Identifier: ISC */
/* The parameters of a daemon as text for people. */
#ifndef CONF_MANUAL_H
#define CONF_MANUAL_H

#include "base/buf.h"
#include "base/slice.h"
#include "conf/param.h"

/* Add an mdoc list (.Bl ... .El) of D's own parameters, in the table's order:
 * name, default, meaning, what it takes. */
void conf_manual_mdoc(const struct conf_desc *d, struct buf *out);
/* Add TEXT as mdoc: one sentence a line, nothing in it a request. */
void conf_manual_text(struct slice text, struct buf *out);

#endif
