/* SPDX-License-Identifier: ISC */
/* From the greeting to where mail can be sent: EHLO, STARTTLS, AUTH. */
#ifndef SMTP_SESSION_HELLO_H
#define SMTP_SESSION_HELLO_H

#include "smtp/session/dialog.h"

void smtp_hello_greeting(struct smtp_session *s);
void smtp_hello_ehlo(struct smtp_session *s);
void smtp_hello_helo(struct smtp_session *s);
void smtp_hello_auth(struct smtp_session *s);

/* EHLO or LHLO, the first time or after STARTTLS. */
void smtp_hello_again(struct smtp_session *s);
/* TLS is as it will be: AUTH if it should be, then mail. */
void smtp_hello_done(struct smtp_session *s);

#endif
