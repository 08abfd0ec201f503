/* SPDX-License-Identifier: ISC */
#include "imapd/script/event.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/mem.h"
#include "imapd/conf.h"
#include "log/log.h"
#include "maildir/metafile.h"
#include "store/account.h"
#include "store/mailbox.h"
#include "store/metadata.h"

#define SCRIPT_ENTRY "/shared/imapsieve/script"

enum { NAMES_MAX = 8192, RULES_MAX = 100 };

static struct {
	struct imaprule v[RULES_MAX];
	size_t n;
	struct arena arena; /* their texts, as they outlive a configuration */
} rules;

static int
read_rules(struct imaprule *v, struct arena *arena, struct err *err)
{
	const struct conf_list *list = &imapd_conf->shared.imapsieve;
	struct err why;

	if (list->n > RULES_MAX)
		return err_set(err, ERR_PERM, "imapsieve: too many");
	for (size_t i = 0; i < list->n; i++)
		if (imaprule_parse(arena_slice(arena, slice_str(list->v[i])),
			&v[i], &why) == -1)
			return err_set(err, ERR_PERM, "imapsieve %s: %s",
			    list->v[i], why.text);
	return 0;
}

int
event_configure(struct err *err)
{
	struct imaprule v[RULES_MAX];
	struct arena arena;

	arena_init(&arena);
	if (read_rules(v, &arena, err) == -1) {
		arena_fini(&arena);
		return -1;
	}
	arena_fini(&rules.arena);
	rules.arena = arena;
	rules.n = imapd_conf->shared.imapsieve.n;
	memcpy(rules.v, v, rules.n * sizeof *v);
	return 0;
}

static bool
users_may(void)
{
	return imapd_conf->shared.imapsieve_url[0] != '\0';
}

bool
event_possible(enum imap_cause cause)
{
	for (size_t i = 0; i < rules.n; i++)
		if ((rules.v[i].causes & 1U << cause) != 0)
			return true;
	return users_may();
}

/* ---- what runs ---- */

static int
look_at(struct mailbox *m, struct imap_folder *f, uint32_t *uidvalidity)
{
	struct mailbox_status st;

	*f = (struct imap_folder){ 0 };
	if (m == NULL)
		return 0;
	if (mailbox_status(m, &st, NULL) == -1)
		return -1;
	*f = (struct imap_folder){ mailbox_name(m), st.special };
	if (uidvalidity != NULL)
		*uidvalidity = st.uidvalidity;
	return 0;
}

/* With blanks between, each once. */
static char *
rules_that_fit(enum imap_cause cause, const struct imap_folder *to,
    const struct imap_folder *from)
{
	struct buf names = { .max = NAMES_MAX };
	char *out;

	for (size_t i = 0; i < rules.n; i++) {
		bool twice = false;

		if (!imaprule_fits(&rules.v[i], cause, to, from))
			continue;
		for (struct slice rest = buf_slice(&names); rest.n > 0;)
			twice |= slice_eq(
			    slice_cut(rest, ' ', &rest), rules.v[i].name);
		if (!twice)
			buf_addf(&names, "%s%.*s", names.n > 0 ? " " : "",
			    SLICE_FMT(rules.v[i].name));
	}
	out = xslicedup(buf_slice(&names));
	buf_fini(&names);
	return out;
}

/* The annotation of M, or of A itself where M is NULL. */
static bool
annotation(struct account *a, struct mailbox *m, char **name)
{
	const struct metafile_entry *e;
	struct metafile f = { 0 };
	struct err err = { 0 };

	if (metadata_read(a, m, &f, &err) == -1) {
		log_warn("imapd.script-failed", kv_s("account", ""),
		    kv_s("why", err.text));
		return false;
	}
	e = metafile_find(&f, SLICE(SCRIPT_ENTRY));
	if (e != NULL)
		*name = xslicedup(slice_trim(e->value));
	metafile_fini(&f);
	return e != NULL;
}

/* An empty name is none, and not the server's either (RFC 6785 2.3.2). */
static char *
script_of_user(struct account *a, struct mailbox *m)
{
	char *name = NULL;

	if (users_may() && !annotation(a, m, &name))
		(void)annotation(a, NULL, &name);
	return name != NULL ? name : xstrdup("");
}

struct event *
event_plan(enum imap_cause cause, struct account *a, struct mailbox *to,
    struct mailbox *from, struct slice user)
{
	struct imap_folder in, out;
	uint32_t uidvalidity = 0;
	struct event *ev;

	if (!event_possible(cause) || look_at(to, &in, &uidvalidity) == -1 ||
	    look_at(from, &out, NULL) == -1)
		return NULL;
	ev = xcalloc(1, sizeof *ev);
	ev->cause = cause;
	ev->uidvalidity = uidvalidity;
	ev->scripts = rules_that_fit(cause, &in, &out);
	ev->own = script_of_user(a, to);
	ev->mailbox = xslicedup(in.name);
	ev->from = xslicedup(out.name);
	ev->user = xslicedup(user);
	ev->changed = xstrdup("");
	if (ev->scripts[0] == '\0' && ev->own[0] == '\0')
		event_free(&ev);
	return ev;
}

struct event *
event_new(const struct event *plan, const uint32_t *uids, size_t n,
    struct slice changed)
{
	struct event *ev = xcalloc(1, sizeof *ev);

	ev->cause = plan->cause;
	ev->uidvalidity = plan->uidvalidity;
	ev->scripts = xstrdup(plan->scripts);
	ev->own = xstrdup(plan->own);
	ev->mailbox = xstrdup(plan->mailbox);
	ev->from = xstrdup(plan->from);
	ev->user = xstrdup(plan->user);
	ev->changed = xslicedup(changed);
	ev->uids = xreallocarray(NULL, n, sizeof *uids);
	memcpy(ev->uids, uids, n * sizeof *uids);
	ev->n = n;
	return ev;
}

void
event_free(struct event **evp)
{
	struct event *ev = *evp;

	*evp = NULL;
	if (ev == NULL)
		return;
	free(ev->mailbox);
	free(ev->from);
	free(ev->user);
	free(ev->changed);
	free(ev->scripts);
	free(ev->own);
	free(ev->uids);
	free(ev);
}
