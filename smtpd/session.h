/* SPDX-License-Identifier: ISC */
/* One client's life: the front end brings its bytes, its mode says who takes
 * them (dialog.h). */
#ifndef SMTPD_SESSION_H
#define SMTPD_SESSION_H

/* The sessions of this process, the front end's; see front_init. */
void smtpd_session_init(unsigned index, void (*on_count)(unsigned n));

#endif
