/* SPDX-License-Identifier: ISC */
/*
 * The small file of a mailbox, pabal-mailbox, that carries what file names do
 * not: UIDVALIDITY, the mailbox's id, its special use, and a ceiling below
 * which UIDs may have been given out.  The ceiling is raised in steps before a
 * UID at it is used, so that no UID is used twice even when the index is lost.
 * While messages of another server are brought here with their UIDs, nobody
 * else gets one from the first of them on: who lost the index goes on behind
 * those that are there. INBOX's has the same for the UIDVALIDITYs of the
 * account's mailboxes.
 */
#ifndef MAILDIR_BOXFILE_H
#define MAILDIR_BOXFILE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"
#include "maildir/name.h"

struct boxfile {
	uint32_t uidvalidity;
	uint32_t ceiling;
	uint32_t brought; /* UIDs from here on were; 0: none is */
	uint32_t given;   /* INBOX: no UIDVALIDITY above it was given out */
	unsigned special;
	unsigned hidden; /* INBOX: default mailboxes not to be shown */
	char id[MAILBOX_ID_SIZE];
};

/* ABSENT: no such file, or one that cannot be understood. */
enum found boxfile_read(int dirfd, struct boxfile *f, struct err *err);
/* On disk when 0 comes back; blocks. */
int boxfile_write(int dirfd, const struct boxfile *f, struct err *err);
/* Synced later, with others; until then a power cut may leave it empty. */
int boxfile_put(int dirfd, const struct boxfile *f, struct err *err);
/* The formats, for tests. */
bool boxfile_parse(struct slice text, struct boxfile *f);
void boxfile_format(struct buf *out, const struct boxfile *f);
/* A fresh id for a mailbox. */
void boxfile_new_id(char id[MAILBOX_ID_SIZE]);

#endif
