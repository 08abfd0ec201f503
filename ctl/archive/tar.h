/* SPDX-License-Identifier: ISC */
/* The form of tar (POSIX ustar, with pax for what does not fit in), one entry
 * after the other. */
#ifndef CTL_ARCHIVE_TAR_H
#define CTL_ARCHIVE_TAR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/slice.h"

enum { TAR_BLOCK = 512, TAR_NAME_MAX = 4096, TAR_PAX_MAX = 64 << 10 };

enum tar_type { TAR_FILE, TAR_DIR, TAR_LINK, TAR_OTHER };

struct tar_entry {
	struct buf name, link; /* link: where TAR_LINK (a symbolic one) leads */
	enum tar_type type;
	uint64_t size; /* of what follows: 0 for what has no bytes */
	int64_t time_s;
	/* a pax record for the next entry */
	bool has_path, has_link, has_size, has_time;
	char extra; /* type of the header that tar_pax has the text of */
};

/* Header of an entry; SIZE bytes of it follow, and tar_padding of zeros. */
void tar_put(struct buf *out, struct slice name, enum tar_type type,
    uint64_t size, int64_t time_s);
/* A symbolic link to TARGET. */
void tar_put_link(
    struct buf *out, struct slice name, struct slice target, int64_t time_s);
uint64_t tar_padding(uint64_t size);
/* Two blocks of zeros. */
void tar_put_end(struct buf *out);

enum tar_step {
	TAR_ENTRY, /* size bytes and padding follow */
	TAR_PAX,   /* the same, for tar_pax: then the next header */
	TAR_END,
	TAR_BAD,
};
void tar_init(struct tar_entry *e);
void tar_fini(struct tar_entry *e);
/* BLOCK is a header.  Of a type that nobody knows it is TAR_OTHER (POSIX). */
enum tar_step tar_header(struct tar_entry *e, struct slice block);
/* TEXT is what followed TAR_PAX. */
bool tar_pax(struct tar_entry *e, struct slice text);

#endif
