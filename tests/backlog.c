/* SPDX-License-Identifier: ISC */
/*
 * Spool files of messages that wait, as tests/flow/backlog.py writes them, a
 * million in half a minute: sites and people in turn, each tried once.
 *
 * usage: backlog SPOOL FROM COUNT NOW_MS SITES WAIT_S SPREAD_S UID GID
 * The messages are those numbered FROM on.  No qmgr may be at work there.
 */
#include <err.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/crc32c.h"
#include "sys/fd.h"

enum { FILE_MAX = 65536, DIRS = 256, ARGS = 10, SENDERS = 7, LOGINS = 5 };

#define DOMAIN "pabal.test"

static const char body[] = "Subject: backlog\r\n\r\nHello.\r\n";

struct backlog {
	int64_t now_ms, sites, wait_s, spread_s;
	uid_t uid;
	gid_t gid;
	int dirs[DIRS];
};

static int64_t
number(const char *text)
{
	char *end;
	const long long n = strtoll(text, &end, 10);

	if (*text == '\0' || *end != '\0' || n < 0)
		errx(2, "no number: %s", text);
	return n;
}

static void
open_dirs(struct backlog *b, const char *spool)
{
	for (unsigned i = 0; i < DIRS; i++) {
		char path[4096];

		snprintf(path, sizeof path, "%s/cur/%02x", spool, i);
		b->dirs[i] = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (b->dirs[i] == -1)
			err(1, "%s", path);
	}
}

/* The seal of what stands behind FROM in OUT. */
static void
seal(struct buf *out, size_t from)
{
	buf_addf(out, " !%08x\n", crc32c(0, slice_from(buf_slice(out), from)));
}

static void
add_tail(struct buf *out, const struct backlog *b, int64_t n)
{
	const int64_t site = n % b->sites;
	size_t from = out->n;

	buf_addf(out,
	    "result 0 tempfail dsn=4.4.1 host=mx.site%" PRId64 ".example "
	    "text=connect%%20to%%20mx.site%" PRId64
	    ".example:%%20connection%%20refused",
	    site, site);
	seal(out, from);
	from = out->n;
	buf_addf(out, "next %" PRId64,
	    b->now_ms + b->wait_s * 1000 + n * 7919 % (b->spread_s * 1000 + 1));
	seal(out, from);
}

static void
make(struct buf *out, const struct backlog *b, int64_t n, const char *qid)
{
	const struct slice text = slice_of(body, sizeof body - 1);

	buf_reset(out);
	buf_addf(out,
	    "pabal-queue 1\nid %s\narrived %" PRId64 "\nsize %020zu\n"
	    "crc32c %08x\nsender sender%" PRId64 "@" DOMAIN
	    "\nclient 192.0.2.7\nlogin user%" PRId64 "@" DOMAIN
	    "\nprotocol ESMTPA\nrcpt x%" PRId64 ".0@site%" PRId64 ".example\n",
	    qid, (b->now_ms - 3600000) * 1000 + n, text.n, crc32c(0, text),
	    n % SENDERS, n % LOGINS, n, n % b->sites);
	buf_addf(out, "end %08x\n", crc32c(0, buf_slice(out)));
	buf_add(out, text);
	add_tail(out, b, n);
}

static void
write_one(struct buf *out, const struct backlog *b, int64_t n)
{
	const int flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC;
	char qid[32];
	int fd;

	snprintf(qid, sizeof qid, "0BACK%08" PRId64, n);
	make(out, b, n, qid);
	fd =
	    openat(b->dirs[crc32c(0, slice_str(qid)) % DIRS], qid, flags, 0600);
	if (fd == -1 || fd_write_all(fd, buf_slice(out), NULL) == -1 ||
	    fchown(fd, b->uid, b->gid) == -1)
		err(1, "%s", qid);
	fd_close(&fd);
}

int
main(int argc, char **argv)
{
	struct buf out = { .max = FILE_MAX };
	struct backlog b;
	int64_t from, n;

	if (argc != ARGS)
		errx(2, "usage: backlog SPOOL FROM COUNT NOW_MS SITES WAIT_S "
			"SPREAD_S UID GID");
	from = number(argv[2]);
	n = number(argv[3]);
	b = (struct backlog){ .now_ms = number(argv[4]),
		.sites = number(argv[5]),
		.wait_s = number(argv[6]),
		.spread_s = number(argv[7]),
		.uid = (uid_t)number(argv[8]),
		.gid = (gid_t)number(argv[9]) };
	if (b.sites == 0)
		errx(2, "no sites");
	open_dirs(&b, argv[1]);
	for (int64_t i = from; i < from + n; i++)
		write_one(&out, &b, i);
	buf_fini(&out);
	return 0;
}
