/* SPDX-License-Identifier: ISC */
#include "smtpd/data.h"

#include "ev/stream.h"
#include "front/session.h"
#include "smtpd/dialog.h"
#include "smtpd/finish.h"
#include "smtpd/message.h"
#include "smtpd/scan.h"
#include "smtpd/transaction.h"

size_t
smtpd_data_input(struct smtpd_session *s, struct slice in)
{
	struct smtpd_message *m = s->mail->message;
	const size_t n = smtpd_scan(&m->scan, in);

	smtpd_message_judge(m);
	if (m->scan.ended) {
		smtpd_finish(s);
		return n;
	}
	smtpd_message_progress(s, n);
	smtpd_message_rest(s);
	return n;
}

/* What was sent without waiting for 354 must not become commands. */
static void
hang_up_if_more(struct smtpd_session *s)
{
	if (stream_input(&s->front.stream).n > 0)
		smtpd_hangup(
		    s, "4.7.0", "Improper command pipelining after DATA");
}

static void
on_opened(struct smtpd_session *s)
{
	const struct smtpd_message *m = s->mail->message;

	if (m->refusal != NULL) {
		smtpd_finish_log_refused(s);
		smtpd_reply(s, m->refusal);
		hang_up_if_more(s);
		smtpd_session_mode(s, SMTPD_LINES);
		return;
	}
	smtpd_reply(s, "354 End with <CR><LF>.<CR><LF>");
	smtpd_session_mode(s, SMTPD_DATA);
}

void
smtpd_data_command(struct smtpd_session *s, struct slice args)
{
	(void)args;
	if (slice_is(s->mail->env.body, "BINARYMIME")) {
		/* RFC 3030 3 */
		smtpd_mistake(s, "503 5.5.1 BINARYMIME requires BDAT");
		if (s->more)
			smtpd_hangup(s, "4.7.0",
			    "Improper command pipelining after DATA");
		return;
	}
	(void)smtpd_message_new(s);
	smtpd_message_open(s, s->mail->size_said, on_opened);
}
