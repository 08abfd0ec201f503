/* SPDX-License-Identifier: ISC */
/* Who is this client: SASL exchanges and plain commands, asked of auth. */
#ifndef LOGIN_AUTH_H
#define LOGIN_AUTH_H

#include <stdbool.h>

#include "base/slice.h"

struct login_auth;
struct login_session;
struct sasl_mech;

/* The SASL mechanisms that S offers now, as bits. */
unsigned login_mechs(const struct login_session *s);

void login_auth_start(struct login_session *s, const struct sasl_mech *mech,
    bool has_initial, struct slice initial);
/* A line of the exchange. */
void login_auth_line(struct login_session *s, struct slice line);
/* LOGIN of IMAP, USER and PASS of POP3. */
void login_auth_password(
    struct login_session *s, struct slice user, struct slice secret);
/* Forget the exchange; accepts a pointer to NULL. */
void login_auth_free(struct login_auth **a);

#endif
