/* SPDX-License-Identifier: ISC */
/*
 * A method call (RFC 8620 3.2) as its method sees it: arguments that are of the
 * types its table says and have no references left, and a writer for the
 * response.  A method works until work_spent() and says whether it is done.
 */
#ifndef JMAPD_API_CALL_H
#define JMAPD_API_CALL_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"
#include "json/jsonw.h"

struct jmapd_api;
struct jmapd_call;

enum call_step {
	CALL_DONE, /* the response, or an error, is written */
	CALL_MORE, /* run it again, when it is the account's turn */
	CALL_WAIT, /* call_resume will say when */
};

enum call_capability {
	CAPABILITY_CORE = 1 << 0,
	CAPABILITY_MAIL = 1 << 1,
};

enum call_arg_type {
	ARG_BOOL = 1 << 0,
	ARG_INT = 1 << 1,  /* RFC 8620 1.3 */
	ARG_UINT = 1 << 2, /* the same, not negative */
	ARG_STRING = 1 << 3,
	ARG_ID = 1 << 4, /* 1.2 */
	ARG_OBJECT = 1 << 5,
	ARG_IDS = 1 << 6, /* an array of them */
	ARG_STRINGS = 1 << 7,
	ARG_ARRAY = 1 << 8,
	ARG_NULL = 1 << 9, /* or null, or not there */
};

struct call_arg {
	const char *name; /* NULL: the end */
	unsigned type;
};

struct call_method {
	const char *name;
	enum call_capability capability;
	const struct call_arg *args; /* NULL: whatever they are */
	bool account;                /* has accountId as well */
	enum call_step (*run)(struct jmapd_call *c);
	/* Free c->state, which is not NULL; NULL: there is none. */
	void (*free)(struct jmapd_call *c);
};

struct jmapd_call {
	struct jmapd_api *api;
	const struct call_method *method;
	json_t *args;
	struct jsonw *w; /* behind which the one object of the response goes */
	void *state;     /* the method's; NULL when it runs first */
};

/* The response is an error of TYPE (RFC 8620 3.6.2), whatever was written. */
enum call_step call_error(
    struct jmapd_call *c, const char *type, const char *description);
/* The same of what failed: serverFail, or serverUnavailable where it is
 * temporary; it is logged. */
enum call_step call_failed(struct jmapd_call *c, const struct err *why);
/* A method that waits may go on. */
void call_resume(struct jmapd_call *c);
/* The request stays as long as something is under way for C. */
void call_hold(struct jmapd_call *c);
void call_release(struct jmapd_call *c);
/* What was written may go to the client; false: it does not take it, and the
 * method is to give way with CALL_MORE. */
bool call_flush(struct jmapd_call *c);

/* Arguments; those that are null or not there are empty, false, NULL. */
struct slice call_string(const struct jmapd_call *c, const char *name);
bool call_bool(const struct jmapd_call *c, const char *name, bool preset);
int64_t call_int(const struct jmapd_call *c, const char *name, int64_t preset);
json_t *call_value(const struct jmapd_call *c, const char *name);
/* The text of a string, as a slice; of nothing else. */
struct slice call_text(const json_t *value);
/* Is ID of the form that ids have (RFC 8620 1.2)? */
bool call_is_id(struct slice id);

/* ID, or what was created as "#KEY" (3.3, 5.3); false: there is none. */
bool call_id(const struct jmapd_call *c, struct slice id, struct slice *real);
void call_created(struct jmapd_call *c, const char *key, struct slice id);

/* "accountId": and it. */
void call_put_account(struct jmapd_call *c);
struct slice call_account_id(void);

#endif
