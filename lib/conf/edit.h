/* SPDX-License-Identifier: ISC */
/* Change one parameter in a file's text; comments, order and every other line
 * stay as the administrator wrote them. */
#ifndef CONF_EDIT_H
#define CONF_EDIT_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/slice.h"

/* Add to OUT what TEXT is with NAME set to VALUE (as it stands in a file,
 * quotes included) in SECTION, "" for what stands before the first one.  The
 * old place is kept; a new one is behind its commented sample
 * ("#name = ..."), or at the end of the section, which is made if needed. */
void conf_edit_set(struct slice text, struct slice section, struct slice name,
    struct slice value, struct buf *out);
/* The same without NAME; false when it was not there.  With TIDY the header of
 * a section goes as well when nothing else is set there. */
bool conf_edit_unset(struct slice text, struct slice section, struct slice name,
    bool tidy, struct buf *out);

#endif
