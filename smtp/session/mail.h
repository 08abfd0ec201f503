/* SPDX-License-Identifier: ISC */
/* One message to some recipients (RFC 5321 3.3, RFC 2033). */
#ifndef SMTP_SESSION_MAIL_H
#define SMTP_SESSION_MAIL_H

struct ev_task;
struct smtp_session;

/* Send the job's message to its open recipients. */
void smtp_mail_begin(struct smtp_session *s);
/* The session's content_task: look further through the message. */
void smtp_mail_run(struct ev_task *task);

void smtp_mail_signed(struct smtp_session *s); /* it is, or is not to be */
void smtp_mail_rset(struct smtp_session *s);
void smtp_mail_mail(struct smtp_session *s);
void smtp_mail_rcpt(struct smtp_session *s);
void smtp_mail_data(struct smtp_session *s);
void smtp_mail_early(struct smtp_session *s); /* a reply in SMTP_BODY */
void smtp_mail_dot(struct smtp_session *s);
/* There is room for more of the message. */
void smtp_mail_more(struct smtp_session *s);

#endif
