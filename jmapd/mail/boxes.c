/* SPDX-License-Identifier: ISC */
#include "jmapd/mail/boxes.h"
#include "jmapd/api/api.h"
#include "jmapd/api/session.h"

#include <string.h>

#include "base/buf.h"
#include "base/cur.h"
#include "base/mem.h"
#include "jmapd/mail/emails.h"
#include "jmapd/mail/mail.h"
#include "jmapd/mail/query.h"
#include "jmapd/wire/account.h"
#include "maildir/rights.h"
#include "maildir/special.h"
#include "mime/casemap.h"
#include "store/acl.h"

enum property {
	P_ID,
	P_NAME,
	P_PARENT,
	P_ROLE,
	P_ORDER,
	P_TOTAL,
	P_UNREAD,
	P_THREADS,
	P_UNREAD_THREADS,
	P_RIGHTS,
	P_SUBSCRIBED,
	PROPERTIES
};

static const char *const properties[PROPERTIES + 1] = { "id", "name",
	"parentId", "role", "sortOrder", "totalEmails", "unreadEmails",
	"totalThreads", "unreadThreads", "myRights", "isSubscribed", NULL };

static bool
wants(uint64_t wanted, enum property p)
{
	return (wanted >> p & 1) != 0;
}

/* RFC 8621 2: names of the registry of IANA, in lower case; NULL: none. */
static const char *
role_of(const struct mail_box *b)
{
	static const struct {
		unsigned special;
		const char *role;
	} roles[] = {
		{ MAILBOX_DRAFTS, "drafts" },
		{ MAILBOX_SENT, "sent" },
		{ MAILBOX_JUNK, "junk" },
		{ MAILBOX_TRASH, "trash" },
		{ MAILBOX_ARCHIVE, "archive" },
		{ MAILBOX_FLAGGED, "flagged" },
		{ MAILBOX_IMPORTANT, "important" },
	};

	if (strcmp(b->name, "INBOX") == 0)
		return "inbox";
	for (size_t i = 0; i < ARRAY_LEN(roles); i++)
		if ((b->special & roles[i].special) != 0)
			return roles[i].role;
	return NULL;
}

/* A role is one mailbox's: the first that has it. */
static const char *
role_alone(uint32_t at)
{
	const char *role = role_of(mail_emails_box(at));

	for (uint32_t i = 0; i < at && role != NULL; i++) {
		const char *other = role_of(mail_emails_box(i));

		if (other != NULL && strcmp(other, role) == 0)
			return NULL;
	}
	return role;
}

/* INBOX first, then what has a role, as clients show them. */
static uint32_t
order_of(uint32_t at)
{
	const char *role = role_alone(at);

	if (role == NULL)
		return 10;
	return strcmp(role, "inbox") == 0 ? 0 : 5;
}

static void
put_rights(struct jmapd_call *c, const struct mail_box *b)
{
	/* What cannot be changed over JMAP yet nobody may (Session,
	 * isReadOnly). */
	static const char *const names[] = { "mayAddItems", "mayRemoveItems",
		"maySetSeen", "maySetKeywords", "mayCreateChild", "mayRename",
		"mayDelete", "maySubmit" };
	const struct slice owner = slice_str(jmapd_account_name());
	const struct acl_who who = { .name = owner,
		.owner = true,
		.domain = slice_from(owner, slice_rfind(owner, '@') + 1) };
	unsigned rights = RIGHTS_ALL;

	(void)acl_rights(b->mailbox, &who, &rights, NULL);
	jsonw_name(c->w, "myRights");
	jsonw_open(c->w, '{');
	mail_put_bool(c, "mayReadItems", (rights & RIGHT_READ) != 0);
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		mail_put_bool(c, names[i], false);
	jsonw_close(c->w, '}');
}

static void
put_names(struct jmapd_call *c, uint32_t at, uint64_t wanted)
{
	const struct mail_box *b = mail_emails_box(at);
	const char *role = role_alone(at);

	if (wants(wanted, P_NAME))
		mail_put_string(c, "name",
		    role != NULL && strcmp(role, "inbox") == 0
			? SLICE("Inbox")
			: slice_str(b->name + b->leaf));
	if (wants(wanted, P_PARENT)) {
		jsonw_name(c->w, "parentId");
		if (b->parent == MAIL_NO_BOX)
			jsonw_null(c->w);
		else
			jsonw_string(
			    c->w, slice_str(mail_emails_box(b->parent)->id));
	}
	if (wants(wanted, P_ROLE)) {
		jsonw_name(c->w, "role");
		if (role == NULL)
			jsonw_null(c->w);
		else
			jsonw_string(c->w, slice_str(role));
	}
}

static enum found
put(struct jmapd_call *c, struct slice id, uint64_t wanted, struct err *err)
{
	const uint32_t at = mail_emails_find_box(id);
	const struct mail_box *b;

	(void)err;
	if (at == MAIL_NO_BOX)
		return ABSENT;
	b = mail_emails_box(at);
	if (wants(wanted, P_THREADS) || wants(wanted, P_UNREAD_THREADS))
		mail_emails_count_threads();
	jsonw_open(c->w, '{');
	mail_put_string(c, "id", id);
	put_names(c, at, wanted);
	if (wants(wanted, P_ORDER))
		mail_put_uint(c, "sortOrder", order_of(at));
	if (wants(wanted, P_TOTAL))
		mail_put_uint(c, "totalEmails", b->n);
	if (wants(wanted, P_UNREAD))
		mail_put_uint(c, "unreadEmails", b->unread);
	if (wants(wanted, P_THREADS))
		mail_put_uint(c, "totalThreads", b->threads);
	if (wants(wanted, P_UNREAD_THREADS))
		mail_put_uint(c, "unreadThreads", b->unread_threads);
	if (wants(wanted, P_RIGHTS))
		put_rights(c, b);
	if (wants(wanted, P_SUBSCRIBED))
		mail_put_bool(c, "isSubscribed", b->subscribed);
	jsonw_close(c->w, '}');
	return FOUND;
}

static void
all(struct buf *ids)
{
	for (size_t i = 0; i < mail_emails_boxes(); i++)
		buf_addf(ids, "%s ", mail_emails_box(i)->id);
}

static enum call_step
run_get(struct jmapd_call *c)
{
	static const struct mail_get get = {
		.properties = properties,
		.preset = (UINT64_C(1) << PROPERTIES) - 1,
		.put_state = mail_put_box_state,
		.all = all,
		.put = put,
	};

	return mail_get_run(c, &get);
}

static const struct call_arg get_args[] = {
	{ "ids", ARG_IDS | ARG_NULL },
	{ "properties", ARG_STRINGS | ARG_NULL },
	{ NULL, 0 },
};

const struct call_method boxes_get = {
	.name = "Mailbox/get",
	.capability = CAPABILITY_MAIL,
	.args = get_args,
	.account = true,
	.run = run_get,
	.free = mail_get_free,
};

/* ---- changes ---- */

/* "MODSEQ-DIGEST" */
static bool
read_state(struct slice state, uint64_t *modseq, bool *same_boxes)
{
	struct slice digest;
	struct cur c = cur_of(slice_cut(state, '-', &digest));
	struct buf now = { .max = 32 };

	*modseq = cur_u64(&c, UINT64_MAX - 1);
	buf_addf(&now, "%016llx", (unsigned long long)mail_emails_box_state());
	*same_boxes = slice_eq(digest, buf_slice(&now));
	buf_fini(&now);
	return cur_end(&c) && *modseq <= mail_emails_state();
}

static void
put_empty(struct jmapd_call *c, const char *name)
{
	jsonw_name(c->w, name);
	jsonw_open(c->w, '[');
	jsonw_close(c->w, ']');
}

/* Numbers of threads depend on the emails of other mailboxes as well, so when
 * something has happened in one, all may have changed. */
static void
put_updated(struct jmapd_call *c, uint64_t since)
{
	bool any = false;

	for (size_t i = 0; i < mail_emails_boxes(); i++)
		any |= mail_emails_box(i)->modseq > since;
	jsonw_name(c->w, "updated");
	jsonw_open(c->w, '[');
	for (size_t i = 0; i < mail_emails_boxes() && any; i++)
		jsonw_string(c->w, slice_str(mail_emails_box(i)->id));
	jsonw_close(c->w, ']');
	put_empty(c, "destroyed");
	jsonw_name(c->w, "updatedProperties");
	if (!any) {
		jsonw_null(c->w);
		return;
	}
	jsonw_open(c->w, '[');
	for (unsigned p = P_TOTAL; p <= P_UNREAD_THREADS; p++)
		jsonw_string(c->w, slice_str(properties[p]));
	jsonw_close(c->w, ']');
}

static enum call_step
run_changes(struct jmapd_call *c)
{
	enum call_step step;
	uint64_t since;
	bool same;

	if (!mail_ready(c, &step))
		return step;
	if (call_value(c, "maxChanges") != NULL &&
	    call_int(c, "maxChanges", 0) == 0)
		return api_error(c, "invalidArguments", "maxChanges");
	if (!read_state(call_string(c, "sinceState"), &since, &same) || !same)
		return api_error(c, "cannotCalculateChanges", NULL);
	jsonw_open(c->w, '{');
	session_put_account(c->w);
	mail_put_string(c, "oldState", call_string(c, "sinceState"));
	mail_put_box_state(c, "newState");
	mail_put_bool(c, "hasMoreChanges", false);
	put_empty(c, "created");
	put_updated(c, since);
	jsonw_close(c->w, '}');
	return CALL_DONE;
}

static const struct call_arg changes_args[] = {
	{ "sinceState", ARG_STRING },
	{ "maxChanges", ARG_UINT | ARG_NULL },
	{ NULL, 0 },
};

const struct call_method boxes_changes = {
	.name = "Mailbox/changes",
	.capability = CAPABILITY_MAIL,
	.args = changes_args,
	.account = true,
	.run = run_changes,
};

/* ---- queries ---- */

static bool
check_condition(const char *name, const json_t *v)
{
	if (strcmp(name, "parentId") == 0 || strcmp(name, "role") == 0)
		return json_is_string(v) || json_is_null(v);
	if (strcmp(name, "name") == 0)
		return json_is_string(v);
	return (strcmp(name, "hasAnyRole") == 0 ||
		   strcmp(name, "isSubscribed") == 0) &&
	       json_is_boolean(v);
}

static bool
is_or_null(const json_t *v, const char *value)
{
	if (value == NULL || json_is_null(v))
		return value == NULL && json_is_null(v);
	return slice_is(call_text(v), value);
}

/* Letters of any case, as people look for a name. */
static bool
has_text(const char *name, struct slice text)
{
	struct buf a = { .max = 4096 }, b = { .max = 1 << 20 };
	bool found;

	casemap_text(slice_str(name), &a);
	casemap_text(text, &b);
	found = b.n == 0 || slice_search(buf_slice(&a), buf_slice(&b)) < a.n;
	buf_fini(&a);
	buf_fini(&b);
	return found;
}

static bool
meets(const void *arg, const char *name, const json_t *v)
{
	const uint32_t at = *(const uint32_t *)arg;
	const struct mail_box *b = mail_emails_box(at);

	if (strcmp(name, "parentId") == 0)
		return is_or_null(v, b->parent == MAIL_NO_BOX
					 ? NULL
					 : mail_emails_box(b->parent)->id);
	if (strcmp(name, "role") == 0)
		return is_or_null(v, role_alone(at));
	if (strcmp(name, "name") == 0)
		return has_text(b->name + b->leaf, call_text(v));
	if (strcmp(name, "hasAnyRole") == 0)
		return json_is_true(v) == (role_alone(at) != NULL);
	return json_is_true(v) == b->subscribed;
}

static bool
check_sort(struct slice property)
{
	return slice_is(property, "sortOrder") || slice_is(property, "name") ||
	       slice_is(property, "parentId");
}

static int
compare(const void *pa, const void *pb, struct slice property)
{
	const uint32_t a = *(const uint32_t *)pa, b = *(const uint32_t *)pb;

	if (property.n == 0)
		return (a > b) - (a < b);
	if (slice_is(property, "sortOrder"))
		return (int)order_of(a) - (int)order_of(b);
	if (slice_is(property, "name"))
		return slice_cmp(slice_str(mail_emails_box(a)->name +
					   mail_emails_box(a)->leaf),
		    slice_str(
			mail_emails_box(b)->name + mail_emails_box(b)->leaf));
	return (mail_emails_box(a)->parent > mail_emails_box(b)->parent) -
	       (mail_emails_box(a)->parent < mail_emails_box(b)->parent);
}

/* Behind its parent, if that is there as well. */
static void
put_tree(struct query_list *from, struct query_list *to, uint32_t parent)
{
	const uint32_t *v = from->v;

	for (size_t i = 0; i < from->n; i++) {
		const uint32_t up = mail_emails_box(v[i])->parent;
		bool has_parent = false;

		for (size_t k = 0; k < from->n; k++)
			has_parent |= v[k] == up;
		if ((has_parent ? up : MAIL_NO_BOX) == parent) {
			query_add(to, &v[i]);
			put_tree(from, to, v[i]);
		}
	}
}

/* Only what has all of its parents in it (filterAsTree). */
static void
keep_trees(struct query_list *list)
{
	uint32_t *v = list->v;
	bool again = true;

	while (again) {
		size_t n = 0;

		for (size_t i = 0; i < list->n; i++) {
			const uint32_t up = mail_emails_box(v[i])->parent;
			bool keep = up == MAIL_NO_BOX;

			for (size_t k = 0; k < list->n; k++)
				keep |= v[k] == up;
			if (keep)
				v[n++] = v[i];
		}
		again = n < list->n;
		list->n = n;
	}
}

static void
put_id(struct jmapd_call *c, const void *item)
{
	jsonw_string(
	    c->w, slice_str(mail_emails_box(*(const uint32_t *)item)->id));
}

static bool
is_id(const void *item, struct slice id)
{
	return slice_is(id, mail_emails_box(*(const uint32_t *)item)->id);
}

static const struct query_type query = {
	.check = check_condition,
	.meets = meets,
	.check_sort = check_sort,
	.compare = compare,
	.put_id = put_id,
	.is_id = is_id,
	.put_state = mail_put_box_state,
};

static enum call_step
run_query(struct jmapd_call *c)
{
	struct query_list list = { .size = sizeof(uint32_t) };
	enum call_step step;

	if (!mail_ready(c, &step))
		return step;
	if (!query_check(c, &query))
		return CALL_DONE;
	for (uint32_t i = 0; i < mail_emails_boxes(); i++)
		if (query_meets(c, &query, &i))
			query_add(&list, &i);
	if (call_bool(c, "filterAsTree", false))
		keep_trees(&list);
	query_sort(c, &query, &list);
	if (call_bool(c, "sortAsTree", false)) {
		struct query_list tree = { .size = sizeof(uint32_t) };

		put_tree(&list, &tree, MAIL_NO_BOX);
		query_list_fini(&list);
		list = tree;
	}
	step = query_put(c, &query, &list);
	query_list_fini(&list);
	return step;
}

static const struct call_arg query_args[] = {
	QUERY_ARGS,
	{ "sortAsTree", ARG_BOOL | ARG_NULL },
	{ "filterAsTree", ARG_BOOL | ARG_NULL },
	{ NULL, 0 },
};

const struct call_method boxes_query = {
	.name = "Mailbox/query",
	.capability = CAPABILITY_MAIL,
	.args = query_args,
	.account = true,
	.run = run_query,
};

static const struct call_arg query_changes_args[] = {
	QUERY_CHANGES_ARGS,
	{ "sortAsTree", ARG_BOOL | ARG_NULL },
	{ "filterAsTree", ARG_BOOL | ARG_NULL },
	{ NULL, 0 },
};

const struct call_method boxes_query_changes = {
	.name = "Mailbox/queryChanges",
	.capability = CAPABILITY_MAIL,
	.args = query_changes_args,
	.account = true,
	.run = query_changes_none,
};
