# Users teach rspamd: what they move into Junk is spam.  With learn-ham.sieve, by
# scripts at IMAP events (RFC 6785):
#
#	mkdir /etc/pabal/sieve
#	cp learn-spam.sieve learn-ham.sieve /etc/pabal/sieve
#	pabal conf set pabal sieve_directory /etc/pabal/sieve
#	pabal conf set pabal imapsieve 'learn-spam:to=\Junk learn-ham:from=\Junk'
#	pabal reload
#
# commands and transports are those of teach-spam.sieve.
require ["copy", "imapsieve"];

redirect :copy "spam@learn.internal";
