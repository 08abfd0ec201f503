/* SPDX-License-Identifier: ISC */
/* A result of TLS (route/tlsresult.h), with what a session knows of it. */
#ifndef SMTP_SESSION_TLSTELL_H
#define SMTP_SESSION_TLSTELL_H

#include "ipc/tlsreport.h"

struct smtp_session;

/* Before the first. */
void smtp_tlstell_init(void);
/* REASON: more, in words; NULL or "": there is no more to say. */
void smtp_tlstell(const struct smtp_session *s, enum report_tls_result type,
    const char *reason);

#endif
