/* SPDX-License-Identifier: ISC */
#include "smtpd/rewrite/rewrite.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/mem.h"
#include "log/log.h"
#include "smtpd/dialog.h"
#include "smtpd/owner.h"
#include "smtpd/rewrite/made.h"
#include "smtpd/rewrite/stored.h"
#include "smtpd/spool.h"
#include "smtpd/transaction.h"

struct smtpd_rewrite {
	struct smtpd_session *session;
	struct slice foreign; /* not the login's, lines */
	bool as_made;         /* some are the login's as they become */
	struct smtpd_stored *stored;
	struct smtpd_made *made;
	struct slice was_sender;
	unsigned changed; /* addresses in the header */
	bool replaced;    /* From was not the login's */
	const struct smtpd_rewrite_ends *ends;
};

void
smtpd_rewrite_free(struct smtpd_rewrite **p)
{
	struct smtpd_rewrite *r = *p;

	*p = NULL;
	if (r == NULL)
		return;
	smtpd_made_free(&r->made);
	smtpd_stored_free(&r->stored);
	free(r);
}

static void
end(struct smtpd_rewrite *r, const char *refusal)
{
	struct smtpd_session *s = r->session;
	const struct smtpd_rewrite_ends *ends = r->ends;

	if (refusal != NULL)
		refusal = arena_str(&s->mail->arena, slice_str(refusal));
	smtpd_rewrite_free(&s->mail->rewrite);
	ends->then(s, refusal);
}

/* ---- the message made anew ---- */

static void
log_rewritten(const struct smtpd_rewrite *r)
{
	const struct smtpd_session *s = r->session;

	log_info("mail.rewritten", kv_s("sid", s->front.sid),
	    kv_s("qid", smtpd_spool_qid(s->mail->spool)),
	    kv_s("account", s->login != NULL ? s->login : ""),
	    kv_slice("from", s->mail->env.sender),
	    kv_slice("was_from", r->was_sender), kv_u("addresses", r->changed),
	    kv_s("author", r->replaced ? "replaced" : "kept"));
}

static void
on_remade(void *arg, const char *refusal)
{
	struct smtpd_rewrite *r = arg;

	if (refusal == NULL)
		log_rewritten(r);
	end(r, refusal);
}

static void
on_made(void *arg, const char *refusal, const struct smtpd_made_result *result)
{
	struct smtpd_rewrite *r = arg;
	struct smtpd_mail *mail = r->session->mail;

	if (refusal != NULL ||
	    (result->header.p == NULL && result->sender.n == 0)) {
		end(r, refusal);
		return;
	}
	r->was_sender = mail->env.sender;
	r->changed = result->changed;
	r->replaced = result->replaced;
	if (result->sender.n > 0) {
		mail->env.sender = arena_slice(&mail->arena, result->sender);
		r->ends->sender(mail, result->copies);
	}
	smtpd_stored_remake(r->stored, result->header, on_remade, r);
}

static void
on_header(void *arg, const char *refusal, struct slice header)
{
	struct smtpd_rewrite *r = arg;
	const struct smtpd_session *s = r->session;
	const struct smtpd_made_of of = {
		.header = header,
		.sender = s->mail->env.sender,
		.login = slice_str(s->login),
		.foreign = r->foreign,
		.is_owned = r->as_made || r->foreign.n > 0,
		.utf8 = s->mail->env.smtputf8,
	};

	if (refusal != NULL)
		end(r, refusal);
	else
		smtpd_made_start(&r->made, &of, on_made, r);
}

/* ---- whose it is ---- */

/* Where there is nothing to be done: from inside of what has been waited for.
 */
static void
read_header(struct smtpd_rewrite *r)
{
	struct smtpd_session *s = r->session;

	if (s->mail->rewrites || r->as_made || r->foreign.n > 0)
		smtpd_stored_read(&r->stored, s, on_header, r);
	else
		end(r, NULL);
}

static void
on_owner(void *arg, const char *refusal)
{
	struct smtpd_rewrite *r = arg;

	if (refusal != NULL) {
		end(r, refusal);
		return;
	}
	r->foreign = smtpd_owner_foreign(r->session->mail->owner, &r->as_made);
	read_header(r);
}

bool
smtpd_rewrite(struct smtpd_session *s, const struct smtpd_rewrite_ends *ends)
{
	struct smtpd_mail *mail = s->mail;
	struct smtpd_rewrite *r;

	if (mail->owner == NULL && !mail->rewrites)
		return false;
	r = mail->rewrite = xcalloc(1, sizeof *r);
	r->session = s;
	r->ends = ends;
	r->foreign = SLICE("");
	if (mail->owner != NULL)
		smtpd_owner_ask(mail->owner, mail->env.sender,
		    smtpd_spool_qid(mail->spool), on_owner, r);
	else
		read_header(r);
	return true;
}
