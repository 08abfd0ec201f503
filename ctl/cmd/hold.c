/* SPDX-License-Identifier: ISC */
/* pabal hold: logins whose mail is held.  policy knows which of them are held
 * as such, the queue has their mail. */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/slice.h"
#include "ctl/cmd/commands.h"
#include "ctl/cmd/ctl.h"
#include "ctl/cmd/queue_act.h"
#include "ctl/inst/dial.h"
#include "ctl/mailbox/when.h"
#include "ctl/view/fields.h"
#include "ctl/view/out.h"
#include "ctl/view/progress.h"
#include "ctl/view/qview.h"
#include "ipc/frame.h"
#include "ipc/msg.h"
#include "ipc/role.h"
#include "table/key.h"

enum { ANSWER_MS = 60000, FILTER_MAX = 2000 };

/* ---- asking policy ---- */

static int
ask(struct dial *d, struct msg *m, enum msg_type reply, struct err *err)
{
	if (dial_send(d, m, err) == -1 || dial_recv(d, m, ANSWER_MS, err) == -1)
		return -1;
	if (m->type == reply)
		return 0;
	return err_set(err, ERR_TEMP, "policy answers %s", msg_name(m->type));
}

/* ---- list ---- */

struct held_login {
	struct slice login, why, clients;
	bool all;
	int64_t since_s;
	int64_t messages, rcpts;
};

struct held_list {
	struct arena arena;
	struct map by_login;
	struct held_login **v;
	size_t n;
};

static struct held_login *
login_of(struct held_list *l, struct slice login)
{
	struct held_login *h = map_find(&l->by_login, login);

	if (h != NULL)
		return h;
	h = arena_new(&l->arena, struct held_login);
	*h = (struct held_login){ .login = arena_slice(&l->arena, login) };
	l->v = xreallocarray(l->v, l->n + 1, sizeof *l->v);
	l->v[l->n++] = h;
	map_put(&l->by_login, h->login, h);
	return h;
}

static uint32_t
take_lines(struct held_list *l, struct slice text)
{
	uint32_t n = 0;

	for (; text.n > 0; n++) {
		const struct slice line = slice_cut(text, '\n', &text);
		struct held_login *h =
		    login_of(l, fields_text(&l->arena, line, "login"));

		h->all = true;
		h->since_s = fields_num_or(line, "since", 0);
		h->why = fields_text(&l->arena, line, "why");
		h->clients = fields_text(&l->arena, line, "clients");
	}
	return n;
}

static int
ask_policy(const struct instance *in, struct held_list *l, struct err *err)
{
	struct dial d;
	bool more = true;
	uint32_t from = 0;
	int rc = 0;

	if (dial_open(&d, in, ROLE_POLICY, err) == -1)
		return -1;
	while (rc == 0 && more) {
		struct msg m = { .type = MSG_policy_held_list,
			.policy_held_list = { .from = from } };

		rc = ask(&d, &m, MSG_policy_held_listed, err);
		if (rc == -1)
			break;
		from += take_lines(l, m.policy_held_listed.text);
		more = m.policy_held_listed.more;
	}
	dial_close(&d);
	return rc;
}

static bool
count_entry(void *arg, const struct qview_entry *e)
{
	struct held_login *h;

	if (e->login.n == 0)
		return true;
	h = login_of(arg, e->login);
	if (!h->all && (h->messages == 0 || e->arrived_s < h->since_s))
		h->since_s = e->arrived_s;
	h->messages++;
	h->rcpts += (int64_t)e->nrcpts;
	return true;
}

static void
print_text(struct out *o, struct slice s)
{
	if (s.n > 0)
		out_str(o, s);
	else
		out_none(o);
}

static void
print_list(const struct ctl *ctl, const struct held_list *l)
{
	static const struct out_col cols[] = { { "login", 30 }, { "held", 4 },
		{ "since", 20 }, { "messages", -8 }, { "recipients", -10 },
		{ "limit", 30 }, { "clients", 0 } };
	struct out o;

	out_begin(&o, ctl->json, cols, ARRAY_LEN(cols));
	for (size_t i = 0; i < l->n; i++) {
		const struct held_login *h = l->v[i];

		out_str(&o, h->login);
		out_str(&o, h->all ? SLICE("all") : SLICE("some"));
		when_put(&o, h->since_s);
		out_num(&o, h->messages);
		out_num(&o, h->rcpts);
		print_text(&o, h->why);
		print_text(&o, h->clients);
	}
	out_end_or(&o, "no login is held");
}

int
cmd_hold_list(struct ctl *ctl, int argc, char **argv)
{
	struct held_list l = { .n = 0 };
	struct err err;
	int rc;

	if (ctl_options(ctl, NULL, argc, argv, 0, 0) == -1)
		return CTL_USAGE;
	arena_init(&l.arena);
	map_init(&l.by_login);
	rc = ask_policy(&ctl->inst, &l, &err);
	progress_begin("looked at", 0);
	if (rc == 0)
		rc = qview_each(
		    &ctl->inst, SLICE("state=held"), count_entry, &l, &err);
	progress_end();
	if (rc == 0)
		print_list(ctl, &l);
	free(l.v);
	map_fini(&l.by_login);
	arena_fini(&l.arena);
	return rc == 0 ? CTL_OK : ctl_fail("hold: %s", err.text);
}

/* ---- release, delete ---- */

/* LOGIN as a pattern that is this login alone. */
static void
put_filter(struct slice login, struct buf *filter)
{
	buf_adds(filter, "state=held login=");
	for (size_t i = 0; i < login.n; i++) {
		if (strchr("*?[\\", login.p[i]) != NULL)
			buf_addc(filter, '\\');
		buf_addc(filter, login.p[i]);
	}
	buf_addc(filter, ' ');
}

/* Before its mail is let go, so that what comes meanwhile is judged anew. */
static int
tell_policy(const struct instance *in, struct slice login, bool forget,
    bool *held, struct err *err)
{
	struct msg m = { .type = MSG_policy_release,
		.policy_release = { .login = login, .forget = forget } };
	struct dial d;
	int rc;

	if (dial_open(&d, in, ROLE_POLICY, err) == -1)
		return -1;
	rc = ask(&d, &m, MSG_policy_released, err);
	if (rc == 0) {
		*held = m.policy_released.held;
		if (m.policy_released.why.n > 0)
			fprintf(stderr,
			    "pabal: hold: until policy starts anew; it cannot "
			    "write that: %.*s\n",
			    SLICE_FMT(m.policy_released.why));
	}
	dial_close(&d);
	return rc;
}

static int
decide(struct queue_action *a, struct slice login, bool forget)
{
	struct buf filter = { .max = FILTER_MAX };
	struct err err;
	bool held = false, go_on;
	int rc;

	put_filter(login, &filter);
	rc = queue_action_look(a, buf_slice(&filter), &go_on);
	if (go_on) {
		rc = CTL_OK;
		if (tell_policy(&a->ctl->inst, login, forget, &held, &err) ==
		    -1)
			rc = ctl_fail("hold: %s", err.text);
		if (rc == CTL_OK)
			rc = queue_action_do(a, buf_slice(&filter));
		if (rc == CTL_OK && !held && a->done + a->later == 0)
			rc = ctl_fail(
			    "hold: no mail of %.*s is held", SLICE_FMT(login));
		if (rc == CTL_OK)
			queue_action_print(a);
	}
	buf_fini(&filter);
	return rc;
}

static int
act(struct ctl *ctl, const char *verb, bool forget, int argc, char **argv)
{
	struct queue_action a = {
		.ctl = ctl, .verb = verb, .only = "", .asks = true
	};
	const struct ctl_opt opts[] = { { "dry-run", NULL, &a.dry_run },
		{ "yes", NULL, &a.yes }, { 0 } };
	char space[TABLE_KEY_MAX];
	struct slice login;

	if (ctl_options(ctl, opts, argc, argv, 1, 1) == -1)
		return CTL_USAGE;
	if (strpbrk(argv[0], " \t\n") != NULL)
		return ctl_usage(ctl, "a login has no blanks");
	/* as policy knows it */
	if (!table_fold(slice_str(argv[0]), space, &login))
		return ctl_usage(ctl, "expected a login");
	return decide(&a, login, forget);
}

int
cmd_hold_release(struct ctl *ctl, int argc, char **argv)
{
	return act(ctl, "release", true, argc, argv);
}

int
cmd_hold_delete(struct ctl *ctl, int argc, char **argv)
{
	return act(ctl, "delete", false, argc, argv);
}
