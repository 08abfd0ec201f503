/* SPDX-License-Identifier: ISC */
/* What login speaks, and a session's life as the front end tells it. */
#ifndef LOGIN_PROTOCOL_H
#define LOGIN_PROTOCOL_H

struct front_protocol;

/* NULL when login does not speak NAME. */
const struct front_protocol *login_protocol_find(const char *name);
/* The sessions of this process, the front end's; see front_init. */
void login_session_init(unsigned index, void (*on_count)(unsigned n));

#endif
