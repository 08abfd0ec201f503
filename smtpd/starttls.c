/* SPDX-License-Identifier: ISC */
#include "smtpd/starttls.h"

#include "front/session.h"
#include "smtpd/dialog.h"

void
smtpd_starttls_command(struct smtpd_session *s, struct slice args)
{
	(void)args;
	if (front_tls(&s->front)) {
		smtpd_mistake(s, "503 5.5.1 TLS already active");
	} else if (!front_tls_offered(&s->front)) {
		smtpd_mistake(
		    s, "454 4.7.0 TLS not available due to temporary reason");
	} else if (s->more) {
		smtpd_hangup(
		    s, "4.7.0", "Improper command pipelining after STARTTLS");
	} else {
		smtpd_reply(s, "220 2.0.0 Ready to start TLS");
		front_starttls(&s->front);
	}
}
