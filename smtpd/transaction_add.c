/* SPDX-License-Identifier: ISC */
#include "base/mem.h"
#include "smtpd/ask.h"
#include "smtpd/copies.h"
#include "smtpd/transaction.h"

void
smtpd_mail_add(struct smtpd_mail *mail, const struct smtpd_ask *ask)
{
	struct envelope *env = &mail->env;

	if (env->nrcpts == mail->rcpts_room) {
		mail->rcpts_room =
		    mail->rcpts_room > 0 ? 2 * mail->rcpts_room : 4;
		env->rcpts = xreallocarray(
		    env->rcpts, mail->rcpts_room, sizeof *env->rcpts);
	}
	env->rcpts[env->nrcpts++] = ask->rcpt;
	mail->for_mailbox |= ask->for_mailbox;
	smtpd_copies_add(mail, ask->copies);
	if (ask->room > mail->room_max)
		mail->room_max = ask->room;
}
