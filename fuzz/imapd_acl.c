/* SPDX-License-Identifier: ISC */
/* dovecot-acl, which other programs may have written, and identifiers as
 * clients write them: what is understood is written as it was meant. */
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/must.h"
#include "maildir/aclfile.h"
#include "maildir/identifier.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
same(const struct aclfile *f)
{
	struct aclfile g;
	struct buf b;

	buf_init(&b, 4 << 20);
	aclfile_format(&b, f);
	aclfile_init(&g);
	must(aclfile_parse(buf_slice(&b), &g));
	must(f->n == g.n);
	for (size_t i = 0; i < f->n; i++)
		must(aclfile_find(&g, &f->v[i].id, SLICE(""))->rights ==
		     f->v[i].rights);
	aclfile_fini(&g);
	buf_fini(&b);
}

/* What a client can say, the file can hold. */
static void
read_identifier(struct slice text)
{
	struct aclfile f;
	struct acl_id id;

	aclfile_init(&f);
	if (identifier_read(text, SLICE("example.org"), &f.arena, &id)) {
		must(aclfile_set(&f, &id, SLICE(""), 1, NULL) == 0);
		same(&f);
	}
	aclfile_fini(&f);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct slice text = slice_of(data, size);
	const struct acl_who who = { .name = SLICE("bob@example.org"),
		.domain = SLICE("example.org") };
	struct aclfile f;

	aclfile_init(&f);
	if (aclfile_parse(text, &f)) {
		must(f.n <= ACLFILE_ENTRIES_MAX);
		must((aclfile_rights(&f, &who) & ~(unsigned)RIGHTS_ALL) == 0);
		same(&f);
	}
	aclfile_fini(&f);
	read_identifier(text);
	return 0;
}
