/* SPDX-License-Identifier: ISC */
#include "smtp/session/choice.h"

#include "proto/domain.h"
#include "smtp/rcpt.h"
#include "smtp/session/dialog.h"

enum {
	RCPTS_MAX = 1000,      /* in one transaction (RFC 5321 4.5.3.1.8) */
	RCPTS_PIPELINED = 500, /* fits into the stream's output */
};

size_t
smtp_choice_next(
    const struct smtp_job *job, size_t i, enum smtp_rcpt_state state)
{
	while (i < job->nrcpts && job->rcpts[i].state != state)
		i++;
	return i;
}

static struct slice
domain_of(const struct smtp_rcpt *r)
{
	const struct slice a = r->in.address;

	return slice_from(a, slice_rfind(a, '@') + 1);
}

/* Is the domain of recipient I that of one who is chosen already? */
static bool
is_chosen_domain(const struct smtp_job *job, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (job->rcpts[k].state == SMTP_RCPT_SENT &&
		    domain_same(
			domain_of(&job->rcpts[k]), domain_of(&job->rcpts[i])))
			return true;
	return false;
}

/* How many recipients go into one transaction, and of how many domains. */
struct room {
	size_t rcpts, domains;
};

static struct room
room_of(const struct smtp_session *s)
{
	struct room room = { RCPTS_MAX, SIZE_MAX };

	if (s->pipelined)
		room.rcpts = RCPTS_PIPELINED;
	if (s->caps.rcpt_max > 0 && s->caps.rcpt_max < room.rcpts)
		room.rcpts = s->caps.rcpt_max;
	if (s->caps.domain_max > 0)
		room.domains = s->caps.domain_max;
	return room;
}

/* Is there room for recipient I?  It takes it. */
static bool
takes_room(struct room *room, const struct smtp_job *job, size_t i)
{
	bool new_domain;

	if (room->rcpts == 0)
		return false;
	new_domain = room->domains != SIZE_MAX && !is_chosen_domain(job, i);
	if (new_domain && room->domains == 0)
		return false;
	room->rcpts--;
	room->domains -= new_domain;
	return true;
}

void
smtp_choice_make(struct smtp_session *s)
{
	struct smtp_job *job = s->job;
	struct room room = room_of(s);
	const bool again =
	    smtp_choice_next(job, 0, SMTP_RCPT_AGAIN) < job->nrcpts;

	for (size_t i = 0; i < job->nrcpts; i++) {
		enum smtp_rcpt_state *state = &job->rcpts[i].state;

		if (*state == SMTP_RCPT_DONE ||
		    (again && *state != SMTP_RCPT_AGAIN))
			continue;
		*state = takes_room(&room, job, i) ? SMTP_RCPT_SENT
						   : SMTP_RCPT_AGAIN;
	}
}

size_t
smtp_choice_count(const struct smtp_job *job)
{
	size_t n = 0;

	for (size_t i = 0; i < job->nrcpts; i++)
		n += job->rcpts[i].state == SMTP_RCPT_SENT;
	return n;
}

bool
smtp_choice_has_more(const struct smtp_session *s)
{
	return smtp_choice_next(s->job, 0, SMTP_RCPT_AGAIN) < s->job->nrcpts;
}

bool
smtp_choice_is_used_up(const struct smtp_session *s)
{
	return s->caps.domain_max > 0 ||
	       (s->caps.mail_max > 0 && s->mails >= s->caps.mail_max);
}

void
smtp_choice_leave_rest(struct smtp_job *job)
{
	for (size_t i = 0; i < job->nrcpts; i++)
		if (job->rcpts[i].state == SMTP_RCPT_AGAIN)
			job->rcpts[i].state = SMTP_RCPT_OPEN;
}
