/* SPDX-License-Identifier: ISC */
#include "smtp/session/suit.h"

#include "mime/downgrade.h"
#include "proto/address.h"
#include "proto/domain.h"
#include "smtp/rcpt.h"
#include "smtp/session/choice.h"
#include "smtp/session/content.h"
#include "smtp/session/dialog.h"
#include "smtp/session/result.h"
#include "smtp/session/text.h"

/* ELSEWHERE: another host may take it; only when none does is WHY the result.
 */
static void
refuse_all(
    struct smtp_session *s, const struct smtp_result *why, bool elsewhere)
{
	struct smtp_job *job = s->job;

	for (size_t i = 0; i < job->nrcpts; i++) {
		struct smtp_rcpt *r = &job->rcpts[i];

		if (r->state != SMTP_RCPT_SENT && r->state != SMTP_RCPT_AGAIN)
			continue;
		if (elsewhere)
			smtp_rcpt_keep(r, why);
		else
			smtp_rcpt_result(job, r, why);
	}
}

/* Whether ADDRESS can only be written in UTF-8: its local part is beyond
 * ASCII.  A domain is not: it has A-labels. */
static bool
only_utf8(struct slice address)
{
	struct buf out = { .max = ADDRESS_MAX };
	const bool yes = !domain_address_to_ascii(address, &out) ||
			 address_needs_utf8(buf_slice(&out));

	buf_fini(&out);
	return yes;
}

/* Does the message itself need SMTPUTF8? */
static bool
is_utf8(const struct smtp_job *job)
{
	return only_utf8(job->env.sender) ||
	       (job->env.smtputf8 && job->content->eightbit_header);
}

static bool
needs_utf8(const struct smtp_job *job)
{
	if (is_utf8(job))
		return true;
	for (size_t i = 0; i < job->nrcpts; i++)
		if (job->rcpts[i].state == SMTP_RCPT_SENT &&
		    only_utf8(job->rcpts[i].in.address))
			return true;
	return false;
}

/* Binary content goes by BDAT alone (RFC 3030 3). */
unsigned
smtp_suit_takes(const struct smtp_session *s)
{
	const unsigned binary = SMTP_CAP_BINARYMIME | SMTP_CAP_CHUNKING;
	unsigned takes = 0;

	if ((s->caps.set & SMTP_CAP_8BITMIME) != 0)
		takes |= SMTP_TAKES_8BIT;
	if ((s->caps.set & binary) == binary)
		takes |= SMTP_TAKES_BINARY;
	return takes;
}

static bool
takes_8bit(const struct smtp_session *s)
{
	return (smtp_suit_takes(s) & SMTP_TAKES_8BIT) != 0;
}

struct smtp_needs
smtp_suit_needs(const struct smtp_session *s)
{
	const struct smtp_job *job = s->job;
	const struct smtp_content *c = job->content;
	struct smtp_needs needs = { .bytes = (uint64_t)job->text->size };

	needs.utf8 = needs_utf8(job);
	needs.eightbit = c->eightbit && takes_8bit(s);
	needs.binary = c->binary && !s->converts;
	if (s->converts)
		needs.bytes = downgrade_size(c->downgrade);
	needs.bytes += job->front.n;
	return needs;
}

/* What needs it may not be allowed to be changed.  A report is changed before
 * it is lost. */
void
smtp_suit_plan(struct smtp_session *s)
{
	const struct smtp_job *job = s->job;

	s->converts = smtp_content_unfit(job->content, smtp_suit_takes(s));
	s->planned =
	    !s->converts || downgrade_plan(job->content->downgrade,
				!takes_8bit(s), job->env.sender.n == 0);
}

static void
refuse_conversion(const struct smtp_session *s, struct smtp_result *r)
{
	const struct smtp_content *c = s->job->content;

	smtp_result_set(r, JOB_PERMFAIL, "5.6.3",
	    "%s does not take %s, and a part of the message that has them is "
	    "signed, encrypted or of a type that must not be changed: send it "
	    "in quoted-printable or base64",
	    s->name,
	    c->eightbit && !takes_8bit(s) ? "8-bit characters (8BITMIME)"
	    : c->binary                   ? "binary contents (BINARYMIME)"
			: "lines of more than 998 octets (RFC 5321)");
}

static void
refuse_utf8(const struct smtp_session *s, struct smtp_result *r)
{
	smtp_result_set(r, JOB_PERMFAIL, "5.6.7",
	    "%s does not take mail with UTF-8 in addresses or header "
	    "(SMTPUTF8)",
	    s->name);
}

/* Recipients whose addresses a host without SMTPUTF8 cannot be told have their
 * result; the others need not share it. */
static void
refuse_utf8_rcpts(struct smtp_session *s)
{
	struct smtp_job *job = s->job;
	struct smtp_result r;

	if ((s->caps.set & SMTP_CAP_SMTPUTF8) != 0 || is_utf8(job))
		return;
	refuse_utf8(s, &r);
	for (size_t i = 0; i < job->nrcpts; i++)
		if (job->rcpts[i].state == SMTP_RCPT_SENT &&
		    only_utf8(job->rcpts[i].in.address))
			smtp_rcpt_result(job, &job->rcpts[i], &r);
}

/* A report goes on without, before it is lost (RFC 8689 5). */
static bool
lacks_requiretls(const struct smtp_session *s)
{
	return s->target.requiretls && s->job->env.sender.n > 0 &&
	       (s->caps.set & SMTP_CAP_REQUIRETLS) == 0;
}

bool
smtp_suit(struct smtp_session *s)
{
	const struct smtp_caps *caps = &s->caps;
	struct smtp_result r = { .text = "" };
	struct smtp_needs needs;
	bool elsewhere = false;

	smtp_suit_plan(s);
	refuse_utf8_rcpts(s);
	needs = smtp_suit_needs(s);
	if (lacks_requiretls(s)) {
		elsewhere = s->used_up = true; /* RFC 8689 4.2.1 */
		smtp_result_set(&r, JOB_PERMFAIL, "5.7.30",
		    "%s does not offer REQUIRETLS", s->name);
	} else if (caps->size_max > 0 && needs.bytes > caps->size_max)
		smtp_result_set(&r, JOB_PERMFAIL, "5.3.4",
		    "%s takes %llu bytes at most, the message has %llu",
		    s->name, (unsigned long long)caps->size_max,
		    (unsigned long long)needs.bytes);
	else if (needs.utf8 && (caps->set & SMTP_CAP_SMTPUTF8) == 0)
		refuse_utf8(s, &r);
	else if (!s->planned)
		refuse_conversion(s, &r);
	else
		return smtp_choice_next(s->job, 0, SMTP_RCPT_SENT) <
		       s->job->nrcpts;
	refuse_all(s, &r, elsewhere);
	return false;
}
