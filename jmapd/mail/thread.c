/* SPDX-License-Identifier: ISC */
/* Threads (RFC 8621 3), and changes of emails and threads. */
#include "base/buf.h"
#include "jmapd/api/api.h"
#include "jmapd/api/session.h"
#include "jmapd/mail/email.h"
#include "jmapd/mail/emails.h"
#include "jmapd/mail/mail.h"

static const char *const properties[] = { "id", "emailIds", NULL };

static enum found
put(struct jmapd_call *c, struct slice id, uint64_t wanted, struct err *err)
{
	const struct mail_email *const *v;
	char text[MAIL_ID_SIZE];
	uint64_t number;
	size_t n;

	(void)err;
	if (!mail_parse_thread_id(id, &number) ||
	    (v = mail_emails_of_thread(number, &n)) == NULL)
		return ABSENT;
	jsonw_open(c->w, '{');
	mail_put_string(c, "id", id);
	if ((wanted & 2) != 0) {
		jsonw_name(c->w, "emailIds");
		jsonw_open(c->w, '[');
		for (size_t i = 0; i < n; i++) {
			/* in several mailboxes: they stand side by side */
			if (i > 0 && v[i]->id == v[i - 1]->id)
				continue;
			mail_email_id(v[i]->id, text);
			jsonw_string(c->w, slice_str(text));
		}
		jsonw_close(c->w, ']');
	}
	jsonw_close(c->w, '}');
	return FOUND;
}

static enum call_step
run_get(struct jmapd_call *c)
{
	static const struct mail_get get = {
		.properties = properties,
		.preset = 3,
		.put_state = mail_put_state,
		.put = put,
	};

	return mail_get_run(c, &get);
}

static const struct call_arg get_args[] = {
	{ "ids", ARG_IDS | ARG_NULL },
	{ "properties", ARG_STRINGS | ARG_NULL },
	{ NULL, 0 },
};

const struct call_method thread_get = {
	.name = "Thread/get",
	.capability = CAPABILITY_MAIL,
	.args = get_args,
	.account = true,
	.run = run_get,
	.free = mail_get_free,
};

/* ---- changes ---- */

/* The log of an account knows which messages have changed and not which of them
 * are new, so a client that knows an older state reads anew. */
static enum call_step
run_changes(struct jmapd_call *c)
{
	static const char *const lists[] = { "created", "updated",
		"destroyed" };
	enum call_step step;

	if (!mail_ready(c, &step))
		return step;
	if (call_value(c, "maxChanges") != NULL &&
	    call_int(c, "maxChanges", 0) == 0)
		return api_error(c, "invalidArguments", "maxChanges");
	if (!mail_is_state(call_string(c, "sinceState")))
		return api_error(c, "cannotCalculateChanges", NULL);
	jsonw_open(c->w, '{');
	session_put_account(c->w);
	mail_put_state(c, "oldState");
	mail_put_state(c, "newState");
	mail_put_bool(c, "hasMoreChanges", false);
	for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
		jsonw_name(c->w, lists[i]);
		jsonw_open(c->w, '[');
		jsonw_close(c->w, ']');
	}
	jsonw_close(c->w, '}');
	return CALL_DONE;
}

static const struct call_arg changes_args[] = {
	{ "sinceState", ARG_STRING },
	{ "maxChanges", ARG_UINT | ARG_NULL },
	{ NULL, 0 },
};

const struct call_method thread_changes = {
	.name = "Thread/changes",
	.capability = CAPABILITY_MAIL,
	.args = changes_args,
	.account = true,
	.run = run_changes,
};

const struct call_method mail_email_changes = {
	.name = "Email/changes",
	.capability = CAPABILITY_MAIL,
	.args = changes_args,
	.account = true,
	.run = run_changes,
};
