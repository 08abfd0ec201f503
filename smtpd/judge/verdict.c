/* SPDX-License-Identifier: ISC */
#include "smtpd/judge/verdict.h"

#include "base/ascii.h"
#include "base/buf.h"

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

void
smtpd_verdict_read(struct smtpd_verdict *v, uint32_t action, uint32_t code,
    struct slice enhanced, struct slice text)
{
	struct buf out = { .max = SMTPD_VERDICT_REPLY - 1 };
	bool temp;

	*v = (struct smtpd_verdict){
		.action = action < POLICY_ACTION_COUNT
			      ? (enum policy_action)action
			      : POLICY_DEFER,
	};
	if (!smtpd_verdict_ends(v))
		return;
	temp = v->action == POLICY_DEFER;
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

void
smtpd_verdict_merge(struct smtpd_verdict *v, const struct smtpd_verdict *other)
{
	if (other->action > v->action)
		*v = *other;
}

bool
smtpd_verdict_ends(const struct smtpd_verdict *v)
{
	return v->action >= POLICY_DEFER;
}
