/* SPDX-License-Identifier: ISC */
/* Downloads (RFC 8620 6.2): messages and their parts, as they are read. */
#ifndef JMAPD_MAIL_BLOB_H
#define JMAPD_MAIL_BLOB_H

struct jmapd_request;

void blob_download(struct jmapd_request *r);

#endif
