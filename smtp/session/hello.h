/* SPDX-License-Identifier: ISC */
/* From the greeting to what a host can do.  STARTTLS (starttls.h) follows, and
 * with TLS another EHLO; then AUTH (auth.h), then mail (mail.h). */
#ifndef SMTP_SESSION_HELLO_H
#define SMTP_SESSION_HELLO_H

struct smtp_session;

void smtp_hello_greeting(struct smtp_session *s);
void smtp_hello_ehlo(struct smtp_session *s);
void smtp_hello_helo(struct smtp_session *s);

#endif
