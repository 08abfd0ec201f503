/* SPDX-License-Identifier: ISC */
/* The envelope's priority: what is said of mail, and of mail that can wait.  Of
 * one length: qmgr writes which when the header is known, in the place that the
 * head of the file has for it. */
#ifndef QUEUE_PRIORITY_H
#define QUEUE_PRIORITY_H

#define PRIORITY_MAIL "mail"
#define PRIORITY_BULK "bulk"

#endif
