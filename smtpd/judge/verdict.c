/* SPDX-License-Identifier: ISC */
#include "smtpd/judge/verdict.h"

#include <string.h>

#include "base/ascii.h"
#include "queue/front.h"

enum { TEXT_MAX = 450, ENHANCED_MAX = 11 };

/* RFC 3463 2: CLASS "." 1*3digit "." 1*3digit. */
static bool
is_enhanced(struct slice s, char class)
{
	unsigned dots = 0, digits = 0;

	if (s.n == 0 || s.n > ENHANCED_MAX || s.p[0] != class)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '.' && digits > 0) {
			dots++;
			digits = 0;
		} else if (ascii_isdigit(s.p[i]) && digits < 3) {
			digits++;
		} else {
			return false;
		}
	}
	return dots == 2 && digits > 0 && s.p[1] == '.';
}

static void
put_text(struct buf *out, struct slice text)
{
	text = slice_sub(text, 0, TEXT_MAX);
	for (size_t i = 0; i < text.n; i++)
		buf_addc(out, ascii_isprint(text.p[i]) || text.p[i] == '\n'
				  ? text.p[i]
				  : '?');
}

static void
make_reply(struct smtpd_verdict *v, uint32_t code, struct slice enhanced,
    struct slice text)
{
	const bool temp = v->action == POLICY_DEFER;
	struct buf out = { .max = SMTPD_VERDICT_REPLY - 1 };

	/* 421 would have to end the session */
	if (code / 100 != (temp ? 4 : 5) || code == 421)
		code = temp ? 451 : 550;
	if (!is_enhanced(enhanced, temp ? '4' : '5'))
		enhanced = temp ? SLICE("4.7.1") : SLICE("5.7.1");
	buf_addf(&out, "%u %.*s ", (unsigned)code, SLICE_FMT(enhanced));
	put_text(&out, text.n > 0 ? text
		       : temp     ? SLICE("Try again later")
				  : SLICE("Rejected by local policy"));
	slice_copy(buf_slice(&out), v->reply, sizeof v->reply);
	buf_fini(&out);
}

static void
add_front(struct smtpd_verdict *v, struct slice front)
{
	v->front.max = FRONT_MAX_BYTES;
	if (front_is_valid(front) && front.n <= FRONT_MAX_BYTES - v->front.n)
		buf_add(&v->front, front);
}

void
smtpd_verdict_read(struct smtpd_verdict *v, uint32_t action, uint32_t code,
    struct slice enhanced, struct slice text, struct slice front)
{
	v->action = action < POLICY_ACTION_COUNT ? (enum policy_action)action
						 : POLICY_DEFER;
	v->junk = v->action == POLICY_QUARANTINE;
	v->hold = v->action == POLICY_HOLD;
	if (smtpd_verdict_ends(v))
		make_reply(v, code, enhanced, text);
	add_front(v, front);
}

void
smtpd_verdict_merge(struct smtpd_verdict *v, const struct smtpd_verdict *other)
{
	if (other->action > v->action) {
		v->action = other->action;
		memcpy(v->reply, other->reply, sizeof v->reply);
	}
	v->junk |= other->junk;
	if (other->hold && !v->hold)
		memcpy(v->why, other->why, sizeof v->why);
	v->hold |= other->hold;
	add_front(v, buf_slice(&other->front));
}

bool
smtpd_verdict_ends(const struct smtpd_verdict *v)
{
	return v->action >= POLICY_DEFER;
}

void
smtpd_verdict_fini(struct smtpd_verdict *v)
{
	buf_fini(&v->front);
}
