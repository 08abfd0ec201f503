/* SPDX-License-Identifier: ISC */
/*
 * Messages of some 4 KiB as another server left them in a Maildir, a hundred
 * thousand in a few seconds: the header of a list's mail, threads of five, text
 * alone and text with HTML in turn; four of five were read.
 *
 * usage: mailbox DIR COUNT UID GID
 */
#include <err.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "sys/fd.h"

enum {
	FILE_MAX = 65536,
	ARGS = 5,
	HOPS = 3,
	THREAD = 5, /* messages */
	PEOPLE = 300,
	LINE_WORDS = 11,
	LINES = 40,
	PLAIN_LINES = 14,
	HTML_LINES = 22,
	SUBJECT_WORDS = 7,
	APART_S = 60,
	UNREAD = 5 /* one of so many */
};

#define BORN_S 1700000000

static const char *const words[] = { "report", "meeting", "draft", "invoice",
	"schedule", "budget", "review", "release", "notes", "question",
	"answer", "holiday", "lunch", "project", "contract", "patch" };

enum { WORDS = sizeof words / sizeof *words };

/* splitmix64: the same messages each time. */
static uint64_t
some(uint64_t *seed)
{
	uint64_t z = *seed += 0x9e3779b97f4a7c15U;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9U;
	z = (z ^ z >> 27) * 0x94d049bb133111ebU;
	return z ^ z >> 31;
}

static void
add_words(struct buf *out, uint64_t *seed, int n)
{
	for (int i = 0; i < n; i++)
		buf_addf(
		    out, "%s%s", i > 0 ? " " : "", words[some(seed) % WORDS]);
}

static void
add_lines(struct buf *out, uint64_t *seed, int n)
{
	for (int i = 0; i < n; i++) {
		add_words(out, seed, LINE_WORDS);
		buf_addf(out, "\n");
	}
}

static void
add_id(struct buf *out, int64_t n)
{
	uint64_t seed = (uint64_t)n;

	buf_addf(
	    out, "<%" PRId64 ".%016" PRIx64 "@example.net>", n, some(&seed));
}

static void
add_trace(struct buf *out, uint64_t *seed, const char *date)
{
	for (int hop = 1; hop <= HOPS; hop++)
		buf_addf(out,
		    "Received: from mx%d.example.net (mx%d.example.net "
		    "[192.0.2.%d])\n\tby mail.example.org with ESMTPS id "
		    "%016" PRIx64 "\n\tfor <you@example.org>; %s\n",
		    hop, hop, hop, some(seed), date);
	buf_addf(out,
	    "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; "
	    "d=example.net;\n\ts=mail; h=from:to:subject:date;\n\tb=");
	for (int i = 0; i < 16; i++)
		buf_addf(out, "%016" PRIx64, some(seed));
	buf_addf(out, "\n");
}

static void
add_header(struct buf *out, uint64_t *seed, int64_t n)
{
	const int64_t first = n - n % THREAD;
	const time_t when = BORN_S + (time_t)n * APART_S;
	const char *who = words[some(seed) % WORDS];
	const unsigned person = (unsigned)(some(seed) % PEOPLE);
	uint64_t subject = (uint64_t)first;
	char date[64];
	struct tm tm;

	gmtime_r(&when, &tm);
	strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S +0000", &tm);
	add_trace(out, seed, date);
	buf_addf(out,
	    "Date: %s\nFrom: %s %u <%s.%u@example.net>\nTo: you@example.org, "
	    "team%" PRId64 "@example.org\nSubject: %s",
	    date, who, person, who, person, n % 7, n > first ? "Re: " : "");
	add_words(out, &subject, SUBJECT_WORDS);
	buf_addf(out, " %" PRId64 "\nMessage-ID: ", first);
	add_id(out, n);
	for (int64_t i = first; i < n; i++) {
		buf_addf(out, i == first ? "\nReferences: " : "\n ");
		add_id(out, i);
	}
	buf_addf(out, "\nMIME-Version: 1.0\n");
}

static void
make(struct buf *out, int64_t n)
{
	uint64_t seed = ~(uint64_t)n;

	buf_reset(out);
	add_header(out, &seed, n);
	if (n % 2 == 1) {
		buf_addf(out, "Content-Type: text/plain; charset=utf-8\n\n");
		add_lines(out, &seed, LINES);
		return;
	}
	buf_addf(out,
	    "Content-Type: multipart/alternative; boundary=\"part\"\n\n"
	    "--part\nContent-Type: text/plain; charset=utf-8\n\n");
	add_lines(out, &seed, PLAIN_LINES);
	buf_addf(out, "\n--part\nContent-Type: text/html; charset=utf-8\n"
		      "Content-Transfer-Encoding: 8bit\n\n<p>");
	add_lines(out, &seed, HTML_LINES);
	buf_addf(out, "</p>\n--part--\n");
}

static void
write_one(struct buf *out, int dir, int64_t n, uid_t uid, gid_t gid)
{
	const int flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC;
	const struct timespec when = { .tv_sec = BORN_S + n * APART_S };
	char name[128];
	size_t lines = 0;
	int fd;

	make(out, n);
	for (size_t i = 0; i < out->n; i++)
		lines += out->p[i] == '\n';
	snprintf(name, sizeof name,
	    "%" PRId64 ".M%" PRId64 "P1.host,S=%zu,W=%zu:2,%s", BORN_S + n, n,
	    out->n, out->n + lines, n % UNREAD > 0 ? "S" : "");
	fd = openat(dir, name, flags, 0600);
	if (fd == -1 || fd_write_all(fd, buf_slice(out), NULL) == -1 ||
	    fchown(fd, uid, gid) == -1 ||
	    futimens(fd, (struct timespec[]){ when, when }) == -1)
		err(1, "%s", name);
	fd_close(&fd);
}

static int64_t
number(const char *text)
{
	char *end;
	const long long n = strtoll(text, &end, 10);

	if (*text == '\0' || *end != '\0' || n < 0)
		errx(2, "no number: %s", text);
	return n;
}

int
main(int argc, char **argv)
{
	struct buf out = { .max = FILE_MAX };
	int64_t count;
	int dir;

	if (argc != ARGS)
		errx(2, "usage: mailbox DIR COUNT UID GID");
	count = number(argv[2]);
	dir = open(argv[1], O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir == -1)
		err(1, "%s", argv[1]);
	for (int64_t n = 0; n < count; n++)
		write_one(&out, dir, n, (uid_t)number(argv[3]),
		    (gid_t)number(argv[4]));
	buf_fini(&out);
	return 0;
}
