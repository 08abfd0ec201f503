/* SPDX-License-Identifier: ISC */
#include "ctl/view/prompt.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/slice.h"

enum { SECRET_MAX = 512 };

/* Byte for byte: what follows the line stays for the next reader. */
static int
read_line(struct buf *line, struct err *err)
{
	for (;;) {
		char c;
		const ssize_t n = read(0, &c, 1);

		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return err_sys(err, ERR_PERM, "read the password");
		if (n == 0 || c == '\n')
			break;
		buf_addc(line, c);
	}
	if (line->failed)
		return err_set(err, ERR_PERM, "a password has at most %d bytes",
		    (int)SECRET_MAX);
	if (line->n > 0 && line->p[line->n - 1] == '\r')
		buf_truncate(line, line->n - 1);
	if (line->n == 0)
		return err_set(err, ERR_PERM,
		    "the password is empty: it is read from standard input");
	return 0;
}

static int
ask(const char *prompt, const char *name, struct buf *line, struct err *err)
{
	struct termios old, quiet;
	int rc;

	fprintf(stderr, "%s %s: ", prompt, name);
	if (tcgetattr(0, &old) == -1)
		return err_sys(err, ERR_PERM, "ask for the password");
	quiet = old;
	quiet.c_lflag &= ~(tcflag_t)ECHO;
	(void)tcsetattr(0, TCSAFLUSH, &quiet);
	rc = read_line(line, err);
	(void)tcsetattr(0, TCSAFLUSH, &old);
	fputc('\n', stderr);
	return rc;
}

int
prompt_secret(const char *name, struct buf *secret, struct err *err)
{
	struct buf again;
	int rc;

	buf_init(secret, SECRET_MAX);
	if (!isatty(0))
		return read_line(secret, err);
	buf_init(&again, SECRET_MAX);
	rc = ask("New password for", name, secret, err);
	if (rc == 0)
		rc = ask("Once more for", name, &again, err);
	if (rc == 0 && !slice_eq(buf_slice(secret), buf_slice(&again)))
		rc = err_set(err, ERR_PERM, "the two passwords differ");
	prompt_wipe(&again);
	return rc;
}

void
prompt_wipe(struct buf *secret)
{
	if (secret->p != NULL)
		explicit_bzero(secret->p, secret->cap);
	buf_fini(secret);
}

bool
prompt_can_ask(void)
{
	return isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1;
}

bool
prompt_yes(const char *question)
{
	struct buf line = { .max = SECRET_MAX };
	struct slice answer;
	bool yes;

	fprintf(stderr, "%s [y/N] ", question);
	yes = read_line(&line, NULL) == 0;
	answer = slice_trim(buf_slice(&line));
	yes = yes && (slice_ieq(answer, SLICE("y")) ||
			 slice_ieq(answer, SLICE("yes")));
	buf_fini(&line);
	return yes;
}
