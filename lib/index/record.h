/* SPDX-License-Identifier: ISC */
/*
 * Records of an account's index.  They are built from the files and thrown
 * away with the index, so their form may change with INDEX_VERSION alone.
 *
 *     !               struct ix_meta
 *     B <box>         struct ix_box's stored part, name, 0, directory, 0
 *     N <name>        <box>
 *     W <box>         keywords, in lines "number name"
 *     F <box> <uid>   struct ix_hot: what changes
 *     K <box> <uid>   numbers of keywords beyond the letters, uint16_t each
 *     M <box> <uid>   struct ix_msg, the file's name
 *     C, P <box> <uid>   what was made of the message; its PREVIEW
 *     O <box> <uid>   a column of the messages around (column.h)
 *     L <modseq>      struct ix_log: the change that got this number
 *
 * The log has one entry for each message, at its latest change, and one for
 * each message or mailbox that is gone; of the latter the oldest are dropped
 * when there are many, and log_floor is the number of the last one dropped.
 */
#ifndef INDEX_RECORD_H
#define INDEX_RECORD_H

#include <stdint.h>

#include "maildir/name.h"

enum { INDEX_VERSION = 4, IX_KEY = 16, IX_FILE_NAME = 256 };

/* UNSYNCED: of a new account, not on disk yet */
enum ix_clean { IX_OPEN, IX_CLEAN, IX_UNSYNCED };

struct ix_meta {
	uint64_t modseq; /* of the last change */
	uint64_t log_floor;
	uint64_t bytes;
	uint64_t messages;
	uint64_t gone;        /* entries in the log for what is gone */
	int64_t dir_mtime_ns; /* of the account's; see tx_names_end */
	uint32_t next_box;
	uint32_t last_uidvalidity;
	uint16_t clean, warned; /* enum ix_clean; see store/quota_due.h */
	uint32_t given;         /* as in INBOX's struct boxfile; 0: not known */
};

enum ix_box_bits {
	BOX_UNSURE = 1 << 0,  /* a change may have been missed */
	BOX_MORE = 1 << 1,    /* files are left to be taken in */
	BOX_BUILD = 1 << 2,   /* and names are believed as when it was built */
	BOX_DOUBT = 1 << 3,   /* after a power cut */
	BOX_BROUGHT = 1 << 4, /* messages bring their UIDs (struct boxfile) */
	BOX_UIDS = 1 << 5,    /* not all UIDs are in names yet (uidfile.h) */
};

struct ix_box {
	uint64_t modseq;
	uint64_t bytes;
	uint64_t keywords;     /* of the table's last change */
	uint64_t keyword_lost; /* when last a message lost one */
	uint64_t letters_mark; /* of dovecot-keywords (letters.h) */
	uint64_t more_bytes;   /* of pabal-keywords when it was put in order */
	int64_t cur_mtime_ns;
	int64_t new_mtime_ns;
	uint32_t box;
	uint32_t uidvalidity;
	uint32_t uidnext;
	uint32_t ceiling;
	uint32_t first_recent; /* UIDs from here on are nobody's \Recent yet */
	uint32_t messages;
	uint32_t unseen;
	uint32_t deleted;
	uint32_t special;
	uint32_t bits;
	uint32_t pending_from; /* names behind lie in [from, to) */
	uint32_t pending_to;
	char id[MAILBOX_ID_SIZE];
	/* From here on as strings. */
	char name[NAME_LIMIT + 1];
	char dir[NAME_DIR_LIMIT + 1];
};

enum ix_hot_bits {
	HOT_NEW = 1 << 8,     /* the file is in new/ */
	HOT_PENDING = 1 << 9, /* its name does not show the flags */
	HOT_SURE = 1 << 10,   /* vsize was counted, not believed */
	HOT_MORE = 1 << 11,   /* has keywords beyond the letters */
	HOT_LINE = 1 << 12,   /* pabal-keywords does not show them */
};

struct ix_hot {
	uint64_t modseq;
	uint32_t bits; /* enum message_flag | enum ix_hot_bits */
	uint32_t letters;
};

struct ix_msg {
	int64_t size;
	int64_t vsize;
	int64_t date_s;
	int64_t sent_s;
	int64_t saved_s;
	uint64_t email_id;
	uint64_t thread_id;
	char file[IX_FILE_NAME]; /* stored up to its end */
};

enum ix_log_kind { LOG_MSG = 1, LOG_GONE, LOG_BOX };

struct ix_log {
	uint32_t box;
	uint32_t uid;
	uint32_t kind;
};

#endif
