/* SPDX-License-Identifier: ISC */
#include "smtpd/changes.h"

#include <string.h>

#include "base/buf.h"
#include "base/cur.h"
#include "conf/shared.h"
#include "smfi/protocol.h"
#include "smtpd/conf.h"
#include "smtpd/parse.h"

enum {
	ARGS_MAX = 8192,
	RIGHTS =
	    SMTPD_MAY_UTF8 | SMTPD_MAY_DSN | SMTPD_MAY_BARE | SMTPD_MAY_EXTEND,
};

/* "FROM:<a@b> ARGS" or "TO:<a@b> ARGS", as a client would have said it. */
static struct slice
as_command(
    const char *verb, struct slice address, struct slice args, struct arena *a)
{
	const bool bare = address.n == 0 || address.p[0] != '<';
	struct buf out = { .max = ARGS_MAX };
	struct slice text;

	buf_addf(&out, "%s:%s%.*s%s%s%.*s", verb, bare ? "<" : "",
	    SLICE_FMT(address), bare ? ">" : "", args.n > 0 ? " " : "",
	    SLICE_FMT(args));
	text = arena_slice(a, out.failed ? SLICE("") : buf_slice(&out));
	buf_fini(&out);
	return text;
}

static bool
change_sender(struct envelope *env, struct slice address, struct slice args,
    struct arena *a)
{
	struct buf sender = { .max = SMTPD_ADDRESS_MAX };
	struct smtpd_mail_args m;
	const bool ok = smtpd_parse_mail(as_command("FROM", address, args, a),
			    RIGHTS, &m, &sender, NULL) == 0;

	if (ok) {
		smtpd_qualify(&sender, shared_domain(&smtpd_conf->shared));
		env->sender = arena_slice(a, buf_slice(&sender));
		if (args.n > 0) {
			env->ret = m.ret;
			env->envid = m.envid;
		}
	}
	buf_fini(&sender);
	return ok;
}

static bool
parse_rcpt(struct slice address, struct slice args, struct arena *a,
    struct envelope_rcpt *r)
{
	struct buf to = { .max = SMTPD_ADDRESS_MAX };
	struct smtpd_rcpt_args parsed;
	const bool ok = smtpd_parse_rcpt(as_command("TO", address, args, a),
			    RIGHTS, &parsed, &to, NULL) == 0;

	*r = (struct envelope_rcpt){ 0 };
	if (ok) {
		smtpd_qualify(&to, shared_domain(&smtpd_conf->shared));
		r->address = arena_slice(a, buf_slice(&to));
		r->notify = parsed.notify;
		r->orcpt = parsed.orcpt;
	}
	buf_fini(&to);
	return ok;
}

static void
add_rcpt(struct envelope *env, const struct envelope_rcpt *r, struct arena *a)
{
	struct envelope_rcpt *all;

	for (size_t i = 0; i < env->nrcpts; i++)
		if (slice_eq(env->rcpts[i].address, r->address))
			return;
	all = arena_alloc(a, (env->nrcpts + 1) * sizeof *all);
	if (env->nrcpts > 0)
		memcpy(all, env->rcpts, env->nrcpts * sizeof *all);
	all[env->nrcpts++] = *r;
	env->rcpts = all;
}

static void
del_rcpt(struct envelope *env, const struct envelope_rcpt *r, struct arena *a)
{
	struct envelope_rcpt *left =
	    arena_alloc(a, (env->nrcpts + 1) * sizeof *left);
	size_t n = 0;

	for (size_t i = 0; i < env->nrcpts; i++)
		if (!slice_ieq(env->rcpts[i].address, r->address))
			left[n++] = env->rcpts[i];
	env->rcpts = left;
	env->nrcpts = n;
}

static bool
apply(struct envelope *env, int code, struct slice address, struct slice args,
    struct arena *a)
{
	struct envelope_rcpt r;

	if (code == SMFIR_CHGFROM)
		return change_sender(env, address, args, a);
	if (!parse_rcpt(address, args, a, &r))
		return false;
	if (code == SMFIR_DELRCPT)
		del_rcpt(env, &r, a);
	else if (env->nrcpts < ENVELOPE_MAX_RCPTS)
		add_rcpt(env, &r, a);
	return true;
}

bool
smtpd_changes_apply(struct envelope *env, struct slice changes, struct arena *a)
{
	struct cur c = cur_of(changes);

	while (cur_left(&c) > 0) {
		const int code = cur_byte(&c);
		const struct slice address = cur_until(&c, '\0');
		const struct slice args = cur_until(&c, '\0');

		if (!cur_ok(&c) || !apply(env, code, address, args, a))
			return false;
	}
	return true;
}
