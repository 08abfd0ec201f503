/* SPDX-License-Identifier: ISC */
#ifndef LOCAL_FORWARDED_H
#define LOCAL_FORWARDED_H

#include <stdbool.h>

struct job_rcpt;
struct local_job;

/* Does R's .forward say where his mail goes?  Then true, and he has his result.
 */
bool forwarded_begin(struct local_job *job, const struct job_rcpt *r);

#endif
