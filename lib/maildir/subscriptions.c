/* SPDX-License-Identifier: ISC */
#include "maildir/subscriptions.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/mem.h"
#include "maildir/foreign.h"
#include "maildir/name.h"
#include "maildir/special.h"
#include "maildir/textfile.h"
#include "sys/durable_file.h"

enum { FILE_LIMIT = 16 << 20 };

static void
add(struct subscriptions *s, struct slice name)
{
	s->names = xreallocarray(s->names, s->n + 1, sizeof(*s->names));
	s->names[s->n++] = xslicedup(name);
}

static void
parse(struct subscriptions *s, struct slice text, bool courier)
{
	struct buf name;

	buf_init(&name, NAME_LIMIT);
	if (courier) {
		while (foreign_courier_subscription_next(&text, &name))
			add(s, buf_slice(&name));
		s->version = 2;
	} else {
		while (foreign_subscription_next(&text, &s->version, &name))
			add(s, buf_slice(&name));
	}
	buf_fini(&name);
}

int
subscriptions_read(
    int dirfd, unsigned shown, struct subscriptions *s, struct err *err)
{
	struct buf text;
	enum found f;

	*s = (struct subscriptions){ 0 };
	buf_init(&text, FILE_LIMIT);
	f = textfile_load(dirfd, "subscriptions", &text, err);
	if (f == FOUND) {
		parse(s, buf_slice(&text), false);
	} else if (f == ABSENT) {
		f = textfile_load(dirfd, "courierimapsubscribed", &text, err);
		parse(s, buf_slice(&text), true);
	}
	for (size_t i = 0; f == ABSENT && i < SPECIAL_BOXES; i++)
		if ((shown & special_boxes[i].special) != 0)
			add(s, slice_str(special_boxes[i].name));
	buf_fini(&text);
	return f == TEMPFAIL ? -1 : 0;
}

void
subscriptions_fini(struct subscriptions *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->names[i]);
	xfree(&s->names);
	s->n = 0;
}

static int
write_all(int dirfd, const struct subscriptions *s, struct err *err)
{
	struct buf text;
	int rc = 0;

	buf_init(&text, FILE_LIMIT);
	if (s->version != 1)
		buf_adds(&text, "V\t2\n\n");
	for (size_t i = 0; i < s->n; i++)
		if (s->names[i][0] != '\0' &&
		    !foreign_subscription_put(
			&text, s->version, slice_str(s->names[i])))
			rc = err_set_code(
			    err, ERR_PERM, ERR_LIMIT, "too many subscriptions");
	if (rc == 0)
		rc = durable_replace(
		    dirfd, "subscriptions", buf_slice(&text), 0600, err);
	buf_fini(&text);
	return rc;
}

/* Says whether S changed. */
static bool
set_one(struct subscriptions *s, struct slice name, bool on)
{
	bool was = false;

	for (size_t i = 0; i < s->n; i++) {
		if (!slice_is(name, s->names[i]))
			continue;
		was = true;
		if (!on)
			s->names[i][0] = '\0';
	}
	if (on && !was)
		add(s, name);
	return was != on;
}

int
subscriptions_set(
    int dirfd, unsigned shown, struct slice name, bool on, struct err *err)
{
	struct subscriptions s;
	int rc = subscriptions_read(dirfd, shown, &s, err);

	if (s.version == 0)
		s.version = 2;
	if (rc == 0 && set_one(&s, name, on))
		rc = write_all(dirfd, &s, err);
	subscriptions_fini(&s);
	return rc;
}
