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
	CALL_WAIT, /* api_resume will say when */
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
	bool ready;      /* the account was looked at (mail/mail.h) */
};

/* Arguments; those that are null or not there are empty, false, NULL. */
struct slice call_string(const struct jmapd_call *c, const char *name);
bool call_bool(const struct jmapd_call *c, const char *name, bool preset);
int64_t call_int(const struct jmapd_call *c, const char *name, int64_t preset);
json_t *call_value(const struct jmapd_call *c, const char *name);
/* The text of a string, as a slice; of nothing else. */
struct slice call_text(const json_t *value);
/* Is ID of the form that ids have (RFC 8620 1.2)? */
bool call_is_id(struct slice id);

#endif
