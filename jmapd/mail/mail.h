/* SPDX-License-Identifier: ISC */
/* What the methods of urn:ietf:params:jmap:mail have in common. */
#ifndef JMAPD_MAIL_MAIL_H
#define JMAPD_MAIL_MAIL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"
#include "jmapd/api/call.h"

struct buf;

/* The account is as of now (emails.h) and stays so in this step; false: *STEP
 * is what the method returns. */
bool mail_ready(struct jmapd_call *c, enum call_step *step);

/* ---- /get (RFC 8620 5.1) */

struct mail_get {
	/* The names of properties; header forms and the like are asked of
	 * other_property, which may be NULL. */
	const char *const *properties; /* up to NULL; the first is "id" */
	bool (*other_property)(struct slice name);
	uint64_t preset; /* bits of those that are given when none is named */
	/* The state that goes with what is told. */
	void (*put_state)(struct jmapd_call *c, const char *name);
	/* All ids, one behind the other with a blank; NULL: there are too many
	 * to ask for (requestTooLarge). */
	void (*all)(struct buf *ids);
	/* Write the object ID with the properties WANTED; ABSENT: there is
	 * none, and nothing was written.  TEMPFAIL: ERR says why. */
	enum found (*put)(struct jmapd_call *c, struct slice id,
	    uint64_t wanted, struct err *err);
};

/* A method's run is this; its state is freed by mail_get_free. */
enum call_step mail_get_run(struct jmapd_call *c, const struct mail_get *get);
void mail_get_free(struct jmapd_call *c);

/* ---- writing */

void mail_put_string(struct jmapd_call *c, const char *name, struct slice s);
void mail_put_uint(struct jmapd_call *c, const char *name, uint64_t n);
void mail_put_bool(struct jmapd_call *c, const char *name, bool b);
/* "2026-12-01T18:00:00Z" (UTCDate) */
void mail_put_date(struct jmapd_call *c, const char *name, int64_t unix_s);

/* Ids of emails and threads (those of IMAP), and of their blobs. */
enum { MAIL_ID_SIZE = 18 };
void mail_email_id(uint64_t id, char out[MAIL_ID_SIZE]);
void mail_thread_id(uint64_t id, char out[MAIL_ID_SIZE]);
bool mail_parse_email_id(struct slice s, uint64_t *id);
bool mail_parse_thread_id(struct slice s, uint64_t *id);

/* The state of emails and threads, and of mailboxes. */
void mail_put_state(struct jmapd_call *c, const char *name);
void mail_put_box_state(struct jmapd_call *c, const char *name);
bool mail_is_state(struct slice state);

#endif
