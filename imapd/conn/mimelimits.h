/* SPDX-License-Identifier: ISC */
#ifndef IMAPD_CONN_MIMELIMITS_H
#define IMAPD_CONN_MIMELIMITS_H

struct mime_limits;

/* As imapd.conf has them. */
struct mime_limits imapd_mime_limits(void);
/* From now on, to what sessions read (mailread/mailread.h). */
void imapd_mime_limits_apply(void);

#endif
