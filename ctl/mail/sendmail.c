/* SPDX-License-Identifier: ISC */
#include "ctl/mail/sendmail.h"

#include <errno.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/slice.h"
#include "conf/param.h"
#include "conf/shared.h"
#include "ctl/cmd/dispatch.h"
#include "ctl/inst/instance.h"
#include "ctl/mail/letter.h"
#include "ctl/mail/submit.h"
#include "ctl/view/out.h"
#include "mime/date.h"
#include "proto/address.h"
#include "sys/clock.h"
#include "sys/fd.h"

enum { LIST_MAX = 16 << 20 };

struct options {
	char mode; /* of -b; 'm' sends */
	bool from_header;
	bool dots; /* a single dot ends the message */
	bool verbose;
	bool flush;
	const char *body;
	const char *full_name;
	const char *sender;
	const char *notify;
	const char *ret;
	const char *envid;
};

static int
complain(int status, const char *what, const char *arg)
{
	out_printf(
	    stderr, "sendmail: %s%s%s\n", what, *arg != '\0' ? " " : "", arg);
	return status;
}

/* ---- options ---- */

/* One option letter with its argument; false when there is no such letter. */
static bool
take(struct options *o, char letter, const char *arg)
{
	switch (letter) {
	case 'b':
		o->mode = arg[0];
		break;
	case 'B':
		o->body = arg;
		break;
	case 'F':
		o->full_name = arg;
		break;
	case 'f':
	case 'r':
		o->sender = arg;
		break;
	case 'i':
		o->dots = false;
		break;
	case 'o':
		if (strcmp(arg, "i") == 0)
			o->dots = false;
		break;
	case 'N':
		o->notify = arg;
		break;
	case 'R':
		o->ret = arg;
		break;
	case 'V':
		o->envid = arg;
		break;
	case 't':
		o->from_header = true;
		break;
	case 'v':
		o->verbose = true;
		break;
	case 'q':
		o->flush = true;
		break;
	default:
		/* Others' switches, which scripts give out of habit. */
		return strchr("AcCdeEGhILmMnOpsTUXx", letter) != NULL;
	}
	return true;
}

/* Where the argument of LETTER is: 'a' attached or next, 'o' attached if at
 * all, '-' none. */
static char
argument_of(char letter)
{
	if (strchr("bBFfrNRVoCLOhpXAM", letter) != NULL)
		return 'a';
	return strchr("dqe", letter) != NULL ? 'o' : '-';
}

/* What goes into an SMTP command as it is must not end it. */
static bool
is_word(const char *s)
{
	for (; s != NULL && *s != '\0'; s++)
		if (!ascii_isprint(*s) || *s == ' ')
			return false;
	return true;
}

/* Gives the index of the first recipient, -1 for nonsense. */
static int
parse_options(struct options *o, int argc, char **argv)
{
	int i = 1;

	for (; i < argc && argv[i][0] == '-' && argv[i][1] != '\0'; i++) {
		const char *c = argv[i] + 1;

		if (strcmp(argv[i], "--") == 0)
			return i + 1;
		for (; *c != '\0'; c++) {
			const char kind = argument_of(*c);
			const char letter = *c;
			const char *arg = "";

			if (kind != '-')
				arg = c + 1;
			if (kind == 'a' && *arg == '\0') {
				if (++i == argc) {
					complain(EX_USAGE,
					    "an option lacks its argument:",
					    argv[i - 1]);
					return -1;
				}
				arg = argv[i];
			}
			if (!take(o, letter, arg)) {
				complain(EX_USAGE, "unknown option", argv[i]);
				return -1;
			}
			if (kind != '-')
				break;
		}
	}
	if (is_word(o->notify) && is_word(o->ret) && is_word(o->envid))
		return i;
	complain(EX_USAGE, "-N, -R and -V take words without blanks", "");
	return -1;
}

/* ---- the message ---- */

static const char *
login_name(const struct passwd *pw)
{
	return pw != NULL ? pw->pw_name : "nobody";
}

/* The canonical sender; "" is the null sender. */
static int
make_sender(const struct options *o, const char *domain, struct buf *sender)
{
	struct err err;
	int rc = EX_OK;

	if (o->sender == NULL) {
		buf_addf(
		    sender, "%s@%s", login_name(getpwuid(getuid())), domain);
	} else if (letter_sender(slice_str(o->sender), domain, sender, &err) ==
		   -1) {
		rc = complain(EX_DATAERR, err.text, "");
	}
	return rc;
}

/* The caller's name out of the password file, where "&" is the login name. */
static void
make_full_name(const struct options *o, struct buf *name)
{
	const struct passwd *pw = getpwuid(getuid());
	struct slice rest, gecos;

	if (o->full_name != NULL) {
		buf_adds(name, o->full_name);
		return;
	}
	if (pw == NULL || pw->pw_gecos == NULL)
		return;
	gecos = slice_cut(slice_str(pw->pw_gecos), ',', &rest);
	for (size_t i = 0; i < gecos.n; i++) {
		if (gecos.p[i] == '&')
			buf_adds(name, pw->pw_name);
		else
			buf_addc(name, gecos.p[i]);
	}
}

/* RFC 5322 3.6: From, Date and Message-ID must be there. */
static void
complete_header(struct letter *l, const struct options *o, const char *sender,
    const struct shared_conf *shared)
{
	struct buf value = { .max = 4096 }, name = { .max = 1000 };
	struct date now = { .time_s = clock_wall_s() };
	const time_t t = (time_t)now.time_s;
	struct tm tm;

	if (!letter_has(l, "Message-ID")) {
		buf_addf(&value, "<%lld.%08x%08x@%s>", (long long)t,
		    arc4random(), arc4random(), shared->hostname);
		letter_add(l, "Message-ID", buf_cstr(&value));
	}
	buf_reset(&value);
	if (!letter_has(l, "Date")) {
		localtime_r(&t, &tm);
		now.zone_min = (int)(tm.tm_gmtoff / 60);
		date_put(&value, &now);
		letter_add(l, "Date", buf_cstr(&value));
	}
	buf_reset(&value);
	if (!letter_has(l, "From")) {
		make_full_name(o, &name);
		letter_phrase(buf_slice(&name), &value);
		if (*sender != '\0')
			buf_addf(&value, "<%s>", sender);
		else
			buf_addf(
			    &value, "<postmaster@%s>", shared->domains.v[0]);
		letter_add(l, "From", buf_cstr(&value));
	}
	buf_fini(&value);
	buf_fini(&name);
}

/* ---- sending ---- */

static int
refused(const struct submit *s, int code, const char *what)
{
	out_printf(stderr, "sendmail: %s: %d %.*s\n", what, code,
	    SLICE_FMT(buf_slice(&s->reply)));
	return submit_status(s, code);
}

static bool
list_needs_utf8(const char *sender, const struct buf *list)
{
	return address_needs_utf8(slice_str(sender)) ||
	       address_needs_utf8(buf_slice(list));
}

static int
send_envelope(struct submit *s, const struct options *o, const char *sender,
    const struct buf *list)
{
	const bool dsn = (s->extensions & SUBMIT_DSN) != 0;
	struct buf line = { .max = 4000 };
	int code, status = EX_OK;

	buf_addf(&line, "MAIL FROM:<%s>", sender);
	if ((s->extensions & SUBMIT_8BITMIME) != 0)
		buf_adds(&line, " BODY=8BITMIME");
	if ((s->extensions & SUBMIT_SMTPUTF8) != 0 &&
	    list_needs_utf8(sender, list))
		buf_adds(&line, " SMTPUTF8");
	if (dsn && o->ret != NULL)
		buf_addf(&line, " RET=%s", o->ret);
	if (dsn && o->envid != NULL)
		buf_addf(&line, " ENVID=%s", o->envid);
	code = submit_command(s, "%s", buf_cstr(&line));
	buf_fini(&line);
	if (code / 100 != 2)
		return refused(s, code, sender);
	for (size_t at = 0; at < list->n; at += strlen(list->p + at) + 1) {
		const char *rcpt = list->p + at;

		code = submit_command(s, "RCPT TO:<%s>%s%s", rcpt,
		    dsn && o->notify != NULL ? " NOTIFY=" : "",
		    dsn && o->notify != NULL ? o->notify : "");
		if (code / 100 != 2)
			status = refused(s, code, rcpt);
	}
	return status;
}

static int
send_message(struct submit *s, struct letter *l)
{
	struct buf piece = { .max = 4 * LETTER_HEADER_MAX };
	struct err err = { .class = ERR_NONE };
	int code = submit_command(s, "DATA");
	bool sent = true;

	if (code != 354)
		return refused(s, code, "the message");
	buf_add(&piece, buf_slice(&l->header));
	do {
		sent = !piece.failed && submit_write(s, buf_slice(&piece));
		buf_reset(&piece);
	} while (sent && letter_body(l, &piece, &err));
	buf_fini(&piece);
	/* Without the final dot nothing of it is kept. */
	if (err.class != ERR_NONE)
		return complain(EX_IOERR, err.text, "");
	code = submit_command(s, ".");
	if (code / 100 != 2)
		return refused(s, code, "the message");
	return EX_OK;
}

/* All recipients or none: who gets an error may send again. */
static int
submit(struct ctl *ctl, const struct options *o, struct letter *l,
    const char *sender, const struct buf *list, const char *hostname)
{
	struct submit s;
	int status = submit_open(&s, &ctl->inst, hostname, o->verbose);

	if (status == EX_OK)
		status = send_envelope(&s, o, sender, list);
	if (status == EX_OK)
		status = send_message(&s, l);
	else if (s.fd != -1)
		complain(status, "the message was not sent", "");
	if (s.fd != -1 && status == EX_OK)
		(void)submit_command(&s, "QUIT");
	submit_close(&s);
	return status;
}

static int
send_letter(struct ctl *ctl, const struct options *o, char **rcpts,
    const struct shared_conf *shared, struct letter *l)
{
	const char *domain = shared_domain(shared);
	struct buf sender = { .max = ADDRESS_MAX + 1 };
	struct buf list = { .max = LIST_MAX };
	struct err err;
	int status = make_sender(o, domain, &sender);

	for (; *rcpts != NULL && status == EX_OK; rcpts++)
		if (strpbrk(*rcpts, "\r\n") != NULL)
			status = complain(
			    EX_DATAERR, "an address of several lines", "");
		else if (letter_addresses(
			     slice_str(*rcpts), domain, &list, &err) == -1)
			status = complain(EX_DATAERR, err.text, "");
	if (status == EX_OK && o->from_header &&
	    letter_recipients(l, domain, &list, &err) == -1)
		status = complain(EX_DATAERR, err.text, "");
	if (status == EX_OK && list.n == 0)
		status = complain(EX_USAGE, "no recipients", "");
	if (status == EX_OK) {
		letter_remove(l, "Bcc");
		complete_header(l, o, buf_cstr(&sender), shared);
		status = submit(
		    ctl, o, l, buf_cstr(&sender), &list, shared->hostname);
	}
	buf_fini(&sender);
	buf_fini(&list);
	return status;
}

static int
send_mail(struct ctl *ctl, const struct options *o, char **rcpts)
{
	struct shared_conf *shared = instance_shared(&ctl->inst);
	struct letter l;
	struct err err;
	int status;

	if (shared == NULL)
		return EX_CONFIG;
	if (letter_open(&l, 0, o->dots, &err) == -1)
		status = complain(EX_DATAERR, err.text, "");
	else
		status = send_letter(ctl, o, rcpts, shared, &l);
	letter_close(&l);
	instance_shared_free(&shared);
	return status;
}

/* ---- -bs: a pipe to smtpd ---- */

static bool
pump(int from, int to, bool *open)
{
	char piece[16384];
	ssize_t n = read(from, piece, sizeof piece);
	struct err err;

	if (n == -1 && errno == EINTR)
		return true;
	if (n <= 0) {
		*open = false;
		(void)shutdown(to, SHUT_WR);
		return true;
	}
	return fd_write_all(to, slice_of(piece, (size_t)n), &err) == 0;
}

static int
speak_smtp(struct ctl *ctl)
{
	struct err err;
	int fd = submit_connect(&ctl->inst, &err);
	bool in = true, out = true;

	if (fd == -1)
		return complain(EX_TEMPFAIL, err.text, "");
	while (out) {
		struct pollfd p[2] = { { .fd = fd, .events = POLLIN },
			{ .fd = in ? 0 : -1, .events = POLLIN } };

		if (poll(p, 2, -1) == -1)
			continue;
		if (p[0].revents != 0 && !pump(fd, 1, &out))
			break;
		if (p[1].revents != 0 && !pump(0, fd, &in))
			break;
	}
	fd_close(&fd);
	return EX_OK;
}

/* ---- by mode ---- */

static int
run_command(struct ctl *ctl, const char *a, const char *b)
{
	char *words[] = { xstrdup(a), xstrdup(b) };
	char *argv[] = { words[0], words[1], NULL };
	const int rc = dispatch(ctl, 2, argv);

	free(words[0]);
	free(words[1]);
	return rc == CTL_OK ? EX_OK : EX_TEMPFAIL;
}

static int
usage(void)
{
	puts("usage: sendmail [-it] [-f SENDER] [-F NAME] [-N WHEN] [-R "
	     "full|hdrs] [-V ID] [RECIPIENT ...]\n"
	     "       sendmail -bs | -bp | -bi | -q\n"
	     "       mailq\n"
	     "       newaliases\n\n"
	     "Sends the message on standard input through pabal, speaks SMTP "
	     "there, prints the\nqueue, or compiles the aliases. See "
	     "sendmail(8).");
	return EX_OK;
}

int
sendmail_main(struct ctl *ctl, int argc, char **argv)
{
	struct options o = { .mode = 'm', .dots = true };
	const char *slash = strrchr(argv[0], '/');
	const char *name = slash != NULL ? slash + 1 : argv[0];
	int first;

	(void)signal(SIGPIPE, SIG_IGN);
	if (argc > 1 && strcmp(argv[1], "--help") == 0)
		return usage();
	if (argc > 1 && strcmp(argv[1], "--version") == 0) {
		puts("pabal " PABAL_VERSION);
		return EX_OK;
	}
	if (strcmp(name, "mailq") == 0)
		o.mode = 'p';
	else if (strcmp(name, "newaliases") == 0)
		o.mode = 'i';
	first = parse_options(&o, argc, argv);
	if (first == -1)
		return EX_USAGE;
	switch (o.mode) {
	case 'm':
		return o.flush ? run_command(ctl, "queue", "flush")
			       : send_mail(ctl, &o, argv + first);
	case 'p':
		return run_command(ctl, "queue", "list");
	case 'i':
		return run_command(ctl, "map", "aliases");
	case 's':
		return speak_smtp(ctl);
	default:
		return complain(EX_USAGE,
		    "this mode is not done here (\"pabal start\" starts the "
		    "mail system): -b",
		    (const char[]){ o.mode, '\0' });
	}
}
