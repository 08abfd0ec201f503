/* SPDX-License-Identifier: ISC */
/* What went wrong, and of which class.  The class is set where the cause is
 * known, because it decides 4xx or 5xx, retry or bounce; in doubt ERR_TEMP. */
#ifndef BASE_ERR_H
#define BASE_ERR_H

enum err_class {
	ERR_NONE,
	ERR_TEMP, /* may work later: retry, 4xx */
	ERR_PERM, /* will not work as asked: bounce, 5xx */
};

/* What callers tell apart beside it; a protocol's words: proto/errwords.h. */
enum err_code {
	ERR_OTHER,
	ERR_NO_SPACE,   /* no room on the disk, or none left for this uid */
	ERR_FORGED,     /* whoever wrote it may not say that */
	ERR_BUSY,       /* another process is at it: again in a moment */
	ERR_IN_USE,     /* somebody else has it, for as long as it likes */
	ERR_OVER_QUOTA, /* more than its owner may have */
	ERR_LIMIT,      /* more of them than there can be */
	ERR_TOO_BIG,    /* larger than one may be */
	ERR_EXISTS,     /* there is one of that name already */
	ERR_NOT_FOUND,  /* there is none of that name */
	ERR_NO_TARGET,  /* there is none of that name to put something in */
	ERR_NO_ACCOUNT, /* an account without mail, that should have it */
	ERR_CANNOT,     /* never, however often it is asked for */
	ERR_SYNTAX,     /* not understood */
	ERR_TOO_SOON,   /* again after a while that is known */
	ERR_DENIED,     /* not for who asks */
};
#define ERR_CODES (ERR_DENIED + 1) /* how many */

struct err {
	enum err_class class;
	enum err_code code;
	char text[256]; /* one line, no final newline; cut when too long */
};

enum found { FOUND, ABSENT, TEMPFAIL }; /* the answer of a look-up */

/* The code of an errno value. */
enum err_code err_code_of(int error);
/* Fill ERR (which may be NULL) and return -1; the code is ERR_OTHER. */
int err_set(struct err *err, enum err_class class, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* The same with a code, for a text that its client may read. */
int err_set_code(struct err *err, enum err_class class, enum err_code code,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* As err_set, with ": <text of errno>" behind it, and the code of errno. */
int err_sys(struct err *err, enum err_class class, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#endif
