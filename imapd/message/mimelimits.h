/* SPDX-License-Identifier: ISC */
#ifndef IMAPD_MESSAGE_MIMELIMITS_H
#define IMAPD_MESSAGE_MIMELIMITS_H

struct mime_limits;

/* As imapd.conf has them. */
struct mime_limits imapd_mime_limits(void);

#endif
