/* SPDX-License-Identifier: ISC */
/* What each word of the language does: a test gives its result, a command adds
 * to the result of the run or changes its state.  -1: the run has failed. */
#ifndef SIEVE_WORDS_H
#define SIEVE_WORDS_H

#include <stdbool.h>

struct sieve_call;
struct sieve_exec;

typedef int sieve_do(
    struct sieve_exec *x, const struct sieve_call *c, bool *result);

sieve_do sieve_do_header, sieve_do_address, sieve_do_envelope, sieve_do_exists,
    sieve_do_size, sieve_do_string;
sieve_do sieve_do_keep, sieve_do_discard, sieve_do_fileinto, sieve_do_redirect,
    sieve_do_reject;
sieve_do sieve_do_set, sieve_do_setflag, sieve_do_addflag, sieve_do_removeflag,
    sieve_do_hasflag;
sieve_do sieve_do_vacation, sieve_do_notify, sieve_do_valid_notify_method,
    sieve_do_notify_method_capability, sieve_do_old_notify, sieve_do_denotify;
sieve_do sieve_do_body, sieve_do_date, sieve_do_currentdate;
sieve_do sieve_do_mailboxexists, sieve_do_mailboxidexists,
    sieve_do_specialuse_exists, sieve_do_metadata, sieve_do_metadataexists,
    sieve_do_servermetadata, sieve_do_servermetadataexists;
sieve_do sieve_do_addheader, sieve_do_deleteheader;
sieve_do sieve_do_duplicate, sieve_do_environment, sieve_do_spamtest,
    sieve_do_virustest, sieve_do_valid_ext_list, sieve_do_error;
sieve_do sieve_do_replace, sieve_do_enclose, sieve_do_extracttext;

#endif
