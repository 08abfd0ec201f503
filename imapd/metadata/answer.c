/* SPDX-License-Identifier: ISC */
#include "imapd/metadata/answer.h"

#include "base/buf.h"
#include "imapd/conf.h"
#include "imapd/conn/session.h"
#include "imapd/conn/user.h"
#include "imapd/metadata/query.h"
#include "imapd/parse/boxname.h"
#include "maildir/metafile.h"
#include "maildir/specialword.h"
#include "mime/imap_string.h"
#include "store/mailbox.h"
#include "store/metadata.h"

struct metadata_answer {
	const struct metadata_query *query;
	struct buf out;
	uint64_t longest;
};

/* literal8 where a NUL is in it */
static void
put_value(struct buf *out, struct slice value)
{
	if (value.p == NULL || slice_find(value, '\0') == value.n) {
		imap_put_nstring(out, value);
		return;
	}
	buf_adds(out, "~{");
	buf_addu(out, value.n);
	buf_adds(out, "}\r\n");
	buf_add(out, value);
}

static void
put_entry(struct metadata_answer *a, struct slice name, struct slice value)
{
	if (value.n > a->query->max_bytes) {
		if (value.n > a->longest)
			a->longest = value.n;
		return;
	}
	buf_adds(&a->out, a->out.n > 0 ? " " : "");
	imap_put_astring(&a->out, name);
	buf_addc(&a->out, ' ');
	put_value(&a->out, value);
}

/* What stands in no file: the server's /shared/admin, a mailbox's special use
 * (RFC 6154 4). */
static int
add_fixed(
    struct mailbox *m, struct metafile *f, struct buf *text, struct err *err)
{
	struct mailbox_status st;

	if (m == NULL) {
		const struct slice admin = slice_str(imapd_conf->admin_uri);

		if (admin.n > 0)
			metafile_set(f, SLICE("/shared/admin"), admin);
		return 0;
	}
	if (mailbox_status(m, &st, err) == -1)
		return -1;
	specialword_put(text, st.special);
	if (text->n > 0)
		metafile_set(f, SLICE("/private/specialuse"),
		    slice_from(buf_slice(text), 1));
	return 0;
}

/* Asked for by its name, an entry that is not there is NIL. */
static void
put_named(struct metadata_answer *a, const struct metafile *f)
{
	const struct metadata_query *q = a->query;

	for (size_t i = 0; i < q->n; i++) {
		const struct slice entry = q->entries[i];
		const struct metafile_entry *e = metafile_find(f, entry);

		put_entry(
		    a, entry, e != NULL ? e->value : (struct slice){ NULL, 0 });
	}
}

static bool
is_asked(const struct metadata_query *q, struct slice name)
{
	for (size_t i = 0; i < q->n; i++)
		if (query_matches(q->entries[i], q->depth, name))
			return true;
	return false;
}

/* Each entry once, however often it is asked for. */
static void
put_all(struct metadata_answer *a, const struct metafile *f)
{
	if (a->query->depth == QUERY_SELF) {
		put_named(a, f);
		return;
	}
	for (size_t k = 0; k < f->n; k++)
		if (is_asked(a->query, f->v[k].name))
			put_entry(a, f->v[k].name, f->v[k].value);
}

int
answer_metadata(struct session *s, struct mailbox *m,
    const struct metadata_query *q, uint64_t *longest, struct err *err)
{
	struct metadata_answer a = { .query = q, .longest = *longest };
	struct metafile f;
	struct buf special;
	int rc;

	if (metadata_read(imapd_user_account(s->user), m, &f, err) == -1)
		return -1;
	buf_init(&special, 256);
	buf_init(&a.out, SIZE_MAX / 2);
	rc = add_fixed(m, &f, &special, err);
	if (rc == 0)
		put_all(&a, &f);
	if (a.out.n > 0) {
		buf_adds(imapd_out(s), "* METADATA ");
		boxname_put(
		    s, m != NULL ? mailbox_name(m) : (struct slice){ "", 0 });
		buf_adds(imapd_out(s), " (");
		buf_add(imapd_out(s), buf_slice(&a.out));
		buf_adds(imapd_out(s), ")\r\n");
	}
	*longest = a.longest;
	buf_fini(&a.out);
	buf_fini(&special);
	metafile_fini(&f);
	return rc;
}
