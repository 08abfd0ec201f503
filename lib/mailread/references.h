/* SPDX-License-Identifier: ISC */
/* The References field of a message, which its envelope does not have. */
#ifndef MAILREAD_REFERENCES_H
#define MAILREAD_REFERENCES_H

#include "base/err.h"

struct buf;
struct mailread;

/* OUT's content becomes the field's value as it stands, empty where there is
 * none.  ABSENT: the message is gone. */
enum found mailread_references(
    struct mailread *m, struct buf *out, struct err *err);

#endif
