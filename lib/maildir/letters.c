/* SPDX-License-Identifier: ISC */
#include "maildir/letters.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "maildir/keywords.h"
#include "maildir/textfile.h"
#include "sys/durable_file.h"

#define LETTERS "dovecot-keywords"

enum { LETTERS_MAX = 64 << 10 };

int
letters_read(int dirfd, struct keyword_table *t, struct err *err)
{
	struct buf text;
	enum found found;

	buf_init(&text, LETTERS_MAX);
	found = textfile_load(dirfd, LETTERS, &text, err);
	if (found == FOUND)
		keywords_parse(t, buf_slice(&text), KEYWORD_LETTERS);
	buf_fini(&text);
	return found == TEMPFAIL ? -1 : 0;
}

int
letters_write(int dirfd, const struct keyword_table *t, struct err *err)
{
	struct buf text;
	int rc;

	buf_init(&text, LETTERS_MAX);
	keywords_format(t, &text, KEYWORD_LETTERS);
	rc = durable_replace(dirfd, LETTERS, buf_slice(&text), 0600, err);
	buf_fini(&text);
	return rc;
}

uint64_t
letters_mark(int dirfd)
{
	struct stat sb;

	if (fstatat(dirfd, LETTERS, &sb, AT_SYMLINK_NOFOLLOW) == -1)
		return 0;
	return (uint64_t)sb.st_ino << 40 ^ (uint64_t)sb.st_mtim.tv_sec << 30 ^
	       (uint64_t)sb.st_mtim.tv_nsec ^ 1;
}
