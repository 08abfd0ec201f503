# What this script gets is no spam: rspamd learns it.  See teach-spam.sieve.
redirect "ham@learn.internal";
