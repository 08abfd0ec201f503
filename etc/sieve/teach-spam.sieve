# What this script gets is spam: rspamd learns it.  For an account to which users
# redirect ("bounce") what the filter has missed; teach-ham.sieve is for what it
# has taken for spam, with learn_ham.
#
# The message goes to a command by way of the queue (pabal-tables(5)), so nothing
# that looks into mail has the right to run one.  No mail for learn.internal comes
# from outside, because it is no domain of this host.
#
#	useradd --system --uid 2001 --no-create-home pabal-learn
#	install -m 755 rspamd-learn /usr/local/bin
#	/etc/pabal/commands:
#		learn_spam  uid=2001 /usr/local/bin/rspamd-learn spam
#		learn_ham   uid=2001 /usr/local/bin/rspamd-learn ham
#	/etc/pabal/transports:
#		spam@learn.internal  pipe:learn_spam
#		ham@learn.internal   pipe:learn_ham
#
#	pabal map commands
#	pabal map transports
#	pabal sieve put --activate report-spam@example.org teach <teach-spam.sieve
redirect "spam@learn.internal";
