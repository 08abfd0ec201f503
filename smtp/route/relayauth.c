/* SPDX-License-Identifier: ISC */
#include "smtp/route/relayauth.h"

#include "base/map.h"
#include "proto/nexthop.h"
#include "smtp/conf.h"
#include "smtp/job.h"

struct relay_line {
	struct slice nexthop, sender, login; /* user:password */
};

/* The next word of *LINE, which loses it. */
static struct slice
word(struct slice *line)
{
	size_t n = 0;

	*line = slice_trim(*line);
	while (n < line->n && line->p[n] != ' ' && line->p[n] != '\t')
		n++;
	const struct slice w = slice_sub(*line, 0, n);

	*line = slice_trim(slice_from(*line, n));
	return w;
}

/* The next line of *TEXT that says something; false: none is left.  A password
 * may hold blanks. */
static bool
next_line(struct slice *text, struct relay_line *l)
{
	while (text->n > 0) {
		struct slice line = slice_trim(slice_cut(*text, '\n', text));

		if (line.n == 0 || line.p[0] == '#')
			continue;
		l->nexthop = word(&line);
		l->sender = word(&line);
		l->login = line;
		return true;
	}
	return false;
}

static bool
has_colon(struct slice login)
{
	return slice_find(login, ':') < login.n;
}

int
smtp_relayauth_check(struct err *err)
{
	const struct slice own = slice_str(smtp_conf->relayhost_auth.text);
	struct slice text = slice_str(smtp_conf->relay_auth.text);
	struct relay_line l;
	struct nexthop nh;

	if (own.n > 0 && !has_colon(own))
		return err_set(err, ERR_PERM,
		    "relayhost_auth: expected user:password in its file");
	/* Without the line: it may be the password. */
	while (next_line(&text, &l))
		if (!nexthop_parse(l.nexthop, &nh) || !has_colon(l.login) ||
		    (!slice_is(l.sender, "*") &&
			slice_find(l.sender, '@') == l.sender.n))
			return err_set(err, ERR_PERM,
			    "relay_auth: expected NEXTHOP SENDER user:password "
			    "in each line of its file");
	return 0;
}

static bool
fits(struct slice pattern, struct slice sender)
{
	const size_t at = slice_rfind(sender, '@');

	if (slice_is(pattern, "*") || slice_ieq(pattern, sender))
		return true;
	return slice_starts(pattern, SLICE("@")) && at < sender.n &&
	       slice_ieq(pattern, slice_from(sender, at));
}

struct slice
smtp_relayauth_find(const struct smtp_job *job)
{
	struct slice text = slice_str(smtp_conf->relay_auth.text);
	struct relay_line l;

	if (job->lmtp)
		return SLICE("");
	if (job->relayhost && smtp_conf->relayhost_auth.text[0] != '\0')
		return slice_str(smtp_conf->relayhost_auth.text);
	while (next_line(&text, &l))
		if (slice_ieq(l.nexthop, job->nexthop) &&
		    fits(l.sender, job->env.sender))
			return l.login;
	return SLICE("");
}

uint64_t
smtp_relayauth_id(const struct smtp_job *job)
{
	const struct slice login = smtp_relayauth_find(job);

	return login.n > 0 ? map_hash(login) | 1 : 0;
}
