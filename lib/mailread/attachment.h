/* SPDX-License-Identifier: ISC */
#ifndef MAILREAD_ATTACHMENT_H
#define MAILREAD_ATTACHMENT_H

#include <stdbool.h>

struct mime_part;

/* hasAttachment (RFC 8621 4.1.4): is one of what the algorithm there calls
 * attachments, and which is not "inline", in the message ROOT? */
bool attachment_any(const struct mime_part *root);

#endif
