/* SPDX-License-Identifier: ISC */
/* An mbox that is cut anywhere gives the messages that it gives whole; what was
 * read of one, written and read again, is the same.  A tar's entries are within
 * their limits. */
#include <stddef.h>
#include <stdint.h>

#include "base/must.h"
#include "ctl/archive/mbox.h"
#include "ctl/archive/mbox_write.h"
#include "ctl/archive/tar.h"
#include "maildir/filename.h"
#include "maildir/keywords.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct side {
	struct buf text;  /* of all messages, with their ends */
	struct buf again; /* the mbox that they make */
	struct mbox_writer w;
	struct buf one;
};

static int
on_text(void *arg, struct slice piece)
{
	struct side *s = arg;

	buf_add(&s->text, piece);
	buf_add(&s->one, piece);
	return 0;
}

static int
on_end(void *arg, const struct mbox_message *m)
{
	struct side *s = arg;
	struct slice names = buf_slice(&m->keywords), name;

	must((m->flags & ~(unsigned)MSG_FLAGS) == 0);
	while (keywords_next(&names, &name))
		must(keywords_check(name, NULL) == 0);
	buf_addc(&s->text, '\0');
	mbox_begin(&s->w, &s->again, m->has_date ? m->date_s : 0, 0,
	    (struct slice){ NULL, 0 });
	mbox_put(&s->w, &s->again, buf_slice(&s->one));
	mbox_end(&s->w, &s->again);
	buf_reset(&s->one);
	return 0;
}

static int
feed(struct side *s, struct slice in, size_t n)
{
	struct mbox_reader r;
	int rc = 0;

	*s = (struct side){
		.text.max = 1 << 22, .again.max = 1 << 22, .one.max = 1 << 22
	};
	mbox_reader_init(&r, on_text, on_end, s);
	while (in.n > 0 && rc == 0) {
		rc = mbox_feed(&r, slice_sub(in, 0, n));
		in = slice_from(in, n);
	}
	if (rc == 0)
		rc = mbox_finish(&r);
	must(rc == 0 || r.bad);
	mbox_reader_fini(&r);
	return rc;
}

static void
done(struct side *s)
{
	buf_fini(&s->text);
	buf_fini(&s->again);
	buf_fini(&s->one);
}

static void
read_tar(struct slice in)
{
	struct tar_entry e;

	tar_init(&e);
	while (in.n >= TAR_BLOCK) {
		const enum tar_step step =
		    tar_header(&e, slice_sub(in, 0, TAR_BLOCK));
		struct slice body;

		in = slice_from(in, TAR_BLOCK);
		if (step == TAR_END || step == TAR_BAD)
			break;
		must(e.name.n <= TAR_NAME_MAX);
		body = slice_sub(in, 0, e.size < in.n ? (size_t)e.size : in.n);
		in = slice_from(in, body.n);
		in = slice_from(in, (size_t)tar_padding(body.n));
		if (step == TAR_PAX && !tar_pax(&e, body))
			break;
	}
	tar_fini(&e);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct slice all =
	    slice_of(data + (size > 0), size > 0 ? size - 1 : 0);
	struct side a, b;

	must(feed(&a, all, all.n + 1) ==
	     feed(&b, all, size > 0 ? data[0] % 32 + 1 : 1));
	must(slice_eq(buf_slice(&a.text), buf_slice(&b.text)));
	done(&a);
	done(&b);
	read_tar(all);
	return 0;
}
