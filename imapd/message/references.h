/* SPDX-License-Identifier: ISC */
/* The References field of a message, which its envelope does not have. */
#ifndef IMAPD_MESSAGE_REFERENCES_H
#define IMAPD_MESSAGE_REFERENCES_H

#include "base/err.h"

struct buf;
struct imapd_message;

/* OUT's content becomes the field's value as it stands, empty where there is
 * none.  ABSENT: the message is gone. */
enum found imapd_message_references(
    struct imapd_message *m, struct buf *out, struct err *err);

#endif
